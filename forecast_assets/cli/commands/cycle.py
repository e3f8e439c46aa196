"""Options of ``forecast-assets cycle``."""

from typing import Annotated

import typer

from forecast_assets.cli.commands.arguments import Markets


def cycle(
    month: Annotated[str, typer.Option(help="Last closed month, e.g. 2024-06")],
    countries: Markets = None,
    history: Annotated[
        int, typer.Option(min=12, max=60, help="Number of earlier origin months whose features train the models")
    ] = 60,
    origins: Annotated[int, typer.Option(min=1, help="Number of full cycles to run; the last one is at --month")] = 1,
    step: Annotated[int, typer.Option(min=1, help="Months between two full cycles")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Run the cycle again where nothing has changed")] = False,
) -> None:
    """Run the monthly cycle of each market, from its deliveries to its published forecasts.

    Prints what each market published. A market whose deliveries, stored tables, code and settings are unchanged since
    its last cycle is left as it is. Exit code 1 if a market failed.
    """
    from forecast_assets.cli.requested_cycle import run

    run(month, countries or [], (history, origins, step), force=force)
