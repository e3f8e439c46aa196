"""One post to a Teams channel, through pymsteams, and the meaning of its response.

The address of a webhook holds a signature that allows posting. It is fetched when a card is sent, and nothing that
leaves this module (results, errors, log lines) holds a part of it.
"""

import contextlib
import email.utils
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from forecast_assets.alerts.outbox import DEFAULT_CHANNEL
from forecast_assets.config.key_vault import SecretUnavailable
from forecast_assets.config.secret_store import resolve_secret

VARIABLE = "TEAMS_WEBHOOK_URL"
# Workflows respond within 2 s; connecting and reading may each take this long.
HTTP_TIMEOUT_SECONDS = 10
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SENT, RETRY, UNCLEAR, REJECTED = "sent", "retry", "unclear", "rejected"
# 502 and 504 come from a gateway in front of the workflow, which may have posted the card.
UNCLEAR_STATUS = {502, 504}
TEMPORARY_STATUS = {408, 425, 429}
# urllib3 writes the path of a request, and with it the signature, at DEBUG.
LOGGERS = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")


class NoAddress(LookupError):
    """A channel has no webhook or an invalid one; the message names the variable, never its value."""


class NotSet(NoAddress):
    """A channel has no webhook."""


@dataclass(frozen=True)
class PostResult:
    """Result of a post.

    Attributes:
        outcome: SENT; RETRY: not accepted now; UNCLEAR: it may have been posted; REJECTED: it will never be accepted.
        reason: Status or error, for people.
        retry_after_seconds: Time to wait that the server asked for.
    """

    outcome: str
    reason: str
    retry_after_seconds: float = 0.0


def variable_of(channel: str) -> str:
    """Return the environment variable that holds the webhook of a channel."""
    return VARIABLE if channel == DEFAULT_CHANNEL else f"{VARIABLE}_{channel}"


def webhook_of(channel: str, environment: Mapping[str, str] = os.environ) -> SecretStr:
    """Return the webhook of a channel. Raises NoAddress."""
    try:
        address = resolve_secret(variable_of(channel), environment)
    except SecretUnavailable as error:
        raise NoAddress(str(error)) from error
    if address is None:
        raise NotSet(f"{variable_of(channel)} is not set")
    try:
        parts = urlsplit(address.get_secret_value())
        usable = bool(parts.hostname) and (parts.scheme == "https" or parts.hostname in LOOPBACK)
    except ValueError:
        usable = False
    if not usable:
        raise NoAddress(f"{variable_of(channel)} is set, but not to an https:// address")
    return address


def post_card(address: SecretStr, payload: dict[str, Any], timeout_seconds: float = HTTP_TIMEOUT_SECONDS) -> PostResult:
    """Post a message with an Adaptive Card. Errors of the network or the server are returned, never raised."""
    import pymsteams
    import requests

    card = pymsteams.connectorcard(address.get_secret_value(), http_timeout=timeout_seconds)
    card.payload = payload
    with _no_address_in_logs(address):
        try:
            card.send()
        except pymsteams.TeamsWebhookException:
            pass  # Its text is the body alone; the status is more precise.
        except (requests.RequestException, OSError, ValueError) as error:
            return _result_of_error(error)
    return _result_of_response(card.last_http_response, address)


def _result_of_response(response: Any, address: SecretStr) -> PostResult:
    status = response.status_code
    if response.history:
        return PostResult(REJECTED, "the webhook's address redirects to another one; copy the address from Teams again")
    if 200 <= status < 300:
        return PostResult(SENT, f"HTTP {status}")
    body = scrub(" ".join(response.text[:2_000].split()), address)[:200]
    reason = f"HTTP {status}" + (f": {body}" if body else "")
    if status in UNCLEAR_STATUS:
        return PostResult(UNCLEAR, reason)
    if status in TEMPORARY_STATUS or status >= 500:
        return PostResult(RETRY, reason, _seconds_asked(response.headers.get("Retry-After", "")))
    return PostResult(REJECTED, reason)


def _result_of_error(error: Exception) -> PostResult:
    """Classify an error by its type alone: its text holds the address."""
    import requests
    import urllib3

    name = type(error).__name__
    never_usable = (
        requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema,
        requests.exceptions.TooManyRedirects,
    )  # fmt: skip
    never_connected = (
        requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError, requests.exceptions.SSLError,
    )  # fmt: skip
    if isinstance(error, never_usable):
        return PostResult(REJECTED, f"the webhook's address cannot be used ({name})")
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, never_connected) or isinstance(cause, urllib3.exceptions.NewConnectionError):
        return PostResult(RETRY, f"Teams could not be reached ({name})")
    return PostResult(UNCLEAR, f"the connection ended before a response came ({name})")


def _seconds_asked(header: str) -> float:
    """Return the seconds of a Retry-After header, a number or a date; 0 if it is neither."""
    header = header.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", header):
        return float(header)
    try:
        until = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def scrub(text: str, address: SecretStr) -> str:
    """Return a text without a webhook's address and its secret parts (path, query and their long pieces)."""
    for part in _secret_parts(address):
        text = text.replace(part, "***")
    return text


def _secret_parts(address: SecretStr) -> list[str]:
    """Return the secret parts of an address, longest first; the host is public."""
    value = address.get_secret_value()
    parts = urlsplit(value)
    values = [text for _, text in parse_qsl(parts.query)]
    # Query values also as they are sent: a signature is percent-encoded there.
    raw = [pair.partition("=")[2] for pair in parts.query.split("&")]
    pieces = [piece for piece in [*parts.path.split("/"), *values, *raw] if len(piece) >= 8]
    whole = [value, f"{parts.path}?{parts.query}", parts.path, parts.query]
    return sorted({part for part in [*whole, *pieces] if len(part) > 1}, key=len, reverse=True)


@contextlib.contextmanager
def _no_address_in_logs(address: SecretStr) -> Iterator[None]:
    parts = _secret_parts(address)

    def is_harmless(record: logging.LogRecord) -> bool:
        return not any(part in record.getMessage() for part in parts)

    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addFilter(is_harmless)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_harmless)
