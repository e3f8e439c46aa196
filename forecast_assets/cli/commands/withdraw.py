"""Options of ``forecast-assets withdraw``."""

from typing import Annotated

import typer


def withdraw(
    country: Annotated[str, typer.Argument(help="Market code")],
    month: Annotated[str, typer.Argument(help="Published month, e.g. 2024-11")],
    reason: Annotated[str, typer.Option(help="Reason, stored with the withdrawal")],
    author: Annotated[str, typer.Option(help="Name of the person who takes it back")] = "unknown",
    undo: Annotated[bool, typer.Option("--undo", help="Publish again what was withdrawn last")] = False,
) -> None:
    """Take back what a market has published for a month, as if it had not been published.

    Planners no longer read it, later months count as if it had not been, and performance is measured again. Its
    versions stay: --undo publishes it again. Exit code 2 if there is nothing to take back.
    """
    from forecast_assets.cli.withdraw import run

    run(country, month, reason, author, undo=undo)
