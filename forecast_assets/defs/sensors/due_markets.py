"""What to do about a market whose cycle is due: a plain rule on what is known of it. No Dagster, no store, no clock."""

import enum
from dataclasses import dataclass

import pandas as pd

from forecast_assets.sources.landing.arrivals import MonthDelivery

# The scheduler makes up for a missed tick within a minute of the daemon's start, and asks for forty runs in another two
# on a busy machine; so long the sensor leaves a market to it.
SECONDS_LEFT_TO_THE_SCHEDULE = 300.0


class Runs(enum.Enum):
    """How the runs of a market's cycle stand."""

    NONE = "none"
    ACTIVE = "active"
    WAITED = "waited"
    FAILED = "failed"
    ENDED = "ended"


class Action(enum.Enum):
    """What the sensor does."""

    START = "start"
    NOTHING = "nothing"
    ALARM = "alarm"


@dataclass(frozen=True)
class DueMarket:
    """What is known of a market whose cycle is due and not published, or only by a fallback.

    Attributes:
        runs: How its runs stand.
        latest_run_at: When the latest of them was requested (UTC); None without one.
        seconds_seen: For how long, without a pause, looks have found it due.
        delivery: What has arrived.
        is_overdue: Whether the deadline for deliveries has passed.
    """

    runs: Runs
    latest_run_at: pd.Timestamp | None
    seconds_seen: float
    delivery: MonthDelivery
    is_overdue: bool


def action_for(market: DueMarket) -> tuple[Action, str]:
    """What to do, and why in words.

    A run that waited is followed by another as soon as the delivery is complete; one that failed only by a delivery
    that changed after it was requested, for the same files would fail again.
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
        return Action.NOTHING, "its run failed, nothing new has been delivered since"
    return Action.START, "its delivery is complete"


def _came_after(delivery: MonthDelivery, moment: pd.Timestamp | None) -> bool:
    return moment is not None and delivery.changed_at is not None and delivery.changed_at > moment
