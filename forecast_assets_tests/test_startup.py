"""Modules that help and the code location do without: every command and every run pays for what is imported."""

import json
import subprocess
import sys

import pytest

from forecast_assets.alerts import outbox
from forecast_assets.cli.commands import alerts, sample, watchdog
from forecast_assets.operations.health import watchdog as health
from forecast_assets.sample import FAULTS

# Imported inside the functions that use them.
USED_BY_FEW_STEPS = {
    "adlfs", "azure", "duckdb", "holidays", "jinja2", "lightgbm", "matplotlib", "mlflow", "optuna", "pymsteams",
    "requests", "ruamel", "scipy", "sklearn", "sqlglot", "statsmodels", "xlsxwriter",
}  # fmt: skip
# Help is text: it needs no data, no Dagster and no settings.
NOT_FOR_HELP = {"dagster", "numpy", "pandas", "pandera", "pyarrow", "sqlalchemy", "yaml"}
COMMANDS = [
    [], ["cycle"], ["measure"], ["backfill"], ["tune"], ["experiment"], ["champion"], ["rollback"], ["withdraw"],
    ["versions"], ["prune"], ["replay"], ["why"], ["sample"], ["prepare"], ["doctor"], ["watchdog"], ["demo"],
    ["alerts"], ["alerts", "drop"], ["market"], ["market", "add"],
]  # fmt: skip


# Prints a line per command: the top packages that are in memory since the command before.
HELP = """
import json, sys
before = set()
for command in json.loads(sys.argv.pop()):
    sys.argv = ["forecast-assets", *command, "--help"]
    from forecast_assets.cli import app
    try:
        app()
    except SystemExit as end:
        assert end.code == 0, command
    now = {name.partition(".")[0] for name in sys.modules}
    print("imported:", *(now - before))
    before = now
"""


def output_of(code: str, *arguments: str) -> list[str]:
    """Run code in a fresh interpreter and return the lines it prints."""
    result = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


@pytest.fixture(scope="module")
def imported_by_help() -> dict[str, set[str]]:
    """Return the packages that the help of each command imports and no command before it, of one interpreter."""
    lines = output_of(HELP, json.dumps(COMMANDS))
    imported = [set(line.split()[1:]) for line in lines if line.startswith("imported:")]
    return dict(zip(map(" ".join, COMMANDS), imported, strict=True))


@pytest.mark.parametrize("command", [" ".join(command) for command in COMMANDS])
def test_help_imports_nothing_heavy(imported_by_help, command):
    assert not imported_by_help[command] & (NOT_FOR_HELP | USED_BY_FEW_STEPS)


def test_definitions_import_nothing_that_only_some_steps_use():
    code = "import sys, forecast_assets.definitions; print(*{name.partition('.')[0] for name in sys.modules})"
    assert not set(output_of(code)[-1].split()) & USED_BY_FEW_STEPS


def test_a_cycle_with_nothing_to_do_imports_nothing_that_runs_one():
    code = "import sys, forecast_assets.cli.requested_cycle; print(*{n.partition('.')[0] for n in sys.modules})"
    assert not set(output_of(code)[-1].split()) & ({"dagster", "pandera"} | USED_BY_FEW_STEPS)


def test_a_process_that_has_read_deliveries_ends_quietly(tmp_path):
    """DuckDB prints what is not freed at the end, forty lines: the code location is never collected."""
    (tmp_path / "sell_in").mkdir()
    (tmp_path / "sell_in" / "FR.csv").write_text("country,sku,date,units\nFR,A,2024-01-31,5\n")
    code = """
import sys, forecast_assets.definitions
from forecast_assets.sources.landing import LandingFolder
print(*LandingFolder(sys.argv[1]).delivery("sell_in", "FR").months)
"""
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["2024-01-01", "00:00:00"]
    assert ended.stderr == ""


def test_values_that_help_repeats_are_those_in_use():
    assert tuple(FAULTS) == sample.FAULTS
    assert watchdog.HEARTBEAT_SECONDS == health.HEARTBEAT_SECONDS
    assert alerts.DEFAULT_CHANNEL == outbox.DEFAULT_CHANNEL
