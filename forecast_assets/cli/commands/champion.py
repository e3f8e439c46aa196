"""Options of ``forecast-assets champion``."""

from typing import Annotated

import typer

from forecast_assets.cli.commands.arguments import Market


def champion(
    country: Market,
    accept: Annotated[str | None, typer.Option(help="Withdraw the rejection of the configuration with this id")] = None,
    reason: Annotated[str, typer.Option(help="Reason for accepting it, stored with the decision")] = "not given",
    author: Annotated[str, typer.Option(help="Name of the person who accepts it")] = "unknown",
) -> None:
    """Show a market's champion configuration by month, its challengers and the rejected ones."""
    from forecast_assets.cli.champion import run

    run(country, accept, reason, author)
