"""The product's model on a tidy file: the same calls as the assets make, features, training, forecast.

Here belongs only what turns a file of series into a market's history. A file is one market: its series learn from one
another, as the product's markets do, and the file's market is the category of a SKU that has none.
"""

import dataclasses

import numpy as np
import pandas as pd

from benchmarks.protocol import QUANTILE_LEVELS, Forecasts, KnownSeries
from forecast_assets.domain.anchors import anchor_offsets
from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.cleaning.history_marks import history_marks
from forecast_assets.domain.demand.demand_panel import DemandPanel
from forecast_assets.domain.evaluation.quantiles import DISTRIBUTION
from forecast_assets.domain.features.build import build_features
from forecast_assets.domain.features.market_history import MarketHistory
from forecast_assets.domain.models.market_model import MarketModel, fit_market_model, forecast_units
from forecast_assets.domain.models.recipe import Recipe
from forecast_assets.domain.models.training_rows import TooFewRowsError, month_number
from forecast_assets.domain.statistical.holt_winters import forecast_holt_winters

TRAINING_ORIGINS = 60
YEAR = 12


@dataclasses.dataclass(frozen=True)
class PooledSeries:
    """The series of a file on one calendar.

    Series that end in different years are moved by whole years until all end within the same 12 months, so each keeps
    its month of the year. What follows a series' own last known month is NaN: no label, no feature.

    Attributes:
        panel: Units; the SKU is market and sku.
        last_known: Last known month of each series.
        products: Attributes of each series, without the partition month.
    """

    panel: DemandPanel
    last_known: pd.DatetimeIndex
    products: pd.DataFrame

    def history(self, origin: pd.Timestamp) -> MarketHistory:
        """Return what is known at an origin, of the series that have not ended before it."""
        running = np.asarray(self.last_known >= origin)
        panel = self.panel
        no_index = pd.DataFrame({"month": panel.months, "stringency_index": np.nan, "economic_support_index": np.nan})
        return MarketHistory(
            code="ALL",
            region="ALL",
            iso2="",
            sell_in=DemandPanel(panel.skus[running], panel.months, panel.units[running]),
            sell_out={},
            products=self.products[running].assign(month=origin),
            promotions=pd.DataFrame(columns=["month", "sku", "promotion_month", "is_promoted", "discount_pct"]),
            totals_known=pd.DataFrame(columns=["month"]),
            covid_policy=no_index,
        )


def pooled_series(known: KnownSeries) -> PooledSeries:
    """Move all series onto the calendar of the one that ends last."""
    cut = known.last_month.astype(int)
    years = (cut.max() - cut) // YEAR
    last_known = (cut + years * YEAR).astype("datetime64[M]")
    months_short = cut.max() - cut - years * YEAR
    shifted = np.full((len(known), known.units.shape[1] + months_short.max()), np.nan)
    columns = np.arange(known.units.shape[1]) + (months_short.max() - months_short)[:, None]
    np.put_along_axis(shifted, columns, known.units, axis=1)
    months = pd.date_range(end=last_known.max().astype("datetime64[ns]"), periods=shifted.shape[1], freq="MS")
    panel = DemandPanel(known.names, months, shifted)
    return PooledSeries(panel, pd.DatetimeIndex(last_known.astype("datetime64[ns]")), _products(known))


def _products(known: KnownSeries) -> pd.DataFrame:
    """The columns of the file as columns of a products table."""
    attributes = known.keys.drop(columns="sku")
    category = attributes.pop("category" if "category" in attributes else "market")
    named = attributes.rename(columns=lambda name: f"attribute_{name}").astype(object)
    open_end = pd.Series(pd.NaT, index=known.keys.index, dtype="datetime64[ns]")
    described = {"sku": known.names, "category": category, "launch_month": open_end, "end_month": open_end}
    return pd.DataFrame(described).join(named)


