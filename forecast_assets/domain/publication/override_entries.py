"""Numbers that a planner enters against a publication: their rules, and how they join those entered before.

Not here: the workbook they are entered in (``reports``), the file they are delivered in (``operations/overrides``).
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

OVERRIDE_REASONS = (
    "promotion", "listing", "delisting", "price", "supply", "event", "customer information", "correction",
)  # fmt: skip
# A number further than this share off the model's needs a comment of at least so many characters.
LARGE_CHANGE, LARGE_CHANGE_COMMENT = 0.5, 15
LARGEST = 1e9
# Excel keeps 15 digits, and the split of a total is not exact.
SAME_NUMBER = 1e-9
CELL = ["sku", "target_month"]
# How a reason names the number of another person that it replaces.
REPLACES = " (replaces "
# Rows of the delivery file; the last column is for people and not part of the contract.
DELIVERED = [
    "country", "sku", "origin_month", "target_month", "forecast_units", "author", "reason", "imported_at",
]  # fmt: skip
CHANGES = [*CELL, "published_units", "model_units", "before_units", "before_author", "override_units", "reason"]


@dataclass(frozen=True)
class Entry:
    """A number in a workbook: its cell, the cells of reason and comment, and what they hold.

    ``note`` is added to the reason: the total that the number was split from.
    """

    cell: str
    sku: str
    target_month: pd.Timestamp
    units: object
    reason_cell: str
    reason: str
    comment_cell: str
    comment: str
    note: str = ""


def publication_hash(published: pd.DataFrame) -> str:
    """Return sixteen hexadecimal digits of ``sku, target_month, forecast_units``, whatever the order of the rows."""
    rows = published[[*CELL, "forecast_units"]].sort_values(CELL)
    lines = [f"{sku!r} {month:%Y-%m} {float(units)!r}" for sku, month, units in rows.itertuples(index=False, name=None)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def changed_since(of_workbook: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """Return a line for each cell whose published number differs from that in a workbook.

    Args:
        of_workbook: ``sku, target_month, forecast_units`` as the workbook shows them.
        now: The same as published now.
    """
    both = of_workbook[[*CELL, "forecast_units"]].merge(
        now[[*CELL, "forecast_units"]], on=CELL, how="outer", suffixes=("_before", "_now"), validate="1:1"
    )
    before, after = both["forecast_units_before"], both["forecast_units_now"]
    same = np.isclose(before, after, rtol=SAME_NUMBER, atol=0.0)
    changed = both[~same].sort_values(CELL)
    return [
        f"SKU {sku} for {month:%Y-%m}: {shown(before)} in the workbook, {shown(after)} published now"
        for sku, month, before, after in changed.itertuples(index=False, name=None)
    ]


def problems_of(entries: Iterable[Entry], published: pd.DataFrame) -> list[str]:
    """Return a line for each rule that an entry breaks, with its cell.

    Args:
        entries: Entries of one workbook.
        published: Publication that they change: ``sku, target_month, forecast_units, model_units``.
    """
    cells = _by_cell(published)
    skus = {sku for sku, _ in cells}
    problems: list[str] = []
    for entry in entries:
        problems += [f"{cell}: {text}" for cell, text in _problems(entry, cells, skus)]
    # Reason and comment belong to a row: one line is enough for all its months.
    return list(dict.fromkeys(problems))


def changes_of(entries: Iterable[Entry], published: pd.DataFrame, pending: pd.DataFrame) -> pd.DataFrame:
    """Return the entries that change a number: CHANGES, by SKU and month; an entry of the number in force is none.

    Args:
        entries: Entries without a problem.
        published: As in ``problems_of``.
        pending: Rows of the delivery file of this market and origin (DELIVERED); may be empty.
    """
    cells = _by_cell(published)
    earlier = {
        (row["sku"], row["target_month"]): (float(row["forecast_units"]), str(row["author"]))
        for row in pending.to_dict("records")
    }
    rows = []
    for entry in entries:
        key = (entry.sku, entry.target_month)
        number, model = cells[key]
        before, author = earlier.get(key, (number, ""))
        units = number_of(entry.units)
        if not math.isclose(units, before, rel_tol=SAME_NUMBER):
            reason = f"{entry.reason}: {' '.join(entry.comment.split())}" + (f" ({entry.note})" if entry.note else "")
            rows.append((*key, number, model, before, author, units, reason))
    changes = pd.DataFrame(rows, columns=CHANGES).astype({"target_month": "datetime64[ns]", "override_units": float})
    return changes.sort_values(CELL, ignore_index=True)


def joined(
    pending: pd.DataFrame, changes: pd.DataFrame, country: str, origin: pd.Timestamp, author: str, imported_at: str
) -> pd.DataFrame:
    """Return the rows of the delivery file after an import: of two numbers for one cell the later import's stays.

    The reason of a row that replaces another person's number names that number and person, so both can read it.
    """
    new = pd.DataFrame(
        {
            "country": country, "sku": changes["sku"], "origin_month": origin, "target_month": changes["target_month"],
            "forecast_units": changes["override_units"].astype(float), "author": author,
            "reason": [
                reason + (f"{REPLACES}{shown(units)} by {by})" if by and by != author else "")
                for reason, units, by in changes[["reason", "before_units", "before_author"]].itertuples(index=False)
            ],
            "imported_at": imported_at,
        }
    )  # fmt: skip
    replaced = pd.MultiIndex.from_frame(pending[CELL]).isin(pd.MultiIndex.from_frame(new[CELL]))
    kept = pending.loc[~replaced, DELIVERED]
    rows = pd.concat([part for part in (kept, new) if len(part)] or [new])
    return rows.sort_values(CELL, ignore_index=True)


def replaced_since(pending: pd.DataFrame, author: str) -> list[str]:
    """Return a line for each number of an author that another person has replaced, as the reasons in force name them.

    Args:
        pending: Numbers in force: DELIVERED.
        author: The label under which the numbers were entered.
    """
    lines = []
    for row in pending.to_dict("records"):
        _, replaces, replaced = str(row["reason"]).rpartition(REPLACES)
        number, _, by = replaced.partition(" by ")
        if replaces and by.startswith(f"{author})"):
            lines.append(
                f"SKU {row['sku']} for {row['target_month']:%Y-%m}: your {number} was replaced by "
                f"{shown(row['forecast_units'])} of {row['author']}"
            )
    return lines


def _by_cell(published: pd.DataFrame) -> dict[tuple[str, pd.Timestamp], tuple[float, float]]:
    """Return published number and model's number by SKU and month; without a model the published one counts."""
    model = published["model_units"].astype(float).fillna(published["forecast_units"])
    cells = published[CELL].assign(units=published["forecast_units"].astype(float), model=model)
    return {(sku, month): (units, by_model) for sku, month, units, by_model in cells.itertuples(index=False)}


