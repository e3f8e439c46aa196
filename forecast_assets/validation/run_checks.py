"""A run of a source: its tables by month and all checks on them. Assets and rehearsals take both from here."""

from collections.abc import Iterator

import pandas as pd

from forecast_assets.config.process_groups import CheckSettings
from forecast_assets.domain.month_tables import by_month
from forecast_assets.market_state.stored_sources import delivered_before, stored_measures
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage import TableReader
from forecast_assets.validation import delivery_checks, source_checks
from forecast_assets.validation.plan_checks import (
    copied_source_check,
    lapsed_check,
    plan_check,
    plausible_check,
    stale_check,
    vanished_check,
)
from forecast_assets.validation.table_checks import TableCheck, Tables


def tables_and_checks(
    sources: SourceTables,
    store: TableReader,
    limits: CheckSettings,
    source: str,
    country: str,
    months: list[pd.Timestamp],
) -> tuple[Tables, list[TableCheck]]:
    """Read a source of a market for the months of a run and return the checks on it.

    Args:
        sources: The deliveries.
        store: Tables of earlier runs, to compare the delivery with.
        limits: Limits of the checks.
        source: Name of the source.
        country: Code of the market.
        months: Consecutive months of the run.

    Raises:
        LandingError, RangeNotUsable: If the delivery cannot be used.
    """
    if source == "sell_in":
        delivered = sources.sell_in(country, months)
        tables, products = by_month(delivered.rows, months), delivered.products
        checks = source_checks.sell_in_checks(delivered, limits)
    else:
        tables, products = by_month(sources.rows(source, country, months), months), None
        tests, left_out = sources.sql_tests(source, country, months), sources.left_out(source, country, months)
        checks = source_checks.sourced_checks(source, tests, left_out)
    is_single = len(months) == 1
    row_count = 0
    if source in delivery_checks.JUDGED:
        profile = sources.profile(source, country, months)
        stored = stored_measures(store, source, country, months[0]) if is_single else None
        checks += delivery_checks.delivery_checks(source, profile, months, products)
        checks.append(delivery_checks.restated_check(source, country, profile, stored))
        if source == "sell_out":
            checks.append(copied_source_check(delivery_checks.COPIED_SOURCE, sources, profile, country, tables))
        row_count = len(profile.units)
    elif is_single:
        row_count = sources.delivered_rows(source, country, months)
    if source != "sell_in":
        earlier = delivered_before(store, source, country, months[0])
        others = sources.has_source(source)
        checks.append(
            delivery_checks.source_gone_check(source, country, months, row_count, earlier, others_deliver=others)
        )
    checks += _checks_of_plans(sources, store, source, country, tables)
    return tables, checks


def _checks_of_plans(
    sources: SourceTables, store: TableReader, source: str, country: str, tables: Tables
) -> Iterator[TableCheck]:
    """Yield the checks of products, promotions and overrides against what is sold and stored."""
    if source in delivery_checks.PLANS:
        yield plan_check(delivery_checks.PLANS[source], source, sources, store, country, tables)
    if source in ("products", "promotions"):
        yield vanished_check(delivery_checks.COLUMNS_VANISHED, source, store, country, tables)
    if source == "promotions":
        yield stale_check(delivery_checks.PROMOTIONS_STALE, store, country, tables)
    if source == "products":
        yield plausible_check(delivery_checks.PRODUCTS_PLAUSIBLE, source, sources, store, country, tables)
    if source == "overrides":
        yield lapsed_check(delivery_checks.OVERRIDES_LAPSED, sources, store, country, tables)
        yield plausible_check(delivery_checks.OVERRIDES_PLAUSIBLE, source, sources, store, country, tables)
