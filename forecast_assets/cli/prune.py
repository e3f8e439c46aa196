"""``forecast-assets prune``: remove versions that nobody needs any more, by the retention of the settings."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from forecast_assets.cli.console import console, print_table, settings_or_exit
from forecast_assets.operations.history.pruning import prune
from forecast_assets.operations.history.retention import Retention, Verdict, to_prune
from forecast_assets.storage.opened import open_store
from forecast_assets.storage.version_files import VersionFiles, all_versions

MEGABYTE = 1_000_000


def run(*, dry_run: bool, even_if_needed: bool, show: bool) -> None:
    """Print what the retention rule deletes and delete it."""
    settings = settings_or_exit(with_markets=False)
    retention = Retention(settings.retention.days, settings.retention.versions, settings.retention.orphan_grace_days)
    if retention.days == 0:
        console.print("FORECAST_RETENTION_DAYS is 0: every version is kept. Nothing was removed.", markup=False)
        return
    store, now = open_store(settings), pd.Timestamp.now("UTC")
    verdict = to_prune(all_versions(store), retention, now, even_if_needed=even_if_needed)
    _print_verdict(verdict, show)
    if dry_run:
        console.print("Nothing was removed (--dry-run).", markup=False)
        return
    done = prune(store, settings.store.lease_seconds, verdict.goes, now)
    console.print(f"Removed {_counted(done.removed)}.", markup=False)
    for name, run in done.busy.items():
        console.print(f"{name}: run {run} is writing; its versions stay until the next time.", markup=False)


def _print_verdict(verdict: Verdict, show: bool) -> None:
    versions, sizes = Counter(), Counter()
    for each in verdict.goes:
        versions[each.table] += 1
        sizes[each.table] += each.size
    rows = [[table, f"{versions[table]:,}", f"{sizes[table] / MEGABYTE:,.1f}"] for table in sorted(versions)]
    if rows:
        print_table(f"Versions that go: {_counted(verdict.goes)}", ["asset", "versions", "MB"], rows)
    else:
        console.print("No version goes.", markup=False)
    if verdict.needed:
        console.print(f"Kept, though old, because what is kept was made from them: {_counted(verdict.needed)}.")
    if verdict.cycles_lost:
        lost = ", ".join(verdict.cycles_lost)
        console.print(f"These cycles can no longer be replayed then: {lost}", style="yellow", markup=False)
    for each in verdict.goes if show else ():
        kind = "replaced" if each.version.was_published else "orphan"
        line = f"{each.table} {each.partition} {each.version.name} ({kind}, {each.version.provenance.written_at})"
        console.print(line, style="dim", markup=False)


def _counted(versions: Sequence[VersionFiles]) -> str:
    return f"{len(versions):,} versions, {sum(each.size for each in versions) / MEGABYTE:,.1f} MB"
