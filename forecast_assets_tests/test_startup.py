"""Modules that help and the code location do without: every command and every run pays for what is imported."""

import subprocess
import sys

import pytest

from forecast_assets.alerts import outbox
from forecast_assets.cli.commands import alerts, sample, watchdog
from forecast_assets.operations.health import watchdog as health
from forecast_assets.sample import FAULTS

# Imported inside the functions that use them.
USED_BY_FEW_STEPS = {
    "adlfs", "azure", "holidays", "jinja2", "lightgbm", "matplotlib", "mlflow", "optuna", "pymsteams", "requests",
    "ruamel", "scipy", "sklearn", "sqlglot", "statsmodels", "xlsxwriter",
}  # fmt: skip
# Help is text: it needs no data, no Dagster and no settings.
NOT_FOR_HELP = {"dagster", "duckdb", "numpy", "pandas", "pandera", "pyarrow", "sqlalchemy", "yaml"}
COMMANDS = [
    [], ["cycle"], ["measure"], ["backfill"], ["tune"], ["champion"], ["rollback"], ["withdraw"], ["versions"],
    ["prune"], ["replay"], ["why"], ["sample"], ["prepare"], ["doctor"], ["watchdog"], ["demo"], ["alerts"],
    ["alerts", "drop"], ["market"], ["market", "add"],
]  # fmt: skip


def imported_by(code: str, *arguments: str) -> set[str]:
    """Top packages in memory after a fresh interpreter has run the code."""
    report = "import sys; print('\\n' + ' '.join({name.partition('.')[0] for name in sys.modules}))"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}", *arguments], capture_output=True, text=True, check=True
    )
    return set(result.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_imports_nothing_heavy(command):
    code = "from forecast_assets.cli import app\ntry: app()\nexcept SystemExit as end: assert end.code == 0"
    assert not imported_by(code, *command, "--help") & (NOT_FOR_HELP | USED_BY_FEW_STEPS)


def test_definitions_import_nothing_that_only_some_steps_use():
    assert not imported_by("import forecast_assets.definitions") & USED_BY_FEW_STEPS


def test_values_that_help_repeats_are_those_in_use():
    assert tuple(FAULTS) == sample.FAULTS
    assert watchdog.HEARTBEAT_SECONDS == health.HEARTBEAT_SECONDS
    assert alerts.DEFAULT_CHANNEL == outbox.DEFAULT_CHANNEL
