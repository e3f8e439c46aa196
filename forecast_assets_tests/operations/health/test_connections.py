"""Tests of connections one by one: what is said of one that does not work, and what to do."""

from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from forecast_assets.alerts.teams import NoAddress, NotSet
from forecast_assets.operations.health import connections
from forecast_assets.operations.health.connections import (
    FAILS,
    UNUSED,
    WORKS,
    Connection,
    Unusable,
    _checked,
    _dagster,
    _deliveries,
    _key_vault,
    _markets,
    _mlflow,
    _store,
    _teams,
    check_connections,
)
from forecast_assets_tests.repository_settings import loaded


def use(error=None):
    def call():
        if error:
            raise error
        return "used"

    result = _checked("service", "there", call)
    return result.state, result.result


def test_an_error_is_its_first_line_with_its_type_unless_it_is_ours():
    assert use() == (WORKS, "used")
    assert use(Unusable("set X\nand Y")) == (FAILS, "set X")
    assert use(NoAddress("no address")) == (FAILS, "no address")
    assert use(OSError("no route\nto host")) == (FAILS, "OSError: no route")
    assert use(OSError()) == (FAILS, "OSError: no message")


@pytest.mark.parametrize(("stage", "forecast"), [("live", 1), ("shadow", 1), ("retired", 0)])
def test_a_markets_file_without_a_market_to_forecast_does_not_work(tmp_path, stage, forecast):
    (tmp_path / "markets.yaml").write_text(
        f"markets:\n  - {{code: FR, name: F, iso2: FR, iso3: FRA, region: E, since: 2020-01-01, stage: {stage}}}\n",
        encoding="utf-8",
    )
    settings = loaded(FORECAST_MARKETS=str(tmp_path / "markets.yaml"))
    if forecast:
        assert _markets(settings) == "1 markets, 1 of them forecast"
    else:
        with pytest.raises(Unusable, match="no live or shadow market: add one with forecast-assets market add"):
            _markets(settings)


def test_a_store_is_written_read_and_left_as_it_was(tmp_path):
    settings = loaded(FORECAST_STORE=str(tmp_path))
    assert _store(settings).startswith("a file was written, read and removed")
    assert [path for path in (tmp_path / "_doctor").iterdir() if path.is_file()] == []
    with pytest.raises(Unusable, match=r"no folder .*/gone: set FORECAST_STORE or run forecast-assets prepare"):
        _store(loaded(FORECAST_STORE=str(tmp_path / "gone")))


def test_a_store_that_gives_back_something_else_does_not_work(tmp_path, monkeypatch):
    removed = []
    files = SimpleNamespace(create=lambda path, content: True, read=lambda path: b"another", remove=removed.append)
    store = SimpleNamespace(base=str(tmp_path), files=files, list_partitions=lambda table: [])
    monkeypatch.setattr(connections, "open_store", lambda settings: store)
    monkeypatch.setattr(connections, "require_layout", lambda store: 1)
    with pytest.raises(Unusable, match="does not read back as written"):
        _store(loaded(FORECAST_STORE=str(tmp_path)))
    assert len(removed) == 1


@pytest.mark.parametrize(
    ("dremio", "step"), [(True, "check DREMIO_SCHEMA and the grants"), (None, "set FORECAST_LANDING")]
)
def test_deliveries_without_sell_in_name_the_next_step(monkeypatch, dremio, step):
    settings = SimpleNamespace(sources=SimpleNamespace(dremio=dremio, address="there"))
    delivered = {"sell_in", "products"}
    deliveries = SimpleNamespace(has_source=lambda source: source in delivered)
    monkeypatch.setattr(connections, "open_deliveries", lambda settings: deliveries)
    assert _deliveries(settings) == "delivered: sell_in, products"
    delivered.remove("sell_in")
    with pytest.raises(Unusable, match=f"no sell_in in there: deliver it .*{step}"):
        _deliveries(settings)


@pytest.mark.parametrize(
    ("address", "port"),
    [("https://h.example/x", 443), ("http://localhost/x", 80), ("https://h.example:8443/x", 8443)],
)
def test_teams_is_reached_at_the_port_of_its_address(monkeypatch, address, port):
    reached = []

    def connect(place, seconds):
        reached.append((place, seconds))
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr(connections, "webhook_of", lambda channel: SecretStr(address))
    monkeypatch.setattr(connections.socket, "create_connection", connect)
    assert _teams("ASIA").state == WORKS
    ((host, at), seconds) = reached[0]
    assert (host, at, seconds) == ("localhost" if port == 80 else "h.example", port, 5.0)


def test_teams_that_is_not_reached_fails_and_one_without_an_address_is_not_used(monkeypatch):
    def unreachable(*_):
        raise OSError("secret address")

    monkeypatch.setattr(connections, "webhook_of", lambda channel: SecretStr("https://h.example/secret"))
    monkeypatch.setattr(connections.socket, "create_connection", unreachable)
    failed = _teams("ASIA")
    assert (failed.state, failed.where) == (FAILS, "TEAMS_WEBHOOK_URL_ASIA (h.example)")
    assert failed.result == "h.example was not reached: check the network, firewall and proxy"
    for error, state in ((NotSet("not set"), UNUSED), (NoAddress("no https"), FAILS)):
        monkeypatch.setattr(connections, "webhook_of", lambda channel, error=error: raises(error))
        assert _teams("ASIA").state == state


def raises(error: Exception):
    raise error


def test_services_without_an_address_are_not_used_and_others_are_asked_once(monkeypatch):
    asked = []
    monkeypatch.setattr(connections, "vault_at", lambda url: SimpleNamespace(secret=asked.append))
    monkeypatch.setattr(connections, "MlflowTracking", lambda **_: SimpleNamespace(experiments=lambda: 3))
    without, with_both = (
        SimpleNamespace(
            env="dev", mlflow=SimpleNamespace(tracking_uri=address), azure=SimpleNamespace(key_vault_url=address)
        )
        for address in ("", "https://s.example")
    )
    assert [_mlflow(without).state, _key_vault(without).state, asked] == [UNUSED, UNUSED, []]
    assert (_mlflow(with_both).state, _mlflow(with_both).result) == (WORKS, "3 experiments")
    assert _key_vault(with_both).state == WORKS
    assert asked == ["FORECAST_ASSETS_DOCTOR"]


def test_every_channel_is_tested_the_default_one_first(monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "/nowhere")
    quiet = Connection("any", "", UNUSED, "")
    for name in ("_checked", "_mlflow", "_key_vault"):
        monkeypatch.setattr(connections, name, lambda *_: quiet)
    monkeypatch.setattr(connections, "_teams", lambda channel: channel)
    markets = {code: SimpleNamespace(teams_channel=channel) for code, channel in (("JP", "ASIA"), ("FR", ""))}
    settings = SimpleNamespace(
        market_table=markets, markets=SimpleNamespace(file=""), store=SimpleNamespace(address=""),
        sources=SimpleNamespace(address=""),
    )  # fmt: skip
    assert list(check_connections(settings))[-2:] == ["default", "ASIA"]


def test_files_of_dagster_are_checked_before_its_instance_is_opened(monkeypatch, tmp_path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setattr(connections, "check_dagster_files", lambda home: raises(Unusable(f"{home} is damaged")))
    with pytest.raises(Unusable, match="is damaged"):
        _dagster()
