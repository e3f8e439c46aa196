"""Table of runs as people want it first: a shared view of the experiment with figures as columns, and its description.

MLflow's page shows no metric until a reader has chosen columns. A shared view is a tag of the experiment that its page
reads; the description links to it. Servers without a page, or that refuse such tags, do without.
"""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

VIEW = "forecasts"
VIEW_TAG, NOTE_TAG = f"mlflow.sharedViewState.{VIEW}", "mlflow.note.content"
METRICS = (
    "wape_model", "bias_model", "wape_baseline", "wape_ratio_to_baseline", "realised_wape_published",
    "realised_bias_published", "realised_wape_baseline", "training_seconds",
)  # fmt: skip
PARAMETERS = ("backtest_verdict", "published_source")


def view_state() -> str:
    """Return the state of the page: columns, runs of markets alone, the worst against Holt-Winters first.

    Ordered by time, MLflow would hide the runs of markets below those of their cycles, which have no figures.
    """
    columns = [f"metrics.`{name}`" for name in METRICS] + [f"params.`{name}`" for name in PARAMETERS]
    state = {
        "selectedColumns": columns, "searchFilter": "tags.`forecast.role` = 'market'",
        "orderByKey": "metrics.`wape_ratio_to_baseline`", "orderByAsc": False, "groupBy": None, "runsExpanded": {},
        "runsPinned": [], "runsHidden": [],
    }  # fmt: skip
    return json.dumps(state)


def description(experiment_id: str) -> str:
    """Return the description of the experiment, as Markdown."""
    return (
        f"One run per market and month, below the run of its cycle. "
        f"[WAPE, bias and duration of training as columns](#/experiments/{experiment_id}/runs?viewStateShareKey={VIEW})"
    )


def describe_experiment(client: "MlflowClient", experiment_id: str) -> None:
    """Give the experiment its view and, unless a person has written one, its description."""
    from mlflow.exceptions import MlflowException

    try:
        tags = client.get_experiment(experiment_id).tags
        wanted = {VIEW_TAG: view_state(), NOTE_TAG: tags.get(NOTE_TAG) or description(experiment_id)}
        for name, value in wanted.items():
            if tags.get(name) != value:
                client.set_experiment_tag(experiment_id, name, value)
    except MlflowException:
        return  # The record is whole without it.
