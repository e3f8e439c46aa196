"""Work of ``forecast-assets versions``: print every version of a partition with its writer and state."""

from forecast_assets.cli.console import console, month_argument, print_table, settings_or_exit
from forecast_assets.cli.folders import existing_store
from forecast_assets.cli.version_arguments import partition_or_exit, table_or_exit
from forecast_assets.storage import Version
from forecast_assets.storage.version_files import pruned_of

COLUMNS = ["version", "state", "written", "cycle", "run", "git sha", "rows", "content hash"]
HASH_LENGTH = 12


def run(table: str, month: str, country: str | None) -> None:
    """Print the versions of a partition, oldest first, with the pruned ones below."""
    store = existing_store(settings_or_exit(with_markets=False))
    partition = partition_or_exit(store, table_or_exit(store, table), country, month_argument(month))
    versions = store.versions(table, partition)
    print_table(f"{table} {partition}", COLUMNS, [_row(version) for version in versions])
    for name, pruned in pruned_of(store, table, partition).items():
        if name not in {version.name for version in versions}:
            console.print(f"pruned {pruned['pruned_at']}: {name} of {pruned['cycle_id']}", style="dim", markup=False)


def _row(version: Version) -> list[str]:
    provenance = version.provenance
    state = "replaced" if version.was_published else "orphan"
    state = "published" if version.is_published else "withdrawn" if version.is_withdrawn else state
    written = provenance.written_at[:19].replace("T", " ")
    return [
        version.name.removesuffix(".parquet"), state, written, provenance.cycle_id, provenance.run_id[:8],
        short_sha(provenance.git_sha), f"{provenance.rows:,}", provenance.content_hash[:HASH_LENGTH],
    ]  # fmt: skip


def short_sha(sha: str) -> str:
    """Return the first 8 digits of a commit, marked if files had changed since."""
    head, dash, dirty = sha.partition("-")
    return head[:8] + dash + dirty
