"""Messages of each channel, in order, and what has become of them.

A message is one grouped card of a cycle, channel and kind. Messages of a channel are numbered; message ``n`` is a
folder of numbered records: 0 is its content, the last one says what has become of it. All files are written once, and
the number is part of the name, so of two processes that want to move a message on, one does and the other is told.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import HEARTBEAT, OPENED, RECOVERED, Outbox
from forecast_assets.alerts.records import Records

ALERT, RECOVERY = "alert", "recovery"
KIND_OF_EVENT = {OPENED: ALERT, RECOVERED: RECOVERY, HEARTBEAT: HEARTBEAT}
# What may have become of a message. SENT and DROPPED are final; PARKED and DROPPED no longer hold up their channel.
QUEUED, ATTEMPT, RETRY, UNCLEAR, SENT, PARKED, DROPPED = (
    "queued", "attempt", "retry", "unclear", "sent", "parked", "dropped",
)  # fmt: skip
CARDS_REMEMBERED = 100
_RECORD = re.compile(r"([^/]+)/(\d{8})/(\d{4}|done)\.json")


@dataclass(frozen=True)
class Message:
    """A message and its last record: what, when, how many attempts, how many of unknown outcome, when next, why."""

    channel: str
    number: int
    record: int
    state: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As people name it: ``channel/number``."""
        return f"{self.channel}/{self.number}"

    @property
    def what(self) -> str:
        """Its state."""
        return self.state["what"]

    @property
    def attempts(self) -> int:
        """Attempts since it was queued or queued again."""
        return self.state.get("attempts", 0)

    @property
    def unclear(self) -> int:
        """Attempts of which nobody knows whether the card has arrived."""
        return self.state.get("unclear", 0)

    @property
    def next_at(self) -> datetime | None:
        """Not before this time, None: at once."""
        return datetime.fromisoformat(self.state["next_at"]) if self.state.get("next_at") else None


