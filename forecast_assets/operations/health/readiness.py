"""Readiness of a market: its deliveries and stored tables, judged by the rules of ``domain/selection/readiness.py``."""

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.domain.calendar import add_months, month_range
from forecast_assets.domain.demand.demand_panel import DemandPanel, panel_from_rows
from forecast_assets.domain.demand.restatements import own_rows
from forecast_assets.domain.month_tables import by_month
from forecast_assets.domain.months import consecutive_months
from forecast_assets.domain.selection import readiness
from forecast_assets.domain.selection.readiness import FAIL, PASS, WARN, ReadinessFinding
from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.opened import open_sources
from forecast_assets.sources.source_tables import RangeNotUsable, SourceTables
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.opened import open_store
from forecast_assets.validation import source_checks
from forecast_assets.validation.table_checks import TableCheck

TABLES = ("sell_in", "sell_out", "products", "promotions", "overrides")
YEAR = 12
MESSAGE_LENGTH = 200
PROBLEMS_SHOWN = 5


def market_readiness(settings: Settings, code: str, last_closed: pd.Timestamp) -> list[ReadinessFinding]:
    """Apply every rule to one market at its last delivered or the last closed month, whichever is earlier."""
    market = settings.market_table[code]
    tables = open_sources(settings)
    delivered = [month for month in tables.delivered_months("sell_in", code) if month <= last_closed]
    findings = [
        readiness.history_depth(delivered),
        readiness.gaps(delivered, market.since),
        readiness.timeliness(delivered, last_closed),
    ]
    if not delivered:
        return [*findings, *_unreadable(tables, code, last_closed)]
    first, origin = min(delivered), max(delivered)
    months = list(month_range(first, origin))
    findings += [_delivery(tables, settings, table, code, months) for table in TABLES]
    sell_in = tables.usable_rows("sell_in", code, months)[0]
    if sell_in.empty:
        return findings
    panel = panel_from_rows(sell_in, first, origin)
    return [
        *findings,
        *_coverage(tables, settings, code, sell_in, origin),
        readiness.size(panel, origin),
        *_accuracy(open_store(settings), code, panel, origin),
        readiness.shadow_cycles(_published(open_store(settings), code)),
    ]


def _delivery(
    tables: SourceTables, settings: Settings, table: str, code: str, months: list[pd.Timestamp]
) -> ReadinessFinding:
    """Check a source over all its months by the contract and the checks that ingestion applies."""
    name = f"delivery {table}"
    rows, unusable = tables.usable_rows(table, code, months)
    if unusable:
        month, error = next(iter(unusable.items()))
        count = f"{len(unusable)} of {len(months)} months cannot be used, such as {month:%Y-%m}"
        problem = error.problems[0]
        return ReadinessFinding(
            name, FAIL, f"{count}: {problem.place}: found {problem.found}"[:MESSAGE_LENGTH], problem.next_step
        )
    part = consecutive_months(months)[-1].months
    try:
        checks = _checks(tables, settings, table, code, part)
    except (LandingError, RangeNotUsable) as error:
        return ReadinessFinding(name, FAIL, str(error).splitlines()[0][:MESSAGE_LENGTH], "correct the delivery")
    failed = _failed(checks, by_month(rows, part))
    if not failed:
        return ReadinessFinding(name, PASS, f"{len(rows):,} rows" if len(rows) else "none delivered")
    blocking = [message for blocks, message in failed if blocks]
    message = (blocking or [message for _, message in failed])[0][:MESSAGE_LENGTH]
    step = "correct the months and deliver them again" if blocking else "check the rows; the warning blocks no run"
    return ReadinessFinding(name, FAIL if blocking else WARN, message, step)


def _unreadable(tables: SourceTables, code: str, month: pd.Timestamp) -> list[ReadinessFinding]:
    """Return the sell-in files that cannot be read and may hold the months that are missing."""
    problems = tables.usable_rows("sell_in", code, [month])[1][month].problems
    return [
        ReadinessFinding(
            "delivery sell_in", FAIL, f"{problem.place}: found {problem.found}"[:MESSAGE_LENGTH], problem.next_step
        )
        for problem in [each for each in problems if each.file != "sell_in/"][:PROBLEMS_SHOWN]
    ]


def _checks(
    tables: SourceTables, settings: Settings, table: str, code: str, months: list[pd.Timestamp]
) -> list[TableCheck]:
    if table == "sell_in":
        return source_checks.sell_in_checks(tables.sell_in(code, months), settings.checks)
    left_out = tables.left_out(table, code, months)
    return source_checks.sourced_checks(table, tables.sql_tests(table, code, months), left_out)


def _failed(checks: list[TableCheck], by: dict[pd.Timestamp, pd.DataFrame]) -> list[tuple[bool, str]]:
    """Return, for every check with violations, True if it blocks, and its message."""
    failed = []
    for check in checks:
        findings = {month: finding for month, finding in check.findings(by).items() if finding.violations}
        if not findings:
            continue
        month, finding = max(findings.items(), key=lambda item: (not item[1].is_warning, item[0]))
        count = f"{len(findings)} months, such as " if len(findings) > 1 else ""
        failed.append(
            (check.blocking and not finding.is_warning, f"{check.name}: {count}{month:%Y-%m}: {finding.message}")
        )
    return failed


def _coverage(
    tables: SourceTables, settings: Settings, code: str, sell_in: pd.DataFrame, origin: pd.Timestamp
) -> list[ReadinessFinding]:
    year = list(month_range(max(add_months(origin, 1 - YEAR), sell_in["month"].min()), origin))
    recent = own_rows(sell_in[sell_in["month"].isin(year)])
    products = tables.usable_rows("products", code, [origin])[0]
    listed: set[str] = set()
    if len(products):
        listed.update(products.loc[products[["category", "brand", "pack"]].notna().any(axis=1), "sku"])
    sell_out = tables.usable_rows("sell_out", code, year)[0]
    with_sell_out = set(sell_out["sku"]) if len(sell_out) else set()
    return [
        readiness.product_coverage(recent, listed, settings.checks.max_unknown_sku_share),
        readiness.sell_out_coverage(recent, with_sell_out),
    ]


def _accuracy(store: TableStore, code: str, panel: DemandPanel, origin: pd.Timestamp) -> list[ReadinessFinding]:
    """Judge the stored backtest of the latest month, else a backtest of the smoothed sell-in."""
    stored = [partition.month for partition in store.list_market("backtest", code)]
    if stored:
        cells = store.read("backtest", [PartitionKey(max(stored), code)])
        if len(cells):
            return readiness.accuracy(cells, f"model of {max(stored):%Y-%m}", is_model=True)
    return readiness.accuracy(readiness.statistical_backtest(panel, origin), "smoothed sell-in", is_model=False)


def _published(store: TableStore, code: str) -> list[pd.Timestamp]:
    return [partition.month for partition in store.list_market("published_forecasts", code)]
