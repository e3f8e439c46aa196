"""States of planners' numbers from draft to approval: who entered and who decided, when, and the rules of both.

========== ==============================================================
draft      kept by its author, not submitted
submitted  waits for approval
approved   in force: it is published
rejected   refused by a second person
replaced   another number of the same SKU and month took its place
withdrawn  taken back
expired    waited for too long; submit it again
========== ==============================================================

Of two planners on one SKU and month the later submission counts, the approval decides. Not here: the rules of single
numbers (``override_entries.py``).
"""

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Bools
from forecast_assets.domain.publication.override_entries import CELL, DELIVERED, shown

DRAFT, SUBMITTED, APPROVED, REJECTED = "draft", "submitted", "approved", "rejected"
REPLACED, WITHDRAWN, EXPIRED = "replaced", "withdrawn", "expired"
STATES = (DRAFT, SUBMITTED, APPROVED, REJECTED, REPLACED, WITHDRAWN, EXPIRED)
LEDGER = [*DELIVERED, "state", "decided_by", "decided_at", "note"]
# How a person was established: by an account that is signed in, or by a name that nothing confirms.
SIGNED_IN, SELF_DECLARED = "signed in", "self-declared"


Row = Mapping[Hashable, Any]


class NotAllowed(ValueError):
    """A change of state that the rules do not allow; nothing is changed."""


@dataclasses.dataclass(frozen=True)
class Person:
    """A planner: the name, and how it was established (SIGNED_IN or SELF_DECLARED)."""

    name: str
    established: str = SELF_DECLARED

    @property
    def label(self) -> str:
        """The name as it is stored and shown."""
        return f"{' '.join(self.name.split())} ({self.established})"


def is_same_person(label: str, other: str) -> bool:
    """Return True if two labels name one person: case, spaces and how the name was established do not count."""
    return _bare(label) == _bare(other)


def empty_ledger() -> pd.DataFrame:
    """Return a ledger without a row."""
    months = dict.fromkeys(("origin_month", "target_month"), "datetime64[ns]")
    return pd.DataFrame({name: pd.Series(dtype=object) for name in LEDGER}).astype({**months, "forecast_units": float})


def entered(ledger: pd.DataFrame, rows: pd.DataFrame, state: str) -> tuple[pd.DataFrame, list[str]]:
    """Add new numbers, and mark the open ones of the same cells as replaced.

    An approved number stays in force until the new one is approved.

    Args:
        ledger: LEDGER of a market and origin month.
        rows: The new numbers: DELIVERED.
        state: DRAFT or SUBMITTED.

    Returns:
        The ledger, and a line for each number of another person that is replaced.
    """
    new = rows[DELIVERED].assign(state=state, decided_by="", decided_at="", note="")
    table, lines = ledger.copy(), []
    for row in new.to_dict("records"):
        open_ones = _of_cell(table, row) & table["state"].isin([DRAFT, SUBMITTED]).to_numpy()
        for index in table.index[open_ones]:
            before = table.loc[index]
            table.loc[index, ["state", "decided_by", "decided_at", "note"]] = [
                REPLACED, row["author"], row["imported_at"], f"replaced by {shown(row['forecast_units'])}",
            ]  # fmt: skip
            if not is_same_person(before["author"], row["author"]):
                lines.append(_told(row, before))
    return _joined(table, new), lines


