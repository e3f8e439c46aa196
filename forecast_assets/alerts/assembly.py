"""Outbox and dispatcher of a company, built from its settings for the sensor and the command line."""

import logging
from functools import partial
from typing import Any

from forecast_assets.alerts.card import CardStyle, message_payload
from forecast_assets.alerts.dispatch import Dispatcher, DispatchResult
from forecast_assets.alerts.heartbeat import announce_heartbeat
from forecast_assets.alerts.messages import Messages
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings

LOG = logging.getLogger("forecast_assets.alerts")


def messages_of(settings: Settings, outbox: Outbox | None = None) -> Messages:
    """Return the messages of a company."""
    return Messages(outbox or Outbox.of(settings), settings.alerts.grouping_minutes * 60)


def drain(settings: Settings, budget_seconds: float, outbox: Outbox | None = None, **replaced: Any) -> DispatchResult:
    """Announce the heartbeat if it is due, group new events into messages, and send the messages that are due.

    Args:
        settings: Settings of the company.
        budget_seconds: Time after which no further post begins.
        outbox: Outbox of the company; by default that of the settings.
        **replaced: Parts of ``Dispatcher`` to be replaced (``address, post, sleep, draw``).

    Returns:
        The messages that were sent, and those that wait.
    """
    messages = messages_of(settings, outbox)
    try:
        announce_heartbeat(messages.outbox, settings)
    except (OSError, ValueError, LookupError):
        # What waits is sent all the same; the heartbeat is tried again at the next drain.
        LOG.exception("The heartbeat could not be announced")
    messages.compose()
    names = {code: market.name for code, market in settings.market_table.items()}
    payload = partial(message_payload, style=CardStyle(names, settings.alerts.dagster_url))
    return Dispatcher(messages, payload, settings.alerts.after_unclear, **replaced).drain(budget_seconds)
