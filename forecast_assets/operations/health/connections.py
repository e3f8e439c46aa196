"""Test of every configured connection. Each is used once as the platform uses it; one that fails stops no other."""

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg

from forecast_assets.alerts.outbox import DEFAULT_CHANNEL
from forecast_assets.alerts.teams import NoAddress, NotSet, variable_of, webhook_of
from forecast_assets.config.key_vault import vault_at
from forecast_assets.config.markets import forecast_markets
from forecast_assets.config.secret_store import without_secrets
from forecast_assets.config.settings import Settings
from forecast_assets.operations.failure_text import check_dagster_files
from forecast_assets.sources.landing import SOURCES
from forecast_assets.sources.opened import open_deliveries
from forecast_assets.storage.layout import require_layout
from forecast_assets.storage.opened import open_store
from forecast_assets.tracking.mlflow_store import mask_credentials
from forecast_assets.tracking.mlflow_tracking import MlflowTracking

WORKS, FAILS, UNUSED = "works", "FAILS", "not used"
SECONDS_TO_CONNECT = 5.0
# A secret that no vault has: reading it needs the address, the network, an identity and its role.
NO_SECRET = "FORECAST_ASSETS_DOCTOR"  # noqa: S105 - the name of one, not its value


@dataclass(frozen=True)
class Connection:
    """Result of testing one connection.

    Attributes:
        name: Name of the service.
        where: Its address, without secrets.
        state: WORKS, FAILS or UNUSED.
        result: The result, or the problem and how to fix it.
    """

    name: str
    where: str
    state: str
    result: str


class Unusable(RuntimeError):
    """A service responds but cannot be used; the message names the next step."""


def check_connections(settings: Settings) -> Iterator[Connection]:
    """Use each connection once; ``DAGSTER_HOME`` must be set.

    Markets file, store, landing folder or Dremio, Dagster's database, MLflow, Key Vault, Teams.
    """
    yield _checked("markets", settings.markets.file, lambda: _markets(settings))
    yield _checked("store", settings.store.address, lambda: _store(settings))
    yield _checked("deliveries", settings.sources.address, lambda: _deliveries(settings))
    yield _checked("Dagster", os.environ["DAGSTER_HOME"], _dagster)
    yield _mlflow(settings)
    yield _key_vault(settings)
    channels = sorted({market.teams_channel for market in settings.market_table.values() if market.teams_channel})
    for channel in (DEFAULT_CHANNEL, *channels):
        yield _teams(channel)


def _checked(name: str, where: str, use: Callable[[], str]) -> Connection:
    try:
        return Connection(name, where, WORKS, use())
    except Exception as error:  # noqa: BLE001 - whatever a library raises means that this connection does not work
        lines = without_secrets(str(error)).strip().splitlines()
        message = lines[0] if lines else "no message"
        known = isinstance(error, Unusable) or "forecast_assets" in type(error).__module__
        return Connection(name, where, FAILS, message if known else f"{type(error).__name__}: {message}")


def _markets(settings: Settings) -> str:
    forecast = forecast_markets(settings.market_table)
    if not forecast:
        raise Unusable("no live or shadow market: add one with forecast-assets market add")
    return f"{len(settings.market_table)} markets, {len(forecast)} of them forecast"


def _store(settings: Settings) -> str:
    store, address = open_store(settings), settings.store.address
    if "://" not in address and not Path(address).exists():
        raise Unusable(f"no folder {Path(address).absolute()}: set FORECAST_STORE or run forecast-assets prepare")
    layout = require_layout(store)
    path, content = f"{store.base}/_doctor/{uuid.uuid4().hex}.txt", b"forecast_assets doctor"
    store.files.create(path, content)
    try:
        if store.files.read(path) != content:
            raise Unusable(f"{path} does not read back as written: check whether another program writes there")
    finally:
        store.files.remove(path)
    forecasts = len(store.list_partitions("published_forecasts"))
    return f"a file was written, read and removed; layout {layout}, {forecasts} forecasts"


def _deliveries(settings: Settings) -> str:
    deliveries = open_deliveries(settings)
    delivered = [source for source in SOURCES if deliveries.has_source(source)]
    if "sell_in" not in delivered:
        wrong = "check DREMIO_SCHEMA and the grants" if settings.sources.dremio else "or set FORECAST_LANDING"
        raise Unusable(f"no sell_in in {settings.sources.address}: deliver it as docs/landing.md describes, {wrong}")
    return f"delivered: {', '.join(delivered)}"


def _dagster() -> str:
    check_dagster_files(Path(os.environ["DAGSTER_HOME"]))
    with dg.DagsterInstance.get() as instance:
        return f"{instance.get_runs_count()} runs in {type(instance.run_storage).__name__}"


def _mlflow(settings: Settings) -> Connection:
    address = settings.mlflow.tracking_uri
    if not address:
        return Connection("MLflow", "", UNUSED, "MLFLOW_TRACKING_URI is empty: runs are not recorded there")
    tracking = MlflowTracking(tracking_uri=address, experiment_name=f"forecast_assets_{settings.env}")
    return _checked("MLflow", mask_credentials(address, address), lambda: f"{tracking.experiments()} experiments")


def _key_vault(settings: Settings) -> Connection:
    address = settings.azure.key_vault_url
    if not address:
        return Connection("Key Vault", "", UNUSED, "AZURE_KEY_VAULT_URL is empty: secrets are environment variables")

    def ask() -> str:
        vault_at(address).secret(NO_SECRET)
        return "reachable, secrets can be read"

    return _checked("Key Vault", address, ask)


def _teams(channel: str) -> Connection:
    name = f"Teams {channel}"
    try:
        address = webhook_of(channel)
    except NoAddress as error:
        if isinstance(error, NotSet):
            return Connection(name, variable_of(channel), UNUSED, f"{error}: cards wait in the outbox")
        return Connection(name, variable_of(channel), FAILS, str(error))
    parts = urlsplit(address.get_secret_value())

    def connect() -> str:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            socket.create_connection((str(parts.hostname), port), SECONDS_TO_CONNECT).close()
        except OSError as error:
            raise Unusable(f"{parts.hostname} was not reached: check the network, firewall and proxy") from error
        return "host reached; forecast-assets alerts test sends a card"

    return _checked(name, f"{variable_of(channel)} ({parts.hostname})", connect)
