"""Work of ``forecast-assets migrate``: bring the store to the layout of this release."""

import typer

from forecast_assets.cli.console import console, settings_or_exit
from forecast_assets.cli.folders import existing_store
from forecast_assets.storage.layout import LAYOUT, LayoutError, migrate


def run() -> None:
    """Migrate the store and print the versions; exit with 2 if its layout is of a later release."""
    store = existing_store(settings_or_exit())
    try:
        versions = migrate(store)
    except LayoutError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    done = f"is now at layout {versions[-1]}" if versions else f"has layout {LAYOUT}: nothing to do"
    console.print(f"{store.base} {done}", markup=False, soft_wrap=True)
