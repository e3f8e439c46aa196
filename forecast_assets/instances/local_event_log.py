"""Dagster's event log in SQLite files, with connections that stay open; ``laptop.yaml`` names it.

Dagster's own class opens and closes a database up to five times for each event, and each closing writes the journal
back: 33 months of a market's sources took 76 seconds (26.8 of CPU), and 9 without events. With this class they take 21.
"""

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster import StringSource
from dagster._config.config_schema import UserConfigSchema
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

# The index of all runs, and the runs that are written or looked at.
OPEN_DATABASES = 8
BUSY_TIMEOUT_SECONDS = 30


class LocalEventLogStorage(SqliteEventLogStorage):
    """The same files and tables as those of ``SqliteEventLogStorage``; each can read what the other wrote.

    A commit survives the end of the process. After a power failure the last ones may be missing, and no file is
    damaged (``synchronous = NORMAL`` in SQLite's write-ahead mode): events are records of what the store holds.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._open: OrderedDict[str, Engine] = OrderedDict()
        self._knows_checks = False
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Return the settings in ``dagster.yaml``: the folder of the instance."""
        return {"home": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "LocalEventLogStorage":
        """Return the storage that a ``dagster.yaml`` describes."""
        # Where the class above keeps them: an instance of before goes on with its events.
        return cls(str(Path(config_value["home"]) / "history" / "runs"), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        """Open a transaction in the database of a run, or in the index of all."""
        # One thread at a time, as in the class above: each database has one connection.
        with self._db_lock:
            with self._engine_of(shard).begin() as connection:
                changes_before = _changes(connection)
                yield connection
                has_changed = _changes(connection) > changes_before
            if has_changed and shard != INDEX_SHARD_NAME:
                # The page of a run waits for a change of its file. The journal beside it has taken it.
                os.utime(self.path_for_shard(shard))

    @property
    def supports_asset_checks(self) -> bool:
        """True if the index has the table of checks; once found, it is not looked up again for each event."""
        self._knows_checks = self._knows_checks or super().supports_asset_checks
        return self._knows_checks

    def wipe(self) -> None:
        """Delete all events."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close the databases."""
        self._close()
        super().dispose()

    def _engine_of(self, shard: str) -> Engine:
        engine = self._open.pop(shard, None)
        if engine is None:
            engine = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            sqlalchemy.event.listen(engine, "connect", _lasts_beyond_the_process)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            if len(self._open) >= OPEN_DATABASES:
                self._open.popitem(last=False)[1].dispose()
        self._open[shard] = engine
        return engine

    def _close(self) -> None:
        with self._db_lock:
            while self._open:
                self._open.popitem()[1].dispose()


def _changes(connection: Connection) -> int:
    raw: Any = connection.connection.dbapi_connection
    return int(raw.total_changes)


def _lasts_beyond_the_process(raw: Any, _: object) -> None:
    raw.execute("PRAGMA synchronous = NORMAL")
