"""Fallback publication of a market: its forecast, else the baseline, else the last published forecast.

Here belongs the choice and completion of the rows to publish. Not here: the columns added at publication
(``published_forecasts.py``).
"""

import dataclasses

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Floats
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months, months_between, target_months
from forecast_assets.domain.demand.demand_panel import DemandPanel, panel_from_rows
from forecast_assets.domain.evaluation.quantiles import (
    DISTRIBUTION,
    QUANTILE_COLUMNS,
    from_interval,
    with_every_quantile,
    with_quantiles,
)
from forecast_assets.domain.portfolio.portfolio_rules import apply_portfolio
from forecast_assets.domain.portfolio.successors import proposed_successors, with_successors
from forecast_assets.domain.publication.published_forecasts import LAST_PUBLISHED, RULES_WITHOUT_MODEL, Decision

# Quantiles in multiples of the forecast, if no published forecast gives its own: normal, p10 and p90 at 0 and 2.
USUAL_MULTIPLES = from_interval(np.array(1.0), np.array(0.0), np.array(2.0))
FORECASTS = list(DISTRIBUTION)
SEGMENTS = {"category": "UNKNOWN", "abc_class": "C", "xyz_class": "Z", "inputs_missing": "features"}
CARRIED = [
    *FORECASTS, "baseline_units", "naive_units", "model_units",
    "category", "abc_class", "xyz_class", "inputs_missing", "rule",
]  # fmt: skip


NO_FORECASTS = "no forecasts of this month were made"
NO_RECIPE = Decision("baseline", "no recipe was decided on")
END_OF_LIFE = "end_of_life"
NO_PRODUCTS = pd.DataFrame()


class NothingToPublishError(ValueError):
    """A market has no forecast of the month that may be published, old or new."""


@dataclasses.dataclass(frozen=True)
class PublicationInputs:
    """Available tables of a market and month; each may be empty.

    Attributes:
        forecasts: ``forecasts`` of the origin.
        champion: ``source, reason`` of the origin.
        baseline: ``baseline_forecasts`` of the origin.
        features: ``sku`` and segments at the origin.
        last_published: ``published_forecasts`` of the latest earlier origin.
        made_at: Month whose cycle forecast the numbers of ``last_published``; None if that is not known.
        sell_in: ``sku, month, sell_in_units`` up to the origin, for the portfolio rules.
        products: Products as known at the origin, for the portfolio rules.
        accepts_successors: True if proposed successors are forecast as such.
    """

    forecasts: pd.DataFrame
    champion: pd.DataFrame
    baseline: pd.DataFrame
    features: pd.DataFrame
    last_published: pd.DataFrame
    sell_in: pd.DataFrame
    products: pd.DataFrame
    made_at: pd.Timestamp | None = None
    accepts_successors: bool = False


def require_fallback(
    origin: pd.Timestamp, closed: pd.Timestamp, latest_published: pd.Timestamp | None, sell_in: pd.DataFrame
) -> None:
    """Check that a month may get a fallback publication at all.

    Args:
        origin: The month to publish.
        closed: The last calendar month that is over.
        latest_published: The latest published month of the market; None without any.
        sell_in: ``month, sell_in_units`` of the market up to the origin. A null is no data.

    Raises:
        NothingToPublishError: If the month is not over, a later month is published, or neither the month nor the one
            before has sell-in.
    """
    if origin > closed:
        raise NothingToPublishError(
            f"the month is not over; the last closed month is {closed:%Y-%m}. A fallback publishes closed months only"
        )
    if latest_published is not None and latest_published > origin:
        raise NothingToPublishError(
            f"{latest_published:%Y-%m} is published already, and a fallback does not follow a later month. "
            "Nothing needs to be done; a cycle of the month may still be run"
        )
    known = pd.Series(dtype="datetime64[ns]")
    if len(sell_in):
        known = sell_in.loc[sell_in["sell_in_units"].notna(), "month"]
    if not known.isin([origin, add_months(origin, -1)]).any():
        last = f"the last month with data is {known.max():%Y-%m}" if len(known) else "no month has data"
        raise NothingToPublishError(
            f"neither the month nor {add_months(origin, -1):%Y-%m} has sell-in in the store; {last}. Check the month, "
            "or deliver it and run the cycle"
        )


