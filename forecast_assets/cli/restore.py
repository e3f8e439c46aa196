"""Work of ``forecast-assets restore``: publish the last good version of a damaged partition again."""

import typer

from forecast_assets.cli.console import console, month_argument, settings_or_exit
from forecast_assets.cli.folders import existing_store
from forecast_assets.cli.version_arguments import partition_or_exit, table_or_exit
from forecast_assets.operations.health.restore import NothingToRestore, restore
from forecast_assets.storage.lease import LeaseLost, LeaseTaken


def run(table: str, partition: list[str]) -> None:
    """Restore one partition and print which version is published."""
    settings = settings_or_exit(with_markets=False)
    store = existing_store(settings)
    if len(partition) > 2:
        raise typer.BadParameter(f"expected a market and a month such as FR 2024-11, got {' '.join(partition)}")
    *country, month = partition
    name = table_or_exit(store, table)
    key = partition_or_exit(store, name, country[0] if country else None, month_argument(month))
    try:
        restored = restore(store, name, key, settings.store.lease_seconds)
    except (NothingToRestore, LeaseTaken, LeaseLost) as error:
        text = f"{error}. Nothing was changed." if isinstance(error, LeaseTaken) else str(error)
        console.print(text, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    provenance = restored.provenance
    version = f"version {provenance.version} of cycle {provenance.cycle_id}, written {provenance.written_at[:19]} UTC"
    done = f"{restored.path} holds {version} again" if restored.path else f"nothing is damaged; published is {version}"
    console.print(f"{name} {key}: {done}.", markup=False, soft_wrap=True)
