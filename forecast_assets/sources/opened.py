"""Deliveries and source tables of a company, opened by its settings for every reader."""

from collections.abc import Iterable

from forecast_assets.config.settings import Settings
from forecast_assets.sources.dremio.client import DremioClient
from forecast_assets.sources.dremio.tables import DremioTables
from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.source_tables import SourceTables


def open_landing(settings: Settings, known_codes: Iterable[str] = ()) -> LandingFolder:
    """Return the files that a company delivers; by default ``known_codes`` are those of its markets."""
    return LandingFolder(settings.sources.landing, settings.azure.storage, known_codes or settings.market_table)


def open_deliveries(settings: Settings, known_codes: Iterable[str] = ()) -> LandingFolder | DremioTables:
    """Return the tables in Dremio if that is the source, else the landing folder."""
    return _lake(settings) or open_landing(settings, known_codes)


def open_sources(settings: Settings) -> SourceTables:
    """Return the tables computed from deliveries; nothing is contacted before they are read."""
    return SourceTables(
        settings.sources.landing,
        settings.market_table,
        settings.azure.storage,
        _lake(settings),
        settings.automation.time_zone,
    )


def _lake(settings: Settings) -> DremioTables | None:
    return DremioTables(DremioClient(settings.sources.dremio)) if settings.sources.dremio else None
