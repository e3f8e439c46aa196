from collections.abc import Callable
from functools import partial

import pytest
from pydantic import SecretStr

from forecast_assets.alerts.card import CardStyle, message_payload
from forecast_assets.alerts.dispatch import REPEAT, Dispatcher
from forecast_assets.alerts.messages import Messages
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.storage import TableStore
from forecast_assets_tests.alerts.company import Clock, incident
from forecast_assets_tests.alerts.teams_server import FakeTeams


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    return TableStore(str(tmp_path / "store") if request.param == "folder" else f"memory:/{tmp_path}/store")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outbox(store, clock):
    return Outbox(store, {"JP": "ASIA"}, clock)


@pytest.fixture
def teams(clock, monkeypatch):
    """A Teams server that listens; no proxy stands between it and the dispatcher."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FakeTeams(clock).listening() as server:
        yield server


@pytest.fixture
def messages(outbox):
    return Messages(outbox, grouping_seconds=0)


@pytest.fixture
def deliver(messages, teams, clock) -> Callable[..., Dispatcher]:
    def make(after_unclear: str = REPEAT, **replaced) -> Dispatcher:
        parts = {"address": lambda channel: SecretStr(teams.url(channel)), "sleep": clock.sleep, "draw": lambda: 0.0}
        payload = partial(message_payload, style=CardStyle())
        return Dispatcher(messages, payload, after_unclear, **{**parts, **replaced})

    return make


@pytest.fixture
def fill(outbox, messages):
    """Return a function that writes messages, one a cycle."""

    def make(*cycles: str, country: str = "FR") -> None:
        for cycle in cycles:
            outbox.report([incident(country, subject=cycle, headline=f"headline of {cycle}")], cycle)
            messages.compose()

    return make