def _problems(
    entry: Entry, cells: Mapping[tuple[str, pd.Timestamp], tuple[float, float]], skus: set[str]
) -> list[tuple[str, str]]:
    if entry.sku not in skus:
        return [(entry.cell, f"SKU {entry.sku} has no published forecast")]
    if (entry.sku, entry.target_month) not in cells:
        return [(entry.cell, f"SKU {entry.sku} has no published forecast for {entry.target_month:%Y-%m}")]
    units = number_of(entry.units)
    if math.isnan(units):
        given = f"the date {entry.units:%Y-%m-%d}" if isinstance(entry.units, datetime) else repr(entry.units)
        return [(entry.cell, f"{given} is not a number; enter units, such as 900")]
    if units < 0:
        return [(entry.cell, f"{shown(units)} is negative; enter 0 or more")]
    if units > LARGEST:
        return [(entry.cell, f"{units:.3g} is more than a billion units; enter units, such as 900")]
    problems = []
    if entry.reason not in OVERRIDE_REASONS:
        given = f"{entry.reason!r} is no reason" if entry.reason else "the reason is missing"
        problems.append((entry.reason_cell, f"{given}; choose one of {', '.join(OVERRIDE_REASONS)}"))
    if not entry.comment.strip():
        problems.append((entry.comment_cell, "the comment is missing; say why the number changes"))
    _, model = cells[entry.sku, entry.target_month]
    if abs(units - model) > LARGE_CHANGE * model and len(entry.comment.strip()) < LARGE_CHANGE_COMMENT:
        problems.append((
            entry.cell,
            f"{shown(units)} is more than {LARGE_CHANGE:.0%} off the model's {shown(model)}; explain it in "
            f"{entry.comment_cell} with at least {LARGE_CHANGE_COMMENT} characters",
        ))  # fmt: skip
    return problems


def number_of(value: object) -> float:
    """Return a finite number; NaN for a text, a truth value, infinity or anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return float("nan")
    return float(value)


def shown(units: float) -> str:
    """Return units as messages show them."""
    return "nothing" if math.isnan(units) else f"{units:,.10g}"
