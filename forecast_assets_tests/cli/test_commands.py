"""The commands as a person types them: what they refuse, what they print, how they exit."""

import dataclasses
from importlib import import_module

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.cli.console import RunLog, countries_or_exit, month_argument, percentage, signed
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import RunResult
from forecast_assets.operations.cycle.measured import PublishedFigures
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.cli.company_folders import set_company
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.market_state.publications import publish
from forecast_assets_tests.repository_settings import loaded

# By name: in the package the modules are hidden behind the commands they hold.
CYCLE, MEASURE, TUNE = (import_module(f"forecast_assets.cli.{name}") for name in ("cycle", "measure", "tune"))
JUNE = pd.Timestamp("2024-06-01")
BROKEN = RunResult("ingest", "DE", "run", ("sell_in: The delivery of sell_in for market DE has 1 problem:\n  1. x",))


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs a command in an empty company: nothing of it reaches Dagster."""
    set_company(monkeypatch, tmp_path)
    for module in (CYCLE, MEASURE, TUNE):
        monkeypatch.setattr(module, "prepare_instance", lambda **_: None)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def failing(*failed: str):
    """Stands for the runs: every market succeeds but those named."""

    def run(settings, load, request, countries, report, watch=None):
        return {code: [BROKEN if code in failed else RunResult("ingest", code, "run")] for code in countries}

    return run


def test_a_failed_market_makes_the_cycle_exit_with_1_and_is_named_with_its_reason(command, monkeypatch):
    monkeypatch.setattr(CYCLE, "run_cycles", failing("DE"))
    published = PublishedFigures(18, 1, "published", "model", "good", "run", "2024-07-10")
    monkeypatch.setattr(CYCLE, "published_figures", lambda *_: published)
    monkeypatch.setattr(CYCLE, "backtest_accuracy", lambda *_: {"wape_model": 0.25})
    result = command("cycle", "--month", "2024-06", "--country", "FR", "--country", "DE")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "failed: DE"
    assert "FAILED, nothing published" in result.output
    assert "25.0%" in result.output


def test_a_cycle_in_which_all_succeed_exits_with_0(command, monkeypatch):
    monkeypatch.setattr(CYCLE, "run_cycles", failing())
    monkeypatch.setattr(CYCLE, "print_markets", lambda *_: None)
    assert command("cycle", "--month", "2024-06").exit_code == 0


def test_a_market_whose_cycle_fails_is_not_said_to_have_published_what_was_there_before(command, monkeypatch, tmp_path):
    """Published by an earlier run, and by a fallback of this command."""
    store = TableStore(str(tmp_path / "store"))
    publish(store, JUNE, run="earlier", country="DE")
    publish(store, JUNE, run="fallback", country="FR", status="stale", source="last published")
    published_on = store.provenance("published_forecasts", PartitionKey(JUNE, "DE")).written_at[:10]
    fallback = RunResult("publish_fallback", "FR", "fallback")
    failed = {code: [dataclasses.replace(BROKEN, country=code, run_id="cycle")] for code in ("DE", "FR")}
    monkeypatch.setattr(CYCLE, "run_cycles", lambda *_: failed | {"FR": [*failed["FR"], fallback]})
    rows = []
    monkeypatch.setattr(CYCLE, "print_table", lambda _title, _columns, shown: rows.extend(shown))
    command("cycle", "--month", "2024-06", "--country", "FR", "--country", "DE")
    shown = {row[0]: (row[1], row[6]) for row in rows}
    assert shown["DE"] == ("-", f"FAILED; the forecast published on {published_on} stays")
    assert shown["FR"] == ("1", "FAILED; stale: last published")


@pytest.mark.parametrize("publication", [{}, {"status": "stale", "source": "last published"}, {"run": "by-hand"}])
def test_the_cycle_of_a_closed_month_says_so_and_runs_nothing(command, monkeypatch, tmp_path, publication):
    """By a cycle, by a fallback without a backtest, and by a person."""
    store = TableStore(str(tmp_path / "store"))
    monkeypatch.setattr(CYCLE, "prepare_instance", lambda: pytest.fail("something was prepared"))
    publish(store, JUNE, **publication)
    publish(store, pd.Timestamp("2024-08-01"))
    before = {path: path.read_bytes() for path in (tmp_path / "store").rglob("*.parquet")}
    result = command("cycle", "--month", "2024-06", "--country", "FR")
    run = publication.get("run", "run-2024-06")
    assert result.exit_code == 0
    assert f"FR 2024-06 is closed: 2024-08 is published, too. What run {run} published" in result.output
    assert "forecasts published" not in result.output
    assert {path: path.read_bytes() for path in (tmp_path / "store").rglob("*.parquet")} == before
    assert list((tmp_path / "home").iterdir()) == []


def test_a_closed_market_beside_an_open_one_is_named_and_has_no_row(command, monkeypatch, tmp_path):
    store = TableStore(str(tmp_path / "store"))
    for month in ("2024-06-01", "2024-07-01"):
        publish(store, pd.Timestamp(month))
    publish(store, JUNE, run="run", country="DE")
    monkeypatch.setattr(CYCLE, "run_cycles", failing())
    monkeypatch.setattr(CYCLE, "backtest_accuracy", lambda *_: {})
    output = command("cycle", "--month", "2024-06", "--country", "FR", "--country", "DE").output
    table = output.split("forecasts published")[1]
    assert "FR 2024-06 is closed" in output
    assert " DE " in table
    assert " FR " not in table


def deliver(folder, *months, country="FR"):
    (folder / "landing" / "sell_in").mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{country},A,{month},5\n" for month in months)
    (folder / "landing" / "sell_in" / f"{country}.csv").write_text(f"country,sku,month,units\n{rows}")


@pytest.mark.parametrize("month", ["2026-04", "2014-05", "2024-08"])
def test_a_month_far_from_every_delivery_is_refused_before_anything_runs(command, monkeypatch, tmp_path, month):
    deliver(tmp_path, "2024-05", "2024-06")
    monkeypatch.setattr(CYCLE, "run_cycles", lambda *_: pytest.fail("something ran"))
    result = command("cycle", "--month", month, "--country", "FR")
    assert result.exit_code == 2
    assert f"{month}: there is no sell-in of it" in unboxed(result.output)
    assert "the last month with sell-in is 2024-06 (FR)" in unboxed(result.output)
    assert list((tmp_path / "home").iterdir()) == []


def test_a_month_is_run_if_it_or_the_one_before_has_data_or_no_delivery_can_be_read(command, monkeypatch, tmp_path):
    monkeypatch.setattr(CYCLE, "run_cycles", failing())
    monkeypatch.setattr(CYCLE, "print_markets", lambda *_: None)
    cycle = lambda month: command("cycle", "--month", month, "--country", "FR").exit_code  # noqa: E731
    assert cycle("2024-09") == 0
    deliver(tmp_path, "2024-05", "2024-06")
    assert [cycle(month) for month in ("2024-05", "2024-06", "2024-07", "2024-09")] == [0, 0, 0, 2]
    # In the store alone: the delivery was removed since.
    publish(TableStore(str(tmp_path / "store")), JUNE)
    file = tmp_path / "store" / "sell_in" / "country=FR" / "month=2024-08-01" / "sell_in.parquet"
    file.parent.mkdir(parents=True)
    file.touch()
    assert cycle("2024-09") == 0
    # The cycle is to say what is wrong with a file.
    (tmp_path / "landing" / "sell_in" / "FR_late.csv").write_bytes(b"country,sku\n\xe9\x00")
    assert cycle("2026-01") == 0


def test_measuring_exits_with_1_and_names_the_market_that_failed(command, monkeypatch):
    monkeypatch.setattr(MEASURE, "run_measures", failing("DE", "MX"))
    result = command("measure", "--through", "2024-06")
    assert (result.exit_code, result.output.splitlines()[-1]) == (1, "failed: DE, MX")


def test_measuring_before_anything_was_published_does_nothing_and_exits_with_0(command):
    assert command("measure", "--through", "2024-06", "--country", "FR").exit_code == 0


@pytest.mark.parametrize(
    "arguments", [("cycle", "--month", "June"), ("measure", "--through", "2024-6"), ("cycle", "--month", "2024-06-15")]
)
def test_a_month_that_is_none_is_refused_before_anything_runs(command, arguments):
    result = command(*arguments)
    assert result.exit_code == 2
    assert "expected" in result.output
    assert arguments[-1] in result.output


def test_a_month_that_has_not_closed_is_refused_with_the_last_one_that_has(command):
    result = command("cycle", "--month", "2199-01")
    assert result.exit_code == 2
    last = pd.Timestamp.now().to_period("M") - 1
    assert f"2199-01 has not closed; the last closed month is {last}" in unboxed(result.output)


def test_an_unknown_market_is_refused_with_the_known_ones(command):
    result = command("cycle", "--month", "2024-06", "--country", "XX")
    assert result.exit_code == 2
    assert "no market XX" in unboxed(result.output)
    assert "known: FR, DE, BR, MX" in unboxed(result.output)


def test_a_market_given_twice_runs_once():
    assert countries_or_exit(loaded(), ["DE", "FR", "DE"]) == ["DE", "FR"]
    assert countries_or_exit(loaded(), []) == ["FR", "DE", "BR", "MX"]


def test_settings_that_cannot_be_used_are_listed_and_exit_with_2(command, monkeypatch):
    monkeypatch.setenv("FORECAST_STOER", "x")
    result = command("cycle", "--month", "2024-06")
    assert result.exit_code == 2
    assert "Did you mean FORECAST_STORE?" in result.output


def test_a_markets_file_that_cannot_be_used_exits_with_2(command, monkeypatch, tmp_path):
    monkeypatch.setenv("FORECAST_MARKETS", str(tmp_path / "nowhere.yaml"))
    result = command("measure", "--through", "2024-06")
    assert result.exit_code == 2
    assert "no such markets file" in result.output


def test_tuning_a_market_without_features_is_refused_with_what_to_run_first(command):
    result = command("tune", "--country", "FR")
    assert result.exit_code == 2
    assert "FR has no features in" in unboxed(result.output)
    assert "run forecast-assets cycle first" in unboxed(result.output)


def test_a_market_that_cannot_be_tuned_is_named_and_does_not_stop_the_next(command, monkeypatch):
    asked = []

    def launch(load, job, country, months, config):
        asked.append((job, country, f"{months.first:%Y-%m}", config))
        return RunResult(
            job, country, "run", ("tuned_recipe: FR 2024-06: nothing to tune on",) if country == "FR" else ()
        )

    monkeypatch.setattr(TUNE, "launch", launch)
    monkeypatch.setattr(TUNE, "_print_outcome", lambda *_: None)
    result = command("tune", "--country", "FR", "--country", "DE", "--trials", "9", "--month", "2024-06")
    assert asked == [("tune", code, "2024-06", {"tuned_recipe": {"trials": 9}}) for code in ("FR", "DE")]
    assert (result.exit_code, result.output.splitlines()[-1]) == (1, "not tuned: FR")
    assert "nothing to tune on" in result.output


def test_the_sample_is_written_with_its_faults(command, tmp_path):
    target = tmp_path / "sample"
    arguments = ["--landing", str(target), "--markets", "1", "--skus", "5", "--months", "24", "--fault", "missing_file"]
    result = command("sample", *arguments)
    assert result.exit_code == 0, result.output
    assert "1 markets, 5 SKUs each, 2023-01 to 2024-12" in result.output
    assert (target / "sell_in" / "FR_2024-11.parquet").exists()
    assert not (target / "sell_in" / "FR_2024-12.parquet").exists()


def test_an_unknown_fault_exits_with_2_and_lists_the_known_ones(command, tmp_path):
    result = command("sample", "--landing", str(tmp_path / "sample"), "--fault", "gremlins")
    assert result.exit_code == 2
    assert "unknown fault 'gremlins'; known: duplicate_rows, missing_file" in result.output


def test_months_are_given_as_the_files_name_them():
    assert month_argument("2024-06") == month_argument("2024-06-01") == JUNE
    with pytest.raises(typer.BadParameter, match="expected a month like"):
        month_argument("Jun2024")


def test_ratios_have_four_digits_and_a_missing_one_is_a_dash():
    assert (percentage(0.12345), signed(0.1), signed(-0.1)) == ("12.3%", "+10.0%", "\u221210.0%")
    assert percentage(None) == percentage(float("nan")) == signed(None) == "–"


def test_the_log_tells_of_a_failed_run_with_every_reason(capsys):
    log = RunLog()
    log("DE", "ingest", MonthRange(JUNE, JUNE), None)
    log("DE", "ingest", MonthRange(JUNE, pd.Timestamp("2024-07-01")), BROKEN)
    log(None, "totals", MonthRange(JUNE, JUNE), RunResult("totals", None, "run"))
    first, second, *reason, last = capsys.readouterr().out.splitlines()
    assert first.split()[2:] == ["DE", "ingest", "2024-06", "started"]
    assert second.split()[2:] == ["DE", "ingest", "2024-06", "..", "2024-07", "FAILED"]
    assert "\n".join(reason) == BROKEN.failures[0]
    assert last.split()[2:] == ["all", "markets", "totals", "2024-06", "done"]
