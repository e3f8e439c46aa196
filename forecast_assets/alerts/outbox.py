"""The outbox: events to be announced, kept beside the store. Each incident opens once and closes once.

Every change is an *event*, a file of its own. Openings and recoveries of one incident are numbered 1, 2, 3 and so on.
Odd numbers are openings, even ones recoveries: the highest number shows whether the incident is open. Two processes
that write the same change meet at the same file name. Grouping events into messages is ``messages``.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from forecast_assets.alerts.incidents import KINDS, Incident
from forecast_assets.alerts.records import Records, UnreadableRecord
from forecast_assets.config.settings import Settings
from forecast_assets.storage import TableStore
from forecast_assets.storage.opened import open_store

DEFAULT_CHANNEL = "default"
OPENED, RECOVERED, HEARTBEAT = "opened", "recovered", "heartbeat"
_CHANGE = re.compile(r"([0-9a-f]{24})-(\d{6})\.json")


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


class Outbox:
    """Incidents and other announcements.

    Args:
        store: The store of the company; the outbox is in ``<store>/_alerts``.
        channels: Teams channel by market, for markets with their own; the others share the default channel.
        clock: Source of the time of events, with time zone.
    """

    def __init__(
        self, store: TableStore, channels: Mapping[str, str] | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.store, self.channels, self.clock = store, dict(channels or {}), clock
        self.events = Records(store, "events")

    @classmethod
    def of(cls, settings: Settings) -> "Outbox":
        """Return the outbox of a company."""
        markets = settings.market_table.values()
        channels = {market.code: market.teams_channel for market in markets if market.teams_channel}
        return cls(open_store(settings), channels)

    def channel_of(self, country: str | None) -> str:
        """Return the channel of a market; None: of the platform."""
        return self.channels.get(country or "", DEFAULT_CHANNEL)

    def report(self, incidents: Sequence[Incident], cycle_id: str) -> None:
        """Open incidents. An incident whose key is already open is not announced again, whatever its month."""
        last = self._last_changes()
        for incident in incidents:
            number = last.get(_digest(incident.key), 0)
            if number % 2 == 0:
                # Of two incidents of one key the first is written: the second has the same name.
                self._write(incident, number + 1, OPENED, self.channel_of(incident.country), cycle_id)

    def close(self, keys: Collection[str], cycle_id: str) -> None:
        """Close open incidents and announce each recovery once; keys that are not open are ignored."""
        last = self._last_changes()
        for key in dict.fromkeys(keys):
            number = last.get(_digest(key), 0)
            if number % 2 == 0:
                continue
            opening = self.readable([_change_name(_digest(key), number)])[0]
            if isinstance(opening, UnreadableRecord):
                incident = self._unknown(key)
                self._write(incident, number + 1, RECOVERED, self.channel_of(incident.country), cycle_id)
                continue
            # To the channel of the opening, even if the market has moved to another channel since.
            self._write(Incident.from_record(opening["incident"]), number + 1, RECOVERED, opening["channel"], cycle_id)

    def open_incidents(self) -> list[Incident]:
        """Return the open incidents, worst first, as they were when they opened."""
        incidents = [Incident.from_record(event["incident"]) for event in self.open_events()]
        return sorted(incidents, key=lambda incident: incident.sort_key)

    def open_events(self) -> list[dict[str, Any]]:
        """Return the openings without a recovery that can be read: ``incident, channel, cycle_id, at``."""
        last = self._last_changes()
        names = [_change_name(digest, number) for digest, number in last.items() if number % 2]
        return [event for event in self.readable(names) if not isinstance(event, UnreadableRecord)]

    def readable(self, names: list[str]) -> list[dict[str, Any] | UnreadableRecord]:
        """Return events by name; for one that is damaged, or of a later release, the error."""
        return [
            event if isinstance(event, UnreadableRecord) else _checked_event(event, self.events.path(name))
            for name, event in zip(names, self.events.read_all(names), strict=True)
        ]

    def announce(self, name: str, kind: str, channel: str, cycle_id: str, content: Mapping[str, Any]) -> bool:
        """Write another event once per name, such as the heartbeat of a month; return False if it exists."""
        event = {"what": kind, "channel": channel, "cycle_id": cycle_id, "at": self.clock().isoformat(), **content}
        return self.events.create(f"{name}.json", event)

    def _write(self, incident: Incident, number: int, kind: str, channel: str, cycle_id: str) -> None:
        name = _change_name(_digest(incident.key), number).removesuffix(".json")
        self.announce(name, kind, channel, cycle_id, {"incident": incident.to_record()})

    def _unknown(self, key: str) -> Incident:
        """Return what the key alone says of an incident whose opening cannot be read."""
        kind, country, subject = key.split("|", 2)
        month = pd.Timestamp(self.clock().replace(tzinfo=None)).normalize().replace(day=1)
        headline = f"{KINDS[kind]} of {country or 'the platform'} is over; how it began cannot be read"
        return Incident(kind, country or None, subject, month, "info", headline)

    def _last_changes(self) -> dict[str, int]:
        """Return the number of each incident's last change, by digest of its key."""
        # The numbers of a key have leading zeros: the last name has the highest.
        changes = map(_CHANGE.fullmatch, sorted(self.events.names()))
        return {change[1]: int(change[2]) for change in changes if change}


def _checked_event(event: dict[str, Any], path: str) -> dict[str, Any] | UnreadableRecord:
    """Return an event, or the error if it lacks what a message needs."""
    try:
        at = datetime.fromisoformat(event["at"])
        is_known = event["what"] in (OPENED, RECOVERED, HEARTBEAT) and at.tzinfo is not None
        is_known &= isinstance(event["channel"], str) and isinstance(event["cycle_id"], str)
        if "incident" in event or event["what"] != HEARTBEAT:
            Incident.from_record(event["incident"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return UnreadableRecord(f"{path} is no event of this release: {type(error).__name__} {str(error)[:80]}")
    return event if is_known else UnreadableRecord(f"{path} is no event of this release")


def _digest(key: str) -> str:
    # Subjects are free text and may not be valid file names.
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _change_name(digest: str, number: int) -> str:
    return f"{digest}-{number:06}.json"
