"""Fallback publication of a market: its forecast, else the baseline, else the last published forecast.

Here belongs the choice and completion of the rows to publish. Not here: the columns added at publication
(``published_forecasts.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS, target_months
from forecast_assets.domain.demand.demand_panel import DemandPanel, panel_from_rows
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.publication.published_forecasts import LAST_PUBLISHED, RULES_WITHOUT_MODEL, Decision

# Interval ends in multiples of the forecast, if no published forecast gives its width.
LOW, HIGH = 0.0, 2.0
SEGMENTS = {"category": "UNKNOWN", "abc_class": "C", "xyz_class": "Z", "inputs_missing": "features"}
CARRIED = [
    "forecast_units", "forecast_units_p10", "forecast_units_p90", "baseline_units", "naive_units", "model_units",
    "category", "abc_class", "xyz_class", "inputs_missing", "rule",
]  # fmt: skip


NO_FORECASTS = "no forecasts of this month were made"
NO_RECIPE = Decision("baseline", "no recipe was decided on")


class NothingToPublishError(ValueError):
    """A market has neither forecasts nor a baseline of the month, and no earlier publication."""


@dataclasses.dataclass(frozen=True)
class PublicationInputs:
    """Available tables of a market and month; each may be empty.

    Attributes:
        forecasts: ``forecasts`` of the origin.
        champion: ``source, reason`` of the origin.
        baseline: ``baseline_forecasts`` of the origin.
        features: ``sku`` and segments at the origin.
        last_published: ``published_forecasts`` of the latest earlier origin.
        sell_in: ``sku, month, sell_in_units`` up to the origin, for the portfolio rules.
        products: Products as known at the origin, for the portfolio rules.
    """

    forecasts: pd.DataFrame
    champion: pd.DataFrame
    baseline: pd.DataFrame
    features: pd.DataFrame
    last_published: pd.DataFrame
    sell_in: pd.DataFrame
    products: pd.DataFrame


def best_available(tables: PublicationInputs, origin: pd.Timestamp) -> tuple[pd.DataFrame, Decision]:
    """Return the rows to publish, in the columns of ``forecasts``, and the decision on their source.

    The first available source is taken:

    1. forecasts, by the source that ``champion`` decided on, else the baseline beside them;
    2. the baseline;
    3. the last published forecast, moved to this origin.

    Raises:
        NothingToPublishError: If there is none of them.
    """
    partition = ["country", "month"]
    if len(tables.forecasts):
        decided = tables.champion[["source", "reason"]].itertuples(index=False, name=None)
        decision = next((Decision(str(source), str(reason)) for source, reason in decided), NO_RECIPE)
        return tables.forecasts.drop(columns=partition), decision
    if len(tables.baseline):
        panel = panel_from_rows(tables.sell_in, tables.sell_in["month"].min(), origin)
        baseline = tables.baseline.drop(columns=partition)
        rows = forecasts_of_baseline(baseline, tables.features, tables.last_published, panel, tables.products)
        return rows, Decision("baseline", NO_FORECASTS)
    if tables.last_published.empty:
        raise NothingToPublishError(f"{NO_FORECASTS}, no baseline, and none was published before. Run the cycle again")
    rows = carried_forward(tables.last_published, origin)
    before = pd.Timestamp(tables.last_published["origin_month"].iloc[0])
    return rows, Decision(LAST_PUBLISHED, f"{NO_FORECASTS} and no baseline; the forecast of {before:%Y-%m} stays")


def forecasts_of_baseline(
    baseline: pd.DataFrame,
    features: pd.DataFrame,
    last_published: pd.DataFrame,
    sell_in: DemandPanel,
    products: pd.DataFrame,
) -> pd.DataFrame:
    """Return the baseline in the columns of ``forecasts``, for ``published_forecasts`` to publish.

    The portfolio rules apply: SKUs whose rule needs no model (launches, silent and ended SKUs) get the rule's number.
    The interval keeps the relative width of the last published one of the SKU and horizon; without one it is from 0 to
    twice the forecast.

    Args:
        baseline: ``baseline_forecasts`` of one origin.
        features: ``sku`` and segments at the origin. If empty, the last published segments apply, else category UNKNOWN
            and class CZ.
        last_published: ``published_forecasts`` of an earlier origin; may be empty.
        sell_in: Panel of the market up to the origin.
        products: As known at the origin.

    Returns:
        The columns of ``forecasts`` without those of the champion, and ``model_units``, which is null.
    """
    origin = baseline["origin_month"].iloc[0]
    low, high = _relative_width(baseline, last_published)
    units = baseline["baseline_units"]
    rows = baseline.assign(forecast_units=units, forecast_units_p10=low * units, forecast_units_p90=high * units)
    ruled = apply_portfolio(rows, sell_in, origin, products)
    # Only rules that need no model change the number: the others describe the kind of SKU.
    own = ruled["rule"].isin(RULES_WITHOUT_MODEL) | (ruled["forecast_units_p90"] == 0)
    kept = {name: ruled[name].where(own, rows[name]) for name in CARRIED[:3]}
    described = _segments(baseline["sku"], features, last_published)
    return ruled.assign(**kept, **described, model_units=np.nan)


def _relative_width(baseline: pd.DataFrame, last: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the interval ends in multiples of the forecast, per row of the baseline."""
    if last.empty:
        return np.full(len(baseline), LOW), np.full(len(baseline), HIGH)
    sold = last[last["forecast_units"] > 0]
    ends = sold[["sku", "horizon_months"]].assign(
        low=sold["forecast_units_p10"] / sold["forecast_units"],
        high=sold["forecast_units_p90"] / sold["forecast_units"],
    )
    widths = baseline[["sku", "horizon_months"]].merge(ends, how="left", validate="1:1")
    return widths["low"].fillna(LOW).to_numpy(), widths["high"].fillna(HIGH).to_numpy()


