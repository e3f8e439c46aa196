"""Options of ``forecast-assets accept``."""

from typing import Annotated

import typer


def accept(
    country: Annotated[str, typer.Argument(help="Market code")],
    month: Annotated[str, typer.Argument(help="Month of the finding, e.g. 2024-06")],
    finding: Annotated[str, typer.Argument(help="Name of the finding, e.g. vanished_skus")],
    reason: Annotated[str, typer.Option(help="Reason, stored and shown with the finding")],
    author: Annotated[str, typer.Option(help="Name of the person who accepts it")] = "unknown",
    source: Annotated[
        str | None, typer.Option(help="Source of the finding. Default: the source that has it in the month")
    ] = None,
) -> None:
    """Accept a finding of a delivery for one month: it warns from then on and blocks nothing."""
    from forecast_assets.cli.accept import run

    run(country, month, finding, reason, author, source)
