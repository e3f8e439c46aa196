"""Submission, approval and rejection of planners' numbers: the ledger, and the file of those in force.

The file in force is written first: a decision that is interrupted can be repeated. Rules of the states are in
``domain/publication/override_states.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.publication.override_entries import CELL
from forecast_assets.domain.publication.override_states import (
    APPROVED,
    DRAFT,
    SUBMITTED,
    NotAllowed,
    Person,
    decided,
    entered,
    in_force,
    selected,
    submitted,
)
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.operations.overrides.delivery_file import (
    ImportRefused,
    delivery_file,
    ledger,
    replace_ledger,
    replace_rows,
)
from forecast_assets.operations.overrides.import_workbook import OverrideImport
from forecast_assets.operations.overrides.replaced_numbers import report_replaced
from forecast_assets.storage import PartitionKey, TableStore

NOT_NEEDED = "without four eyes"


@dataclass(frozen=True)
class Selection:
    """Numbers that a decision names: SKUs, a month, an author; nothing given: all of the market and origin month."""

    skus: tuple[str, ...] = ()
    target: pd.Timestamp | None = None
    author: str = ""


def enter(settings: Settings, checked: OverrideImport, state: str, now: pd.Timestamp) -> list[str]:
    """Write the numbers of a checked import into the ledger; return a line for each number that is replaced.

    Raises:
        ImportRefused: If another person has written the ledger meanwhile.
    """
    file = ledger(settings, PartitionKey(checked.origin, checked.country), now)
    rows, lines = entered(file.rows, checked.new_rows, state)
    replace_ledger(settings, file, rows)
    waiting = file.rows[file.rows["state"].isin([DRAFT, SUBMITTED])]
    report_replaced(settings, file.partition, waiting, checked.new_rows)
    return lines


def submit(
    settings: Settings, store: TableStore, partition: PartitionKey, author: Person, now: pd.Timestamp
) -> pd.DataFrame:
    """Submit the drafts of an author; without four eyes they are in force at once. Return the numbers.

    Raises:
        ImportRefused: If there is no draft, the month is closed, or another person has written meanwhile.
    """
    _require_open(store, partition)
    file, at = ledger(settings, partition, now), _text(now)
    before = file.rows["state"]
    rows = _allowed(lambda: submitted(file.rows, author.label, at))
    changed = (rows["state"] == SUBMITTED) & (before != SUBMITTED)
    if not settings.overrides.four_eyes:
        nobody = Person(NOT_NEEDED)
        rows = decided(rows, changed.to_numpy(), APPROVED, nobody, at, four_eyes=False)
        rows.loc[changed, "decided_by"] = ""
        _put_in_force(settings, partition, rows[changed])
    replace_ledger(settings, file, rows)
    return rows[changed].reset_index(drop=True)


def decide(
    settings: Settings,
    store: TableStore,
    partition: PartitionKey,
    selection: Selection,
    state: str,
    by: Person,
    now: pd.Timestamp,
    note: str = "",
) -> pd.DataFrame:
    """Approve or reject submitted numbers and return them; approved ones are in force.

    Raises:
        ImportRefused: If no submitted number is named, one is the person's own with four eyes, the month is closed, or
            another person has written meanwhile.
    """
    _require_open(store, partition)
    file = ledger(settings, partition, now)
    chosen = selected(file.rows, selection.skus, selection.target, selection.author)
    four_eyes = settings.overrides.four_eyes
    rows = _allowed(lambda: decided(file.rows, chosen, state, by, _text(now), note, four_eyes=four_eyes))
    changed = (rows["state"] == state) & (file.rows["state"] == SUBMITTED)
    if state == APPROVED:
        _put_in_force(settings, partition, rows[changed])
    replace_ledger(settings, file, rows)
    return rows[changed].reset_index(drop=True)


def _put_in_force(settings: Settings, partition: PartitionKey, approved: pd.DataFrame) -> None:
    file, new = delivery_file(settings, partition), in_force(approved)
    others = file.rows[~pd.MultiIndex.from_frame(file.rows[CELL]).isin(pd.MultiIndex.from_frame(new[CELL]))]
    parts = [part for part in (others, new) if len(part)]
    replace_rows(settings, file, pd.concat(parts, ignore_index=True).sort_values(CELL, ignore_index=True))
    report_replaced(settings, partition, file.rows, new)


def _require_open(store: TableStore, partition: PartitionKey) -> None:
    if PublishedMonths(store).is_closed(str(partition.country), partition.month):
        raise ImportRefused(
            f"{partition.country} {partition.month:%Y-%m} is closed: a later month is published, too. Its numbers stay "
            "as they were published"
        )


def _allowed(change: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    try:
        return change()
    except NotAllowed as error:
        raise ImportRefused(str(error)) from error


def _text(now: pd.Timestamp) -> str:
    return now.isoformat(timespec="seconds")
