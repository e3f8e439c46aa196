"""The command ``review`` as a person types it, and what page and table read of it."""

from importlib import import_module

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.market_state.reviews import reviews_of
from forecast_assets.operations.cycle.launch import RunResult
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.operations.overrides.planning import AUGUST, JUNE, Planning

REVIEW = import_module("forecast_assets.cli.review")


@pytest.fixture
def planning(monkeypatch, tmp_path) -> Planning:
    planning = Planning(tmp_path)
    for name, value in planning.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return planning


def review(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["review", "FR", "2024-06", *arguments])
    return result.exit_code, unboxed(result.output)


def test_a_forecast_is_a_draft_until_a_person_says_otherwise_and_after_each_publication(planning):
    assert review() == (0, "FR 2024-06: draft")
    code, output = review("reviewed", "--by", "Ann", "--note", "launches checked")
    assert (code, "reviewed by Ann (self-declared)" in output, "repeat with --run" in output) == (0, True, True)
    assert review()[1].rstrip().endswith(": launches checked")
    assert reviews_of(planning.store, JUNE, ["FR", "DE"])["FR"].startswith("reviewed by Ann")
    assert reviews_of(planning.store, JUNE, ["FR", "DE"])["DE"] == "draft"
    rows = [("a", AUGUST, 120.0, "Ann", "fair")]
    planning.publish(pd.DataFrame(rows, columns=["sku", "target_month", "forecast_units", "author", "reason"]))
    assert review()[1] == "FR 2024-06: draft"


def test_a_state_that_may_not_be_set_is_one_line_and_exit_2(planning, monkeypatch):
    monkeypatch.setenv("FORECAST_FOUR_EYES", "true")
    code, output = review("approved", "--by", "Ann")
    assert (code, "nobody has reviewed it" in output) == (2, True)
    result = CliRunner().invoke(app, ["review", "FR", "2024-05", "reviewed", "--by", "Ann"])
    assert (result.exit_code, "FR 2024-05 is not published" in result.output) == (2, True)


def test_run_renders_the_report_again(planning, monkeypatch):
    launched = []

    def launch(load, job, country, months, assets=()):
        launched.append((job, country, str(months), assets))
        return RunResult(job, country, "run", ("market_report: full",))

    monkeypatch.setattr(REVIEW, "launch", launch)
    monkeypatch.setattr(REVIEW, "prepare_instance", lambda: None)
    code, _ = review("approved", "--by", "Bob", "--run")
    assert (code, launched) == (1, [("republish", "FR", "2024-06", ("market_report",))])
