"""Sums over markets after a publication was withdrawn or restored: summed again, or taken back with the last market."""

from forecast_assets.domain.months import MonthRange
from forecast_assets.market_state.forecast_sums import LEVELS, are_outdated, published_levels
from forecast_assets.operations.cycle.launch import Step
from forecast_assets.operations.history.withdraw import Order, held, withdraw_table
from forecast_assets.operations.stages import FORECAST_SUMS
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.withdrawals import Withdrawal


def withdraw_sums(store: TableStore, order: Order, lease_seconds: float) -> dict[str, Withdrawal]:
    """Take back the sums of a month of which no market is published any more; return the withdrawals by table.

    Raises:
        MarketBusy: If a run is writing the tables over all markets.
    """
    (sums,) = FORECAST_SUMS.jobs
    if any(each.month == order.month for each in store.list_partitions(LEVELS)):
        return {}
    partition = PartitionKey(order.month)
    with held(store, order, None, lease_seconds) as hold:
        withdrawals = {table: withdraw_table(store, order, table, partition, hold) for table in reversed(sums.tables)}
    return {table: withdrawal for table, withdrawal in withdrawals.items() if withdrawal is not None}


def sums_after(store: TableStore, order: Order) -> list[Step]:
    """Return the run over all markets that brings the sums of the month in line; none if they are."""
    (sums,) = FORECAST_SUMS.jobs
    levels = published_levels(store, order.month)
    is_wanted = are_outdated(store, order.month, levels)
    return [Step(sums.job, MonthRange(order.month, order.month))] if is_wanted else []
