"""Options of ``forecast-assets versions``."""

from typing import Annotated

import typer


def versions(
    table: Annotated[str, typer.Argument(help="Name of a table, or market_report")],
    month: Annotated[str, typer.Option(help="Month of the partition, e.g. 2024-06")],
    country: Annotated[str | None, typer.Option(help="Market code; leave out for tables over all markets")] = None,
) -> None:
    """List the stored versions of a partition, oldest first.

    A version is published, replaced (published earlier), withdrawn (taken back) or an orphan (never published).
    """
    from forecast_assets.cli.versions import run

    run(table, month, country)
