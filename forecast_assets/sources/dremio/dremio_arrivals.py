"""Arrival of a market's rows of a month in Dremio, with a fingerprint of them.

The counterpart of ``sources/landing/arrivals.py``. A table is loaded in transactions, so nothing in it is half-written.
It does not say when it changed: a fingerprint that differs between two polls shows a change.
"""

import hashlib
from typing import Any

import pandas as pd

from forecast_assets.sources.dremio.dremio_rows import month_of_period, period_of, typed_rows
from forecast_assets.sources.dremio.dremio_tables import DIALECT, DremioTables
from forecast_assets.sources.landing.arrivals import SOURCES, Delivery
from forecast_assets.sources.landing.contract import Source, source_named
from forecast_assets.sources.landing.files import LandingFile
from forecast_assets.sources.sql.project import translated

# Beyond it a number is counted, not summed: a sum of whole numbers is the same in whatever order an engine adds.
MOST_SUMMED = "1E12"


def table_delivery(tables: DremioTables, market: str, month: pd.Timestamp) -> Delivery:
    """What has arrived of a market's month: one row asked for per source.

    While a source is missing only the facts are looked at; ``changed_at`` is None, for tables do not tell it.
    """
    found = {name: table for name in SOURCES if (table := tables.table(name)) and not table.problem}
    missing, said = _missing(tables, found, market, month)
    if not missing:
        said += [f"{name}{_summary(tables, source_named(name), found[name], market, month)}" for name in sorted(found)]
    fingerprint = hashlib.sha256("\n".join([*missing, *said]).encode()).hexdigest()[:16]
    return Delivery(missing, (), fingerprint, None)


def _missing(
    tables: DremioTables, found: dict[str, LandingFile], market: str, month: pd.Timestamp
) -> tuple[tuple[str, ...], list[str]]:
    """Sources without the month, and what was counted. A market may have no sell-out, or none before it starts."""
    counted = {}
    for name in ("sell_in", "sell_out"):
        if name not in found:
            continue
        first = f"MIN({period_of(found[name])}) AS first_day"
        of_month = f"{month_of_period(found[name])} = $month"
        (counted[name],) = _ask(
            tables,
            f"SELECT {first}, SUM(CASE WHEN {of_month} THEN 1 ELSE 0 END) AS n "
            f"FROM ({typed_rows(source_named(name), found[name])}) AS delivered WHERE country = $market",
            market,
            month,
        )
        if name == "sell_in" and not counted[name]["n"]:
            break
    said = [f"{name} {row['n']}" for name, row in counted.items()]
    if not counted.get("sell_in", {}).get("n"):
        return ("sell_in",), said
    sold_out = counted.get("sell_out")
    has_begun = sold_out is not None and sold_out["first_day"] is not None
    if has_begun and pd.Timestamp(sold_out["first_day"]) < month and not sold_out["n"]:
        return ("sell_out",), said
    return (), said


def _summary(tables: DremioTables, source: Source, table: LandingFile, market: str, month: pd.Timestamp) -> str:
    """Counts, extremes and sums of the columns there are, of the month for facts."""
    columns = [column for column in source.columns if column.name in table.column_names]
    parts = ["COUNT(*) AS n"]
    for place, column in enumerate(columns):
        name = column.name
        parts += [f"COUNT({name}) AS n{place}", f"MIN({name}) AS least{place}", f"MAX({name}) AS most{place}"]
        if column.sql_type == "DOUBLE":
            whole = f"CASE WHEN ABS({name}) < {MOST_SUMMED} THEN CAST(FLOOR({name} * 1000 + 0.5) AS BIGINT) END"
            parts.append(f"SUM({whole}) AS total{place}")
        elif column.sql_type == "VARCHAR":
            parts.append(f"SUM(LENGTH({name})) AS total{place}")
    where = f" WHERE {month_of_period(table)} = $month" if source.is_fact else ""
    rows = _ask(
        tables, f"SELECT {', '.join(parts)} FROM ({typed_rows(source, table)}) AS delivered{where}", market, month
    )
    return str(sorted(rows[0].items()))


def _ask(tables: DremioTables, sql: str, market: str, month: pd.Timestamp) -> list[dict[str, Any]]:
    return tables.client.rows(translated(sql, DIALECT, {"market": market, "month": month}))
