"""Options of ``forecast-assets why``."""

from typing import Annotated

import typer


def why(
    country: Annotated[str, typer.Argument(help="Market code")],
    sku: Annotated[str, typer.Argument(help="SKU as in the deliveries")],
    month: Annotated[str, typer.Argument(help="Forecast month, e.g. 2024-09")],
    origin: Annotated[
        str | None, typer.Option(help="Origin month of the forecast, e.g. 2024-06. Default: the latest one published")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all details as JSON, with the hash of every input")] = (
        False
    ),
) -> None:
    """Explain a published number: value, status, reason, and every version it was computed from."""
    from forecast_assets.cli.why import run

    run(country, sku, month, origin, as_json=as_json)
