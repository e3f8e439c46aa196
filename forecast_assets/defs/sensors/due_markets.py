"""Rule for a market whose cycle is due. No Dagster, no store, no clock."""

import enum
from dataclasses import dataclass

import pandas as pd

from forecast_assets.sources.landing.arrivals import MonthDelivery

# The scheduler makes up for a missed tick within a minute of the daemon's start, and requests forty runs in another two
# on a busy machine. For that long the sensor leaves a market to it.
SECONDS_LEFT_TO_THE_SCHEDULE = 300.0


class Runs(enum.Enum):
    """State of the runs of a market's cycle."""

    NONE = "none"
    ACTIVE = "active"
    WAITED = "waited"
    FAILED = "failed"
    ENDED = "ended"


class Action(enum.Enum):
    """Action of the sensor."""

    START = "start"
    NOTHING = "nothing"
    ALARM = "alarm"


@dataclass(frozen=True)
class DueMarket:
    """Facts about a market whose cycle is due and not published, or only by a fallback.

    Attributes:
        runs: State of its runs.
        latest_run_at: Time of the latest request (UTC); None without one.
        seconds_seen: Time for which polls, without a pause, have seen it due.
        delivery: Delivery that has arrived.
        is_overdue: True if the deadline for deliveries has passed.
    """

    runs: Runs
    latest_run_at: pd.Timestamp | None
    seconds_seen: float
    delivery: MonthDelivery
    is_overdue: bool


def action_for(market: DueMarket) -> tuple[Action, str]:
    """Return the action and its reason.

    A run that waited is followed by another as soon as the delivery is complete. A failed run is followed only after a
    delivery that changed since it was requested, because the same files would fail again.
    """
    if market.runs is Runs.ACTIVE:
        return Action.NOTHING, "a run is under way"
    if market.runs is Runs.ENDED:
        return Action.NOTHING, "its run has ended without publishing: see the run"
    if not market.delivery.is_complete:
        return (Action.ALARM if market.is_overdue else Action.NOTHING), market.delivery.lacks
    if market.runs is Runs.NONE and market.seconds_seen < SECONDS_LEFT_TO_THE_SCHEDULE:
        return Action.NOTHING, "due, left to the schedule"
    if market.runs is Runs.FAILED and not _came_after(market.delivery, market.latest_run_at):
        unreadable = f"; {market.delivery.cannot_be_read}" if market.delivery.unreadable else ""
        return Action.NOTHING, f"its run failed, nothing new has been delivered since{unreadable}"
    return Action.START, "its delivery is complete"


def _came_after(delivery: MonthDelivery, moment: pd.Timestamp | None) -> bool:
    return moment is not None and delivery.changed_at is not None and delivery.changed_at > moment
