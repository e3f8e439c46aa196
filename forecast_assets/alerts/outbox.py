"""What is to be told, kept beside the store: each incident opens once and closes once, whoever reports it how often.

Every change is an *event*, a file of its own. Openings and recoveries of one incident are numbered 1, 2, 3 ...: odd is
an opening, even a recovery, so the highest number says whether it is open, and two processes that want to write the
same change meet at the same file name. How events become messages is ``messages``.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.records import Records
from forecast_assets.config.settings import Settings
from forecast_assets.storage import TableStore
from forecast_assets.storage.opened import open_store

DEFAULT_CHANNEL = "default"
OPENED, RECOVERED, HEARTBEAT = "opened", "recovered", "heartbeat"
_CHANGE = re.compile(r"([0-9a-f]{24})-(\d{6})\.json")


def utc_now() -> datetime:
    """The clock of the platform."""
    return datetime.now(UTC)


class Outbox:
    """Incidents and what else people are to be told.

    Args:
        store: Where it is kept: ``<store>/_alerts``.
        channels: Teams channel of the markets that have one of their own; the others share the default channel.
        clock: Time of the events, with time zone.
    """

    def __init__(
        self, store: TableStore, channels: Mapping[str, str] | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.store, self.channels, self.clock = store, dict(channels or {}), clock
        self.events = Records(store, "events")

    @classmethod
    def of(cls, settings: Settings) -> "Outbox":
        """The outbox of a company."""
        markets = settings.market_table.values()
        channels = {market.code: market.teams_channel for market in markets if market.teams_channel}
        return cls(open_store(settings), channels)

    def channel_of(self, country: str | None) -> str:
        """The channel that is told about a market; None: about the platform."""
        return self.channels.get(country or "", DEFAULT_CHANNEL)

    def report(self, incidents: Sequence[Incident], cycle_id: str) -> None:
        """Open incidents; those whose key is open already are not announced again, whatever month they are of."""
        last = self._last_changes()
        for incident in incidents:
            number = last.get(_digest(incident.key), 0)
            if number % 2:
                continue
            self._write(incident, number + 1, OPENED, self.channel_of(incident.country), cycle_id)
            last[_digest(incident.key)] = number + 1

    def recovered(self, keys: Collection[str], cycle_id: str) -> None:
        """Close open incidents and announce each recovery once; keys that are not open are passed over."""
        last = self._last_changes()
        for key in dict.fromkeys(keys):
            number = last.get(_digest(key), 0)
            if number % 2 == 0:
                continue
            opening = self.events.read(_change_name(_digest(key), number))
            # To the channel that was told of the opening, even if the market has moved to another since.
            self._write(Incident.from_record(opening["incident"]), number + 1, RECOVERED, opening["channel"], cycle_id)

    def open_incidents(self) -> list[Incident]:
        """Incidents that are open, worst first, as they were when they opened."""
        incidents = [Incident.from_record(event["incident"]) for event in self.open_events()]
        return sorted(incidents, key=lambda incident: incident.badness)

    def open_events(self) -> list[dict[str, Any]]:
        """The openings that no recovery followed: ``incident, channel, cycle_id, at``."""
        last = self._last_changes()
        return self.events.read_all([_change_name(digest, number) for digest, number in last.items() if number % 2])

    def announce(self, name: str, what: str, channel: str, cycle_id: str, content: Mapping[str, Any]) -> bool:
        """Have something else told once per name, such as the heartbeat of a month; False if that was done before."""
        event = {"what": what, "channel": channel, "cycle_id": cycle_id, "at": self.clock().isoformat(), **content}
        return self.events.create(f"{name}.json", event)

    def _write(self, incident: Incident, number: int, what: str, channel: str, cycle_id: str) -> None:
        name = _change_name(_digest(incident.key), number).removesuffix(".json")
        self.announce(name, what, channel, cycle_id, {"incident": incident.to_record()})

    def _last_changes(self) -> dict[str, int]:
        """Number of the last change of every incident that ever was, by digest of its key."""
        last: dict[str, int] = {}
        for change in filter(None, map(_CHANGE.fullmatch, self.events.names())):
            last[change[1]] = max(last.get(change[1], 0), int(change[2]))
        return last


def _digest(key: str) -> str:
    # Subjects are free text: as they are, they could not be file names.
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _change_name(digest: str, number: int) -> str:
    return f"{digest}-{number:06}.json"
