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
from forecast_assets.operations.history.replay import NOT_POSSIBLE, Outcome, Replay, Target, cycle_targets
from forecast_assets.storage import TableStore, git_sha
from forecast_assets.storage.code_version import code_version
from forecast_assets.storage.configuration import configuration_of


def run(out: Path) -> None:
    """Write the evidence; exit with 1 if a principle is not proved."""
    settings = settings_or_exit()
    require_folders(settings, Folder.STORE, Folder.INSTANCE)
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
    """Rebuilds the tables of a cycle and a market in a temporary store, as far as code and settings are the same."""

    def __init__(self, settings: Settings, store: TableStore) -> None:
        self._settings, self._store = settings, store

    def __call__(self, cycle: str, country: str) -> Sequence[Outcome]:
        versions = RecordedVersions(self._store)
        targets = cycle_targets(versions, asset_nodes(load_code_location()), cycle, [country])
        changed = [(target, reasons) for target in targets if (reasons := self._changes(target))]
        same = [target for target in targets if not self._changes(target)]
        with tempfile.TemporaryDirectory() as scratch:
            outcomes = list(Replay(self._settings, build_code_location, self._store, scratch, versions).run(same))
        return [*outcomes, *(Outcome(target, NOT_POSSIBLE, reasons) for target, reasons in changed)]

    def _changes(self, target: Target) -> tuple[str, ...]:
        """Return why a table would not come out the same now: other code or other settings than it was built with."""
        recorded = target.version.provenance
        own = configuration_of(target.asset, self._settings, target.partition.country)
        reasons = {
            "built with other code": recorded.code_version != code_version(target.asset),
            "built with other settings": recorded.configuration != own,
        }
        return tuple(reason for reason, applies in reasons.items() if applies)
