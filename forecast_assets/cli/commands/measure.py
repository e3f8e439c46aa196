"""Options of ``forecast-assets measure``."""

from typing import Annotated

import typer

from forecast_assets.cli.commands.arguments import Markets


def measure(
    through: Annotated[str, typer.Option(help="Last closed month to measure, e.g. 2018-12")],
    countries: Markets = None,
    origin: Annotated[str | None, typer.Option(help="Print only the forecasts of this origin month")] = None,
) -> None:
    """Compare published forecasts with the sales of closed months, without forecasting.

    Exit code 1 if a market failed.
    """
    from forecast_assets.cli.measure import run

    run(through, countries or [], origin)
