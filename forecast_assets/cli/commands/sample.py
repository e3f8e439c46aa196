"""Options of ``forecast-assets sample``."""

from typing import Annotated

import typer

# The names of ``forecast_assets.sample.FAULTS``, which is too slow to import for help; a test compares them.
FAULTS = ("duplicate_rows", "missing_file", "wrong_type", "negative_spike", "unknown_sku", "late_month")


def sample(
    landing: Annotated[str | None, typer.Option(help="Folder to write to. Default: FORECAST_LANDING")] = None,
    markets: Annotated[int, typer.Option(min=1, max=200, help="Number of markets")] = 4,
    skus: Annotated[int, typer.Option(min=5, help="Number of SKUs per market")] = 150,
    months: Annotated[int, typer.Option(min=24, help="Number of delivered months")] = 72,
    last_month: Annotated[str, typer.Option(help="Last delivered month")] = "2024-12",
    seed: Annotated[int, typer.Option(help="Random seed; another seed simulates another company")] = 7,
    fault: Annotated[
        list[str] | None, typer.Option(help=f"Plant a fault: {', '.join(FAULTS)}; append :CODE for one market")
    ] = None,
    markets_file: Annotated[str | None, typer.Option(help="Also write the sample's markets.yaml to this path")] = None,
) -> None:
    """Simulate an FMCG company and write the files it would deliver."""
    from forecast_assets.cli.sample import run

    run(landing, markets, skus, months, last_month, seed, fault or [], markets_file)
