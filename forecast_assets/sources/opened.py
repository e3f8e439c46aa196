"""Deliveries and source tables of a company, opened by its settings: everything that reads them uses this module."""

from collections.abc import Iterable

from forecast_assets.config.settings import Settings
from forecast_assets.sources.dremio.client import DremioClient
from forecast_assets.sources.dremio.tables import DremioTables
from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.source_tables import SourceTables


def open_landing(settings: Settings, known_codes: Iterable[str] = ()) -> LandingFolder:
    """The files that a company delivers; ``known_codes`` as in ``LandingFolder``, by default those of its markets."""
    return LandingFolder(settings.sources.landing, settings.azure.storage, known_codes or settings.market_table)


def open_deliveries(settings: Settings, known_codes: Iterable[str] = ()) -> LandingFolder | DremioTables:
    """Where deliveries are read from: tables in Dremio where that is the source, else ``open_landing``."""
    return _lake(settings) or open_landing(settings, known_codes)


def open_sources(settings: Settings) -> SourceTables:
    """The tables that are made from what was delivered; nothing is contacted before they are asked."""
    return SourceTables(settings.sources.landing, settings.market_table, settings.azure.storage, _lake(settings))


def _lake(settings: Settings) -> DremioTables | None:
    return DremioTables(DremioClient(settings.sources.dremio)) if settings.sources.dremio else None
