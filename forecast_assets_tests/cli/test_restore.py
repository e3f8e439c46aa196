"""The command ``restore`` as a person types it: what it prints, changes and rejects."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.market_state.market_lease import lease_of
from forecast_assets.storage import TableStore
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.storage.examples import SELL_IN, TOTALS, key, run, sell_in

FR, WORLD = key("FR|2024-01-01"), key("2024-01-01")


@pytest.fixture
def store(monkeypatch, tmp_path) -> TableStore:
    """Sell-in of FR and totals over all markets of January."""
    store = TableStore(str(tmp_path / "store"))
    store.write(SELL_IN, FR, sell_in(1.0), run("run-a"))
    store.write(TOTALS, WORLD, pd.DataFrame({"entity": ["FR"], "sell_in_units": 1.0}), run("run-t"))
    for name, value in {"STORE": store.base, "LANDING": str(tmp_path / "landing")}.items():
        monkeypatch.setenv(f"FORECAST_{name}", value)
    return store


def restore(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["restore", *arguments])
    return result.exit_code, unboxed(result.output)


@pytest.mark.parametrize(
    ("table", "partition", "arguments", "version"),
    [("sell_in", FR, ("FR", "2024-01"), "run-a"), ("demand_totals", WORLD, ("2024-01",), "run-t")],
)
def test_a_damaged_partition_holds_its_version_again_and_a_sound_one_stays(store, table, partition, arguments, version):
    path = Path(store.path(table, partition))
    sound, provenance = path.read_bytes(), store.provenance(table, partition)
    named = f"version {version}.parquet of cycle {provenance.cycle_id}, written {provenance.written_at[:19]} UTC"
    path.write_bytes(b"PAR1")
    assert restore(table, *arguments) == (0, f"{table} {partition}: {path} holds {named} again.")
    assert path.read_bytes() == sound
    assert restore(table, *arguments) == (0, f"{table} {partition}: nothing is damaged; published is {named}.")


def test_while_a_run_writes_the_market_nothing_is_changed(store):
    path = Path(store.path("sell_in", FR))
    path.write_bytes(b"PAR1")
    lease_of(store, "FR", 60).take("run-7")
    assert restore("sell_in", "FR", "2024-01") == (1, "FR is held by run-7. Nothing was changed.")
    assert path.read_bytes() == b"PAR1"


def test_a_partition_without_a_sound_version_is_named_with_the_next_step(store):
    path = Path(store.path("sell_in", FR))
    for damaged in (path, *Path(store.versions_folder("sell_in", FR)).iterdir()):
        damaged.write_bytes(b"PAR1")
    code, text = restore("sell_in", "FR", "2024-01")
    assert code == 1
    assert text.startswith(f"sell_in [{FR}] has no sound version in ")
    assert text.endswith("materialize the partition again.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sell_in", "FR", "2024-01", "more"), "expected a market and a month such as FR 2024-11, got FR 2024-01 more"),
        (("sell_in", "2024-01"), "sell_in is stored by market"),
        (("demand_totals", "FR", "2024-01"), "demand_totals is over all markets"),
        (("sell_in", "FR", "January"), "expected a month like"),
    ],
)
def test_another_partition_is_rejected(store, arguments, message):
    code, text = restore(*arguments)
    assert code == 2
    assert message in text
