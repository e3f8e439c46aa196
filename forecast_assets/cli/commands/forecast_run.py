"""Options of ``forecast-assets forecast-run``."""

from typing import Annotated

import typer


def forecast_run(
    month: Annotated[str, typer.Option(help="Month whose cycle is predicted, e.g. 2024-06")],
    at_a_time: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time. Default: the limit of the instance's queue")
    ] = None,
) -> None:
    """Predict when each market of a month is ready, the critical path and the cost, from past cycles.

    Compares the prediction with what happened once the cycle has begun. Exit code 1 if a market will miss its deadline.
    """
    from forecast_assets.cli.forecast_run import run

    run(month, at_a_time)
