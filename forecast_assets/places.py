"""Store, landing and sources of a company, opened as its settings say: the one way to them.

Everything that reads or writes either asks here, so that all use the same account and credential.
"""

from collections.abc import Iterable

from forecast_assets.landing import LandingFolder
from forecast_assets.resources.source_tables import SourceTables
from forecast_assets.settings import Settings
from forecast_assets.storage import TableStore


def open_store(settings: Settings) -> TableStore:
    """The tables, reports, leases and alerts of a company."""
    return TableStore(settings.store, settings.azure)


def open_landing(settings: Settings, known_codes: Iterable[str] = ()) -> LandingFolder:
    """The deliveries of a company; ``known_codes`` as in ``LandingFolder``, by default those of its markets."""
    return LandingFolder(settings.landing, settings.azure, known_codes or settings.market_table)


def open_sources(settings: Settings) -> SourceTables:
    """The tables that are made from what was delivered."""
    return SourceTables(settings.landing, settings.market_table, settings.azure)
