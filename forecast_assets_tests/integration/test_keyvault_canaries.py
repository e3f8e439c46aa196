"""No secret is written anywhere: canaries in all of them, commands that fail in every way, and a search of it all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from forecast_assets.sample import write_sample_company
from forecast_assets_tests.alerts.teams_server import FakeTeams
from forecast_assets_tests.integration.azurite_server import ACCOUNT
from forecast_assets_tests.integration.vault_server import IDENTITY_HEADER, FakeVault

pytestmark = pytest.mark.integration

CANARY = "Canary5f2d9cQ7"
MONTH = "2024-12"
CLOSED = "127.0.0.1:9"
# Every name that forecast_assets fetches a secret by; the account key has to be base64.
SECRETS = {
    "TEAMS_WEBHOOK_URL": f"http://{CLOSED}/workflows/{CANARY}/run?sig={CANARY}",
    "MLFLOW_TRACKING_PASSWORD": f"{CANARY}-mlflow-password",
    "MLFLOW_TRACKING_TOKEN": f"{CANARY}-mlflow-token",
    "AZURE_STORAGE_ACCOUNT_KEY": f"{CANARY}AAAAAA",
    "AZURE_STORAGE_SAS_TOKEN": f"sv=2024-01-01&se=2099-01-01T00:00:00Z&sp=rw&sig={CANARY}",
    "AZURE_CLIENT_SECRET": f"{CANARY}-client-secret",
    "DREMIO_PASSWORD": f"{CANARY}-dremio-password",
    "DREMIO_TOKEN": f"{CANARY}-dremio-token",
}
COMMANDS = [
    ["doctor"], ["cycle", "--month", MONTH, "--history", "12"], ["alerts", "test"], ["watchdog"],
    ["measure", "--through", MONTH],
]  # fmt: skip


@pytest.fixture
def company(tmp_path) -> dict[str, str]:
    """Variables of two small markets, one of which has delivered what cannot be read."""
    write_sample_company(
        tmp_path / "landing", markets=2, skus=6, months=30, last_month=f"{MONTH}-01",
        markets_file=tmp_path / "markets.yaml",
    )  # fmt: skip
    (tmp_path / "home").mkdir()
    next((tmp_path / "landing" / "sell_in").glob(f"*_{MONTH}*")).write_bytes(b"no parquet")
    return {
        "FORECAST_MARKETS": str(tmp_path / "markets.yaml"), "FORECAST_LANDING": str(tmp_path / "landing"),
        "FORECAST_STORE": str(tmp_path / "store"), "DAGSTER_HOME": str(tmp_path / "home"),
        "FORECAST_TRAINING_ROWS": "1000", "FORECAST_BACKTEST_TRAINING_ROWS": "1000", "FORECAST_BOOSTING_ROUNDS": "20",
        "FORECAST_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1", "HOME": str(tmp_path / "user"),
        "MLFLOW_TRACKING_URI": f"http://planner:{CANARY}-in-the-address@{CLOSED}",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_DISABLE_TELEMETRY": "true",
    }  # fmt: skip


def run(folder: Path, variables: dict[str, str], commands: list[list[str]]) -> dict[str, int]:
    """Run commands one after the other, keep what they print beside what they write; the exit code of each."""
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "PYTHONPATH")}
    (folder / "user").mkdir(exist_ok=True)
    codes = {}
    for command in commands:
        code = f"from forecast_assets.cli import app; app({command!r})"
        with (folder / f"printed_{command[0]}.txt").open("ab") as printed:
            ended = subprocess.run(
                [sys.executable, "-c", code], env=inherited | {"PYTHONPATH": str(Path.cwd())} | variables, cwd=folder,
                stdout=printed, stderr=printed, check=False,
            )  # fmt: skip
        codes[command[0]] = ended.returncode
    return codes


def places_of(secret: str, folder: Path) -> list[str]:
    """Files below a folder, of whatever kind, with a secret in them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    return [str(path.relative_to(folder)) for path in files if secret.encode() in path.read_bytes()]


def printed(folder: Path, command: str) -> str:
    return (folder / f"printed_{command}.txt").read_text()


def test_the_search_finds_what_is_there(company, tmp_path):
    (tmp_path / "leak.bin").write_bytes(b"\x00" + CANARY.encode() + b"\x00")
    assert places_of(CANARY, tmp_path) == ["leak.bin"]


def test_secrets_of_the_environment_stay_there_when_everything_fails(company, tmp_path):
    codes = run(tmp_path, company | SECRETS, COMMANDS)
    assert codes["doctor"] == codes["cycle"] == codes["alerts"] == 1
    assert "Teams default" in printed(tmp_path, "doctor")
    assert "published" in printed(tmp_path, "cycle")
    assert places_of(CANARY, tmp_path) == []


@pytest.mark.parametrize("credential", ["key", "sas"])
def test_a_refused_storage_credential_is_not_written(company, tmp_path, azurite, container, credential):
    on_azure = azurite.environment(container) | {
        "FORECAST_AZURE_ACCOUNT": ACCOUNT, "FORECAST_AZURE_CREDENTIAL": credential,
    }  # fmt: skip
    codes = run(tmp_path, company | on_azure | SECRETS, COMMANDS[:2])
    assert codes == {"doctor": 1, "cycle": 2}
    assert re.search(r"AZURE_STORAGE_\w+ is not|the SAS token in AZURE_STORAGE_SAS_TOKEN", printed(tmp_path, "cycle"))
    assert places_of(CANARY, tmp_path) == []


def test_secrets_of_the_vault_are_used_and_not_written(company, tmp_path):
    keys = tmp_path.parent / f"{tmp_path.name}-keys"
    keys.mkdir()
    with FakeTeams().listening() as teams, FakeVault().listening(keys) as vault:
        webhook = teams.url()
        vault.secrets = {name.lower().replace("_", "-"): value for name, value in SECRETS.items()}
        vault.secrets["teams-webhook-url"] = webhook
        variables = company | {
            "AZURE_KEY_VAULT_URL": vault.address, "REQUESTS_CA_BUNDLE": str(keys / "ca.pem"),
            "IDENTITY_ENDPOINT": vault.identity, "IDENTITY_HEADER": IDENTITY_HEADER,
        }  # fmt: skip
        codes = run(tmp_path, variables, COMMANDS)
        assert {"teams-webhook-url", "mlflow-tracking-password"} <= set(vault.read)
    assert codes["alerts"] == 0
    assert teams.received
    assert places_of(CANARY, tmp_path) == []
    assert places_of(webhook, tmp_path) == []
    assert places_of("token-1", tmp_path) == []
