"""Commits of a laptop's SQLite files that do not wait for the disk each time.

Dagster opens, commits and closes a connection about four times per event. Closing the last one moves the write-ahead
log into the file and waits for the disk: 50 ms an event on a busy one. A connection that stays open, with
``synchronous = NORMAL``, leaves that to every thousandth page. The file stays whole whenever a process is killed; after
a power cut the last events may be missing (sqlite.org/wal.html, sqlite.org/pragma.html#pragma_synchronous).
"""

import sqlite3

from sqlalchemy import Engine, event

_kept_open: dict[str, sqlite3.Connection] = {}


def commit_without_waiting() -> None:
    """Relax the commits of every SQLite file in write-ahead mode that this process opens from now on."""
    if not event.contains(Engine, "connect", _relax):
        event.listen(Engine, "connect", _relax)


def _relax(connection: object, _: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        return
    connection.execute("PRAGMA synchronous = NORMAL")
    file = connection.execute("PRAGMA database_list").fetchone()[2]
    if file and file not in _kept_open:
        _kept_open[file] = sqlite3.connect(file, check_same_thread=False)
        _kept_open[file].execute("SELECT count(*) FROM sqlite_master").fetchone()
