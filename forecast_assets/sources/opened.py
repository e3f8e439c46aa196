"""Deliveries and source tables of a company, opened by its settings for every reader."""

from collections.abc import Iterable

from forecast_assets.config.settings import Settings
from forecast_assets.sources.dremio.client import DremioClient
from forecast_assets.sources.dremio.tables import DremioTables
from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.source_tables import SourceTables
from forecast_assets.storage.imported_overrides import FOLDER, IN_FORCE, OverrideFiles
from forecast_assets.storage.opened import open_store


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
        _imported(settings),
    )


def _imported(settings: Settings) -> OverrideFiles | None:
    """Return the numbers in force that lie in the store: where Dremio is the source, no delivery has them."""
    if settings.sources.dremio is None:
        return None
    store = open_store(settings)
    return OverrideFiles(store.files, f"{store.base}/{FOLDER}", IN_FORCE)


def _lake(settings: Settings) -> DremioTables | None:
    return DremioTables(DremioClient(settings.sources.dremio)) if settings.sources.dremio else None
