"""Options of ``forecast-assets tune``."""

from typing import Annotated

import typer


def tune(
    country: Annotated[list[str], typer.Option(help="Market code; repeat for several")],
    trials: Annotated[int, typer.Option(min=1, help="Configurations to try per market, the default one included")] = 50,
    month: Annotated[
        str | None, typer.Option(help="Month to tune at, e.g. 2024-06. Default: the latest month with features")
    ] = None,
) -> None:
    """Search for the best model configuration of each market; its later cycles use it.

    Exit code 1 if a market could not be tuned.
    """
    from forecast_assets.cli.tune import run

    run(country, trials, month)
