"""What planners get of a market: its forecast, the baseline where none was made, else what was published last."""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, target_months
from forecast_assets.domain.demand.demand import DemandPanel, panel_from_rows
from forecast_assets.domain.portfolio.portfolio import apply_portfolio
from forecast_assets.domain.publication.publication import LAST_PUBLISHED, RULES_WITHOUT_MODEL, Decision

# Ends of the interval in multiples of the forecast, where nothing published says how wide it is.
LOW, HIGH = 0.0, 2.0
SEGMENTS = {"category": "UNKNOWN", "abc_class": "C", "xyz_class": "Z", "inputs_missing": "features"}
CARRIED = [
    "forecast_units", "forecast_units_p10", "forecast_units_p90", "baseline_units", "naive_units", "model_units",
    "category", "abc_class", "xyz_class", "inputs_missing", "rule",
]  # fmt: skip


NO_FORECASTS = "no forecasts of this month were made"


class NothingToPublishError(ValueError):
    """A market has neither forecasts nor a baseline of the month, and nothing was published before."""


@dataclasses.dataclass(frozen=True)
class Tables:
    """What there is of a market and month; each may be empty.

    Attributes:
        forecasts, baseline: Of the origin.
        champion: ``source, reason`` of the origin.
        features: ``sku`` and segments at the origin.
        last_published: ``published_forecasts`` of the latest earlier origin.
        sell_in: ``sku, month, sell_in_units`` up to the origin, for the rules of the portfolio.
        products: As known at the origin, for the same.
    """

    forecasts: pd.DataFrame
    champion: pd.DataFrame
    baseline: pd.DataFrame
    features: pd.DataFrame
    last_published: pd.DataFrame
    sell_in: pd.DataFrame
    products: pd.DataFrame


def best_there_is(tables: Tables, origin: pd.Timestamp) -> tuple[pd.DataFrame, Decision]:
    """The rows to publish, in the columns of ``forecasts``, and where they come from.

    Forecasts by the recipe that ``champion`` decided on (the baseline beside them where it decided on that, or on
    nothing); without forecasts the baseline; without it the last published forecast, moved to this origin.

    Raises:
        NothingToPublishError: If there is none of them.
    """
    place = ["country", "month"]
    if len(tables.forecasts):
        decided = tables.champion[["source", "reason"]].to_dict("records")
        decision = Decision(**decided[0]) if decided else Decision("baseline", "no recipe was decided on")
        return tables.forecasts.drop(columns=place), decision
    if len(tables.baseline):
        panel = panel_from_rows(tables.sell_in, tables.sell_in["month"].min(), origin)
        baseline = tables.baseline.drop(columns=place)
        made = forecasts_of_baseline(baseline, tables.features, tables.last_published, panel, tables.products)
        return made, Decision("baseline", NO_FORECASTS)
    if tables.last_published.empty:
        raise NothingToPublishError(f"{NO_FORECASTS}, no baseline, and none was published before. Run the cycle again")
    made = carried_forward(tables.last_published, origin)
    before = pd.Timestamp(tables.last_published["origin_month"].iloc[0])
    return made, Decision(LAST_PUBLISHED, f"{NO_FORECASTS} and no baseline; the forecast of {before:%Y-%m} stays")


def forecasts_of_baseline(
    baseline: pd.DataFrame,
    features: pd.DataFrame,
    last_published: pd.DataFrame,
    sell_in: DemandPanel,
    products: pd.DataFrame,
) -> pd.DataFrame:
    """The baseline in the columns of ``forecasts``, for ``published_forecasts`` to publish as such.

    The rules of the portfolio hold as they do beside a model: what needs no model (launches, silent and ended SKUs)
    takes its rule's number. The interval is as wide in proportion to the forecast as the last published one of the SKU
    and horizon, else from 0 to twice the forecast.

    Args:
        baseline: ``baseline_forecasts`` of one origin.
        features: ``sku`` and segments at the origin; may be empty: the last published ones, else category UNKNOWN,
            class CZ.
        last_published: ``published_forecasts`` of an earlier origin; may be empty.
        sell_in: Panel of the market up to the origin.
        products: As known at the origin.

    Returns:
        The columns of ``forecasts`` but those of the champion, and ``model_units``, which is null.
    """
    origin = baseline["origin_month"].iloc[0]
    low, high = _relative_width(baseline, last_published)
    units = baseline["baseline_units"]
    made = baseline.assign(forecast_units=units, forecast_units_p10=low * units, forecast_units_p90=high * units)
    ruled = apply_portfolio(made, sell_in, origin, products)
    # Only rules that do without a model change the number: the others say what kind of SKU it is.
    own = ruled["rule"].isin(RULES_WITHOUT_MODEL) | (ruled["forecast_units_p90"] == 0)
    kept = {name: ruled[name].where(own, made[name]) for name in CARRIED[:3]}
    described = _segments(baseline["sku"], features, last_published)
    return ruled.assign(**kept, **described, model_units=np.nan)