class Messages:
    """The messages of an outbox.

    Args:
        outbox: Whose events are announced.
        grouping_seconds: How long the first event of a card waits for others of its cycle, channel and kind.
    """

    def __init__(self, outbox: Outbox, grouping_seconds: float) -> None:
        self.outbox, self.clock = outbox, outbox.clock
        self.records = Records(outbox.store, "messages")
        self._grouping = timedelta(seconds=grouping_seconds)

    def compose(self) -> int:
        """Make messages of the events that nobody has been told of; return how many.

        No event gets into two messages: message ``n + 1`` of a channel is only written once the events of message ``n``
        are marked, and by one process. So an event is told if it is marked or in the last message of its channel.
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
        """Messages that are neither sent nor dropped, by channel, in order."""
        last = {
            (channel, number): record
            for channel, numbers in self._numbers().items()
            for number, (record, is_final) in numbers.items()
            if not is_final
        }
        places = sorted(last)
        states = self.records.read_all([_record_name(*place, last[place]) for place in places])
        messages = [Message(*place, last[place], state) for place, state in zip(places, states, strict=True)]
        open_ones = [message for message in messages if not self._is_final(message)]
        return {channel: list(group) for channel, group in groupby(open_ones, key=lambda message: message.channel)}

    def content(self, message: Message) -> dict[str, Any]:
        """What the message says."""
        return self.records.read(_record_name(message.channel, message.number, 0))

    def advance(self, message: Message, what: str, **changes: Any) -> Message | None:
        """Write what has become of a message; None if another process has moved it on meanwhile."""
        kept = {key: message.state[key] for key in ("attempts", "unclear") if key in message.state}
        state = {"what": what, "at": self.clock().isoformat(), **kept, **changes}
        record = message.record + 1
        if not self.records.create(_record_name(message.channel, message.number, record), state):
            return None
        moved = replace(message, record=record, state=state)
        self._is_final(moved)
        return moved

    def find(self, name: str) -> Message:
        """The unfinished message of a name such as ``default/12``. Raises LookupError."""
        for message in self.unfinished().get(name.rpartition("/")[0], []):
            if message.name == name:
                return message
        raise LookupError(f"no message {name!r} is waiting or parked")

    def last_sign_of(self, channel: str, before: int) -> datetime | None:
        """Time of the last record of the message before number ``before``, None where there is none."""
        number = before - 1
        if number < 1 or number not in (numbers := self._numbers().get(channel, {})):
            return None
        return datetime.fromisoformat(self.records.read(_record_name(channel, number, numbers[number][0]))["at"])

    def _is_final(self, message: Message) -> bool:
        """Whether nothing more becomes of a message; marks it, so that it need not be read again."""
        if message.what not in (SENT, DROPPED):
            return False
        self.records.create(f"{message.channel}/{message.number:08}/done.json")
        return True

    def _numbers(self) -> dict[str, dict[int, tuple[int, bool]]]:
        """Per channel and message: the number of its last record, and whether it is marked as final."""
        found: dict[str, dict[int, tuple[int, bool]]] = {}
        for match in filter(None, map(_RECORD.fullmatch, self.records.names())):
            channel, number, record = match[1], int(match[2]), match[3]
            last, done = found.setdefault(channel, {}).get(number, (0, False))
            is_mark = record == "done"
            found[channel][number] = (last if is_mark else max(last, int(record)), done or is_mark)
        return found

    def _unmarked_events(self) -> dict[str, dict[str, Any]]:
        names = self.outbox.events.names()
        waiting = sorted(name for name in names if name.endswith(".json") and _mark(name) not in names)
        return dict(zip(waiting, self.outbox.events.read_all(waiting), strict=True))

    def _compose_channel(self, channel: str, last: int, events: dict[str, dict[str, Any]]) -> int:
        cards: dict[str, int] = {}
        if last:
            before = self.records.read(_record_name(channel, last, 0))
            self._mark_events(before["events"])
            events = {name: event for name, event in events.items() if name not in before["events"]}
            cards = before["cards"]
        made = 0
        for group in self._settled_groups(events):
            message = self._message(channel, group, cards)
            if not self.records.create(_record_name(channel, last + made + 1, 0), message):
                break  # Another process composes for this channel.
            self._mark_events(message["events"])
            cards = message["cards"]
            made += 1
        return made

    def _settled_groups(self, events: dict[str, dict[str, Any]]) -> list[dict[str, dict[str, Any]]]:
        """Events of one cycle and kind, in the order of their first one; groups that others may still join are left."""
        groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        for name, event in events.items():
            groups.setdefault((event["cycle_id"], event["what"]), {})[name] = event
        settled, now = [], self.clock()
        for (_, what), group in groups.items():
            first = datetime.fromisoformat(next(iter(group.values()))["at"])
            if what not in (OPENED, RECOVERED) or now - first >= self._grouping:
                settled.append(group)
            else:
                # A later group may be the recovery of this one: it must not overtake it.
                break
        return settled

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
            "open_beside": self._open_beside(channel, incidents),
            "events": list(group),
            "cards": dict([*((k, v) for k, v in cards.items() if k != card), (card, revision)][-CARDS_REMEMBERED:]),
        }

    def _open_beside(self, channel: str, told: list[dict[str, Any]]) -> int:
        """How many incidents of the channel are open that the message does not speak of."""
        keys = {Incident.from_record(incident).key for incident in told}
        still = [event for event in self.outbox.open_events() if event["channel"] == channel]
        return sum(Incident.from_record(event["incident"]).key not in keys for event in still)

    def _mark_events(self, names: list[str]) -> None:
        for name in names:
            self.outbox.events.create(_mark(name))


def _record_name(channel: str, number: int, record: int) -> str:
    return f"{channel}/{number:08}/{record:04}.json"


def _mark(event: str) -> str:
    return event.removesuffix(".json") + ".told"
