"""Options of ``forecast-assets backfill``."""

from typing import Annotated

import typer


def backfill(
    first: Annotated[str, typer.Option("--from", help="First month, e.g. 2021-01")],
    to: Annotated[str, typer.Option(help="Last month, e.g. 2024-06")],
    country: Annotated[list[str] | None, typer.Option(help="Market code; repeat for several")] = None,
    all_markets: Annotated[bool, typer.Option("--all", help="All live and shadow markets")] = False,
    assets: Annotated[
        str, typer.Option(help="Assets to rebuild, in Dagster's selection syntax: features+, sell_in, ...")
    ] = "*",
    plan: Annotated[bool, typer.Option("--plan", help="Print the plan and stop before running it")] = False,
    include_frozen: Annotated[
        bool, typer.Option(help="Reopen months that are published and closed, as cycle <env>-<month>.r<n>")
    ] = False,
) -> None:
    """Rebuild past months whose inputs, code or configuration have changed.

    Source data of many months take one run per market; models run month by month. Exit code 1 if a month failed, 2 if
    the range holds closed months and --include-frozen is not given.
    """
    from forecast_assets.cli.backfill import run

    run(first, to, country or [], all_markets=all_markets, assets=assets, plan=plan, include_frozen=include_frozen)
