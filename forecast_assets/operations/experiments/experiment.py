"""Run of an experiment: the working tree's recipe with the requested changes against the champion's."""

import dataclasses

import pandas as pd

from forecast_assets.config.settings import Settings, load_settings
from forecast_assets.domain.features.families import UnknownFeatureError, without
from forecast_assets.domain.models.member_registry import UnknownMemberError
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.selection.contest import recipe_text
from forecast_assets.domain.selection.experiment import (
    ExperimentError,
    Outcome,
    Side,
    changed_recipe,
    changes_in_words,
    origin_offsets,
)
from forecast_assets.domain.selection.experiment import run_experiment as compare
from forecast_assets.market_state.recipes import for_backtest
from forecast_assets.operations.experiments.inputs import ExperimentInputs, last_month, read_inputs
from forecast_assets.operations.experiments.request import ExperimentRequest, parsed_members, parsed_settings
from forecast_assets.storage import TableReader
from forecast_assets.storage.opened import open_store

FEATURE_KEYS = ["sku", "origin_month"]
WITHOUT_MEMBERS = "Where expected_units have the whole share, they take the place of the members"


@dataclasses.dataclass(frozen=True)
class ExperimentResult:
    """Result of an experiment.

    Attributes:
        request: The request.
        month: The last month; origins lie before it.
        recipe: The changed recipe.
        champion_label: Name of the recipe that it was compared with.
        changes: Differences between the two, one phrase each.
        outcome: Cells, comparison, accuracy and importance.
    """

    request: ExperimentRequest
    month: pd.Timestamp
    recipe: Recipe
    champion_label: str
    changes: tuple[str, ...]
    outcome: Outcome

    @property
    def title(self) -> str:
        """The experiment in one line."""
        return f"{self.request.country} {self.month:%Y-%m}, {self.request.name}: {'; '.join(self.changes)}"

    @property
    def verdict(self) -> str:
        """The paired comparison in words; where the change has no effect, that."""
        if self.outcome.is_identical:
            return f"no effect: every forecast is that of the {self.champion_label}. {WITHOUT_MEMBERS}"
        return f"{self.outcome.comparison.in_words} against the {self.champion_label}"

    def metrics(self) -> dict[str, float]:
        """Return the figures over all cells by name; fractions."""
        comparison = self.outcome.comparison
        figures = {
            f"{measure}_{method}": self.outcome.figure(measure, method)
            for measure in ("wape", "bias")
            for method in ("experiment", "champion", "baseline")
        }
        return figures | {
            "wape_ratio": comparison.ratio,
            "wape_ratio_low": comparison.low,
            "wape_ratio_high": comparison.high,
            "probability_better": comparison.probability_better,
        }


def check_request(settings: Settings, store: TableReader, request: ExperimentRequest) -> None:
    """Check a request against code and store, without reading a market's history.

    Raises:
        ExperimentError: If market, month, setting, member, family or feature is unknown.
    """
    if request.country not in settings.market_table:
        raise ExperimentError(
            f"no market {request.country!r} in {settings.markets.file}; known: {', '.join(settings.market_table)}"
        )
    month = last_month(store, request.country, request.month)
    one = dataclasses.replace(request, month=month)
    _changed(one, Recipe())
    if request.without:
        _without(_features_of(store, one), request.without)


def run_requested(
    settings: Settings, store: TableReader, request: ExperimentRequest, extra: pd.DataFrame | None = None
) -> ExperimentResult:
    """Run an experiment on the stored tables; nothing is written.

    Args:
        settings: Settings of the company.
        store: Its store.
        request: Changes and origins.
        extra: Further features that the experiment learns from: ``sku, origin_month`` and numbers. Rows without one
            learn from null.

    Raises:
        ExperimentError: If the request cannot be run, or changes nothing.
    """
    months_back = origin_offsets(request.origins)
    inputs = read_inputs(settings, store, request.country, request.month, months_back)
    changed = _changed(request, inputs.recipe)
    features = _without(inputs.features, request.without) if request.without else inputs.features
    added = [] if extra is None else [str(name) for name in extra.columns if name not in FEATURE_KEYS]
    if extra is not None:
        features = with_extra(features, extra)
    if features is inputs.features and recipe_text(changed) == recipe_text(inputs.champion):
        raise ExperimentError(
            f"the experiment changes nothing: its recipe is that of the {inputs.champion_label}. Give --without, "
            "--set or --member, or change domain/models/recipe.py"
        )
    outcome = compare(
        Side(_of_backtest(settings, request, changed), features),
        Side(for_backtest(settings.training, inputs.champion), inputs.features),
        inputs.sell_in,
        inputs.month,
        months_back,
        inputs.products,
        inputs.pooled,
    )
    # The backtest fits both sides with the company's number of rows unless another was asked for.
    rows = inputs.champion.training_rows if "training_rows" in request.settings else changed.training_rows
    reference = dataclasses.replace(inputs.champion, training_rows=rows)
    changes = tuple(changes_in_words(changed, reference, request.without, added))
    return ExperimentResult(request, inputs.month, changed, inputs.champion_label, changes, outcome)


