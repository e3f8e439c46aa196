"""Messages of each channel, in order, and their states.

A message is one grouped card of a cycle, channel and kind. Messages of a channel are numbered. Message ``n`` is a
folder of numbered records: record 0 is its content, the last one its state. All files are written once, and the number
is part of the name: if two processes advance a message, one creates the record and the other gets None.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import HEARTBEAT, OPENED, RECOVERED, Outbox
from forecast_assets.alerts.records import Records, UnreadableRecord

ALERT, RECOVERY = "alert", "recovery"
KIND_OF_EVENT = {OPENED: ALERT, RECOVERED: RECOVERY, HEARTBEAT: HEARTBEAT}
# States of a message. SENT and DROPPED are final; PARKED and DROPPED do not block their channel.
QUEUED, ATTEMPT, RETRY, UNCLEAR, SENT, PARKED, DROPPED = (
    "queued", "attempt", "retry", "unclear", "sent", "parked", "dropped",
)  # fmt: skip
CARDS_REMEMBERED = 100
_RECORD = re.compile(r"([^/]+)/(\d{8})/(\d{4}|done)\.json")


@dataclass(frozen=True)
class Message:
    """A message and its last record: state, time, attempts, attempts of unknown outcome, next attempt, reason."""

    channel: str
    number: int
    record: int
    state: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name for people: ``channel/number``."""
        return f"{self.channel}/{self.number}"

    @property
    def status(self) -> str:
        """State of the message, such as QUEUED."""
        return str(self.state["what"])

    @property
    def attempts(self) -> int:
        """Attempts since it was last queued."""
        return int(self.state.get("attempts", 0))

    @property
    def unclear(self) -> int:
        """Attempts of unknown outcome: the card may have arrived."""
        return int(self.state.get("unclear", 0))

    @property
    def next_at(self) -> datetime | None:
        """Time of the next attempt; None: at once."""
        return datetime.fromisoformat(self.state["next_at"]) if self.state.get("next_at") else None


