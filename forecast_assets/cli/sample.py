"""``forecast-assets sample``: write the sample company's landing files."""

from typing import Annotated

import typer

from forecast_assets.cli.console import console, settings_or_exit
from forecast_assets.sample import FAULTS, write_sample_company


def sample(
    landing: Annotated[
        str | None, typer.Option(help="Folder to write to; default: the landing of the settings")
    ] = None,
    markets: Annotated[int, typer.Option(min=1, max=40, help="How many markets")] = 4,
    skus: Annotated[int, typer.Option(min=5, help="SKUs per market")] = 150,
    months: Annotated[int, typer.Option(min=24, help="Delivered months")] = 72,
    last_month: Annotated[str, typer.Option(help="Last delivered month")] = "2024-12",
    seed: Annotated[int, typer.Option(help="Other seeds give other companies")] = 7,
    fault: Annotated[list[str] | None, typer.Option(help=f"Plant a fault: {', '.join(FAULTS)}; add :CODE")] = None,
    markets_file: Annotated[str | None, typer.Option(help="Also write the markets.yaml of the sample")] = None,
) -> None:
    """Simulate an FMCG company and write what it would deliver."""
    try:
        summary = write_sample_company(
            landing or settings_or_exit(with_markets=False).sources.landing, markets=markets, skus=skus, months=months,
            last_month=last_month, seed=seed, faults=tuple(fault or ()), markets_file=markets_file,
            progress=lambda line: console.print(line, style="dim", markup=False),
        )  # fmt: skip
    except (ValueError, FileExistsError) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    console.print(
        f"{len(summary.markets)} markets, {summary.skus} SKUs each, {summary.first_month:%Y-%m} to "
        f"{summary.last_month:%Y-%m}: {summary.files} files in {summary.landing}",
        markup=False,
    )