def _segments(skus: pd.Series, features: pd.DataFrame, last: pd.DataFrame) -> dict[str, Floats]:
    known = [
        table[["sku", *SEGMENTS]].drop_duplicates("sku").set_index("sku") for table in (features, last) if len(table)
    ]
    segments = pd.DataFrame(index=pd.Index(skus), columns=list(SEGMENTS), dtype=object)
    for table in known:
        segments = segments.combine_first(table.reindex(segments.index.unique()).loc[segments.index])
    if features.empty:
        segments["inputs_missing"] = SEGMENTS["inputs_missing"]
    return {name: segments[name].fillna(usual).to_numpy() for name, usual in SEGMENTS.items()}


def carried_forward(last_published: pd.DataFrame, origin: pd.Timestamp) -> pd.DataFrame:
    """Return the last published forecast as a forecast of a later origin, complete over its 18 months.

    Months after the origin keep their numbers. Months beyond the last forecast take its number for the same month a
    year earlier, or two years earlier if that is beyond it too.

    Args:
        last_published: ``published_forecasts`` of one earlier origin.
        origin: The later origin.

    Returns:
        The columns of ``published_forecasts`` without ``status, source, reason``.

    Raises:
        ValueError: If the published forecast is not of one earlier origin.
    """
    (published,) = map(pd.Timestamp, last_published["origin_month"].unique())
    if not published < origin:
        raise ValueError(
            f"the last published forecast is of {published:%Y-%m}, expected an origin before {origin:%Y-%m}"
        )
    skus = last_published["sku"].drop_duplicates()
    months = pd.DataFrame({"target_month": target_months(origin), "horizon_months": range(1, HORIZON_MONTHS + 1)})
    months["taken_from"] = _within_reach(months["target_month"], pd.Timestamp(last_published["target_month"].max()))
    cells = skus.to_frame().merge(months, how="cross")
    given = last_published[["sku", "target_month", *CARRIED]].rename(columns={"target_month": "taken_from"})
    rows = cells.merge(given, on=["sku", "taken_from"], how="left", validate="m:1").drop(columns="taken_from")
    return rows.assign(origin_month=origin)


def _within_reach(months: pd.Series, last: pd.Timestamp) -> pd.Series:
    """Return the latest month of the same name that is not after ``last``."""
    beyond = (months.dt.year - last.year) * 12 + months.dt.month - last.month
    years = np.maximum(0, np.ceil(beyond / 12)).astype(int)
    return pd.Series(
        [month - pd.DateOffset(years=int(back)) for month, back in zip(months, years, strict=True)], index=months.index
    )
