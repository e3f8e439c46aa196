"""Errors of Dremio and of the connection to it, each in one line that names what to check and holds no secret.

Belongs here: the errors, and their choice for an error of Arrow Flight. Not here: further attempts (client.py).
"""

import re
from collections.abc import Sequence

import pyarrow as pa
from pyarrow import flight

from forecast_assets.config.connection_failure import ConnectionFailure
from forecast_assets.config.dremio_settings import DremioSettings

MESSAGE_LENGTH = 300
FLIGHT_ERRORS = (flight.FlightError, pa.ArrowException)
# Texts of gRPC if a certificate, not the network, prevents the connection.
_CERTIFICATE = ("certificate", "ssl", "tls handshake", "handshaker")
_NO_TLS = ("wrong_version_number", "wrong version number")
_NO_SUCH_HOST = ("dns resolution", "name resolution", "domain name not found", "could not resolve", "no such host")
# "Object 'sell_in' not found within 'lake.sales'", but not "Column 'x' not found in any table".
_NO_SUCH_TABLE = re.compile(r"\b(object|table|view)\b.{0,200}? not found", re.IGNORECASE)


class DremioError(ConnectionFailure, RuntimeError):
    """A query that Dremio rejects or cannot receive; another attempt in a minute changes nothing."""


class DremioTableMissing(DremioError):
    """A table or view that does not exist, or that the user may not see."""


class DremioUnavailable(ConnectionFailure, ConnectionError):
    """A Dremio that does not respond now. Counts as transient (``storage/transient_errors.py``)."""


def explained(
    error: Exception, settings: DremioSettings, secrets: Sequence[str], *, by_token: bool = False
) -> DremioError | DremioUnavailable:
    """Return the error to raise for an error of Arrow Flight.

    Args:
        error: The error of pyarrow.
        settings: Addresses and variables that the line names.
        secrets: Texts that may not be in it: password, token, bearer token.
        by_token: True if a token was presented, not a password.
    """
    message = _first_line(error, secrets)
    if isinstance(error, flight.FlightUnauthenticatedError):
        return DremioError(_rejected_login(settings, by_token))
    if isinstance(error, flight.FlightUnauthorizedError):
        who = settings.user or "the owner of DREMIO_TOKEN"
        return DremioError(f"Dremio at {settings.address} does not let {who} do this: {message}. Check the grants.")
    if isinstance(error, flight.FlightTimedOutError):
        return DremioUnavailable(
            f"Dremio at {settings.address} did not respond within {settings.query_seconds:g} s (connection: "
            f"{settings.connect_seconds:g} s): look for the query in Dremio's list of jobs, or raise "
            "DREMIO_QUERY_SECONDS or DREMIO_CONNECT_SECONDS."
        )
    if isinstance(error, flight.FlightUnavailableError):
        return _no_connection(settings, message)
    if _NO_SUCH_TABLE.search(message):
        return DremioTableMissing(f"Dremio at {settings.address}: {message}")
    return DremioError(f"Dremio at {settings.address} rejected the query: {message}")


def _rejected_login(settings: DremioSettings, by_token: bool) -> str:
    if by_token:
        return (
            f"Dremio at {settings.address} rejected the token: check DREMIO_TOKEN (revoked, expired, or of another "
            "organization?)."
        )
    who = f"user {settings.user!r}" if settings.user else "a login without a user"
    return f"Dremio at {settings.address} rejected {who}: check DREMIO_USER and DREMIO_PASSWORD, or set DREMIO_TOKEN."


def _no_connection(settings: DremioSettings, message: str) -> DremioError | DremioUnavailable:
    lower = message.lower()
    if any(text in lower for text in _NO_TLS):
        return DremioError(
            f"{settings.address} does not speak TLS: check DREMIO_PORT, or set DREMIO_TLS=false if the server has none."
        )
    if any(text in lower for text in _CERTIFICATE):
        with_file = f"DREMIO_CA_FILE is {settings.ca_file}" if settings.ca_file else "DREMIO_CA_FILE is not set"
        return DremioError(
            f"The certificate of {settings.address} is not trusted: check that DREMIO_CA_FILE holds the authority that "
            f"signed it, and that DREMIO_HOST is the name it was made for ({with_file})."
        )
    if any(text in lower for text in _NO_SUCH_HOST):
        return DremioUnavailable(f"The host {settings.host} has no address: check DREMIO_HOST and the network's DNS.")
    hint = "DREMIO_HOST, DREMIO_PORT, DREMIO_TLS, and that a firewall lets the port through"
    return DremioUnavailable(f"Dremio at {settings.address} cannot be reached: check {hint}. Its message: {message}")


def _first_line(error: Exception, secrets: Sequence[str]) -> str:
    """Return the server's message without the additions of gRPC and pyarrow, and without secrets."""
    text = str(error)
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    text = " ".join(text.split("gRPC client debug context")[0].split("Detail:")[0].split())
    return text.removesuffix(".")[:MESSAGE_LENGTH]
