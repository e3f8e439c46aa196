"""The outbox of a company put together with its settings: one way for the sensor and for the command line."""

from functools import partial
from typing import Any

from forecast_assets.alerts.card import CardStyle, message_payload
from forecast_assets.alerts.delivery import Delivered, Delivery
from forecast_assets.alerts.heartbeat import announce_heartbeat
from forecast_assets.alerts.messages import Messages
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings


def messages_of(settings: Settings, outbox: Outbox | None = None) -> Messages:
    """The messages of a company."""
    return Messages(outbox or Outbox.of(settings), settings.alerts.grouping_minutes * 60)


def drain(settings: Settings, budget_seconds: float, outbox: Outbox | None = None, **replaced: Any) -> Delivered:
    """Have the heartbeat told if it is due, group what is new into messages and send what can be sent.

    Args:
        settings: Of the company.
        budget_seconds: After which no further post begins.
        outbox: Of the company; by default the one of the settings.
        **replaced: Parts of ``Delivery`` to be replaced (``address, post, sleep, draw``).

    Returns:
        What was delivered and what waits.
    """
    messages = messages_of(settings, outbox)
    announce_heartbeat(messages.outbox, settings)
    messages.compose()
    names = {code: market.name for code, market in settings.market_table.items()}
    payload = partial(message_payload, style=CardStyle(names, settings.alerts.dagster_url))
    return Delivery(messages, payload, settings.alerts.after_unclear, **replaced).drain(budget_seconds)
