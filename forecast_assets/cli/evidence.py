"""Work of ``forecast-assets evidence``: ask the instance, write the pages, print the state of each principle."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pandas as pd
import typer

from forecast_assets.cli.code_location import build_code_location, load_code_location
from forecast_assets.cli.console import console, print_table, settings_or_exit
from forecast_assets.cli.folders import Folder, existing_store, require_folders
from forecast_assets.cli.prepare import prepare_home
from forecast_assets.config.settings import Settings
from forecast_assets.operations.backfill.asset_nodes import asset_nodes
from forecast_assets.operations.evidence.pages import collect, write_pages
from forecast_assets.operations.evidence.proof import Live
from forecast_assets.operations.history.historical_store import RecordedVersions
from forecast_assets.operations.history.replay import Outcome, Replay, cycle_targets
from forecast_assets.storage import TableStore, git_sha


def run(out: Path) -> None:
    """Write the evidence; exit with 1 if a principle is not proved."""
    settings = settings_or_exit()
    require_folders(settings, Folder.INSTANCE)
    store = existing_store(settings)
    prepare_home()
    with dg.DagsterInstance.get() as instance:
        replay = _Replayer(settings, store)
        principles = collect(Live(settings, store, instance, load_code_location(), replay))
    asked_at = pd.Timestamp.now("UTC").isoformat(timespec="seconds")
    write_pages(principles, out, asked_at, git_sha())
    rows = [[f"{each.number}", each.name, each.state, each.file] for each in principles]
    print_table("evidence", ["", "principle", "state", "file"], rows)
    console.print(f"{out / 'index.html'}", markup=False, soft_wrap=True)
    if any(each.state == "not proved" for each in principles):
        raise typer.Exit(1)


class _Replayer:
    """Rebuilds the tables of a cycle and a market in a temporary store."""

    def __init__(self, settings: Settings, store: TableStore) -> None:
        self._settings, self._store = settings, store

    def __call__(self, cycle: str, country: str) -> Sequence[Outcome]:
        versions = RecordedVersions(self._store)
        targets = cycle_targets(versions, asset_nodes(load_code_location()), cycle, [country])
        with tempfile.TemporaryDirectory() as scratch:
            return list(Replay(self._settings, build_code_location, self._store, scratch, versions).run(targets))
