"""The local event log: the same records as Dagster's own class, whoever writes and reads them."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from forecast_assets.cli.prepare import LAPTOP
from forecast_assets.instances.local_event_log import OPEN_DATABASES, LocalEventLogStorage
from forecast_assets_tests.instances.one_asset import KEY, run


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text(LAPTOP.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


@pytest.fixture
def instance(home):
    with dg.DagsterInstance.get() as instance:
        yield instance


def events(log: SqliteEventLogStorage, run_id: str) -> list[tuple[str, str]]:
    return [(entry.dagster_event_type.value, entry.dagster_event.message) for entry in log.get_logs_for_run(run_id)]


def units_of(instance: dg.DagsterInstance) -> int:
    return instance.get_latest_materialization_event(KEY).asset_materialization.metadata["units"].value


def test_dagsters_own_class_reads_what_was_written_and_continues_it(home, instance):
    assert isinstance(instance.event_log_storage, LocalEventLogStorage)
    first = run(instance, units=3)
    own = SqliteEventLogStorage(str(home / "history" / "runs"))
    assert len(events(own, first)) > 8
    assert events(own, first) == events(instance.event_log_storage, first)
    assert own.get_asset_records([KEY])[0].asset_entry.last_run_id == first

    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    with dg.DagsterInstance.from_config(str(home)) as default:
        second = run(default, units=4)
    assert events(instance.event_log_storage, second) == events(own, second)
    assert units_of(instance) == 4


def test_another_process_sees_each_event_when_it_is_stored_and_keeps_it_when_the_writer_is_killed(home, instance):
    code = (
        "import os, dagster as dg; from forecast_assets_tests.instances.one_asset import run; "
        "print(run(dg.DagsterInstance.get(), 7)); import sys; sys.stdout.flush(); os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == -9
    run_id = ended.stdout.strip()
    assert events(instance.event_log_storage, run_id)[-1][0] == "PIPELINE_SUCCESS"
    assert units_of(instance) == 7


def test_the_page_of_a_run_hears_of_events_that_another_connection_stores(home, instance):
    run_id = run(instance)
    seen, arrived = [], threading.Event()

    def heard(entry, cursor):
        seen.append(entry.dagster_event.message)
        if seen[-1] == "more":
            arrived.set()

    page = LocalEventLogStorage(str(home / "history" / "runs"))
    page.watch(run_id, None, heard)
    try:
        instance.report_engine_event("more", dagster_run=instance.get_run_by_id(run_id))
        assert arrived.wait(timeout=20)
    finally:
        page.end_watch(run_id, heard)
        page.dispose()
    assert seen[-1] == "more"


def test_reading_does_not_change_a_runs_file(home, instance):
    run_id = run(instance)
    file = home / "history" / "runs" / f"{run_id}.db"
    os.utime(file, (1, 1))
    assert events(instance.event_log_storage, run_id)
    assert file.stat().st_mtime == 1
    instance.report_engine_event("more", dagster_run=instance.get_run_by_id(run_id))
    assert file.stat().st_mtime > 1


def test_few_databases_are_open_however_many_runs_there_are(instance):
    ids = [run(instance) for _ in range(OPEN_DATABASES + 2)]
    open_files = [os.readlink(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd") if _is_link(each)]
    runs = {name for name in open_files if name.endswith(".db") and any(run_id in name for run_id in ids)}
    assert 0 < len(runs) <= OPEN_DATABASES
    assert all(len(events(instance.event_log_storage, run_id)) == len(events(instance.event_log_storage, ids[0]))
               for run_id in ids)  # fmt: skip


def _is_link(descriptor: str) -> bool:
    return os.path.islink(f"/proc/self/fd/{descriptor}")


def test_threads_store_events_of_one_run_and_none_is_lost(instance):
    run_id = run(instance)
    stored = instance.get_run_by_id(run_id)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: instance.report_engine_event(f"event {number}.", dagster_run=stored), range(40)))
    messages = [message for _, message in events(instance.event_log_storage, run_id)]
    assert sorted(text for text in messages if text.startswith("event ")) == sorted(
        f"event {number}." for number in range(40)
    )


def test_a_failed_transaction_leaves_nothing_and_the_next_one_works(instance):
    run_id = run(instance)
    log = instance.event_log_storage
    count = len(events(log, run_id))

    def deleted_and_failed() -> None:
        with log.run_connection(run_id) as connection:
            connection.exec_driver_sql("DELETE FROM event_logs")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deleted_and_failed()
    assert len(events(log, run_id)) == count
    instance.report_engine_event("more", dagster_run=instance.get_run_by_id(run_id))
    assert len(events(log, run_id)) == count + 1


def test_a_wiped_log_is_empty_and_takes_new_runs(instance):
    old = run(instance)
    instance.event_log_storage.wipe()
    assert events(instance.event_log_storage, old) == []
    assert events(instance.event_log_storage, run(instance))


def test_the_table_of_checks_is_looked_up_until_it_is_found(instance, monkeypatch):
    """An instance of before gets it when its files are migrated."""
    log, answers = LocalEventLogStorage(instance.event_log_storage._base_dir), iter([False, True])
    monkeypatch.setattr(SqliteEventLogStorage, "has_table", lambda *_: next(answers))
    assert [log.supports_asset_checks for _ in range(3)] == [False, True, True]