def replaced_numbers(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the new numbers of cells that had another person's number, with ``before_units`` and ``before_author``.

    Args:
        before: ``sku, target_month, forecast_units, author``; one row per cell.
        after: DELIVERED.
    """
    earlier = before[[*CELL, "forecast_units", "author"]].rename(
        columns={"forecast_units": "before_units", "author": "before_author"}
    )
    both = after.merge(earlier, on=CELL, how="inner")
    others = [not is_same_person(row["before_author"], row["author"]) for row in both.to_dict("records")]
    return both[np.array(others, dtype=bool)].reset_index(drop=True)


def submitted(ledger: pd.DataFrame, author: str, at: str) -> pd.DataFrame:
    """Submit the drafts and expired numbers of an author. Raises NotAllowed if there is none."""
    own = [is_same_person(author, each) for each in ledger["author"]]
    chosen = np.array(own, dtype=bool) & ledger["state"].isin([DRAFT, EXPIRED]).to_numpy()
    if not chosen.any():
        raise NotAllowed(f"no draft of {author}; forecast-assets override list shows every number with its state")
    return _set(ledger, chosen, {"state": SUBMITTED, "imported_at": at, "note": ""})


def decided(
    ledger: pd.DataFrame, chosen: Bools, state: str, by: Person, at: str, note: str = "", *, four_eyes: bool
) -> pd.DataFrame:
    """Approve or reject submitted numbers; an approved one replaces the number that was in force for its cell.

    Args:
        ledger: LEDGER of a market and origin month, with expiry.
        chosen: Numbers that the decision names; only submitted ones are decided.
        state: APPROVED or REJECTED.
        by: The person who decides.
        at: Time of the decision.
        note: Reason of a rejection.
        four_eyes: True if no person may approve an own number.

    Raises:
        NotAllowed: If no submitted number is named, or one is the person's own.
    """
    names = chosen & (ledger["state"] == SUBMITTED).to_numpy()
    if not names.any():
        expired = int((chosen & (ledger["state"] == EXPIRED).to_numpy()).sum())
        more = f"; {expired} have expired and must be submitted again" if expired else ""
        raise NotAllowed(f"no number waits for approval there{more}")
    own = [row for row in ledger[names].to_dict("records") if is_same_person(row["author"], by.label)]
    if own and four_eyes and state == APPROVED:
        cells = ", ".join(f"SKU {row['sku']} for {row['target_month']:%Y-%m}" for row in own[:3])
        raise NotAllowed(f"{by.label} entered {cells}: another person must approve it (FORECAST_FOUR_EYES)")
    table = ledger
    if state == APPROVED:
        keys = pd.MultiIndex.from_frame(ledger.loc[names, CELL])
        in_force = (ledger["state"] == APPROVED).to_numpy() & pd.MultiIndex.from_frame(ledger[CELL]).isin(keys)
        table = _set(ledger, in_force, {"state": REPLACED, "note": f"replaced by an approval of {by.label}"})
    return _set(table, names, {"state": state, "decided_by": by.label, "decided_at": at, "note": note})


def withdrawn(ledger: pd.DataFrame, rows: pd.DataFrame, by: Person, at: str) -> pd.DataFrame:
    """Mark numbers as withdrawn; those that the ledger does not have are added.

    Args:
        ledger: LEDGER of a market and origin month.
        rows: Numbers that are taken back: DELIVERED.
        by: The person who takes them back.
        at: Time of it.
    """
    keys = pd.MultiIndex.from_frame(rows[CELL])
    is_open = ledger["state"].isin([DRAFT, SUBMITTED, APPROVED]).to_numpy()
    known = is_open & pd.MultiIndex.from_frame(ledger[CELL]).isin(keys)
    change = {"state": WITHDRAWN, "decided_by": by.label, "decided_at": at}
    table = _set(ledger, known, change)
    added = rows[~keys.isin(pd.MultiIndex.from_frame(ledger.loc[known, CELL]))]
    return _joined(table, added[DELIVERED].assign(**change, note=""))


def with_expiry(ledger: pd.DataFrame, now: pd.Timestamp, days: int) -> pd.DataFrame:
    """Mark submitted numbers that have waited for more than ``days`` as expired; 0 days: none expires."""
    if ledger.empty or days == 0:
        return ledger
    entered_at = pd.to_datetime(ledger["imported_at"], utc=True, format="ISO8601")
    late = (ledger["state"] == SUBMITTED) & (entered_at < now - pd.Timedelta(days=days))
    return _set(ledger, late.to_numpy(), {"state": EXPIRED, "note": f"not approved within {days} days"})


def in_force(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the approved numbers as DELIVERED; the reason names the person who approved."""
    rows = ledger[ledger["state"] == APPROVED]
    reasons = [
        f"{reason} (approved by {by})" if by else reason
        for reason, by in rows[["reason", "decided_by"]].itertuples(index=False)
    ]
    return rows[DELIVERED].assign(reason=reasons).reset_index(drop=True)


def selected(ledger: pd.DataFrame, skus: Sequence[str], target: pd.Timestamp | None, author: str) -> Bools:
    """Return the numbers of SKUs, a month and an author; nothing given: all."""
    chosen = np.ones(len(ledger), dtype=bool)
    if skus:
        chosen &= ledger["sku"].isin(list(skus)).to_numpy()
    if target is not None:
        chosen &= (ledger["target_month"] == target).to_numpy()
    if author:
        chosen &= np.array([is_same_person(author, each) for each in ledger["author"]], dtype=bool)
    return chosen


def _of_cell(table: pd.DataFrame, row: Row) -> Bools:
    same: Bools = ((table["sku"] == row["sku"]) & (table["target_month"] == row["target_month"])).to_numpy(bool)
    return same


def _told(row: Row, before: pd.Series) -> str:
    return (
        f"SKU {row['sku']} for {row['target_month']:%Y-%m}: {shown(row['forecast_units'])} by {row['author']} replaces "
        f"{shown(before['forecast_units'])} by {before['author']}, which was {before['state']}"
    )


def _set(ledger: pd.DataFrame, chosen: Bools, values: dict[str, str]) -> pd.DataFrame:
    table = ledger.copy()
    for name, value in values.items():
        table.loc[chosen, name] = value
    return table


def _joined(ledger: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    parts = [part for part in (ledger, new) if len(part)]
    table = pd.concat(parts or [ledger])[LEDGER]
    return table.sort_values([*CELL, "imported_at"], ignore_index=True, kind="stable")


def _bare(label: str) -> str:
    name = label
    for established in (SIGNED_IN, SELF_DECLARED):
        name = name.removesuffix(f" ({established})")
    return " ".join(name.split()).casefold()
