"""Options of ``forecast-assets whatif``."""

from pathlib import Path
from typing import Annotated

import typer

from forecast_assets.cli.commands.arguments import Market


def whatif(
    country: Market,
    promotions: Annotated[
        Path | None, typer.Option(help="File with sku, month and discount_pct or is_promoted; 0 cancels a promotion")
    ] = None,
    price: Annotated[
        Path | None, typer.Option(help="File with sku, month and price: the regular price from that month on")
    ] = None,
    products: Annotated[
        Path | None, typer.Option(help="File with sku and launch_month, end_month, reference_sku, ...: what changes")
    ] = None,
    month: Annotated[str | None, typer.Option(help="Origin month, e.g. 2024-06. Default: the latest published")] = None,
    to: Annotated[Path, typer.Option(help="Folder that workbook and page are written to")] = Path("var/whatif"),
) -> None:
    """Forecast a market under other plans beside the published forecast. Nothing is published or stored.

    Files are CSV, Parquet or Excel, with the columns of deliveries. Exit code 2 if a file or table cannot be used.
    """
    from forecast_assets.cli.whatif import run

    run(country, promotions, price, products, month, to)
