"""Work of ``forecast-assets export``: write the upload file of one or more markets."""

from pathlib import Path

import typer

from forecast_assets.cli.console import console, countries_or_exit, month_argument, settings_or_exit
from forecast_assets.cli.folders import existing_store
from forecast_assets.operations.upload_export import ExportRefused, upload_rows
from forecast_assets.storage import PartitionKey

FORMATS = ("csv", "parquet")


def run(codes: list[str], month: str, folder: Path, file_format: str) -> None:
    """Write a file per market; exit with 2 if a market cannot be exported, after the others are written."""
    if file_format not in FORMATS:
        raise typer.BadParameter(f"expected {' or '.join(FORMATS)}, got {file_format!r}", param_hint="--format")
    settings = settings_or_exit()
    store, origin = existing_store(settings), month_argument(month)
    refused = False
    for country in countries_or_exit(settings, codes):
        try:
            rows = upload_rows(settings, store, PartitionKey(origin, country))
        except ExportRefused as error:
            console.print(str(error), style="red", markup=False, soft_wrap=True)
            refused = True
            continue
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"forecast_{country}_{origin:%Y-%m}.{file_format}"
        content = rows.to_parquet(index=False) if file_format == "parquet" else rows.to_csv(index=False).encode()
        # An upload that watches the folder never sees half a file.
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)
        console.print(f"{path}: {len(rows):,} rows", markup=False, soft_wrap=True)
    if refused:
        raise typer.Exit(2)
