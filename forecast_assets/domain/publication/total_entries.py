"""Split of a total that a planner enters, for a category or the market, over its SKUs.

Published proportions decide. Numbers that people set, and SKUs past their end, stay. The most detailed entry counts: a
SKU's own, then its category's, then the market's. Rules of single numbers are in ``override_entries.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools, Floats
from forecast_assets.domain.publication.override_entries import CELL, Entry, number_of, shown

CATEGORY_LEVEL, MARKET_LEVEL = "category", "market"
LEVELS = (CATEGORY_LEVEL, MARKET_LEVEL)
# A total that differs by less than this share is the published one.
SAME_TOTAL = 1e-9


@dataclass(frozen=True)
class TotalEntry:
    """A total in a workbook: its cell, level and group, and the cells of reason and comment with what they hold."""

    cell: str
    level: str
    group: str
    target_month: pd.Timestamp
    units: object
    reason_cell: str
    reason: str
    comment_cell: str
    comment: str


def split_totals(
    totals: Sequence[TotalEntry],
    entries: Sequence[Entry],
    published: pd.DataFrame,
    pending: pd.DataFrame,
    products: pd.DataFrame,
) -> tuple[list[Entry], list[str]]:
    """Return an entry per SKU that a total changes, and a line for each total that cannot be split.

    Args:
        totals: Entries of totals.
        entries: Entries of single SKUs of the same workbook, without a problem.
        published: ``sku, target_month, forecast_units, category, source``.
        pending: ``sku, target_month, forecast_units`` that are delivered and not published yet; may be empty.
        products: ``sku``, ``end_month`` and, if SKUs are sold in cases, ``attribute_case_units``.
    """
    rows = _with_fixed(published, entries, pending, products)
    split: list[Entry] = []
    problems: list[str] = []
    for total in sorted(totals, key=lambda each: LEVELS.index(each.level)):
        of_group = (rows["target_month"] == total.target_month).to_numpy()
        if total.level == CATEGORY_LEVEL:
            of_group = of_group & (rows["category"] == total.group).to_numpy()
        group = rows[of_group]
        units = number_of(total.units)
        problem = _problem(total, group, units)
        if problem:
            problems.append(f"{total.cell}: {problem}")
            continue
        if abs(units - group["units"].sum()) <= SAME_TOTAL * max(units, 1.0):
            continue
        numbers = split_units(group["units"], group["is_fixed"].to_numpy(), units, group["case_units"].to_numpy(float))
        rows.loc[of_group, "units"] = numbers
        free = rows[of_group & ~rows["is_fixed"].to_numpy()]
        note = f"total of {total.group} {shown(units)}"
        split += [
            Entry(
                total.cell, sku, total.target_month, float(number), total.reason_cell, total.reason,
                total.comment_cell, total.comment, note,
            )
            for sku, number in free[["sku", "units"]].itertuples(index=False)
        ]  # fmt: skip
        rows.loc[of_group, "is_fixed"] = True
    return split, problems


def split_units(units: pd.Series, is_fixed: Bools, total: float, case_units: Floats) -> Floats:
    """Return the numbers of a group that sum to a total: fixed ones stay, the others keep their proportions.

    SKUs sold in cases get whole cases, the others what is left of the total. Where every SKU is sold in cases, the sum
    is the total up to half of a case.

    Args:
        units: Numbers before; the free ones sum to more than zero.
        is_fixed: True for numbers that stay.
        total: At least the sum of the fixed ones.
        case_units: Units of a case by SKU; NaN if a SKU is sold in single units.
    """
    before = units.to_numpy(float)
    free = before * ~is_fixed
    rest = total - before[is_fixed].sum()
    numbers = np.where(is_fixed, before, free * rest / free.sum())
    in_cases = ~is_fixed & (case_units > 0) & (numbers > 0)
    single = ~is_fixed & ~in_cases & (numbers > 0)
    share = np.where(in_cases, numbers / np.where(in_cases, case_units, 1.0), 0.0)
    cases = np.floor(share)
    left = (numbers - cases * case_units)[in_cases].sum()
    for place in np.argsort(-(share - cases), kind="stable"):
        if in_cases[place] and left >= case_units[place] / 2:
            cases[place] += 1
            left -= case_units[place]
    numbers = np.where(in_cases, cases * np.where(in_cases, case_units, 0.0), numbers)
    if single.any():
        of_single = numbers[single].sum()
        numbers[single] *= max(of_single + left, 0.0) / of_single
    return np.asarray(numbers, dtype=float)


def _with_fixed(
    published: pd.DataFrame, entries: Sequence[Entry], pending: pd.DataFrame, products: pd.DataFrame
) -> pd.DataFrame:
    """Return the published cells with ``units``, ``is_fixed`` and ``case_units``."""
    own: Mapping[tuple[str, pd.Timestamp], float] = {
        (entry.sku, entry.target_month): number_of(entry.units) for entry in entries
    }
    set_before = pending[[*CELL, "forecast_units"]].itertuples(index=False, name=None)
    own = {(sku, month): float(units) for sku, month, units in set_before} | dict(own)
    cells = list(published[[*CELL, "forecast_units"]].itertuples(index=False, name=None))
    by_sku = products.drop_duplicates("sku", keep="last").set_index("sku")
    ends = published["sku"].map(by_sku["end_month"]) if "end_month" in by_sku else pd.Series(pd.NaT, published.index)
    cases = by_sku["attribute_case_units"] if "attribute_case_units" in by_sku else pd.Series(dtype=float)
    return published.assign(
        category=published["category"].astype(object),
        units=[own.get((sku, month), float(units)) for sku, month, units in cells],
        is_fixed=np.array([(sku, month) in own for sku, month, _ in cells], dtype=bool)
        | (published["source"] == "override")
        | (published["target_month"] > ends.astype("datetime64[ns]")),
        case_units=pd.to_numeric(published["sku"].map(cases), errors="coerce").astype(float),
    )


def _problem(total: TotalEntry, group: pd.DataFrame, units: float) -> str:
    if group.empty:
        return f"no SKU of {total.level} {total.group} has a published forecast for {total.target_month:%Y-%m}"
    if np.isnan(units):
        return f"{total.units!r} is not a number; enter units, such as 900"
    fixed = float(group.loc[group["is_fixed"], "units"].sum())
    if units < fixed - SAME_TOTAL * max(fixed, 1.0):
        return (
            f"{shown(units)} is less than {shown(fixed)}, the sum of the numbers that stay: overrides, entries of this "
            "workbook and ended SKUs. Change those, or enter more"
        )
    if units > fixed and group.loc[~group["is_fixed"], "units"].sum() == 0:
        return f"{shown(units)} cannot be split: no SKU of {total.group} that may change has a forecast above 0"
    return ""
