"""The log of runs, and the panels of the help."""

import pandas as pd
from typer.testing import CliRunner

from forecast_assets.cli import PANELS, app
from forecast_assets.cli import console as console_module
from forecast_assets.cli.console import RunLog
from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.running_steps import RunningStep

JANUARY, MARCH = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-03-01")


def test_a_run_that_starts_shows_the_time_that_past_runs_took(capsys):
    log = RunLog({("ingest", True): 10.0, ("monthly_cycle", False): 300.0})
    log("FR", "ingest", MonthRange(JANUARY, MARCH), None)
    log("FR", "monthly_cycle", MonthRange(MARCH, MARCH), None)
    log("FR", "measure", MonthRange(MARCH, MARCH), None)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.endswith("started, about 30 s")
    assert second.endswith("started, about 5 min")
    assert third.rstrip().endswith("started")


def test_a_run_under_way_shows_its_step_and_the_time_left(capsys, monkeypatch):
    clock = iter([0.0, 10.0, 10.0, 10.0, 70.0, 400.0])
    monkeypatch.setattr(console_module.time, "monotonic", lambda: next(clock))
    log = RunLog({("monthly_cycle", False): 200.0})
    cycle, ingest, other = runs = [
        ("FR", "monthly_cycle", MonthRange(MARCH, MARCH)), ("DE", "ingest", MonthRange(JANUARY, MARCH)),
        ("ES", "monthly_cycle", MonthRange(MARCH, MARCH)),
    ]  # fmt: skip
    for run in runs:
        log(*run, None)
    capsys.readouterr()
    log.under_way({cycle: RunningStep("backtest", 7)}, [cycle, ingest])
    first, second = capsys.readouterr().out.splitlines()
    assert first.split("2024-03", 1)[1].strip() == "step 7: backtest, about 2 min left"
    assert second.rstrip().endswith("2024-01 .. 2024-03   starting")
    log.under_way({other: RunningStep("model", 5)}, [other])
    assert capsys.readouterr().out.rstrip().endswith("step 5: model, longer than usual")


def test_every_command_stands_in_one_panel_of_the_help():
    output = CliRunner().invoke(app, ["--help"]).output
    assert all(panel in output for panel in PANELS)
    listed = [command for commands in PANELS.values() for command in commands]
    assert len({id(command) for command in listed}) == len(listed)
    assert len(app.registered_commands) + len(app.registered_groups) == len(listed)
