"""Checks that plans name SKUs that the market has, and that overrides in force stay, before anything is published.

All of them warn: a row that meets no SKU changes no number. They judge runs of one month; history is as it was.
"""

import contextlib
from collections.abc import Callable

import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.deliveries.copied_columns import copied_source
from forecast_assets.domain.deliveries.delivery import DeliveryFinding, delivery_until
from forecast_assets.domain.deliveries.implausible_overrides import overrides_implausible
from forecast_assets.domain.deliveries.implausible_plans import products_implausible
from forecast_assets.domain.deliveries.lapsed_overrides import overrides_lapsed
from forecast_assets.domain.deliveries.unmatched_skus import (
    KnownSkus,
    overrides_unused,
    products_unmatched,
    promotions_unused,
)
from forecast_assets.domain.deliveries.vanished_columns import columns_gone
from forecast_assets.domain.deliveries.whole_sources import PLANNED_MONTHS, promotions_stale
from forecast_assets.domain.demand.demand_panel import ACTIVE_WITHIN_MONTHS, active_skus, panel_from_rows
from forecast_assets.domain.demand.restatements import latest_rows
from forecast_assets.domain.portfolio.announced_skus import announced_skus
from forecast_assets.sources.delivered import DeliveryProfile
from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage import PartitionKey, TableReader
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck, Tables

ROWS_KEPT = 10
# Months of stored overrides that show whether planners file them again.
LAPSED_MONTHS = 12
LAPSED_COLUMNS = ["sku", "target_month", "author"]
USED_COLUMNS = ["sku", "target_month", "forecast_units"]


def plan_check(
    declaration: CheckDeclaration,
    source: str,
    sources: SourceTables,
    store: TableReader,
    country: str,
    tables: Tables,
) -> TableCheck:
    """Return the check of a source's SKUs; it passes in a run over several months, and where sell-in is unusable."""
    return _of_one_month(
        declaration, tables, lambda month, table: _finding(source, sources, store, country, month, table)
    )


def plausible_check(
    declaration: CheckDeclaration,
    source: str,
    sources: SourceTables,
    store: TableReader,
    country: str,
    tables: Tables,
) -> TableCheck:
    """Return the check that products or overrides fit what is sold; it passes as ``plan_check`` does."""

    def find(month: pd.Timestamp, table: pd.DataFrame) -> DeliveryFinding | None:
        sold = _sold(sources, country, month)
        if sold.empty:
            return None
        if source == "products":
            return products_implausible(table, sold, _stored_before(store, source, country, month, 1, None), month)
        return overrides_implausible(sources.override_rows(country, month), sold, month)

    return _of_one_month(declaration, tables, find)


def _of_one_month(
    declaration: CheckDeclaration,
    tables: Tables,
    find: Callable[[pd.Timestamp, pd.DataFrame], DeliveryFinding | None],
) -> TableCheck:
    """Return the check of what ``find`` finds; it passes in a run over several months, and where it cannot look."""
    finding = None
    if len(tables) == 1:
        ((month, table),) = tables.items()
        # Sell-in or products cannot be used: their own assets fail with the reason.
        with contextlib.suppress(LandingError):
            finding = find(month, table)
    return declaration.rule(lambda _, __: _shown(finding))


def copied_source_check(
    declaration: CheckDeclaration, sources: SourceTables, profile: DeliveryProfile, country: str, tables: Tables
) -> TableCheck:
    """Return the check that sell-out is no copy of sell-in; it passes as ``plan_check`` does."""

    def find(month: pd.Timestamp, _: pd.DataFrame) -> DeliveryFinding | None:
        delivery = delivery_until(latest_rows(profile.units, month), month)
        return copied_source(delivery, _sold(sources, country, month)) if len(delivery.skus) else None

    return _of_one_month(declaration, tables, find)


def lapsed_check(
    declaration: CheckDeclaration, sources: SourceTables, store: TableReader, country: str, tables: Tables
) -> TableCheck:
    """Return the check that overrides in force are still delivered; it passes in a run over several months."""
    finding = None
    if len(tables) == 1:
        (month,) = tables
        finding = _lapsed(sources, store, country, month)
    return declaration.rule(lambda _, __: _shown(finding))


def stale_check(declaration: CheckDeclaration, store: TableReader, country: str, tables: Tables) -> TableCheck:
    """Return the check that promotions ahead are still planned; it passes in a run over several months."""
    finding = None
    if len(tables) == 1:
        ((month, table),) = tables.items()
        stored = _stored_before(store, "promotions", country, month, PLANNED_MONTHS + 1, ["sku", "promotion_month"])
        finding = promotions_stale(table, stored, month)
    return declaration.rule(lambda _, __: _shown(finding))


