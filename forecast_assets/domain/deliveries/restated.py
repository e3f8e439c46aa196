"""Old months whose rows changed between deliveries: which months and SKUs, by how much, and at another scale or not.

A change is declared if its rows carry a ``known_from`` of the judged month: that month and later ones use it. Any other
change is of months that are stored, which keep their rows until they are rebuilt.
"""

from collections.abc import Sequence

import pandas as pd

from forecast_assets.domain.deliveries.delivery import DeliveryFinding
from forecast_assets.domain.deliveries.scales import Scale, changed_scale

TOLERANCE = 1e-6
SHOWN_MONTHS, SHOWN_CELLS = 6, 3
UNITS = "units"
CELL = ["sku", "month"]
VERSION = [*CELL, "known_month"]


def restated_history(
    source: str,
    market: str,
    delivered: pd.DataFrame,
    stored: pd.DataFrame,
    month: pd.Timestamp,
    measures: Sequence[str] = (UNITS,),
) -> DeliveryFinding | None:
    """Find earlier months that today's delivery has otherwise than the store.

    Months without any row before the first or after the last delivered one are not judged: deliveries need not hold the
    whole history. Between them such a month is gone, and named. Versions of a cell before its first delivered one are
    not judged. A stored cell without a delivered row has become zero if
    other rows of its month are delivered as known at its end. The finding is a warning, unless the history is at
    another scale than the store (``changed_scale``): then so is the month.

    Args:
        source: Name of the source.
        market: Code of the market.
        delivered: Today's delivery: ``sku, month, known_month`` and the measures, as known from each month on.
        stored: Stored rows of the same columns; units are zero or null where nothing was delivered.
        month: The judged month; it and later ones are left out.
        measures: Columns to compare. Null units are zero, other measures are compared where both have one.
    """
    now = delivered[(delivered["known_month"] <= month) & delivered[UNITS].notna()]
    # Of a month before the first stored one the store holds single restated rows alone.
    is_whole = stored["month"] >= stored["known_month"].min()
    earlier = stored[is_whole & (stored["known_month"] < month)]
    before = earlier[earlier["month"].isin(now["month"].unique())]
    gone = _gone(earlier, now)
    now = now[now["month"].isin(before["month"].unique())]
    parts, blocks, rows = ([], False, []) if gone.empty else ([_text_of_gone(source, gone)], False, [gone])
    for measure in measures:
        versions = _versions(before, now, measure)
        changed = versions[_is_changed(versions)]
        if changed.empty:
            continue
        scale = changed_scale(versions.sort_values("known_month", kind="stable").drop_duplicates(CELL, keep="last"))
        blocks |= scale is not None and scale.blocks
        rows.append(changed)
        parts.append(_text(source, market, month, measure, changed, scale))
    if not parts:
        return None
    return DeliveryFinding(". ".join(parts), pd.concat(rows, ignore_index=True), is_warning=not blocks)


