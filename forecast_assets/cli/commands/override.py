"""Options of ``forecast-assets override``."""

from pathlib import Path
from typing import Annotated

import typer

from forecast_assets.cli.commands.arguments import Markets

override = typer.Typer(
    no_args_is_help=True, help="Change published numbers by hand: import a market's workbook, list and withdraw."
)
Run = Annotated[bool, typer.Option("--run", help="Publish the month again, and render its report")]


@override.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Workbook of market_report, filled in on its sheet Overrides or Totals")],
    author: Annotated[str, typer.Option(help="Name of the planner, stored with every number as self-declared")],
    run: Run = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and write nothing")] = False,
) -> None:
    """Check the numbers that a planner entered, show what they change, and deliver them as overrides.

    A workbook of an earlier publication is refused with what changed since. Of two numbers for one SKU and month the
    later import counts. Exit code 1 if a run failed, 2 if the workbook cannot be imported.
    """
    from forecast_assets.cli.override import run_import

    run_import(file, author, run=run, dry_run=dry_run)


@override.command("list")
def list_(
    countries: Markets = None,
    month: Annotated[str | None, typer.Option(help="Origin month, e.g. 2024-06. Default: all")] = None,
) -> None:
    """Show the imported numbers with author and reason, and whether they are published yet."""
    from forecast_assets.cli.override import run_list

    run_list(countries or [], month)


@override.command()
def withdraw(
    country: Annotated[str, typer.Argument(help="Market code")],
    month: Annotated[str, typer.Argument(help="Origin month, e.g. 2024-06")],
    sku: Annotated[str, typer.Option(help="SKU whose numbers are withdrawn")],
    target: Annotated[str | None, typer.Option(help="Month of the number, e.g. 2024-09. Default: all")] = None,
    run: Run = False,
) -> None:
    """Take imported numbers back, so that the number without them is published again.

    Exit code 1 if a run failed, 2 if there is nothing to withdraw.
    """
    from forecast_assets.cli.override import run_withdraw

    run_withdraw(country, month, sku, target, run=run)
