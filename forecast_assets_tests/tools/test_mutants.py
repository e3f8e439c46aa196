import pytest

from tools.mutants import REPOSITORY, dead_entries, equivalent
from tools.mutants import tests_of as files_of_tests
from tools.mutations import mutants

GUARD = """
import logging

log = logging.getLogger(__name__)


def check(units: float | None, limit: int = 3) -> bool:
    if units is None and limit > 2:
        raise ValueError("no units")
    log.info("checked")
    publish(units)
    return not units
"""


@pytest.fixture(scope="module")
def changes():
    return {(mutant.line, mutant.now) for mutant in mutants("guard.py", GUARD)}


def test_a_condition_is_turned_round_and_its_bound_moved(changes):
    assert {
        (8, "if units is not None and limit > 2:"),
        (8, "if units is None or limit > 2:"),
        (8, "if units is None and limit >= 2:"),
        (8, "if units is None and limit > 3:"),
        (8, "if units is None and limit > 1:"),
    } <= changes


def test_a_call_or_an_error_is_left_out_but_no_log_line(changes):
    assert {(9, "pass"), (11, "pass")} <= changes
    assert not [line for line, _ in changes if line == 10]


def test_the_limit_of_a_query_is_no_count():
    assert mutants("query.py", "runs = instance.get_runs(limit=1)\n") == []
    assert mutants("query.py", "runs = instance.get_runs(filters, limit=1)\n") == []
    assert mutants("query.py", "runs = instance.get_runs(months=1)\n") != []


def test_types_stay_and_no_mutant_stands_twice(changes):
    assert len(changes) == len(mutants("guard.py", GUARD))
    assert all("float | None" in now for line, now in changes if line == 7)


def test_every_mutant_differs_in_the_line_that_it_names():
    for mutant in mutants("guard.py", GUARD):
        assert mutant.source.splitlines()[mutant.line - 1] != GUARD.splitlines()[mutant.line - 1]


@pytest.mark.parametrize("files", [["test_a.py", "test_a_guards.py"], ["test_other.py"]])
def test_tests_of_a_module_go_by_its_name_else_by_import(tmp_path, files):
    folder = tmp_path / "forecast_assets_tests" / "room"
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_text("from forecast_assets.room import a")
    (folder / "test_none.py").write_text("from forecast_assets.room import b")
    assert files_of_tests("forecast_assets/room/a.py", tmp_path) == [
        f"forecast_assets_tests/room/{name}" for name in files
    ]


def test_a_module_without_tests_is_an_error(tmp_path):
    (tmp_path / "forecast_assets_tests").mkdir()
    with pytest.raises(SystemExit, match=r"forecast_assets/a\.py: no test file"):
        files_of_tests("forecast_assets/a.py", tmp_path)


def test_every_listed_mutant_is_of_a_line_that_still_exists():
    assert dead_entries(equivalent(), REPOSITORY) == []


def test_an_entry_of_a_line_or_file_that_is_gone_is_dead(tmp_path):
    (tmp_path / "guard.py").write_text("limit = (\n    3,\n)\n")
    entries = [
        {"file": "*", "was": "anything"},
        {"file": "guard.py", "was": "limit = ( 3, )"},
        {"file": "guard.py", "was": "limit = 4"},
        {"file": "gone.py", "was": "limit = 3"},
    ]
    assert dead_entries(entries, tmp_path) == ["guard.py: limit = 4", "gone.py: limit = 3"]
