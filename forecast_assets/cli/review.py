"""Work of ``forecast-assets review``: show or set the state of a market's forecast, and render its report again."""

import pandas as pd
import typer

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.cli.console import RunLog, console, countries_or_exit, month_argument, settings_or_exit
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.cli.override import person
from forecast_assets.cli.prepare import prepare_instance
from forecast_assets.domain.months import MonthRange
from forecast_assets.domain.publication.review_states import ReviewNotAllowed
from forecast_assets.market_state.reviews import review_of, set_review
from forecast_assets.operations.cycle.launch import launch
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.opened import open_store
from forecast_assets.tags import REPUBLISH


def run(country: str, month: str, state: str | None, by: str | None, note: str, *, render: bool) -> None:
    """Show or set the state; exit with 2 if that is not possible, with 1 if the report could not be rendered."""
    settings = settings_or_exit()
    require_folders(settings, Folder.STORE, *([Folder.INSTANCE] if render else []))
    (code,) = countries_or_exit(settings, [country])
    partition, store = PartitionKey(month_argument(month), code), open_store(settings)
    name = f"{code} {partition.month:%Y-%m}"
    if state is None:
        current = review_of(store, partition)
        note_of = f": {current.note}" if current.note else ""
        console.print(f"{name}: {current.in_words}{note_of}", markup=False, soft_wrap=True)
        return
    try:
        current = set_review(settings, store, partition, str(state), person(by), pd.Timestamp.now("UTC"), note)
    except ReviewNotAllowed as error:
        console.print(f"{name}: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    console.print(f"{name}: {current.in_words}", markup=False, soft_wrap=True)
    if not render:
        console.print("The report shows it once it is rendered again: repeat with --run", markup=False)
        return
    prepare_instance()
    report, months = RunLog(), MonthRange(partition.month, partition.month)
    report(code, REPUBLISH, months, None)
    result = launch(load_code_location, REPUBLISH, code, months, assets=("market_report",))
    report(code, REPUBLISH, months, result)
    if not result.succeeded:
        raise typer.Exit(1)
