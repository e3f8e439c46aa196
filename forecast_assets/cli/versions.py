"""``forecast-assets versions``: every version of a partition, who wrote it, and which one readers read."""

from forecast_assets.cli.console import console, month_argument, print_table, settings_or_exit
from forecast_assets.cli.version_arguments import partition_or_exit, table_or_exit
from forecast_assets.storage import Version
from forecast_assets.storage.opened import open_store
from forecast_assets.storage.version_files import pruned_of

COLUMNS = ["version", "state", "written", "cycle", "run", "git sha", "rows", "content hash"]
HASH_LENGTH = 12


def run(table: str, month: str, country: str | None) -> None:
    """Print the versions of a partition, oldest first, with the pruned ones below."""
    store = open_store(settings_or_exit(with_markets=False))
    place = partition_or_exit(store, table_or_exit(store, table), country, month_argument(month))
    found = store.versions(table, place)
    print_table(f"{table} {place}", COLUMNS, [_row(version) for version in found])
    for name, said in pruned_of(store, table, place).items():
        if name not in {version.name for version in found}:
            console.print(f"pruned {said['pruned_at']}: {name} of {said['cycle_id']}", style="dim", markup=False)


def _row(version: Version) -> list[str]:
    said = version.provenance
    state = "published" if version.is_published else "replaced" if version.was_published else "orphan"
    written = said.written_at[:19].replace("T", " ")
    return [
        version.name.removesuffix(".parquet"), state, written, said.cycle_id, said.run_id[:8], short_sha(said.git_sha),
        f"{said.rows:,}", said.content_hash[:HASH_LENGTH],
    ]  # fmt: skip


def short_sha(sha: str) -> str:
    """The first 8 digits of a commit and whether files had been changed since."""
    head, dash, dirty = sha.partition("-")
    return head[:8] + dash + dirty
