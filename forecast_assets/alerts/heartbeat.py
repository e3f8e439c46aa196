"""The monthly heartbeat: published markets, sources of the forecasts, open incidents.

It is sent to every channel on its day, whatever has happened. A missed heartbeat shows that alerts do not arrive
either.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import pandas as pd

from forecast_assets.alerts.outbox import DEFAULT_CHANNEL, HEARTBEAT, Outbox
from forecast_assets.config.markets import forecast_markets
from forecast_assets.config.settings import Settings
from forecast_assets.domain.cycle_calendar import closed_month, local_date
from forecast_assets.domain.number_format import format_month
from forecast_assets.reports.company_page import page_of_company
from forecast_assets.storage import MissingPartition, PartitionKey, TableReader, TableStore
from forecast_assets.storage.damaged_file import DamagedFile

CODES_SHOWN = 40


def month_of_heartbeat(now: datetime, day: int, time_zone: str) -> pd.Timestamp | None:
    """Return the closed month whose heartbeat is due; None before ``day`` of the month in the company's time zone."""
    return closed_month(now, time_zone) if local_date(now, time_zone).day >= day else None


def announce_heartbeat(outbox: Outbox, settings: Settings) -> list[str]:
    """Announce the heartbeat to every channel once a month; return the channels for which it was new.

    The default channel gets all markets, every other channel its own.
    """
    month = month_of_heartbeat(outbox.clock(), settings.alerts.heartbeat_day, settings.automation.time_zone)
    if month is None:
        return []
    cycle_id = f"{settings.env}-{month:%Y-%m}"
    announced = outbox.events.names()
    codes = forecast_markets(settings.market_table)
    channels = sorted({DEFAULT_CHANNEL, *(outbox.channel_of(code) for code in codes)})
    new = []
    for channel in channels:
        name = f"heartbeat-{cycle_id}-{channel}"
        if f"{name}.json" in announced:
            continue
        of_channel = [code for code in codes if channel in (DEFAULT_CHANNEL, outbox.channel_of(code))]
        open_count = sum(channel in (DEFAULT_CHANNEL, event["channel"]) for event in outbox.open_events())
        published = _published(outbox.store, settings, month, of_channel)
        content = {
            "title": f"Heartbeat · {format_month(month)} · {published[0][1]} ready",
            "facts": [*published, ["Open incidents", str(open_count)]],
            "report": _report(outbox.store, settings, month),
        }
        if outbox.announce(name, HEARTBEAT, channel, cycle_id, {"content": content}):
            new.append(channel)
    return new


def _published(store: TableReader, settings: Settings, month: pd.Timestamp, codes: list[str]) -> list[list[str]]:
    """Return facts about live markets (published, sources, not published) and shadow markets."""
    partitions = store.list_partitions("published_forecasts")
    published_codes = {partition.country for partition in partitions if partition.month == month}
    live = [code for code in codes if settings.market_table[code].stage == "live"]
    shadow = [code for code in codes if code not in live]
    wanted = [PartitionKey(month, code) for code in live if code in published_codes]
    rows = pd.DataFrame(columns=["country", "sku", "source", "status"])
    if wanted:
        rows = store.read("published_forecasts", wanted, ["sku", "source", "status"], missing="skip_damaged")
    published = rows[rows["status"] == "published"]
    done = set(published["country"])
    facts = [["Ready", f"{len(done)} of {len(live)} markets"]]
    if done:
        sources = Counter(published["source"].astype(str))
        facts.append(["SKUs", f"{len(published[['country', 'sku']].drop_duplicates()):,}"])
        facts.append(["Rows by source", ", ".join(f"{name} {count:,}" for name, count in sources.most_common())])
    for status, of_status in rows[~rows["country"].isin(done)].groupby("status"):
        facts.append([f"Status {status}", _codes(of_status["country"].unique())])
    if damaged := [code for code in live if code in published_codes and code not in set(rows["country"])]:
        facts.append(["File damaged", _codes(damaged)])
    if missing := [code for code in live if code not in published_codes]:
        facts.append(["Not published", _codes(missing)])
    if shadow:
        facts.append(["Shadow markets", f"{sum(code in published_codes for code in shadow)} of {len(shadow)} forecast"])
    return facts


def _report(store: TableStore, settings: Settings, month: pd.Timestamp) -> str:
    """Return the address of the company's report; empty without one, or if no address of reports is set."""
    if not settings.reports.url:
        return ""
    try:
        store.document_provenance("company_report", PartitionKey(month))
    except (MissingPartition, DamagedFile):
        return ""
    return f"{settings.reports.url.rstrip('/')}/{page_of_company(month)}"


def _codes(codes: Iterable[str]) -> str:
    listed = list(codes)
    more = len(listed) - CODES_SHOWN
    return ", ".join(listed[:CODES_SHOWN]) + (f" and {more} more" if more > 0 else "")