def best_available(
    tables: PublicationInputs, origin: pd.Timestamp, max_age_months: int
) -> tuple[pd.DataFrame, Decision]:
    """Return the rows to publish, in the columns of ``forecasts``, and the decision on their source.

    The first available source is taken:

    1. forecasts, by the source that ``champion`` decided on, else the baseline beside them;
    2. the baseline;
    3. the last published forecast, moved to this origin, if it was forecast at most ``max_age_months`` months ago.

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
        baseline, products = tables.baseline.drop(columns=partition), tables.products
        if tables.accepts_successors:
            products = with_successors(products, proposed_successors(panel, origin, products))
        rows = forecasts_of_baseline(baseline, tables.features, tables.last_published, panel, products)
        return rows, Decision("baseline", NO_FORECASTS)
    if tables.last_published.empty:
        raise NothingToPublishError(f"{NO_FORECASTS}, no baseline, and none was published before. Run the cycle again")
    if tables.made_at is None:
        raise NothingToPublishError(
            f"{NO_FORECASTS} and no baseline, and the last published forecast repeats one that has been replaced "
            "since, so its age is not known. Correct the cause and run the cycle again"
        )
    age_months = months_between(tables.made_at, origin)
    if age_months > max_age_months:
        raise NothingToPublishError(
            f"{NO_FORECASTS} and no baseline, and the last published forecast is stale since {tables.made_at:%Y-%m}: "
            f"{age_months} months old, at most {max_age_months} are allowed (FORECAST_FALLBACK_MONTHS). Correct the "
            "cause and run the cycle again"
        )
    rows = carried_forward(tables.last_published, origin, tables.products)
    return rows, Decision(LAST_PUBLISHED, f"{NO_FORECASTS} and no baseline; stale since {tables.made_at:%Y-%m}")


def forecasts_of_baseline(
    baseline: pd.DataFrame,
    features: pd.DataFrame,
    last_published: pd.DataFrame,
    sell_in: DemandPanel,
    products: pd.DataFrame,
) -> pd.DataFrame:
    """Return the baseline in the columns of ``forecasts``, for ``published_forecasts`` to publish.

    The portfolio rules apply: SKUs whose rule needs no model (launches, silent and ended SKUs) get the rule's number.
    The quantiles keep their proportion to the forecast from the last published ones of the SKU and horizon; without
    them the 80 % interval is from 0 to twice the forecast.

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
    units = baseline["baseline_units"]
    multiples = _relative_quantiles(baseline, last_published)
    rows = with_quantiles(baseline.assign(forecast_units=units), multiples * units.to_numpy(float)[:, None])
    ruled = apply_portfolio(rows, sell_in, origin, products)
    # Only rules that need no model change the number: the others describe the kind of SKU.
    own = ruled["rule"].isin(RULES_WITHOUT_MODEL)
    kept = {name: ruled[name].where(own, rows[name]) for name in FORECASTS}
    described = _segments(baseline["sku"], features, last_published)
    return zero_after_end(ruled.assign(**kept, **described, model_units=np.nan), known_ends(products, last_published))


def _relative_quantiles(baseline: pd.DataFrame, last: pd.DataFrame) -> Floats:
    """Return the quantiles in multiples of the forecast, (rows of the baseline, 19)."""
    if last.empty:
        return np.repeat(USUAL_MULTIPLES[None], len(baseline), axis=0)
    sold = with_every_quantile(last[last["forecast_units"] > 0])
    columns = list(QUANTILE_COLUMNS)
    multiples = sold[columns].div(sold["forecast_units"], axis=0).join(sold[["sku", "horizon_months"]])
    known = baseline[["sku", "horizon_months"]].merge(multiples, how="left", validate="1:1")[columns].to_numpy(float)
    return np.where(np.isnan(known), USUAL_MULTIPLES, known)


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


def known_ends(products: pd.DataFrame, last_published: pd.DataFrame) -> pd.Series:
    """Return the last month of each SKU whose end is known, by SKU.

    The product list decides for the SKUs that it holds. For the others, such as all of them where the delivery failed,
    the last published forecast does: the end of a SKU with the rule ``end_of_life`` is its last month above zero.
    """
    ends, listed = pd.Series(dtype="datetime64[ns]"), pd.Index([], dtype=object)
    if len(products):
        listed = pd.Index(products["sku"])
        ends = products.drop_duplicates("sku").set_index("sku")["end_month"].dropna()
    if last_published.empty:
        return ends.astype("datetime64[ns]")
    ending = last_published[(last_published["rule"] == END_OF_LIFE) & ~last_published["sku"].isin(listed)]
    # A SKU without a month above zero ended with the origin.
    sold = ending["target_month"].where(ending["forecast_units_p90"] > 0, ending["origin_month"])
    inferred = sold.groupby(ending["sku"].astype(object)).max()
    return pd.concat([each.astype("datetime64[ns]") for each in (ends, inferred)])


def zero_after_end(rows: pd.DataFrame, ends: pd.Series) -> pd.DataFrame:
    """Return forecasts that are zero with the interval [0, 0] after the known end of a SKU, by the rule of its end.

    Args:
        rows: ``sku, target_month, rule`` and forecast with interval; not changed.
        ends: Last month by SKU, from ``known_ends``.
    """
    is_after = rows["target_month"].to_numpy() > ends.reindex(rows["sku"]).to_numpy()
    has_end = rows["sku"].isin(rows.loc[is_after, "sku"])
    numbers = {name: rows[name].mask(is_after, 0.0) for name in FORECASTS}
    return rows.assign(**numbers, rule=rows["rule"].astype(object).mask(has_end, END_OF_LIFE))


def carried_forward(
    last_published: pd.DataFrame, origin: pd.Timestamp, products: pd.DataFrame = NO_PRODUCTS
) -> pd.DataFrame:
    """Return the last published forecast as a forecast of a later origin, complete over its 18 months.

    Months after the origin keep their numbers. Months beyond the last forecast take its number for the same month a
    year earlier, or two years earlier if that is beyond it too. After the known end of a SKU all is zero.

    Args:
        last_published: ``published_forecasts`` of one earlier origin.
        origin: The later origin.
        products: As known at the later origin; may be empty.

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
    given = with_every_quantile(last_published)[["sku", "target_month", *CARRIED]]
    given = given.rename(columns={"target_month": "taken_from"})
    rows = cells.merge(given, on=["sku", "taken_from"], how="left", validate="m:1").drop(columns="taken_from")
    return zero_after_end(rows.assign(origin_month=origin), known_ends(products, last_published))


def _within_reach(months: pd.Series, last: pd.Timestamp) -> pd.Series:
    """Return the latest month of the same name that is not after ``last``."""
    beyond = (months.dt.year - last.year) * 12 + months.dt.month - last.month
    years = np.maximum(0, np.ceil(beyond / 12)).astype(int)
    return pd.Series(
        [month - pd.DateOffset(years=int(back)) for month, back in zip(months, years, strict=True)], index=months.index
    )
