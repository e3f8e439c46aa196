"""The log of runs, and the panels of the help."""

import pandas as pd
from typer.testing import CliRunner

from forecast_assets.cli import PANELS, app
from forecast_assets.cli.console import RunLog
from forecast_assets.domain.months import MonthRange

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


def test_every_command_stands_in_one_panel_of_the_help():
    output = CliRunner().invoke(app, ["--help"]).output
    assert all(panel in output for panel in PANELS)
    listed = [command for commands in PANELS.values() for command in commands]
    assert len({id(command) for command in listed}) == len(listed)
    assert len(app.registered_commands) + len(app.registered_groups) == len(listed)