def vanished_check(
    declaration: CheckDeclaration, source: str, store: TableReader, country: str, tables: Tables
) -> TableCheck:
    """Return the check that a source keeps its columns; it passes in a run over several months."""
    finding = None
    if len(tables) == 1:
        ((month, table),) = tables.items()
        finding = columns_gone(table, _stored_before(store, source, country, month, 1, None), month)
    return declaration.rule(lambda _, __: _shown(finding))


def _shown(finding: DeliveryFinding | None) -> Finding:
    if finding is None:
        return Finding()
    return Finding(len(finding.rows), finding.rows.head(ROWS_KEPT), finding.message)


def _stored_before(
    store: TableReader, table: str, country: str, month: pd.Timestamp, count: int, columns: list[str] | None
) -> pd.DataFrame:
    """Return columns (None: all) of the stored partitions of the months before one, with ``month``."""
    months = pd.date_range(add_months(month, -count), add_months(month, -1), freq="MS")
    partitions = [PartitionKey(each, country) for each in months]
    stored = [each for each in partitions if store.exists(table, each)]
    return store.read(table_specs()[table], stored, columns)


def _lapsed(sources: SourceTables, store: TableReader, country: str, month: pd.Timestamp) -> DeliveryFinding | None:
    stored = _stored_before(store, "overrides", country, month, LAPSED_MONTHS, LAPSED_COLUMNS)
    stored = stored.rename(columns={"month": "origin_month"})
    # Most markets have none ahead: the other markets' files are then not read.
    if not (stored["target_month"] > month).any():
        return None
    delivered = sources.override_rows(country, month)
    keeps_origins = bool((delivered["origin_month"] < month).any()) or _others_keep_origins(sources, country, month)
    return overrides_lapsed(stored, delivered, month, keeps_origins=keeps_origins)


def _others_keep_origins(sources: SourceTables, country: str, month: pd.Timestamp) -> bool:
    """Return True if another market's rows of earlier origins are delivered, or no overrides at all."""
    if not sources.has_source("overrides"):
        return True
    for other in sources.market_codes:
        with contextlib.suppress(LandingError):
            if other != country and (sources.override_rows(other, month)["origin_month"] < month).any():
                return True
    return False


def known_skus(sources: SourceTables, country: str, month: pd.Timestamp) -> KnownSkus:
    """Return the SKUs of a market at an origin, as deliveries show them.

    Raises:
        LandingError: If sell-in or products of the month cannot be used.
    """
    first, sell_in = add_months(month, 1 - ACTIVE_WITHIN_MONTHS), _sold(sources, country, month)
    products = sources.rows("products", country, [month])
    sold = frozenset(sources.delivered_skus(country, month))
    by_sku = products.drop_duplicates("sku").set_index("sku")
    listed = by_sku.index[by_sku[["category", "brand", "pack"]].notna().any(axis=1)]
    active: list[str] = []
    if len(sell_in):
        panel = panel_from_rows(sell_in, first, month)
        active = list(panel.skus[active_skus(panel, month, by_sku["end_month"].reindex(panel.skus).to_numpy())])
        active += [sku for sku in announced_skus(panel, month, products) if sku not in sold]
    return KnownSkus(
        month, frozenset(active), sold, frozenset(listed), by_sku["end_month"].dropna(), by_sku["launch_month"].dropna()
    )


def _sold(sources: SourceTables, country: str, month: pd.Timestamp) -> pd.DataFrame:
    """Return the usable sell-in of a year up to a month. Raises LandingError."""
    first = add_months(month, 1 - ACTIVE_WITHIN_MONTHS)
    return sources.usable_rows("sell_in", country, list(pd.date_range(first, month, freq="MS")))[0]


def _finding(
    source: str, sources: SourceTables, store: TableReader, country: str, month: pd.Timestamp, table: pd.DataFrame
) -> DeliveryFinding | None:
    if source == "overrides":
        return _overrides_finding(sources, store, country, month)
    if table.empty:
        return None
    known = known_skus(sources, country, month)
    if source == "promotions":
        return promotions_unused(table, known)
    return products_unmatched(sources.product_rows(country, month), known)


def _overrides_finding(
    sources: SourceTables, store: TableReader, country: str, month: pd.Timestamp
) -> DeliveryFinding | None:
    overrides = sources.override_rows(country, month)
    if overrides.empty:
        return None
    has_later = any(later > month for later in sources.delivered_months("sell_in", country))
    before = PartitionKey(add_months(month, -1), country)
    used = store.read("overrides", [before], columns=USED_COLUMNS) if store.exists("overrides", before) else None
    return overrides_unused(overrides, known_skus(sources, country, month), used, has_later_months=has_later)
