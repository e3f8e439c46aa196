"""Options of ``forecast-assets export``."""

from pathlib import Path
from typing import Annotated

import typer

from forecast_assets.cli.commands.arguments import Markets


def export(
    month: Annotated[str, typer.Option(help="Origin month, e.g. 2024-06")],
    countries: Markets = None,
    to: Annotated[Path, typer.Option(help="Folder that the files are written to")] = Path("var/exports"),
    file_format: Annotated[str, typer.Option("--format", help="csv or parquet")] = "csv",
) -> None:
    """Write published forecasts as a file to upload, in whole units or cases. FORECAST_EXPORT_COLUMNS names columns.

    Shadow, retired and backfilled forecasts are not exported. Exit code 2 if a market cannot be exported.
    """
    from forecast_assets.cli.export import run

    run(countries or [], month, to, file_format)
