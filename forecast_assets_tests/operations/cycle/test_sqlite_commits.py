"""Commits that do not wait for the disk: of SQLite files in write-ahead mode, and of no other connection."""

import sqlite3

import pytest
import sqlalchemy as sa

from forecast_assets.operations.cycle import sqlite_commits


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Return a function that makes an engine of a new SQLite file; files that are kept open are closed again."""
    kept: dict[str, sqlite3.Connection] = {}
    monkeypatch.setattr(sqlite_commits, "_kept_open", kept)
    engines = []

    def make(journal_mode: str) -> sa.Engine:
        file = tmp_path / f"{journal_mode}.db"
        with sqlite3.connect(file) as connection:
            connection.execute(f"PRAGMA journal_mode = {journal_mode}")
        engines.append(sa.create_engine(f"sqlite:///{file}"))
        return engines[-1]

    sqlite_commits.commit_without_waiting()
    sqlite_commits.commit_without_waiting()
    yield make, kept
    sa.event.remove(sa.Engine, "connect", sqlite_commits._relax)
    for each in engines:
        each.dispose()
    for connection in kept.values():
        connection.close()


FULL, NORMAL = 2, 1


@pytest.mark.parametrize(("journal_mode", "synchronous", "files"), [("wal", NORMAL, 1), ("delete", FULL, 0)])
def test_a_file_in_write_ahead_mode_waits_no_more_and_stays_open(engine, journal_mode, synchronous, files):
    make, kept = engine
    of_file, opened = make(journal_mode), []
    for _ in range(2):
        with of_file.connect() as connection:
            assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == synchronous
        of_file.dispose()
        opened += kept.values()
    assert (len(kept), len({id(each) for each in opened})) == (files, files)
    assert all(name.endswith("wal.db") for name in kept)


def test_the_write_ahead_log_outlives_the_last_connection_of_a_run(engine, tmp_path):
    make, _ = engine
    of_file = make("wal")
    with of_file.begin() as connection:
        connection.execute(sa.text("CREATE TABLE runs (id INTEGER)"))
    of_file.dispose()
    # Moving the log into the file would wait for the disk.
    assert (tmp_path / "wal.db-wal").exists()


def test_another_kind_of_connection_and_a_database_in_memory_are_left_alone(engine):
    _, kept = engine
    sqlite_commits._relax(object(), None)
    with sa.create_engine("sqlite://").connect() as connection:
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == FULL
    assert kept == {}
