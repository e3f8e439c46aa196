"""Alert of planners' numbers that another person's number has taken the place of: one incident per number.

The card names both persons, so the earlier one learns of it where both read. Incidents of a month are closed with it.
Not here: which number counts (``domain/publication/override_entries.py``).
"""

import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.settings import Settings
from forecast_assets.domain.cycle_calendar import cycle_id_of
from forecast_assets.domain.number_format import format_month
from forecast_assets.domain.publication.override_entries import shown
from forecast_assets.domain.publication.override_states import replaced_numbers
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.storage import PartitionKey, TableStore

NUMBER_REPLACED = "number_replaced"


def report_replaced(settings: Settings, partition: PartitionKey, before: pd.DataFrame, after: pd.DataFrame) -> None:
    """Open an incident for each number of another person that was replaced.

    Args:
        settings: Of the company.
        partition: Market and origin month.
        before: Numbers as they were: ``sku, target_month, forecast_units, author``.
        after: New numbers, with ``reason`` too.
    """
    replaced = replaced_numbers(before, after)
    incidents = [
        Incident(
            NUMBER_REPLACED,
            partition.country,
            f"{row['sku']} {row['target_month']:%Y-%m} {shown(row['forecast_units'])} {row['author']}",
            partition.month,
            "info",
            f"{partition.country}: {shown(row['before_units'])} of {row['before_author']} for SKU {row['sku']}, "
            f"{format_month(row['target_month'])}, is replaced by {shown(row['forecast_units'])} of {row['author']}",
            facts=(("reason", str(row["reason"])), ("rule", "the later number counts")),
        )
        for row in replaced.to_dict("records")
    ]
    if incidents:
        Outbox.of(settings).report(incidents, cycle_id_of(settings.env, partition.month))


def close_replaced(settings: Settings, store: TableStore) -> None:
    """Close the incidents of months that are closed: their numbers stay as they were published."""
    outbox, published = Outbox.of(settings), PublishedMonths(store)
    for incident in outbox.open_incidents():
        if incident.kind == NUMBER_REPLACED and published.is_closed(str(incident.country), incident.month):
            outbox.close([incident.key], cycle_id_of(settings.env, incident.month))