class Messages:
    """The messages of an outbox.

    Args:
        outbox: Outbox of the events.
        grouping_seconds: Time that the first event of a card waits for others of its cycle, channel and kind.
    """

    def __init__(self, outbox: Outbox, grouping_seconds: float) -> None:
        self.outbox, self.clock = outbox, outbox.clock
        self.records = Records(outbox.store, "messages")
        self._grouping = timedelta(seconds=grouping_seconds)
        # Messages that were parked because a record of them cannot be read, with the reason.
        self.newly_unreadable: dict[str, str] = {}

    def compose(self) -> int:
        """Group unannounced events into messages; return the number of new messages.

        No event gets into two messages: message ``n + 1`` of a channel is written after the events of message ``n`` are
        marked, and by one process. So an event is announced if it is marked or in the last message of its channel.
        """
        last = {channel: max(numbers) for channel, numbers in self._numbers().items()}
        # After the messages were listed, not before: else a message written in between could hold an event twice.
        waiting = self._unmarked_events()
        by_channel = groupby(
            sorted(waiting.items(), key=lambda item: (item[1]["channel"], item[1]["at"], item[0])),
            key=lambda item: item[1]["channel"],
        )
        return sum(self._compose_channel(channel, last.get(channel, 0), dict(events)) for channel, events in by_channel)

    def unfinished(self) -> dict[str, list[Message]]:
        """Return the messages that are neither sent nor dropped, by channel, in order."""
        last = {
            (channel, number): record
            for channel, numbers in self._numbers().items()
            for number, (record, is_final) in numbers.items()
            if not is_final
        }
        identities = sorted(last)
        states = self.records.read_all([_record_name(*identity, last[identity]) for identity in identities])
        messages = [
            self._parked(Message(*identity, last[identity], {}), state)
            if isinstance(state, UnreadableRecord) or "what" not in state
            else Message(*identity, last[identity], state)
            for identity, state in zip(identities, states, strict=True)
        ]
        open_ones = [message for message in messages if not self._is_final(message)]
        return {channel: list(group) for channel, group in groupby(open_ones, key=lambda message: message.channel)}

    def content(self, message: Message) -> dict[str, Any]:
        """Return the content of a message. Raises UnreadableRecord."""
        return self.records.read(_record_name(message.channel, message.number, 0))

    def advance(self, message: Message, status: str, **changes: Any) -> Message | None:
        """Write a new state of a message; return None if another process has advanced it meanwhile."""
        kept = {key: message.state[key] for key in ("attempts", "unclear") if key in message.state}
        state = {"what": status, "at": self.clock().isoformat(), **kept, **changes}
        record = message.record + 1
        if not self.records.create(_record_name(message.channel, message.number, record), state):
            return None
        advanced = replace(message, record=record, state=state)
        self._is_final(advanced)
        return advanced

    def find(self, name: str) -> Message:
        """Return the unfinished message of a name such as ``default/12``. Raises LookupError."""
        for message in self.unfinished().get(name.rpartition("/")[0], []):
            if message.name == name:
                return message
        raise LookupError(f"no message {name!r} is waiting or parked")

    def last_record_time(self, channel: str, before: int) -> datetime | None:
        """Return the time of the last record of the message before number ``before``; None without one."""
        number, numbers = before - 1, self._numbers().get(channel, {})
        if number not in numbers:
            return None
        try:
            last, _ = numbers[number]
            return datetime.fromisoformat(self.records.read(_record_name(channel, number, last))["at"])
        except (UnreadableRecord, KeyError):
            return None

    def _parked(self, message: Message, error: object) -> Message:
        """Park a message whose last record cannot be read: it must not block its channel, nor any other."""
        reason = str(error) if isinstance(error, UnreadableRecord) else f"{message.name} has a record without a state"
        parked = self.advance(message, PARKED, reason=reason)
        self.newly_unreadable[message.name] = reason
        return parked or replace(message, state={"what": PARKED, "reason": reason})

    def _is_final(self, message: Message) -> bool:
        """Return True if a message is sent or dropped, and mark it so that it need not be read again."""
        if message.status not in (SENT, DROPPED):
            return False
        self.records.create(f"{message.channel}/{message.number:08}/done.json")
        return True

    def _numbers(self) -> dict[str, dict[int, tuple[int, bool]]]:
        """Return by channel and message the number of its last record, and True if it is marked as final."""
        numbers: dict[str, dict[int, tuple[int, bool]]] = {}
        for match in filter(None, map(_RECORD.fullmatch, self.records.names())):
            channel, number, record = match[1], int(match[2]), match[3]
            last, done = numbers.setdefault(channel, {}).get(number, (0, False))
            is_mark = record == "done"
            numbers[channel][number] = (last if is_mark else max(last, int(record)), done or is_mark)
        return numbers

    def _unmarked_events(self) -> dict[str, dict[str, Any]]:
        names = self.outbox.events.names()
        waiting = sorted(name for name in names if name.endswith(".json") and _mark(name) not in names)
        events: dict[str, dict[str, Any]] = {}
        for name, event in zip(waiting, self.outbox.readable(waiting), strict=True):
            if isinstance(event, UnreadableRecord):
                self._set_aside(name, event)
            else:
                events[name] = event
        return events

    def _set_aside(self, name: str, error: UnreadableRecord) -> None:
        """Report an event that cannot be read as an incident of its own, and read it no more; its file stays."""
        now = self.clock()
        month = pd.Timestamp(now.year, now.month, 1)
        to_send = f"correct the file and delete {self.outbox.events.path(_mark(name))}"
        facts = (("error", str(error)), ("to send it", to_send))
        incident = Incident("alert_unreadable", None, name, month, "warning", "An alert cannot be read", facts)
        self.outbox.report([incident], f"alerts-{month:%Y-%m}")
        self._mark_events([name])

    def _compose_channel(self, channel: str, last: int, events: dict[str, dict[str, Any]]) -> int:
        cards: dict[str, int] = {}
        if last:
            announced, cards = self._announced_and_cards(channel, last)
            self._mark_events(announced)
            events = {name: event for name, event in events.items() if name not in announced}
        written = 0
        for group in self._settled_groups(events):
            message = self._message(channel, group, cards)
            if not self.records.create(_record_name(channel, last + written + 1, 0), message):
                break  # Another process composes for this channel.
            self._mark_events(message["events"])
            cards = message["cards"]
            written += 1
        return written

    def _announced_and_cards(self, channel: str, last: int) -> tuple[list[str], dict[str, int]]:
        """Return the events of the last message, and the revisions of the cards so far.

        If its content cannot be read, the revisions come from the message before it.
        """
        for number in range(last, max(last - CARDS_REMEMBERED, 0), -1):
            with contextlib.suppress(UnreadableRecord, KeyError):
                content = self.records.read(_record_name(channel, number, 0))
                return (content["events"] if number == last else []), content["cards"]
        return [], {}

    def _settled_groups(self, events: dict[str, dict[str, Any]]) -> list[dict[str, dict[str, Any]]]:
        """Return groups of events of one cycle and kind, oldest first; groups that may still grow are left out."""
        groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        for name, event in events.items():
            groups.setdefault((event["cycle_id"], event["what"]), {})[name] = event
        now = self.clock()
        return [group for (_, kind), group in groups.items() if self._is_settled(kind, group, now)]

    def _is_settled(self, kind: str, group: dict[str, dict[str, Any]], now: datetime) -> bool:
        first = datetime.fromisoformat(next(iter(group.values()))["at"])
        return kind not in (OPENED, RECOVERED) or now - first >= self._grouping

    def _message(self, channel: str, group: dict[str, dict[str, Any]], cards: Mapping[str, int]) -> dict[str, Any]:
        first = next(iter(group.values()))
        kind = KIND_OF_EVENT[first["what"]]
        card = f"{first['cycle_id']}|{kind}"
        revision = cards.get(card, 0) + 1
        incidents = [event["incident"] for event in group.values() if "incident" in event]
        return {
            "what": QUEUED,
            "at": self.clock().isoformat(),
            "kind": kind,
            "cycle_id": first["cycle_id"],
            "channel": channel,
            "revision": revision,
            "dedupe_key": f"{first['cycle_id']}|{channel}|{kind}|{revision}",
            "incidents": incidents,
            "content": first.get("content", {}),
            "open_beside": self._open_beside(channel, incidents) if incidents else 0,
            "events": list(group),
            "cards": dict([*((k, v) for k, v in cards.items() if k != card), (card, revision)][-CARDS_REMEMBERED:]),
        }

    def _open_beside(self, channel: str, incidents: list[dict[str, Any]]) -> int:
        """Return the number of the channel's open incidents that are not in the message."""
        keys = {Incident.from_record(incident).key for incident in incidents}
        open_events = [event for event in self.outbox.open_events() if event["channel"] == channel]
        return sum(Incident.from_record(event["incident"]).key not in keys for event in open_events)

    def _mark_events(self, names: list[str]) -> None:
        for name in names:
            self.outbox.events.create(_mark(name))


def _record_name(channel: str, number: int, record: int) -> str:
    return f"{channel}/{number:08}/{record:04}.json"


def _mark(event: str) -> str:
    return event.removesuffix(".json") + ".told"
