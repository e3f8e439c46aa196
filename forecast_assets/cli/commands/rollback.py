"""Options of ``forecast-assets rollback``."""

from typing import Annotated

import typer

from forecast_assets.cli.commands.arguments import Market


def rollback(
    country: Market,
    reason: Annotated[str, typer.Option(help="Reason for the rejection, stored with the decision")],
    author: Annotated[str, typer.Option(help="Name of the person who rejects it")] = "unknown",
) -> None:
    """Reject a market's champion configuration, and publish its latest month again with the previous one."""
    from forecast_assets.cli.rollback import run

    run(country, reason, author)
