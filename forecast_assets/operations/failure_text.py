"""One line for failures of the machine: a full disk, an unreadable database of Dagster. It names what to do.

Messages of data and of services are one line already.
"""

import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from forecast_assets.config.connection_failure import ConnectionFailure

FULL = {errno.ENOSPC, errno.EDQUOT}
FULL_TEXTS = ("No space left on device", "Disk quota exceeded", "database or disk is full")
DAMAGED_TEXTS = ("file is not a database", "database disk image is malformed", "file is encrypted")
NO_SPACE = (
    "no space left on the disk{where}: free some, then run the same command again. What was published stays, and no "
    "table is half written."
)
DAGSTER_FILES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
DAGSTER_DAMAGED = (
    "{file} of Dagster cannot be read ({reason}). Stop Dagster and restore the file from a backup, or move it away: "
    "the record of earlier runs is then lost, no stored table is. forecast-assets doctor --record then tells Dagster "
    "what is published."
)


class DagsterDatabaseDamaged(ConnectionFailure):
    """A SQLite file of Dagster cannot be read."""


def check_dagster_files(home: Path) -> None:
    """Open the SQLite files of a laptop's Dagster, if it has any.

    Raises:
        DagsterDatabaseDamaged: If one is no database.
    """
    for file in (home / name for name in DAGSTER_FILES):
        reason = damage_of_sqlite(file) if file.exists() else ""
        if reason:
            raise DagsterDatabaseDamaged(DAGSTER_DAMAGED.format(file=file, reason=reason))


def damage_of_sqlite(file: Path) -> str:
    """Return why a SQLite file cannot be read; empty if it can, or is locked by its writer."""
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        return "" if "locked" in str(error) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    return ""


def in_one_line(error: BaseException) -> str:
    """Return the first line of an error; of a full disk or a damaged database the cause and what to do."""
    for cause in _with_causes(error):
        if is_full(cause):
            file = getattr(cause, "filename", None)
            return NO_SPACE.format(where=f" ({file})" if file else "")
        text = str(cause)
        if any(damaged in text for damaged in DAMAGED_TEXTS):
            return DAGSTER_DAMAGED.format(file="A database", reason=text.strip().splitlines()[0])
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def is_full(error: BaseException) -> bool:
    """Return True if an error means that a disk is full."""
    return getattr(error, "errno", None) in FULL or any(text in str(error) for text in FULL_TEXTS)


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    # Also what `from None` hides: a full disk is the cause, whatever was made of it. Transient errors stop there.
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
