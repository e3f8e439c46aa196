"""Options of ``forecast-assets override``."""

from pathlib import Path
from typing import Annotated

import typer

override = typer.Typer(no_args_is_help=True, help="Change published numbers by hand: import the workbook of a market.")


@override.callback()
def group() -> None:
    """Keep ``import`` a command of a group, although it is alone."""


@override.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Workbook of market_report, filled in on its sheet Overrides")],
    author: Annotated[str, typer.Option(help="Name of the planner, stored with every number as self-declared")],
    run: Annotated[
        bool, typer.Option("--run", help="Publish the month again with the new numbers, and render its report")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and write nothing")] = False,
) -> None:
    """Check the numbers that a planner entered, show what they change, and deliver them as overrides.

    A workbook of an earlier publication is refused with what changed since. Of two numbers for one SKU and month the
    later import counts. Exit code 1 if a run failed, 2 if the workbook cannot be imported.
    """
    from forecast_assets.cli.override import run_import

    run_import(file, author, run=run, dry_run=dry_run)
