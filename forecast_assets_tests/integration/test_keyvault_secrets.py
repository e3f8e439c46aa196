"""Secrets out of a Key Vault: through azure-identity and azure-keyvault-secrets, over TLS, by its REST contract."""

import traceback

import pytest
from typer.testing import CliRunner

from forecast_assets.alerts.teams import NoAddress, webhook_of
from forecast_assets.cli import app
from forecast_assets.config import key_vault, secret_store
from forecast_assets.config.azure_credential import azure_credential
from forecast_assets.config.key_vault import GRACE_SECONDS, LIFETIME_SECONDS, PAUSE_SECONDS, KeyVault, SecretUnavailable
from forecast_assets.config.secret_store import forget_secret, resolve_secret
from forecast_assets.config.settings import load_settings
from forecast_assets.operations.health.connections import FAILS, _key_vault, _teams
from forecast_assets.storage.transient_errors import is_transient
from forecast_assets.tracking.mlflow_store import mask_credentials, tracking_errors
from forecast_assets_tests.integration.vault_server import IDENTITY_HEADER, FakeVault

CANARY = "canary-5f2d9c"


class Clock:
    """Seconds that pass when told to."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def vault(tmp_path, monkeypatch):
    """A vault with one secret, and this process with an identity that may read it."""
    with FakeVault({"teams-webhook-url": f"https://teams.example/{CANARY}"}).listening(tmp_path) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("IDENTITY_ENDPOINT", server.identity)
        monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_HEADER)
        for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "TEAMS_WEBHOOK_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AZURE_KEY_VAULT_URL", server.address)
        monkeypatch.setattr(secret_store, "_resolved", set())
        azure_credential.cache_clear()
        key_vault.vault_at.cache_clear()
        yield server
    azure_credential.cache_clear()
    key_vault.vault_at.cache_clear()


def test_a_secret_is_read_with_the_token_that_the_vaults_challenge_asks_for(vault):
    assert webhook_of("default").get_secret_value() == f"https://teams.example/{CANARY}"
    assert vault.requests == ["challenged", "gave teams-webhook-url"]
    assert vault.resources == [f"https://0.0.1:{vault.port}"]


def test_secrets_share_a_token_and_each_is_read_once_in_its_lifetime(vault):
    vault.secrets["dremio-password"] = "d"
    for _ in range(3):
        assert resolve_secret("DREMIO_PASSWORD").get_secret_value() == "d"
        assert resolve_secret("TEAMS_WEBHOOK_URL") is not None
        assert resolve_secret("MLFLOW_TRACKING_TOKEN") is None
    assert vault.requests == [
        "challenged", "gave dremio-password", "gave teams-webhook-url", "has no mlflow-tracking-token"
    ]  # fmt: skip
    assert len(vault.tokens) == 1


def test_the_environment_goes_before_the_vault_which_is_not_asked(vault, monkeypatch):
    monkeypatch.setenv("TEAMS_WEBHOOK_URL", "https://own.example/x")
    assert resolve_secret("TEAMS_WEBHOOK_URL").get_secret_value() == "https://own.example/x"
    assert vault.requests == []


def test_a_changed_secret_is_seen_after_its_lifetime_without_a_restart(vault):
    clock = Clock()
    store = KeyVault(vault.address, clock)
    first = store.secret("TEAMS_WEBHOOK_URL").get_secret_value()
    vault.secrets["teams-webhook-url"] = "https://teams.example/rotated"
    clock.seconds += LIFETIME_SECONDS
    assert store.secret("TEAMS_WEBHOOK_URL").get_secret_value() == first
    clock.seconds += 1
    assert store.secret("TEAMS_WEBHOOK_URL").get_secret_value() == "https://teams.example/rotated"


def test_a_secret_that_was_refused_is_read_anew_at_once(vault):
    resolve_secret("TEAMS_WEBHOOK_URL")
    vault.secrets["teams-webhook-url"] = "https://teams.example/rotated"
    forget_secret("TEAMS_WEBHOOK_URL")
    assert resolve_secret("TEAMS_WEBHOOK_URL").get_secret_value() == "https://teams.example/rotated"


def test_a_secret_that_appears_is_seen_after_the_lifetime(vault):
    clock = Clock()
    store = KeyVault(vault.address, clock)
    assert store.secret("NEW") is None
    vault.secrets["new"] = "n"
    assert store.secret("NEW") is None
    clock.seconds += LIFETIME_SECONDS + 1
    assert store.secret("NEW").get_secret_value() == "n"


def test_a_busy_vault_is_asked_again(vault):
    vault.answers = [503, 500]
    assert resolve_secret("TEAMS_WEBHOOK_URL") is not None
    assert vault.requests[1:] == ["failed teams-webhook-url"] * 2 + ["gave teams-webhook-url"]


def test_what_was_read_serves_through_a_night_without_the_vault_and_no_longer(vault, caplog, monkeypatch):
    monkeypatch.setattr(key_vault, "TRIES", 1)
    clock = Clock()
    store = KeyVault(vault.address, clock)
    store.secret("TEAMS_WEBHOOK_URL")
    vault.answers = [503] * 9
    clock.seconds += GRACE_SECONDS
    assert store.secret("TEAMS_WEBHOOK_URL") is not None
    assert "The value read 720 minutes ago is used." in caplog.text
    assert CANARY not in caplog.text
    # It is left alone for a minute, then asked again.
    asked = len(vault.requests)
    clock.seconds -= 1
    store.secret("TEAMS_WEBHOOK_URL")
    assert len(vault.requests) == asked
    clock.seconds += PAUSE_SECONDS + 2
    with pytest.raises(SecretUnavailable):
        store.secret("TEAMS_WEBHOOK_URL")
    assert len(vault.requests) > asked


def test_a_secret_that_was_disabled_is_not_used_any_longer_than_its_lifetime(vault):
    clock = Clock()
    store = KeyVault(vault.address, clock)
    store.secret("TEAMS_WEBHOOK_URL")
    vault.disabled = {"teams-webhook-url"}
    clock.seconds += LIFETIME_SECONDS + 1
    with pytest.raises(SecretUnavailable, match="a secret may be disabled"):
        store.secret("TEAMS_WEBHOOK_URL")


def test_a_missing_role_is_named_with_the_one_that_is_needed(vault):
    vault.may_read = False
    with pytest.raises(SecretUnavailable) as caught:
        resolve_secret("TEAMS_WEBHOOK_URL")
    assert str(caught.value) == (
        f"Key Vault {vault.address} did not give teams-webhook-url (for TEAMS_WEBHOOK_URL): HTTP 403. Give this "
        "process's identity the role 'Key Vault Secrets User' on the vault; a secret may be disabled, too"
    )
    assert not is_transient(caught.value)


def test_a_process_without_identity_is_told_to_get_one(vault, monkeypatch):
    monkeypatch.setenv("IDENTITY_HEADER", "somebody else")
    with pytest.raises(
        SecretUnavailable, match=r"this process has no identity. Give it a managed identity, or set AZURE_"
    ):
        resolve_secret("TEAMS_WEBHOOK_URL")


def test_a_vault_that_is_not_there_is_said_and_passes_by_itself(vault, monkeypatch):
    monkeypatch.setattr(key_vault, "TRIES", 1)
    with pytest.raises(SecretUnavailable, match=r"it was not reached. Check AZURE_KEY_VAULT_URL") as caught:
        resolve_secret("X", {"AZURE_KEY_VAULT_URL": "https://127.0.0.1:9"})
    assert is_transient(caught.value)


def test_a_vault_whose_certificate_nobody_vouches_for_is_not_believed(vault, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setattr(key_vault, "TRIES", 1)
    with pytest.raises(SecretUnavailable, match="REQUESTS_CA_BUNDLE"):
        resolve_secret("TEAMS_WEBHOOK_URL")
    assert vault.requests == []


def test_a_card_waits_for_a_vault_that_does_not_answer(vault):
    vault.may_read = False
    with pytest.raises(NoAddress, match="did not give teams-webhook-url"):
        webhook_of("default")


def test_mlflow_gets_its_credentials_from_the_vault_for_as_long_as_it_is_called(vault, monkeypatch):
    import os

    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "")
    vault.secrets["mlflow-tracking-password"] = CANARY
    with tracking_errors("http://host:5000", "recording"):
        assert os.environ["MLFLOW_TRACKING_PASSWORD"] == CANARY
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == ""
    assert mask_credentials(f"login with {CANARY} refused", "http://host:5000") == "login with *** refused"


def test_no_failure_shows_a_value(vault):
    resolve_secret("TEAMS_WEBHOOK_URL")
    vault.may_read = False
    forget_secret("TEAMS_WEBHOOK_URL")
    with pytest.raises(SecretUnavailable) as caught:
        resolve_secret("TEAMS_WEBHOOK_URL")
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert "token-" not in "".join(traceback.format_exception(caught.value))


def test_a_command_that_lacks_a_secret_ends_with_one_line(vault, monkeypatch, tmp_path):
    monkeypatch.setenv("FORECAST_AZURE_ACCOUNT", "forecasts")
    monkeypatch.setenv("FORECAST_AZURE_CREDENTIAL", "key")
    monkeypatch.setenv("FORECAST_STORE", "abfs://forecast-test/store")
    monkeypatch.setenv("FORECAST_LANDING", str(tmp_path))
    vault.may_read = False
    result = CliRunner().invoke(app, ["versions", "forecasts", "--country", "FR", "--month", "2024-06"])
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert "did not give azure-storage-account-key" in result.output


def test_the_doctor_tells_of_the_vault_and_not_of_the_webhook(vault):
    vault.may_read = False
    settings = load_settings({"AZURE_KEY_VAULT_URL": vault.address}, with_markets=False)
    connections = {each.name: each for each in (_teams("default"), _key_vault(settings))}
    assert {each.state for each in connections.values()} == {FAILS}
    assert connections["Teams default"].result.endswith("a secret may be disabled, too")
