"""``forecast-assets sample``: write the sample company's landing files."""

import typer

from forecast_assets.cli.console import console, settings_or_exit
from forecast_assets.sample import write_sample_company


def run(
    landing: str | None,
    markets: int,
    skus: int,
    months: int,
    last_month: str,
    seed: int,
    faults: list[str],
    markets_file: str | None,
) -> None:
    """Write the sample company's files and print a summary; exit with 2 if the arguments do not fit."""
    try:
        summary = write_sample_company(
            landing or settings_or_exit(with_markets=False).sources.landing, markets=markets, skus=skus, months=months,
            last_month=last_month, seed=seed, faults=tuple(faults), markets_file=markets_file,
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
