"""Options of ``forecast-assets replay``."""

from pathlib import Path
from typing import Annotated

import typer

from forecast_assets.cli.commands.arguments import Markets


def replay(
    cycle: Annotated[str, typer.Option(help="Cycle id, e.g. prod-2024-06 or prod-2024-06.r2")],
    countries: Markets = None,
    keep: Annotated[Path | None, typer.Option(help="New or empty folder that keeps the rebuilt tables")] = None,
) -> None:
    """Rebuild a past cycle from its recorded inputs and compare it with the stored tables.

    Exit code 0 if they are identical, 1 if one differs, 2 if one cannot be rebuilt.
    """
    from forecast_assets.cli.replay import run

    run(cycle, countries or [], keep)
