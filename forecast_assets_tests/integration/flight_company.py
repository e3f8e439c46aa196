"""Settings, clients and tables of a company whose deliveries are in the stand-in for Dremio."""

from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import trustme
from pydantic import SecretStr

from forecast_assets.config.dremio_settings import DremioSettings
from forecast_assets.sources.dremio.client import DremioClient
from forecast_assets.sources.dremio.session import DremioSession
from forecast_assets.sources.dremio.tables import DremioTables
from forecast_assets.sources.landing import SOURCES
from forecast_assets_tests.integration.flight_server import DremioStandIn

USER, PASSWORD, TOKEN = "planner", "s3cret-word", "pat-0123456789"
LOGIN = {"DREMIO_PASSWORD": PASSWORD}


def settings_of(server: DremioStandIn | None = None, **values: Any) -> DremioSettings:
    """Settings that reach the server; ``values`` replace some."""
    port = server.port if server else 1
    reachable = {"host": "localhost", "port": port, "tls": False, "user": USER, "path": "lake.sales"}
    return DremioSettings(**reachable | {"connect_seconds": 10, "query_seconds": 20} | values)


def client_of(server: DremioStandIn | None = None, login: dict[str, str] | None = None, **values: Any) -> DremioClient:
    """A client that waits for nothing between its attempts."""
    settings = settings_of(server, **values)
    secrets = {name: SecretStr(value) for name, value in (LOGIN if login is None else login).items()}
    return DremioClient(settings, DremioSession(settings, secrets.get), sleep=lambda seconds: None)


def tables_of(server: DremioStandIn) -> DremioTables:
    """The tables as the product sees them."""
    return DremioTables(client_of(server))


def load(server: DremioStandIn, landing: Path, *, as_text: bool = False) -> None:
    """Load a landing folder into the tables, a row that was delivered twice once; ``as_text``: every column a text."""
    for source in SOURCES:
        frames = [
            _read(file, as_text)
            for file in sorted((landing / source).rglob("*"))
            if file.suffix in (".csv", ".parquet")
        ]
        if frames:
            server.put(source, pd.concat(frames, ignore_index=True).drop_duplicates())


def certificate_of(authority: trustme.CA, host: str = "localhost") -> tuple[bytes, bytes]:
    """Certificate chain and key in PEM."""
    issued = authority.issue_cert(host)
    return b"".join(each.bytes() for each in issued.cert_chain_pems), issued.private_key_pem.bytes()


def _read(file: Path, as_text: bool) -> pd.DataFrame:
    options = ", all_varchar = true, nullstr = ''" if as_text else ", nullstr = ''"
    reader = f"read_parquet('{file}')" if file.suffix == ".parquet" else f"read_csv('{file}'{options})"
    # A connection of its own: the default one is shared with every test of the process.
    with duckdb.connect() as connection:
        frame = connection.sql(f"SELECT * FROM {reader}").df()
        return connection.sql("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM frame").df() if as_text else frame
