"""A Dagster instance with the events of many markets and months, written from the events of one measured market.

Each asset's latest real event is repeated for every partition, with its partition, time and index entries changed; the
text keeps the size that it has in a real company. No run is behind the events. Pages are measured elsewhere.
"""

import dataclasses
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.scale.company import Company
from forecast_assets.domain.calendar import add_months
from forecast_assets.sample import SAMPLE_MARKETS
from forecast_assets.sample.files import write_markets_file

MATERIALIZED = "ASSET_MATERIALIZATION"
PARTITION = re.compile(r"[A-Z]{2}\|\d{4}-\d{2}-\d{2}|\d{4}-\d{2}-\d{2}")
ROWS_AT_ONCE = 5_000


@dataclasses.dataclass(frozen=True)
class Template:
    """Latest event of an asset: the columns of its row, and its tags."""

    run_id: str
    event: str
    step: str
    asset: str
    partition: str
    tags: tuple[tuple[str, str], ...]

    def at(self, partition: str) -> str:
        """Return the event's text for another partition."""
        text = self.event.replace(json.dumps(self.partition), json.dumps(partition))
        if "|" not in partition:
            return text
        for name, old, new in zip(("country", "month"), self.partition.split("|"), partition.split("|"), strict=True):
            tag = f'"dagster/partition/{name}": '
            text = text.replace(f'{tag}"{old}"', f'{tag}"{new}"')
        return text


def generate(source: Company, base: Path, markets: int, months: int, today: pd.Timestamp) -> dict[str, float]:
    """Write markets file and instance into a folder; return the number of events and their size.

    Args:
        source: Company of one market with a finished cycle.
        base: Folder of the generated company.
        markets: Its markets.
        months: Months of each, up to the last closed one.
        today: A day of the month after the last closed one.
    """
    shutil.rmtree(base, ignore_errors=True)
    shutil.copytree(source.base / "home", base / "home")
    (base / "store").mkdir()
    (base / "landing").mkdir()
    keys = [f"{add_months(today.replace(day=1), -back):%Y-%m-%d}" for back in range(months, 0, -1)]
    write_markets_file(base / "markets.yaml", list(SAMPLE_MARKETS[:markets]), pd.Timestamp(keys[0]))
    codes = [market.code for market in SAMPLE_MARKETS[:markets]]
    file = base / "home" / "history" / "runs" / "index.db"
    with sqlite3.connect(file) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        templates = list(_templates(database))
        database.execute("DELETE FROM event_logs WHERE dagster_event_type = ?", [MATERIALIZED])
        database.execute("DELETE FROM asset_event_tags")
        count = 0
        for template in templates:
            of_market = "|" in template.partition
            partitions = [f"{code}|{month}" for code in codes for month in keys] if of_market else keys
            for start in range(0, len(partitions), ROWS_AT_ONCE):
                _insert(database, template, partitions[start : start + ROWS_AT_ONCE])
            count += len(partitions)
        database.execute("UPDATE asset_keys SET cached_status_data = NULL")
    database.close()
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA journal_mode = WAL")
    database.close()
    return {"events": count, "event_log_mb": round(file.stat().st_size / 1e6, 1), "assets": len(templates)}


def link_store(source: Company, target: Company, markets: int, months: int, today: pd.Timestamp) -> dict[str, float]:
    """Link one stored file of each table to every partition of the generated company; return the number of files."""
    keys = [f"{add_months(today.replace(day=1), -back):%Y-%m-%d}" for back in range(months, 0, -1)]
    codes = [market.code for market in SAMPLE_MARKETS[:markets]]
    count = 0
    for table in sorted(folder for folder in (source.base / "store").iterdir() if not folder.name.startswith("_")):
        files = sorted(table.rglob("*.parquet"))
        if not files:
            continue
        of_market = "country=" in str(files[-1])
        folders = [f"country={code}/month={month}" for code in codes for month in keys] if of_market else []
        for folder in folders or [f"month={month}" for month in keys]:
            place = target.base / "store" / table.name / folder
            place.mkdir(parents=True)
            (place / files[-1].name).hardlink_to(files[-1])
            count += 1
    return {"files": count}


def _templates(database: sqlite3.Connection) -> Iterator[Template]:
    latest = database.execute(
        "SELECT max(id), run_id, event, step_key, asset_key, partition FROM event_logs "
        "WHERE dagster_event_type = ? AND partition IS NOT NULL GROUP BY asset_key",
        [MATERIALIZED],
    ).fetchall()
    for number, *columns in latest:
        tags = database.execute("SELECT key, value FROM asset_event_tags WHERE event_id = ?", [number]).fetchall()
        yield Template(*columns, tuple(tags))


def _insert(database: sqlite3.Connection, template: Template, partitions: list[str]) -> None:
    (last,) = database.execute("SELECT coalesce(max(id), 0) FROM event_logs").fetchone()
    at = "2026-11-10 06:00:00.000000"
    rest = (MATERIALIZED, at, template.step, template.asset)
    rows = [
        (last + number, template.run_id, template.at(partition), *rest, partition)
        for number, partition in enumerate(partitions, 1)
    ]
    database.executemany("INSERT INTO event_logs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    tags = [
        (last + number, template.asset, key, _value(key, value, partition), at)
        for number, partition in enumerate(partitions, 1)
        for key, value in template.tags
    ]
    database.executemany(
        "INSERT INTO asset_event_tags (event_id, asset_key, key, value, event_timestamp) VALUES (?, ?, ?, ?, ?)", tags
    )


def _value(key: str, value: str, partition: str) -> str:
    if not key.startswith("dagster/partition/"):
        return value
    return partition.split("|")[0 if key.endswith("country") else -1]
