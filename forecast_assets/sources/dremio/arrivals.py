"""Arrival of a market's rows of a month in Dremio, with a fingerprint of them.

The counterpart of ``sources/landing/arrivals.py``. A table is loaded in transactions, so no row is half-written. Dremio
does not report when a table changed: fingerprints that differ between two polls show a change.
"""

import hashlib
from collections.abc import Mapping

import pandas as pd

from forecast_assets.sources.contract.columns import Source, source_named
from forecast_assets.sources.contract.delivered_rows import Row
from forecast_assets.sources.contract.expressions import is_known_in_its_month, month_of_period, period_of
from forecast_assets.sources.dremio.tables import DIALECT, DremioTables, table_rows
from forecast_assets.sources.landing.arrivals import SOURCES, MonthDelivery
from forecast_assets.sources.landing.delivered_file import LandingFile
from forecast_assets.sources.sql.translation import translated

# Beyond it a number is counted, not summed: a sum of whole numbers is the same in whatever order an engine adds.
MOST_SUMMED = "1E12"


def table_delivery(tables: DremioTables, market: str, month: pd.Timestamp) -> MonthDelivery:
    """Return the delivery of a market's month, from one row per source.

    While a source is missing only the facts are queried. ``changed_at`` is None: Dremio does not report it.
    """
    usable = {name: table for name in SOURCES if (table := tables.table(name)) and not table.problem}
    missing, summaries = _missing(tables, usable, market, month)
    if not missing:
        summaries += [
            f"{name}{_summary(tables, source_named(name), usable[name], market, month)}" for name in sorted(usable)
        ]
    fingerprint = hashlib.sha256("\n".join([*missing, *summaries]).encode()).hexdigest()[:16]
    return MonthDelivery(missing, (), fingerprint, None)


def _missing(
    tables: DremioTables, usable: Mapping[str, LandingFile], market: str, month: pd.Timestamp
) -> tuple[tuple[str, ...], list[str]]:
    """Return the facts without the month, and the counts. A market may have no sell-out, or none before it starts."""
    counts: dict[str, Row] = {}
    for name in ("sell_in", "sell_out"):
        if name not in usable:
            continue
        columns = usable[name].column_names
        (counts[name],) = _rows(
            tables,
            f"SELECT MIN({period_of(columns)}) AS first_day, "
            f"SUM(CASE WHEN {month_of_period(columns)} = $month THEN 1 ELSE 0 END) AS n "
            f"FROM ({table_rows(source_named(name), usable[name])}) AS delivered "
            f"WHERE country = $market AND {is_known_in_its_month(columns)}",
            market,
            month,
        )
        if name == "sell_in" and not counts[name]["n"]:
            break
    summaries = [f"{name} {row['n']}" for name, row in counts.items()]
    if not counts.get("sell_in", {}).get("n"):
        return ("sell_in",), summaries
    sell_out = counts.get("sell_out")
    if sell_out is None or sell_out["n"] or sell_out["first_day"] is None:
        return (), summaries
    return ("sell_out",) if pd.Timestamp(sell_out["first_day"]) < month else (), summaries


def _summary(tables: DremioTables, source: Source, table: LandingFile, market: str, month: pd.Timestamp) -> str:
    """Return counts, extremes and sums of the delivered columns, of the month for facts."""
    columns = [column for column in source.columns if column.name in table.column_names]
    parts = ["COUNT(*) AS n"]
    for position, column in enumerate(columns):
        name = column.name
        parts += [
            f"COUNT({name}) AS n{position}",
            f"MIN({name}) AS least{position}",
            f"MAX({name}) AS most{position}",
        ]
        if column.sql_type == "DOUBLE":
            whole = f"CASE WHEN ABS({name}) < {MOST_SUMMED} THEN CAST(FLOOR({name} * 1000 + 0.5) AS BIGINT) END"
            parts.append(f"SUM({whole}) AS total{position}")
        elif column.sql_type == "VARCHAR":
            parts.append(f"SUM(LENGTH({name})) AS total{position}")
    where = f" WHERE {month_of_period(table.column_names)} = $month" if source.is_fact else ""
    sql = f"SELECT {', '.join(parts)} FROM ({table_rows(source, table)}) AS delivered{where}"
    (row,) = _rows(tables, sql, market, month)
    return str(sorted(row.items()))


def _rows(tables: DremioTables, sql: str, market: str, month: pd.Timestamp) -> list[Row]:
    return tables.client.rows(translated(sql, DIALECT, {"market": market, "month": month}))
