"""The command ``override import`` as a person types it: what it shows, writes, runs, and how it exits."""

from importlib import import_module

import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.operations.cycle.launch import RunResult
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.operations.overrides.planning import AUGUST, JULY, Planning
from forecast_assets_tests.repository_settings import MARKETS

FOLLOWING = ("forecast_reasons", "forecast_levels", "forecast_exceptions")
OVERRIDE = import_module("forecast_assets.cli.override")
FAIR = ("event", "the fair moves to August")


class Desk:
    """A planner's desk: the company of ``Planning``, a workbook in a file, and the runs that were launched."""

    def __init__(self, base) -> None:
        self.planning = Planning(base)
        self.file = base / "filled.xlsx"
        self.launched: list[tuple] = []
        self.fails = False

    def launch(self, load, job, country, months, assets=()) -> RunResult:
        self.launched.append((job, country, str(months), assets))
        return RunResult(job, country, "run", ("overrides: no access",) if self.fails else ())

    def fill_in(self, *numbers: tuple) -> None:
        self.file.write_bytes(self.planning.workbook(*numbers).getvalue())

    def __call__(self, *options: str, author: str = "Ann") -> tuple[int, str]:
        return self.override("import", str(self.file), "--author", author, *options)

    def override(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["override", *arguments])
        return result.exit_code, unboxed(result.output)

    @property
    def delivered(self) -> list[str]:
        return [path.name for path in self.planning.landing.rglob("*.parquet")]


@pytest.fixture
def desk(monkeypatch, tmp_path) -> Desk:
    desk = Desk(tmp_path)
    places = {"MARKETS": MARKETS, "STORE": desk.planning.store.address, "LANDING": str(desk.planning.landing)}
    for name, value in places.items():
        monkeypatch.setenv(f"FORECAST_{name}", value)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setattr(OVERRIDE, "prepare_instance", lambda: None)
    monkeypatch.setattr(OVERRIDE, "launch", desk.launch)
    return desk


def test_a_dry_run_shows_each_change_and_writes_nothing(desk):
    desk.fill_in(("a", AUGUST, 120, *FAIR))
    code, output = desk("--dry-run")
    assert code == 0
    assert "FR 2024-06: 1 numbers change" in output
    assert "event: the fair moves to August" in output
    assert "+10" in output
    assert "Nothing was written." in output
    assert desk.delivered == []


def test_an_import_is_delivered_and_names_the_next_command(desk):
    desk.fill_in(("a", AUGUST, 120, *FAIR))
    code, output = desk()
    assert (code, desk.delivered, desk.launched) == (0, ["workbooks_2024-06.parquet"], [])
    assert "Next: forecast-assets cycle --month 2024-06 --country FR, or repeat with --run" in output
    desk.fill_in(("a", AUGUST, 125, *FAIR))
    _, output = desk(author="Bob")
    assert "SKU a for 2024-08 replaces 120 by Ann (self-declared): the later import counts" in output


def test_the_earlier_planner_reads_at_the_next_import_whose_number_took_the_place(desk):
    desk.fill_in(("a", AUGUST, 120, *FAIR))
    desk()
    desk.fill_in(("a", AUGUST, 130, *FAIR))
    desk(author="Bob")
    desk.fill_in(("b", JULY, 50, *FAIR))
    line = "SKU a for 2024-08: your 120 was replaced by 130 of Bob (self-declared)"
    assert line in desk()[1]
    assert "your 120" not in desk(author="Bob")[1]


def test_run_publishes_the_month_again(desk):
    desk.fill_in(("a", AUGUST, 120, *FAIR))
    code, _ = desk("--run")
    assert code == 0
    assert desk.launched == [
        ("ingest", "FR", "2024-06", ("overrides",)),
        ("republish", "FR", "2024-06", ("published_forecasts", *FOLLOWING, "market_report", "mlflow_run")),
    ]


def test_a_delivered_number_that_is_not_published_yet_is_published_by_a_later_run(desk):
    desk.fill_in(("a", AUGUST, 120, *FAIR))
    desk()
    code, output = desk("--run")
    assert code == 0
    assert "the workbook changes no number" in output
    assert len(desk.launched) == 2


def test_a_failed_run_exits_with_1_and_says_that_the_numbers_are_delivered(desk):
    desk.fails = True
    desk.fill_in(("a", AUGUST, 120, *FAIR))
    code, output = desk("--run")
    assert code == 1
    assert len(desk.launched) == 1
    assert "The delivery is changed, but not published." in output


@pytest.mark.parametrize(
    ("number", "message"),
    [((120, "", ""), "Overrides!G4: the reason is missing"), (("=1+1", *FAIR), "Overrides!F4: a formula without its")],
)
def test_a_workbook_that_breaks_a_rule_exits_with_2_and_names_the_cell(desk, number, message):
    desk.fill_in(("a", AUGUST, *number), ("b", JULY, 41, *FAIR))
    code, output = desk("--run")
    assert code == 2
    assert message in output
    assert (desk.delivered, desk.launched) == ([], [])


