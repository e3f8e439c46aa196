"""One post to a Teams channel, through pymsteams, and what its answer means.

The address of a webhook holds a signature: whoever has it can post. It is fetched when a card is sent, and nothing that
leaves this module (answers, errors, log lines) holds a part of it.
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
# Workflows answer within 2 s; each of connecting and reading may take this long.
HTTP_TIMEOUT_SECONDS = 10
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SENT, AGAIN, UNCLEAR, REFUSED = "sent", "again", "unclear", "refused"
# 502 and 504 come from a gateway in front of the workflow, which may have posted the card.
UNCLEAR_STATUS = {502, 504}
TEMPORARY_STATUS = {408, 425, 429}
# urllib3 writes the path of a request, and with it the signature, at DEBUG.
LOGGERS = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")


class NoAddress(LookupError):
    """A channel has no webhook, or what is set cannot be one; the message names the variable, never its value."""


class NotSet(NoAddress):
    """A channel has no webhook."""


@dataclass(frozen=True)
class Answer:
    """What came of a post.

    ``outcome``: SENT; AGAIN, not accepted for now; UNCLEAR, nobody knows whether it was posted; REFUSED, as it is it
    never will be. ``retry_after_seconds``: what the other side asked to wait.
    """

    outcome: str
    reason: str
    retry_after_seconds: float = 0.0


def variable_of(channel: str) -> str:
    """The environment variable that holds the webhook of a channel."""
    return VARIABLE if channel == DEFAULT_CHANNEL else f"{VARIABLE}_{channel}"


def webhook_of(channel: str, environment: Mapping[str, str] = os.environ) -> SecretStr:
    """The webhook of a channel. Raises NoAddress."""
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


def post_card(address: SecretStr, payload: dict[str, Any], timeout_seconds: float = HTTP_TIMEOUT_SECONDS) -> Answer:
    """Post a message with an Adaptive Card; never raises for what the network or the other side does."""
    import pymsteams
    import requests

    card = pymsteams.connectorcard(address.get_secret_value(), http_timeout=timeout_seconds)
    card.payload = payload
    with _no_address_in_logs(address):
        try:
            card.send()
        except pymsteams.TeamsWebhookException:
            pass  # Its text is the body alone; the status says more.
        except (requests.RequestException, OSError, ValueError) as error:
            return _answer_to_failure(error)
    return _answer_to_response(card.last_http_response, address)


def _answer_to_response(response: Any, address: SecretStr) -> Answer:
    status = response.status_code
    if response.history:
        return Answer(REFUSED, "the webhook's address redirects to another one; copy the address from Teams again")
    if 200 <= status < 300:
        return Answer(SENT, f"HTTP {status}")
    body = scrub(" ".join(response.text[:2_000].split()), address)[:200]
    reason = f"HTTP {status}" + (f": {body}" if body else "")
    if status in UNCLEAR_STATUS:
        return Answer(UNCLEAR, reason)
    if status in TEMPORARY_STATUS or status >= 500:
        return Answer(AGAIN, reason, _seconds_asked(response.headers.get("Retry-After", "")))
    return Answer(REFUSED, reason)


def _answer_to_failure(error: Exception) -> Answer:
    """By type alone: the text of these errors holds the address."""
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
        return Answer(REFUSED, f"the webhook's address cannot be used ({name})")
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, never_connected) or isinstance(cause, urllib3.exceptions.NewConnectionError):
        return Answer(AGAIN, f"Teams could not be reached ({name})")
    return Answer(UNCLEAR, f"the connection ended before an answer came ({name})")


def _seconds_asked(header: str) -> float:
    """Seconds of a Retry-After header: a number or a date; 0 where it is neither."""
    header = header.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", header):
        return float(header)
    try:
        until = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def scrub(text: str, address: SecretStr) -> str:
    """A text without the address of a webhook or the parts that identify it (path, query and their long pieces)."""
    for part in _telling_parts(address):
        text = text.replace(part, "***")
    return text


def _telling_parts(address: SecretStr) -> list[str]:
    """Parts of an address that nobody may read, longest first; the host is known to all."""
    value = address.get_secret_value()
    parts = urlsplit(value)
    values = [text for _, text in parse_qsl(parts.query)]
    # Query values as they are sent, too: a signature is percent-encoded there.
    raw = [pair.partition("=")[2] for pair in parts.query.split("&")]
    pieces = [piece for piece in [*parts.path.split("/"), *values, *raw] if len(piece) >= 8]
    whole = [value, f"{parts.path}?{parts.query}", parts.path, parts.query]
    return sorted({part for part in [*whole, *pieces] if len(part) > 1}, key=len, reverse=True)


@contextlib.contextmanager
def _no_address_in_logs(address: SecretStr) -> Iterator[None]:
    parts = _telling_parts(address)

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