def _gone(stored: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of stored months with units that lie between delivered months and have no row."""
    inside = stored["month"].between(now["month"].min(), now["month"].max()) & ~stored["month"].isin(now["month"])
    latest = stored[inside].sort_values("known_month", kind="stable").drop_duplicates(CELL, keep="last")
    cells = latest[latest[UNITS].fillna(0.0) != 0]
    return cells[VERSION].assign(stored=cells[UNITS], delivered=0.0, measure=UNITS, change=-cells[UNITS])


def _text_of_gone(source: str, gone: pd.DataFrame) -> str:
    return (
        f"{_months(gone, UNITS)} have no row in today's delivery, while months before and after have: deliver the "
        f"missing file of {source}. Stored months keep their rows"
    )


def _versions(before: pd.DataFrame, now: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return a row per version of a cell that can be compared: what is ``stored`` and ``delivered`` from it on."""
    versions = before[[*VERSION, measure]].merge(
        now[[*VERSION, measure]], on=VERSION, how="outer", suffixes=("_stored", "_delivered"), validate="1:1"
    )
    versions = versions.sort_values(VERSION)
    values = versions[[f"{measure}_stored", f"{measure}_delivered"]].set_axis(["stored", "delivered"], axis=1)
    cells = [versions[name] for name in CELL]
    known = values.groupby(cells).ffill()
    if measure == UNITS:
        complete = now.loc[now["known_month"] == now["month"], "month"].unique()
        is_gone = versions["month"].isin(complete) & values["delivered"].isna().groupby(cells).transform("all")
        known = known[known["delivered"].notna() | is_gone].fillna(0.0)
    known = known.dropna()
    changed = versions[VERSION].join(known, how="inner")
    return changed.assign(measure=measure, change=changed["delivered"] - changed["stored"])


def _is_changed(versions: pd.DataFrame) -> pd.Series:
    largest = versions[["stored", "delivered"]].abs().max(axis=1)
    return versions["change"].abs() > TOLERANCE * (1 + largest)


def _text(
    source: str, market: str, month: pd.Timestamp, measure: str, changed: pd.DataFrame, scale: Scale | None
) -> str:
    """Return what changed in a measure, and what to do."""
    largest = changed.reindex(changed["change"].abs().sort_values(ascending=False, kind="stable").index)
    if scale is not None and scale.blocks:
        of_measure = "" if measure == UNITS else f"{measure} of "
        step = (
            f"{of_measure}the history is {scale} of what it was: thousands points, decimals or another unit of "
            "measure? Deliver the history and the month in one unit"
        )
        step = step[0].upper() + step[1:]
        return f"{_months(changed, measure)} differ from what is stored; {_cells(largest, measure)}. {step}"
    is_declared = changed["known_month"] == month
    texts = []
    if not is_declared.all():
        step = _backfill(source, market, changed[~is_declared])
        texts.append(_part(changed[~is_declared], largest, measure, "differ from what is stored", step))
    if is_declared.any():
        step = f"Forecasts from {month:%Y-%m} on use them, earlier months keep what they knew"
        texts.append(_part(changed[is_declared], largest, measure, f"are restated from {month:%Y-%m} on", step))
    if scale is not None:
        texts.append(f"{scale.cells} of the cells are {scale} of what they were: check their unit of measure")
    return ". ".join(texts)


def _part(changed: pd.DataFrame, largest: pd.DataFrame, measure: str, what: str, step: str) -> str:
    cells = largest[largest.index.isin(changed.index)]
    return f"{_months(changed, measure)} {what}; {_cells(cells, measure)}. {step}"


def _months(changed: pd.DataFrame, measure: str) -> str:
    by_month = changed.groupby("month").agg(skus=("sku", "nunique"), change=("change", "sum"))
    shown = [
        f"{month:%Y-%m} ({skus} SKUs, {change:{'+,.0f' if abs(change) >= 1000 else '+,.6g'}} {measure})"
        for month, skus, change in by_month.head(SHOWN_MONTHS).itertuples(name=None)
    ]
    more = f" and {len(by_month) - SHOWN_MONTHS} more months" if len(by_month) > SHOWN_MONTHS else ""
    return ", ".join(shown) + more


def _cells(largest: pd.DataFrame, measure: str) -> str:
    name = "" if measure == UNITS else f"{measure} "
    return "; ".join(
        f"SKU {sku} in {month:%Y-%m}: {name}{before:,.6g} before, {now:,.6g} now"
        for sku, month, before, now in largest.head(SHOWN_CELLS)[[*CELL, "stored", "delivered"]].itertuples(
            index=False, name=None
        )
    )


def _backfill(source: str, market: str, changed: pd.DataFrame) -> str:
    first, last = changed["known_month"].min(), changed["known_month"].max()
    return (
        f"Stored months keep their rows until they are rebuilt: forecast-assets backfill --country {market} "
        f"--from {first:%Y-%m} --to {last:%Y-%m} --assets {source}+"
    )
