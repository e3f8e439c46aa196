"""Work of ``forecast-assets prune``: delete old versions by the retention rule of the settings."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from forecast_assets.cli.console import console, print_table, settings_or_exit
from forecast_assets.cli.folders import existing_store
from forecast_assets.operations.history.pruning import prune
from forecast_assets.operations.history.retention import PruningPlan, Retention, to_prune
from forecast_assets.storage.version_files import VersionFiles, all_versions

MEGABYTE = 1_000_000


def run(*, dry_run: bool, even_if_needed: bool, show: bool) -> None:
    """Print what the retention rule deletes and delete it."""
    settings = settings_or_exit(with_markets=False)
    store = existing_store(settings)
    retention = Retention(settings.retention.days, settings.retention.versions, settings.retention.orphan_grace_days)
    if retention.days == 0:
        console.print("FORECAST_RETENTION_DAYS is 0: every version is kept. Nothing was removed.", markup=False)
        return
    now = pd.Timestamp.now("UTC")
    plan = to_prune(all_versions(store), retention, now, even_if_needed=even_if_needed)
    _print_plan(plan, show)
    if dry_run:
        console.print("Nothing was removed (--dry-run).", markup=False)
        return
    done = prune(store, settings.store.lease_seconds, plan.removable, now)
    console.print(f"Removed {_counted(done.removed)}.", markup=False)
    for name, run in done.busy.items():
        console.print(f"{name}: run {run} is writing; its versions stay until the next pruning.", markup=False)


def _print_plan(plan: PruningPlan, show: bool) -> None:
    versions, sizes = Counter[str](), Counter[str]()
    for each in plan.removable:
        versions[each.table] += 1
        sizes[each.table] += each.size
    rows = [[table, f"{versions[table]:,}", f"{sizes[table] / MEGABYTE:,.1f}"] for table in sorted(versions)]
    if rows:
        print_table(f"Versions that go: {_counted(plan.removable)}", ["asset", "versions", "MB"], rows)
    else:
        console.print("No version goes.", markup=False)
    if plan.needed:
        console.print(f"Kept, though old, because kept versions were made from them: {_counted(plan.needed)}.")
    if plan.cycles_lost:
        lost = ", ".join(plan.cycles_lost)
        console.print(f"These cycles can no longer be replayed then: {lost}", style="yellow", markup=False)
    for each in plan.removable if show else ():
        kind = "replaced" if each.version.was_published else "orphan"
        line = f"{each.table} {each.partition} {each.version.name} ({kind}, {each.version.provenance.written_at})"
        console.print(line, style="dim", markup=False)


def _counted(versions: Sequence[VersionFiles]) -> str:
    return f"{len(versions):,} versions, {sum(each.size for each in versions) / MEGABYTE:,.1f} MB"