def forecast_engine(known: KnownSeries, horizon_months: int, threads: int) -> Forecasts:
    """Features of the last 60 origins, one model, forecasts and 80 % intervals of every series from its own last month.

    A file with too little history for a model gets what the product publishes then: the baseline.
    """
    series = pooled_series(known)
    first, last = series.last_known.min(), series.last_known.max()
    start = max(add_months(first, -TRAINING_ORIGINS), series.panel.months[min(YEAR, len(series.panel.months)) - 1])
    recipe = Recipe(threads=threads)
    features, marks = _features(series, pd.date_range(start, last, freq="MS"), recipe, horizon_months)
    marked = dataclasses.replace(series, panel=series.panel.with_marks(marks))
    try:
        model = fit_market_model(features, marked.panel, last, recipe, horizon_months=horizon_months)
    except TooFewRowsError:
        return Forecasts(forecast_holt_winters(known.units, horizon_months))
    # Labels end with each series' own last month, so the model knows nothing after the first of them either.
    model = dataclasses.replace(model, cutoff=first)
    origins = series.last_known.unique()
    cells = [_forecasts_of_origin(marked, features, model, origin, horizon_months) for origin in origins]
    return _as_arrays(pd.concat(cells), series.panel.skus)


def _features(
    series: PooledSeries, origins: pd.DatetimeIndex, recipe: Recipe, horizon_months: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and marks of every origin: of as many series as are learned from, refits are scored on, or end there."""
    last = origins[-1]
    refitted = {add_months(last, -months) for months in anchor_offsets(last)}
    features, marks = [], []
    for origin in origins:
        running = series.panel.skus[series.last_known >= origin]
        least = recipe.refit_skus if origin in refitted else 0
        chosen = sampled_skus(running, origin, len(origins), recipe, least)
        wanted = np.union1d(chosen, series.panel.skus[series.last_known == origin])
        history = series.history(origin)
        marks.append(history_marks(history.sell_in, origin, skus=wanted))
        history = dataclasses.replace(history, sell_in=history.sell_in.with_marks(marks[-1]))
        features.append(build_features(history, origin, wanted, horizon_months))
    return pd.concat(features, ignore_index=True), pd.concat(marks, ignore_index=True)


def sampled_skus(skus: np.ndarray, origin: pd.Timestamp, origins: int, recipe: Recipe, least: int = 0) -> np.ndarray:
    """A random share of the SKUs, those to compute an origin's features for if a model cannot learn from all.

    Args:
        skus: All SKUs.
        origin: The origin month, which decides the draw together with the recipe's seed.
        origins: Number of origins that rows are taken from.
        recipe: Number of SKU-origins and seed.
        least: Least number of SKUs to return, if there are as many.

    Returns:
        So many of ``skus`` that all origins together give ``recipe.sku_origins`` rows, in their order.
    """
    count = min(len(skus), max(least, round(recipe.sku_origins / origins)))
    chosen = np.random.default_rng([recipe.seed, month_number(origin)]).choice(len(skus), count, replace=False)
    return skus[np.sort(chosen)]


def _forecasts_of_origin(
    series: PooledSeries, features: pd.DataFrame, model: MarketModel, origin: pd.Timestamp, horizon_months: int
) -> pd.DataFrame:
    """Forecasts of the series whose last known month is the origin."""
    ending = series.panel.skus[series.last_known == origin]
    at_origin = features[(features["origin_month"] == origin) & features["sku"].isin(ending)]
    return forecast_units(at_origin, series.panel, model, horizon_months) if len(at_origin) else pd.DataFrame()


def _as_arrays(cells: pd.DataFrame, skus: np.ndarray) -> Forecasts:
    """(n, horizon) in the order of the series; 0 for those without a known month in the last year, not forecast."""
    wide = cells.pivot(index="sku", columns="horizon_months", values=list(DISTRIBUTION)).reindex(skus).fillna(0.0)
    arrays = {column: wide[column].to_numpy(dtype=float) for column in DISTRIBUTION}
    quantiles = np.stack([arrays[f"forecast_units_p{100 * level:02.0f}"] for level in QUANTILE_LEVELS], axis=-1)
    return Forecasts(arrays["forecast_units"], quantiles[..., 0], quantiles[..., -1], quantiles)