def run_experiment(
    country: str,
    name: str,
    *,
    without: tuple[str, ...] | list[str] = (),
    settings: tuple[str, ...] | list[str] = (),
    members: tuple[str, ...] | list[str] = (),
    origins: int = 3,
    month: str | None = None,
    extra: pd.DataFrame | None = None,
) -> ExperimentResult:
    """Run an experiment from a notebook, on the store of the environment; MLflow records nothing.

    Args:
        country: Code of the market.
        name: Name of the experiment.
        without: Families of features, or single features, to leave out.
        settings: Changed settings of the recipe, such as ``["rounds=300"]``.
        members: Further members of the blend, such as ``["ridge_on_lags=0.2"]``.
        origins: Number of earlier origins that are scored.
        month: Last month with sell-in, such as 2024-06; None: the latest month with features.
        extra: Further features to learn from: ``sku, origin_month`` and numbers.

    Raises:
        ExperimentError: If the request cannot be run, or changes nothing.
    """
    request = ExperimentRequest(
        country,
        name,
        tuple(without),
        parsed_settings(settings),
        parsed_members(members),
        origins,
        None if month is None else pd.Timestamp(month),
    )
    company = load_settings()
    return run_requested(company, open_store(company), request, extra)


def with_extra(features: pd.DataFrame, extra: pd.DataFrame) -> pd.DataFrame:
    """Return the features with further columns, joined by SKU and origin.

    Raises:
        ExperimentError: If a key is missing or doubled, or a column has no numbers or exists already.
    """
    missing = [key for key in FEATURE_KEYS if key not in extra]
    if missing:
        raise ExperimentError(
            f"extra features need {', '.join(FEATURE_KEYS)}, got {', '.join(map(str, extra.columns))}"
        )
    names = [name for name in extra.columns if name not in FEATURE_KEYS]
    known = [str(name) for name in names if name in features]
    if known or not names:
        problem = f"{', '.join(known)} exist already" if known else "there is no column besides the keys"
        raise ExperimentError(f"extra features need new columns: {problem}")
    if extra.duplicated(FEATURE_KEYS).any():
        raise ExperimentError("extra features have two rows of one sku and origin_month")
    numbers = extra.astype(dict.fromkeys(names, "float32"))
    return features.merge(numbers, on=FEATURE_KEYS, how="left", validate="m:1")


def _changed(request: ExperimentRequest, recipe: Recipe) -> Recipe:
    try:
        return changed_recipe(recipe, request.settings, request.members)
    except UnknownMemberError as error:
        raise ExperimentError(str(error)) from error


def _without(features: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    try:
        return without(features, names)
    except UnknownFeatureError as error:
        raise ExperimentError(str(error)) from error


def _features_of(store: TableReader, request: ExperimentRequest) -> pd.DataFrame:
    from forecast_assets.storage import PartitionKey

    assert request.month is not None  # set by the caller
    return store.read("features", [PartitionKey(request.month, request.country)])


def _of_backtest(settings: Settings, request: ExperimentRequest, recipe: Recipe) -> Recipe:
    """Return a recipe as the backtest fits it; rows that were asked for count, in place of the company's limit."""
    fitted = for_backtest(settings.training, recipe)
    return (
        dataclasses.replace(fitted, training_rows=recipe.training_rows)
        if "training_rows" in request.settings
        else fitted
    )


__all__ = ["ExperimentInputs", "ExperimentResult", "check_request", "run_experiment", "run_requested"]
