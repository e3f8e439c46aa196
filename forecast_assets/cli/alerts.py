"""Work of ``forecast-assets alerts``: print incidents and unsent messages; send a test card, resend, drop."""

from datetime import datetime

import typer

from forecast_assets.alerts import messages as states
from forecast_assets.alerts.assembly import messages_of
from forecast_assets.alerts.card import payload_of_test_card
from forecast_assets.alerts.messages import Message, Messages
from forecast_assets.alerts.outbox import utc_now
from forecast_assets.alerts.records import UnreadableRecord
from forecast_assets.alerts.teams import SENT, NoAddress, post_card, webhook_of
from forecast_assets.cli.console import console, print_table, settings_or_exit
from forecast_assets.cli.folders import Folder, require_folders


def print_alerts() -> None:
    """Print open incidents, and messages that wait or are parked."""
    messages = _messages()
    messages.compose()
    incidents = messages.outbox.open_incidents()
    rows = [[it.country or "all", it.severity, it.kind, f"{it.month:%Y-%m}", it.headline] for it in incidents]
    print_table(f"{len(rows)} open incidents", ["market", "severity", "kind", "since", "headline"], rows)
    waiting = [message for queue in messages.unfinished().values() for message in queue]
    rows = [_row(message, messages) for message in waiting]
    columns = ["message", "kind", "cycle", "state", "attempts", "next attempt", "why"]
    print_table(f"{len(rows)} messages waiting or parked", columns, rows)


def send_test_card(channel: str) -> None:
    """Send a test card to a channel; exit with 1 if it is not accepted."""
    try:
        answer = post_card(webhook_of(channel), payload_of_test_card(utc_now()))
    except NoAddress as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    accepted = answer.outcome == SENT
    text = f"channel {channel}: {'accepted' if accepted else 'not accepted'}, {answer.reason}"
    console.print(text, style="green" if accepted else "red", markup=False)
    if not accepted:
        raise typer.Exit(1)


def resend_messages(names: list[str]) -> None:
    """Queue parked messages again, by default all of them, in their original order."""
    _move(_messages(), names, states.QUEUED, "queued again")


def drop_messages(names: list[str]) -> None:
    """Drop unsent messages: they are never sent, and the store keeps them as dropped."""
    _move(_messages(), names, states.DROPPED, "dropped")


def _messages() -> Messages:
    settings = settings_or_exit()
    require_folders(settings, Folder.STORE)
    return messages_of(settings)


def _move(messages: Messages, names: list[str], what: str, done: str) -> None:
    try:
        chosen = [messages.find(name) for name in names] if names else _parked(messages)
    except LookupError as error:
        raise typer.BadParameter(f"{error.args[0]}; forecast-assets alerts lists them") from error
    for message in chosen:
        if what == states.QUEUED and message.status != states.PARKED:
            raise typer.BadParameter(f"{message.name} is not parked but {message.status}: it is sent by itself")
        moved = messages.advance(message, what, reason="by hand", attempts=0)
        console.print(f"{message.name}: {done if moved else 'moved on by another process, list again'}", markup=False)
    if not chosen:
        console.print("nothing is parked")


def _parked(messages: Messages) -> list[Message]:
    return [message for queue in messages.unfinished().values() for message in queue if message.status == states.PARKED]


def _row(message: Message, messages: Messages) -> list[str]:
    try:
        content = messages.content(message)
    except UnreadableRecord:
        content = {}
    next_at: datetime | None = message.next_at
    when = f"{next_at:%Y-%m-%d %H:%M} UTC" if next_at else "at once" if message.status == states.QUEUED else "-"
    why = str(message.state.get("reason", ""))
    of_content = [str(content.get(name, "-")) for name in ("kind", "cycle_id")]
    return [message.name, *of_content, message.status, str(message.attempts), when, why]
