"""Folders that a command needs: a missing one is named before anything is written.

``prepare`` and ``demo`` create DAGSTER_HOME and the store, ``cycle`` and ``backfill`` a missing store.
"""

import os
from enum import Enum
from pathlib import Path

import typer

from forecast_assets.cli.console import console
from forecast_assets.config.settings import Settings
from forecast_assets.storage import TableStore
from forecast_assets.storage.opened import open_store

DEFAULT_HOME = "var/dagster_home"


class Folder(Enum):
    """A folder of the company."""

    LANDING = "landing"
    STORE = "store"
    INSTANCE = "instance"


def dagster_home() -> Path:
    """Return the folder of the Dagster instance, ``var/dagster_home`` if DAGSTER_HOME is not set."""
    return Path(os.environ.get("DAGSTER_HOME") or DEFAULT_HOME).absolute()


def require_folders(settings: Settings, *folders: Folder) -> None:
    """Print the folders that are missing in one message and exit with 2; addresses of other machines are not checked.

    A command in the wrong folder would find an empty company, and leave one there.
    """
    missing = [text for text in map(_problem_of(settings).__getitem__, folders) if text]
    if missing:
        text = f"{'; '.join(missing)}. Nothing was written."
        console.print(text, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2)


def existing_store(settings: Settings) -> TableStore:
    """Return the store of a command that reads one; exit with 2 if its folder is missing."""
    require_folders(settings, Folder.STORE)
    return open_store(settings)


def _problem_of(settings: Settings) -> dict[Folder, str]:
    """Return what is to be done about each folder; empty if it is there."""
    landing, store, home = settings.sources.landing, settings.store.address, dagster_home()
    reads_landing = settings.sources.dremio is None
    create = "or create it with forecast-assets prepare"
    return {
        Folder.LANDING: f"no landing folder {Path(landing).absolute()}: set FORECAST_LANDING (now {landing!r}) or "
        "create it" if reads_landing and _is_missing(landing) else "",
        Folder.STORE: f"no store {Path(store).absolute()}: set FORECAST_STORE (now {store!r}) {create}"
        if _is_missing(store) else "",
        Folder.INSTANCE: f"no Dagster instance in {home}: set DAGSTER_HOME to the folder of the services, {create}"
        if not home.is_dir() else "",
    }  # fmt: skip


def _is_missing(address: str) -> bool:
    return "://" not in address and not Path(address).is_dir()
