"""``champion`` and ``rollback`` on a store of three months: what they print, refuse, launch and how they exit."""

from importlib import import_module

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.domain.selection.champion import champion as decided
from forecast_assets.domain.selection.contest import Contest, recipe_id, recipe_text
from forecast_assets.operations.cycle.launch import RunResult
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.defs.sensors.company import published_forecast
from forecast_assets_tests.domain.selection.rival_recipes import IN_FORCE, LIMITS, OLD, RIVALS, TUNED, alone, market
from forecast_assets_tests.repository_settings import MARKETS

COMMANDS = [import_module(f"forecast_assets.cli.{name}") for name in ("champion", "rollback")]
MARCH, APRIL, MAY = (pd.Timestamp(f"2024-0{month}-01") for month in (3, 4, 5))


class ChampionCommands:
    """A company of a few stored rows, and what the commands launch on it."""

    def __init__(self, base) -> None:
        self.store = TableStore(str(base))
        self.launched: list[tuple] = []
        self.fails: set[str] = set()

    def write(self, table: str, month: pd.Timestamp, frame: pd.DataFrame) -> None:
        self.store.write(table_specs()[table], PartitionKey(month, "FR"), frame, Provenance("run", "cycle", "none"))

    def decide(self, month: pd.Timestamp, contest: Contest, cells: pd.DataFrame) -> None:
        self.write("champion", month, decided(contest, cells, month, LIMITS))

    def refuse(self, month: pd.Timestamp, *recipes) -> None:
        rows = [[recipe_id(each), recipe_text(each), "Ann", "orders"] for each in recipes]
        self.write("refused_recipe", month, pd.DataFrame(rows, columns=["recipe_id", "recipe", "author", "reason"]))

    def launch(self, load, job, country, months, config=None) -> RunResult:
        self.launched.append((job, country, f"{months.first:%Y-%m}", config))
        return RunResult(job, country, "run", (f"{job}: broken",) if job in self.fails else ())

    def __call__(self, *arguments: str):
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, unboxed(result.output)


@pytest.fixture
def desk(monkeypatch, tmp_path):
    for name, value in {"MARKETS": MARKETS, "STORE": str(tmp_path), "LANDING": str(tmp_path / "landing")}.items():
        monkeypatch.setenv(f"FORECAST_{name}", value)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    commands = ChampionCommands(tmp_path)
    for command in COMMANDS:
        monkeypatch.setattr(command, "prepare_instance", lambda **_: None)
        monkeypatch.setattr(command, "launch", commands.launch)
        monkeypatch.setattr(command.console, "width", 250)
    return commands


@pytest.fixture
def promoted(desk):
    """OLD in March and April, TUNED promoted in May, which is published."""
    desk.decide(MARCH, Contest(OLD, None, IN_FORCE, recipe_id(OLD)), alone(market()))
    desk.decide(APRIL, RIVALS, market(model_units=25.0))
    desk.decide(MAY, RIVALS, market(model_units=10.0))
    desk.write("published_forecasts", MAY, published_forecast(MAY))
    return desk


def test_a_market_without_a_champion_is_told_what_to_run_first(desk):
    assert desk("champion", "--country", "FR") == (
        0, "FR has no champion yet: run forecast-assets cycle first",
    )  # fmt: skip
    code, output = desk("rollback", "--country", "FR", "--reason", "x")
    assert (code, desk.launched) == (2, [])
    assert "FR has no champion yet" in output


def test_the_champions_are_listed_month_by_month_with_figures_outcome_and_refusals(promoted):
    promoted.refuse(APRIL, OLD)
    code, output = promoted("champion", "--country", "FR")
    assert code == 0
    assert f"{recipe_id(OLD)}" in output
    assert output.index("unchanged") < output.index("held") < output.index("promoted")
    assert "25.0%" in output  # the challenger's WAPE in April
    assert f"2024-05: challenger {recipe_id(TUNED)} promoted over {recipe_id(OLD)}" in output
    assert f"recipe {recipe_id(OLD)} is refused since 2024-04 by Ann: orders" in output


def test_a_rollback_refuses_then_publishes_again_and_says_by_what(promoted):
    code, output = promoted("rollback", "--country", "FR", "--reason", "orders", "--author", "Ann")
    assert code == 0
    assert promoted.launched == [
        ("refuse_recipe", "FR", "2024-05", {"refused_recipe": {"reason": "orders", "author": "Ann"}}),
        ("republish", "FR", "2024-05", None),
    ]
    assert f"FR 2024-05: {recipe_id(TUNED)} is in force, published by model" in output


@pytest.mark.parametrize(("failing", "launched", "says_so"), [("refuse_recipe", 1, False), ("republish", 2, True)])
def test_a_rollback_that_fails_half_way_exits_with_1_and_says_what_holds(promoted, failing, launched, says_so):
    promoted.fails = {failing}
    code, output = promoted("rollback", "--country", "FR", "--reason", "orders")
    assert (code, len(promoted.launched)) == (1, launched)
    assert f"{failing}: broken" in output
    message = "the recipe is rejected; what was published stays until republish of FR 2024-05 succeeds"
    assert (message in output) is says_so


def test_a_closed_month_and_a_recipe_refused_already_are_not_rolled_back(promoted):
    june = pd.Timestamp("2024-06-01")
    promoted.write("published_forecasts", june, published_forecast(june))
    code, output = promoted("rollback", "--country", "FR", "--reason", "x")
    assert code == 2
    assert "FR 2024-05 is closed: a later month is published. Nothing was changed" in output
    nobody = Contest(TUNED, None, None, recipe_id(TUNED), withdrawn_reason="refused by Ann", all_rejected=True)
    promoted.decide(june, nobody, alone(market()))
    code, output = promoted("rollback", "--country", "FR", "--reason", "x")
    assert code == 2
    assert "FR 2024-06: the recipe is rejected already, the baseline is published" in output
    assert promoted.launched == []


def test_a_recipe_is_accepted_again_in_every_month_that_refuses_it_and_in_no_other(promoted):
    promoted.refuse(MARCH, TUNED)
    promoted.refuse(APRIL, OLD)
    promoted.refuse(MAY, OLD, TUNED)
    code, output = promoted("champion", "--country", "FR", "--accept", recipe_id(TUNED), "--author", "Bob")
    assert code == 0
    config = {"refused_recipe": {"accepted": recipe_id(TUNED), "reason": "not given", "author": "Bob"}}
    assert promoted.launched == [("refuse_recipe", "FR", month, config) for month in ("2024-03", "2024-05")]
    assert f"FR: {recipe_id(TUNED)} is accepted and competes again from the next cycle on" in output


def test_a_recipe_that_is_not_refused_is_not_accepted_and_the_refused_ones_are_named(promoted):
    promoted.refuse(APRIL, OLD)
    code, output = promoted("champion", "--country", "FR", "--accept", "abc")
    assert (code, promoted.launched) == (2, [])
    assert f"FR has not rejected a recipe abc; rejected: {recipe_id(OLD)}. Nothing was changed" in output


def test_an_acceptance_that_fails_exits_with_1(promoted):
    promoted.refuse(APRIL, OLD)
    promoted.fails = {"refuse_recipe"}
    code, output = promoted("champion", "--country", "FR", "--accept", recipe_id(OLD))
    assert code == 1
    assert "is accepted" not in output