def test_a_missing_file_exits_with_2(desk):
    code, output = desk()
    assert code == 2
    assert "filled.xlsx" in output


def test_imported_numbers_are_listed_with_author_and_state(desk):
    assert desk.override("list") == (0, "no number was imported")
    desk.fill_in(("a", AUGUST, 120, *FAIR))
    desk()
    _, output = desk.override("list", "--country", "FR", "--month", "2024-06")
    assert "1 imported numbers" in output
    for text in ("Ann (self-declared)", "120", "delivered", "event: the fair moves to August"):
        assert text in " ".join(output.split())
    desk.planning.publish(desk.planning.overrides().drop(columns="month"))
    _, output = desk.override("list")
    assert "published" in output
    assert "no number was imported" in desk.override("list", "--month", "2024-05")[1]
    assert "no number was imported" in desk.override("list", "--country", "DE")[1]


def test_a_withdrawn_number_is_delivered_no_more_and_the_month_can_be_published_again(desk):
    desk.fill_in(("a", AUGUST, 120, *FAIR), ("b", JULY, 45, *FAIR))
    desk()
    code, output = desk.override(
        "withdraw", "FR", "2024-06", "--sku", "a", "--target", "2024-08", "--by", "Bo", "--run"
    )
    assert code == 0
    assert "withdrawn by Bo (self-declared): 120 of SKU a for 2024-08, entered by Ann (self-declared)" in output
    assert [job for job, *_ in desk.launched] == ["ingest", "republish"]
    code, output = desk.override("withdraw", "FR", "2024-06", "--sku", "b", "--by", "Bo")
    assert "--country FR" in output
    assert "repeat with --run" not in output
    assert desk.delivered == []
    code, output = desk.override("withdraw", "FR", "2024-06", "--sku", "b", "--by", "Bo")
    assert code == 2
    assert "no number of SKU b was imported for FR 2024-06" in output


@pytest.fixture
def four_eyes(desk, monkeypatch) -> Desk:
    monkeypatch.setenv("FORECAST_FOUR_EYES", "true")
    desk.fill_in(("a", AUGUST, 120, *FAIR))
    return desk


def test_with_four_eyes_an_import_waits_for_another_person(four_eyes):
    code, output = four_eyes("--run")
    assert (code, four_eyes.delivered, four_eyes.launched) == (0, [], [])
    assert "FR 2024-06: 1 numbers are submitted, and not in force" in output
    assert "Next: another person runs forecast-assets override approve FR 2024-06 --run" in output
    code, output = four_eyes.override("approve", "FR", "2024-06", "--by", "ann")
    assert code == 2
    assert "another person must approve it (FORECAST_FOUR_EYES)" in output
    code, output = four_eyes.override("approve", "FR", "2024-06", "--by", "Bob", "--run")
    assert code == 0
    assert "approved by Bob (self-declared): 120 of SKU a for 2024-08, entered by Ann (self-declared)" in output
    assert [job for job, *_ in four_eyes.launched] == ["ingest", "republish"]
    assert four_eyes.delivered == ["workbooks_2024-06.parquet"]


def test_a_rejection_is_listed_with_its_reason(four_eyes):
    four_eyes()
    code, output = four_eyes.override("reject", "FR", "2024-06", "--by", "Bob", "--note", "cancelled")
    assert code == 0
    assert "rejected by Bob (self-declared)" in output
    assert "entered by Ann (self-declared): cancelled" in four_eyes.override("list")[1]


def test_a_draft_is_submitted_later(four_eyes):
    _, output = four_eyes("--draft")
    assert "Next: forecast-assets override submit FR 2024-06" in output
    code, output = four_eyes.override("submit", "FR", "2024-06", "--author", "Ann")
    assert code == 0
    assert "submitted: 120 of SKU a" in output
    assert four_eyes.delivered == []


def test_without_a_name_the_signed_in_account_counts_and_root_is_nobody(desk, monkeypatch):
    account = OVERRIDE.pwd.struct_passwd(("mmartin", "x", 1000, 1000, "", "", ""))
    monkeypatch.setattr(OVERRIDE.pwd, "getpwuid", lambda _: account)
    desk.fill_in(("a", AUGUST, 120, *FAIR))
    assert desk.override("import", str(desk.file))[0] == 0
    assert desk.planning.overrides()["author"].tolist() == ["mmartin (signed in)"]
    root = OVERRIDE.pwd.struct_passwd(("root", "x", 0, 0, "", "", ""))
    monkeypatch.setattr(OVERRIDE.pwd, "getpwuid", lambda _: root)
    code, output = desk.override("import", str(desk.file))
    assert code == 2
    assert "root is no person" in output
