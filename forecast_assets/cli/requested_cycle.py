"""Entry of ``forecast-assets cycle``: leaves markets with nothing to do before what runs a cycle is imported."""

from itertools import groupby

import pandas as pd
import typer

from forecast_assets.cli.console import closed_month_argument, console, countries_or_exit, settings_or_exit
from forecast_assets.cli.folders import Folder, require_folders
from forecast_assets.operations.cycle.cycle_record import CycleRecords
from forecast_assets.operations.cycle.plan import CycleRequest


def run(month: str, codes: list[str], months: tuple[int, int, int], *, force: bool) -> None:
    """Run the cycles, print what each market published, and exit with 1 if one failed.

    Args:
        month: Last closed month as given.
        codes: Markets as given; none stands for all that are forecast.
        months: Months of history, number of origins and months between two origins.
        force: Whether markets are run again of which nothing has changed.
    """
    settings = settings_or_exit()
    require_folders(settings, Folder.LANDING, Folder.INSTANCE)
    countries = countries_or_exit(settings, codes)
    request = CycleRequest(closed_month_argument(month, settings.automation.time_zone), *months)
    records = CycleRecords(settings, request)
    wanted = countries if force else _changed(records, request.month, countries)
    if not wanted:
        return
    from forecast_assets.cli.cycle import run_and_print

    results, complete = run_and_print(settings, request, wanted)
    failed = [code for code in wanted if not all(result.succeeded for result in results[code])]
    if complete and all(result.succeeded for result in results.get("", [])):
        records.keep(code for code in wanted if results[code] and code not in failed)
    if failed:
        console.print(f"failed: {', '.join(failed)}", style="red", markup=False)
        raise typer.Exit(1)


def _changed(records: CycleRecords, month: pd.Timestamp, countries: list[str]) -> list[str]:
    """Print the markets with nothing to do and return the other ones."""
    unchanged = records.unchanged(countries)
    ended = sorted((record.ended_at, code) for code, record in unchanged.items())
    for ended_at, of_time in groupby(ended, key=lambda each: each[0]):
        console.print(
            f"{', '.join(code for _, code in of_time)}: nothing to do. The cycle of {month:%Y-%m} ended at {ended_at}; "
            "deliveries, stored tables, code and settings are unchanged. --force runs it again",
            markup=False,
            soft_wrap=True,
        )
    return [code for code in countries if code not in unchanged]