def _relative_width(baseline: pd.DataFrame, last: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the interval in multiples of the forecast, per row of the baseline."""
    if last.empty:
        return np.full(len(baseline), LOW), np.full(len(baseline), HIGH)
    sold = last[last["forecast_units"] > 0]
    ends = sold[["sku", "horizon_months"]].assign(
        low=sold["forecast_units_p10"] / sold["forecast_units"],
        high=sold["forecast_units_p90"] / sold["forecast_units"],
    )
    found = baseline[["sku", "horizon_months"]].merge(ends, how="left", validate="1:1")
    return found["low"].fillna(LOW).to_numpy(), found["high"].fillna(HIGH).to_numpy()


def _segments(skus: pd.Series, features: pd.DataFrame, last: pd.DataFrame) -> dict[str, np.ndarray]:
    known = [
        table[["sku", *SEGMENTS]].drop_duplicates("sku").set_index("sku") for table in (features, last) if len(table)
    ]
    found = pd.DataFrame(index=pd.Index(skus), columns=list(SEGMENTS), dtype=object)
    for table in known:
        found = found.combine_first(table.reindex(found.index.unique()).loc[found.index])
    if features.empty:
        found["inputs_missing"] = SEGMENTS["inputs_missing"]
    return {name: found[name].fillna(usual).to_numpy() for name, usual in SEGMENTS.items()}


def carried_forward(last_published: pd.DataFrame, origin: pd.Timestamp) -> pd.DataFrame:
    """The last published forecast as a forecast of a later origin, complete over its 18 months.

    Months after the origin keep their numbers. Months that the last forecast did not reach take the same month a year
    earlier of it (two years earlier where that, too, is beyond it).

    Args:
        last_published: ``published_forecasts`` of one earlier origin.
        origin: The later origin.

    Returns:
        The columns of ``published_forecasts`` without ``status, source, reason``.

    Raises:
        ValueError: If the published forecast is not of one earlier origin.
    """
    (made,) = last_published["origin_month"].unique()
    if not pd.Timestamp(made) < origin:
        raise ValueError(f"the last published forecast is of {made:%Y-%m}, expected an origin before {origin:%Y-%m}")
    skus = last_published["sku"].drop_duplicates()
    months = pd.DataFrame({"target_month": target_months(origin), "horizon_months": range(1, HORIZON_MONTHS + 1)})
    months["taken_from"] = _within_reach(months["target_month"], pd.Timestamp(last_published["target_month"].max()))
    cells = skus.to_frame().merge(months, how="cross")
    given = last_published[["sku", "target_month", *CARRIED]].rename(columns={"target_month": "taken_from"})
    rows = cells.merge(given, on=["sku", "taken_from"], how="left", validate="m:1").drop(columns="taken_from")
    return rows.assign(origin_month=origin)


def _within_reach(months: pd.Series, last: pd.Timestamp) -> pd.Series:
    """The latest month of the same name that is not after ``last``."""
    beyond = (months.dt.year - last.year) * 12 + months.dt.month - last.month
    years = np.maximum(0, np.ceil(beyond / 12)).astype(int)
    return pd.Series(
        [month - pd.DateOffset(years=int(back)) for month, back in zip(months, years, strict=True)], index=months.index
    )
