"""Options of ``forecast-assets review``."""

from enum import StrEnum
from typing import Annotated

import typer


class State(StrEnum):
    """States of a forecast in the monthly review."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    APPROVED = "approved"


def review(
    country: Annotated[str, typer.Argument(help="Market code")],
    month: Annotated[str, typer.Argument(help="Published month, e.g. 2024-06")],
    state: Annotated[State | None, typer.Argument(help="State to set; without one the state is shown")] = None,
    by: Annotated[str | None, typer.Option(help="Your name; without it the signed-in account counts")] = None,
    note: Annotated[str, typer.Option(help="Note, stored with the state")] = "",
    run: Annotated[bool, typer.Option("--run", help="Render the market's report again, so that it shows it")] = False,
) -> None:
    """Show or set the state of a market's forecast: draft, reviewed or approved.

    The state belongs to the publication: published again, the forecast is a draft again. With FORECAST_FOUR_EYES one
    person reviews and another one approves. Exit code 1 if a run failed, 2 if the state cannot be set.
    """
    from forecast_assets.cli.review import run as run_review

    run_review(country, month, state, by, note, render=run)
