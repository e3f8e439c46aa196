"""Fetched secrets are masked in every message, encoded ones too."""

import pytest

from forecast_assets.config import secret_store
from forecast_assets.config.secret_store import forget_secret, resolve_secret, without_secrets

SECRET = "p@ss/w0rd+9"


@pytest.fixture(autouse=True)
def _fetched(monkeypatch):
    monkeypatch.setattr(secret_store, "_resolved", set())
    resolve_secret("TEAMS_WEBHOOK_URL", {"TEAMS_WEBHOOK_URL": SECRET})


@pytest.mark.parametrize("form", [SECRET, "p%40ss%2Fw0rd%2B9", "p%40ss%2fw0rd%2b9", "p%2540ss%252Fw0rd%252B9"])
def test_a_secret_is_masked_as_it_is_and_as_addresses_hold_it(form):
    assert without_secrets(f"cannot post to {form}: 500") == "cannot post to ***: 500"


def test_other_text_stays_and_short_secrets_mask_no_words():
    resolve_secret("SHORT", {"SHORT": "pass"})
    assert without_secrets("a pass is no secret") == "a pass is no secret"
    assert without_secrets("a pass is one here", ["pass"]) == "a *** is one here"


def test_the_shortest_fetched_secret_that_is_masked_has_six_characters():
    for name, value in (("SIX", "abc123"), ("FIVE", "xyz12")):
        resolve_secret(name, {name: value})
    assert without_secrets("abc123 and xyz12") == "*** and xyz12"


def test_a_secret_that_is_the_beginning_of_another_leaves_no_rest_of_it():
    assert without_secrets("token abcdefghi", ["abcdef", "abcdefghi"]) == "token ***"


def test_a_rejected_secret_is_dropped_by_the_vault_that_has_it(monkeypatch):
    dropped = []

    class Vault:
        def __init__(self, address):
            self.address = address

        def forget(self, name):
            dropped.append((self.address, name))

    monkeypatch.setattr(secret_store, "vault_at", Vault)
    forget_secret("TEAMS_WEBHOOK_URL", {})
    assert dropped == []
    forget_secret("TEAMS_WEBHOOK_URL", {"AZURE_KEY_VAULT_URL": " https://vault "})
    assert dropped == [("https://vault", "TEAMS_WEBHOOK_URL")]
