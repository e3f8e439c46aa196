"""The store of a company, opened by its settings: everything that reads or writes tables uses this module."""

from forecast_assets.config.settings import Settings
from forecast_assets.storage.table_store import TableStore


def open_store(settings: Settings) -> TableStore:
    """The tables, reports, leases and alerts of a company."""
    return TableStore(settings.store.address, settings.azure.storage)
