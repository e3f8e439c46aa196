"""Options of ``forecast-assets prune``."""

from typing import Annotated

import typer


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be deleted and delete nothing")] = False,
    even_if_needed: Annotated[
        bool, typer.Option(help="Also delete versions that are kept only so that cycles can be replayed")
    ] = False,
    show: Annotated[bool, typer.Option("--list", help="List every version to be deleted")] = False,
) -> None:
    """Delete versions replaced more than FORECAST_RETENTION_DAYS ago, and old orphans.

    Published versions are never deleted.
    """
    from forecast_assets.cli.prune import run

    run(dry_run=dry_run, even_if_needed=even_if_needed, show=show)
