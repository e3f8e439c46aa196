"""The last good markets file, kept in DAGSTER_HOME for the services that must go on after a bad edit.

Dagster loads the code location again at each reload and for each run. Without a copy, a typing error in the file would
fail every queued run and every backfill. Commands do not use the copy: they name the error and stop.
"""

import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from forecast_assets.config.markets import Market, MarketsError, load_markets
from forecast_assets.config.settings import Settings, SettingsError, check_markets, load_settings

COPY = "markets.last-good.yaml"
log = logging.getLogger(__name__)


def load_service_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a service, with the last good markets file if the present one cannot be used.

    A good file is copied to ``DAGSTER_HOME``. A bad one is reported in the log as an error; the sensor ``watchdog``
    opens an incident.

    Raises:
        SettingsError: If another setting cannot be used.
        MarketsError: If the markets file cannot be used, and there is no good copy.
    """
    copy = _copy(environment)
    try:
        settings, problem = load_settings(environment), ""
        markets = settings.market_table
    except (MarketsError, SettingsError) as error:
        settings, problem = _settings_of_copy(environment, copy, error), str(error)
    if problem:
        log.error(
            "%s\nThe last good markets file is used instead: %s. Correct %s, then reload the code location.",
            problem, copy, settings.markets.file,
        )  # fmt: skip
    elif copy is not None:
        for code in _removed(copy, markets):
            log.error("%s", removed_in_words(code, settings.markets.file))
        _keep(Path(settings.markets.file), copy)
    return settings


def load_watchdog_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a command that must report a bad markets file; it writes no copy.

    The markets are those of the file, else of the last good copy, else none.

    Raises:
        SettingsError: If another setting cannot be used.
    """
    settings = load_settings(environment, with_markets=False)
    for file in (Path(settings.markets.file), _copy(environment)):
        try:
            if file is not None:
                return load_settings(environment, markets_from=file)
        except (MarketsError, SettingsError):
            continue
    settings.__dict__["market_table"] = {}
    return settings


def markets_file_problem(settings: Settings) -> str:
    """Describe why the markets file as it is now cannot be used by services; empty if it can."""
    try:
        check_markets(settings, load_markets(settings.markets.file))
    except (MarketsError, SettingsError) as error:
        return str(error)
    return ""


def removed_in_words(code: str, file: str) -> str:
    """Describe that a market has left the markets file, and what to do."""
    return (
        f"{file} no longer lists {code}. Its months stay in the store, but totals of the world and its region are "
        f"built without them. If it was closed, put its entry back with stage: retired. "
        f"If it was renamed: forecast-assets market rename."
    )


def _copy(environment: Mapping[str, str]) -> Path | None:
    home = environment.get("DAGSTER_HOME", "")
    return Path(home) / COPY if home and Path(home).is_dir() else None


def _settings_of_copy(environment: Mapping[str, str], copy: Path | None, error: ValueError) -> Settings:
    """Return the settings with the markets of the copy.

    Raises:
        ValueError: The error of the present file, if there is no copy or it is of no use either.
    """
    if copy is None or not copy.is_file():
        raise error
    try:
        return load_settings(environment, markets_from=copy)
    except (MarketsError, SettingsError):
        raise error from None


def _removed(copy: Path, markets: Mapping[str, Market]) -> list[str]:
    """Return the markets of the copy that the present file does not list."""
    try:
        before = load_markets(copy) if copy.is_file() else {}
    except MarketsError:
        return []
    return [code for code in before if code not in markets]


def _keep(file: Path, copy: Path) -> None:
    """Copy a good file, unless the copy is equal; a reader never sees a part of it."""
    try:
        content = file.read_bytes()
        if copy.is_file() and copy.read_bytes() == content:
            return
        handle, name = tempfile.mkstemp(prefix=f".{COPY}.", dir=copy.parent)
        with os.fdopen(handle, "wb") as written:
            written.write(content)
        Path(name).replace(copy)
    except OSError as error:
        log.warning("No copy of %s is kept: %s", file, error)
