"""The version of a store's layout: older stores are brought up step by step, later ones are refused."""

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from forecast_assets.storage import PublishConflict, TableStore
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.layout import LAYOUT, STEPS, LayoutError, migrate, require_layout, stored_layout
from forecast_assets_tests.storage.examples import SELL_IN, key, run, sell_in


@pytest.fixture
def store(tmp_path):
    return TableStore(str(tmp_path))


def write_layout(tmp_path, text):
    (tmp_path / "_layout").mkdir()
    (tmp_path / "_layout" / "version.json").write_text(text)


def test_a_store_without_the_file_is_brought_to_this_layout_once(store, tmp_path):
    assert stored_layout(store) == 0
    assert migrate(store) == [1]
    assert json.loads((tmp_path / "_layout" / "version.json").read_text()) == {"layout": 1}
    assert migrate(store) == []


def test_this_release_has_a_step_to_each_layout():
    assert sorted(STEPS) == list(range(1, LAYOUT + 1))


def test_a_store_of_a_later_release_is_refused_and_left_as_it_is(store, tmp_path):
    text = json.dumps({"layout": LAYOUT + 1})
    write_layout(tmp_path, text)
    for use in (require_layout, migrate):
        with pytest.raises(LayoutError, match=f"has layout {LAYOUT + 1}, this release knows {LAYOUT}"):
            use(store)
    assert (tmp_path / "_layout" / "version.json").read_text() == text


def test_an_interrupted_migration_goes_on_at_the_step_that_failed(store, monkeypatch):
    monkeypatch.setattr("forecast_assets.storage.layout.LAYOUT", 3)
    done, fails = [], [True]

    def second(_):
        if fails.pop():
            raise OSError("disk")
        done.append(2)

    steps = {3: lambda _: done.append(3), 1: lambda _: done.append(1), 2: second}
    fails.insert(0, False)
    with pytest.raises(OSError, match="disk"):
        migrate(store, steps)
    assert (done, stored_layout(store)) == ([1], 1)
    assert migrate(store, steps) == [2, 3]
    assert done == [1, 2, 3]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"layout": null}', '{"layout": 1e999}', "[" * 20_000])
def test_a_damaged_file_is_named(store, tmp_path, text):
    write_layout(tmp_path, text)
    with pytest.raises(LayoutError, match=r"version\.json is damaged"):
        stored_layout(store)


def test_of_two_migrations_at_once_the_second_is_refused(store, monkeypatch):
    monkeypatch.setattr("forecast_assets.storage.publish.Files.replace", Mock(side_effect=PublishConflict("x")))
    with pytest.raises(LayoutError, match="another process migrates"):
        migrate(store)


@pytest.mark.parametrize("is_last", [True, False])
def test_the_last_partition_of_each_table_must_be_readable(store, is_last):
    months = ("FR|2024-01-01", "FR|2024-02-01")
    for partition in months:
        store.write(SELL_IN, key(partition), sell_in(1.0), run())
    Path(store.path("sell_in", key(months[is_last]))).write_bytes(b"PAR1")
    if not is_last:
        assert migrate(store) == [1]
        return
    with pytest.raises(DamagedFile, match=r"month=2024-02-01"):
        migrate(store)
    assert stored_layout(store) == 0
