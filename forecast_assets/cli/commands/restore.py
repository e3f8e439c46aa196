"""Options of ``forecast-assets restore``."""

from typing import Annotated

import typer


def restore(
    table: Annotated[str, typer.Argument(help="Name of a table, or market_report")],
    partition: Annotated[
        list[str], typer.Argument(metavar="[MARKET] MONTH", help="Market code, if the table has markets, and month")
    ],
) -> None:
    """Publish the last good version of a partition again if its published file is damaged.

    Example: forecast-assets restore sell_in FR 2024-11. A sound file stays as it is. Exit code 1 if no version is
    sound, or a run is writing the market.
    """
    from forecast_assets.cli.restore import run

    run(table, partition)
