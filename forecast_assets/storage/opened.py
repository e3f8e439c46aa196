"""Opening the store of a company by its settings: the one way for everything that reads or writes tables."""

from forecast_assets.config.settings import Settings
from forecast_assets.storage.table_store import TableStore


def open_store(settings: Settings) -> TableStore:
    """Return the store of a company: its tables, reports, leases and alerts."""
    return TableStore(settings.store.address, settings.azure.storage)
