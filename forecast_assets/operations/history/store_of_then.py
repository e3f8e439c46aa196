"""The store as an earlier run saw it: exactly the versions that a stored partition says it was made from."""

from collections.abc import Iterable, Mapping

from forecast_assets.market_state.lookups import LATER_PUBLISHED
from forecast_assets.storage import MissingPartition, PartitionKey, StoredProvenance, TableStore, Version, content_hash
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.storage.version_files import pruned_of

Place = tuple[str, PartitionKey]


class NotAsRecorded(LookupError):
    """A version that something was made from is gone, or its file no longer holds what was recorded."""


class StoreOfThen(TableStore):
    """Reads the versions of one stored partition's inputs and knows of nothing else. Writes belong elsewhere."""

    def __init__(self, store: TableStore) -> None:
        super().__init__(store.address, store.account)
        self._versions: dict[Place, str] = {}
        self._listed: set[Place] = set()

    def use(self, asset: Place, said: StoredProvenance, versions: Mapping[Place, str]) -> None:
        """From now on be as it was for one stored partition: ``versions`` are the paths of its inputs."""
        self._versions = dict(versions)
        self._listed = set(versions)
        name, place = asset
        if LATER_PUBLISHED in said.answers:
            self._listed.add((name, PartitionKey.from_dagster(f"{place.country}|{said.answers[LATER_PUBLISHED]}")))

    def path(self, name: str, partition: PartitionKey) -> str:
        """Where the version of then is; a place where nothing is for what was not read."""
        return self._versions.get((name, partition), f"{self.base}/_versions/{name}/{partition.folder}/not recorded")

    def list_partitions(self, name: str) -> list[PartitionKey]:
        """What was read of a table, and what else is known to have been there."""
        found = [partition for table, partition in self._listed if table == name]
        return sorted(found, key=lambda partition: partition.sort_key)


class RecordedVersions:
    """Finds the versions of a store by what they held, and makes sure that they still do."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._specs = table_specs()
        self._versions: dict[Place, list[Version]] = {}
        self._sound: dict[tuple[str, PartitionKey, str], str] = {}

    def of(self, name: str, place: PartitionKey) -> list[Version]:
        """All versions of a partition, oldest first."""
        if (name, place) not in self._versions:
            self._versions[name, place] = self._store.versions(name, place)
        return self._versions[name, place]

    def pruned(self, name: str, place: PartitionKey) -> dict[str, dict[str, str | None]]:
        """What was removed of a partition's versions, by version."""
        return pruned_of(self._store, name, place)

    def paths(self, inputs: Mapping[str, Mapping[str, str]]) -> tuple[dict[Place, str], list[str]]:
        """The version of each recorded input by table and partition; and in words, which are not as recorded."""
        found: dict[Place, str] = {}
        problems = []
        for table, partitions in inputs.items():
            for key, wanted in partitions.items():
                place = PartitionKey.from_dagster(key)
                try:
                    found[table, place] = self.path(table, place, wanted)
                except NotAsRecorded as problem:
                    problems.append(str(problem))
        return found, problems

    def path(self, table: str, place: PartitionKey, wanted: str) -> str:
        """The file of a version with a content hash, read and hashed again.

        Raises:
            NotAsRecorded: If there is none, or the file holds something else than its provenance says.
        """
        if (table, place, wanted) not in self._sound:
            self._sound[table, place, wanted] = self._found(table, place, wanted)
        return self._sound[table, place, wanted]

    def hash_now(self, table: str, place: PartitionKey, version: str) -> str:
        """Content hash of what the file of a version holds now, whatever its provenance says."""
        return content_hash(self._store.read_version_table(table, place, version), self._specs[table].keys)

    def _found(self, table: str, place: PartitionKey, wanted: str) -> str:
        versions = [version for version in self.of(table, place) if version.provenance.content_hash == wanted]
        altered = []
        for version in reversed(versions):
            if self._holds(table, place, version.name, wanted):
                return version.path
            altered.append(version.name)
        if altered:
            raise NotAsRecorded(
                f"{table} {place}: version {', '.join(altered)} does not hold the content {wanted[:12]} that its "
                "provenance names: the file was changed. Restore it from a backup."
            )
        raise NotAsRecorded(f"{table} {place}: no version with content {wanted[:12]}{self._gone(table, place, wanted)}")

    def _holds(self, table: str, place: PartitionKey, version: str, wanted: str) -> bool:
        try:
            return self.hash_now(table, place, version) == wanted
        except (MissingPartition, OSError, ValueError):
            # pyarrow's errors for a file that is damaged are among these two.
            return False

    def _gone(self, table: str, place: PartitionKey, wanted: str) -> str:
        removed: Iterable[str] = (
            f"; version {name} was pruned on {said['pruned_at']}"
            for name, said in pruned_of(self._store, table, place).items()
            if said["content_hash"] == wanted
        )
        return next(iter(removed), " is in the store")
