"""Options of ``forecast-assets override``."""

from pathlib import Path
from typing import Annotated

import typer

from forecast_assets.cli.commands.arguments import Markets

override = typer.Typer(
    no_args_is_help=True, help="Change published numbers by hand: import a market's workbook, list and withdraw."
)
Country = Annotated[str, typer.Argument(help="Market code")]
Month = Annotated[str, typer.Argument(help="Origin month, e.g. 2024-06")]
Skus = Annotated[list[str] | None, typer.Option("--sku", help="SKU; repeat for several. Default: all")]
Target = Annotated[str | None, typer.Option(help="Month of the number, e.g. 2024-09. Default: all")]
Author = Annotated[str, typer.Option(help="Only numbers that this planner entered")]
By = Annotated[
    str | None, typer.Option(help="Name of the person who decides, as self-declared. Default: the signed-in account")
]
Run = Annotated[bool, typer.Option("--run", help="Publish the month again, and render its report")]


@override.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Workbook of market_report, filled in on its sheet Overrides or Totals")],
    author: Annotated[
        str | None, typer.Option(help="Name of the planner, stored as self-declared. Default: the signed-in account")
    ] = None,
    run: Run = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and write nothing")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Keep the numbers as a draft, to be submitted later")] = False,
) -> None:
    """Check the numbers that a planner entered, show what they change, and deliver them as overrides.

    A workbook of an earlier publication is refused with what changed since. Of two numbers for one SKU and month the
    later import counts. With FORECAST_FOUR_EYES the numbers are submitted and wait for approval.

    Exit code 1 if a run failed, 2 if the workbook cannot be imported.
    """
    from forecast_assets.cli.override import run_import

    run_import(file, author, run=run, dry_run=dry_run, draft=draft)


@override.command("list")
def list_(
    countries: Markets = None,
    month: Annotated[str | None, typer.Option(help="Origin month, e.g. 2024-06. Default: all")] = None,
) -> None:
    """Show the imported numbers with author, reason, state and who decided."""
    from forecast_assets.cli.override import run_list

    run_list(countries or [], month)


@override.command()
def withdraw(
    country: Annotated[str, typer.Argument(help="Market code")],
    month: Annotated[str, typer.Argument(help="Origin month, e.g. 2024-06")],
    sku: Annotated[str, typer.Option(help="SKU whose numbers are withdrawn")],
    target: Target = None,
    by: By = None,
    run: Run = False,
) -> None:
    """Take imported numbers back, so that the number without them is published again.

    Exit code 1 if a run failed, 2 if there is nothing to withdraw.
    """
    from forecast_assets.cli.override import run_withdraw

    run_withdraw(country, month, sku, target, by, run=run)


@override.command()
def submit(
    country: Country,
    month: Month,
    author: Annotated[
        str | None, typer.Option(help="Name of the planner, as self-declared. Default: the signed-in account")
    ] = None,
    run: Run = False,
) -> None:
    """Submit a planner's drafts; without FORECAST_FOUR_EYES they are in force at once.

    Exit code 1 if a run failed, 2 if there is no draft.
    """
    from forecast_assets.cli.override import run_submit

    run_submit(country, month, author, run=run)


@override.command()
def approve(
    country: Country,
    month: Month,
    skus: Skus = None,
    target: Target = None,
    author: Author = "",
    by: By = None,
    run: Run = False,
) -> None:
    """Approve submitted numbers, so that they are published. With FORECAST_FOUR_EYES nobody approves an own number.

    Exit code 1 if a run failed, 2 if nothing waits or the number is the person's own.
    """
    _decide(country, month, "approved", skus, target, author, by, "", run=run)


@override.command()
def reject(
    country: Country,
    month: Month,
    note: Annotated[str, typer.Option(help="Reason, shown to the planner")],
    skus: Skus = None,
    target: Target = None,
    author: Author = "",
    by: By = None,
) -> None:
    """Reject submitted numbers with a reason. Exit code 2 if nothing waits."""
    _decide(country, month, "rejected", skus, target, author, by, note, run=False)


def _decide(
    country: str,
    month: str,
    state: str,
    skus: list[str] | None,
    target: str | None,
    author: str,
    by: str | None,
    note: str,
    *,
    run: bool,
) -> None:
    from forecast_assets.cli.console import month_argument
    from forecast_assets.cli.override import run_decide
    from forecast_assets.operations.overrides.decisions import Selection

    selection = Selection(tuple(skus or ()), month_argument(target) if target else None, author)
    run_decide(country, month, state, selection, by, note, run=run)
