"""Replay of a past cycle: tables are rebuilt from their recorded inputs, in a separate store, and compared.

Each table is rebuilt by its asset from its own recorded inputs, so a table that differs does not change later ones.
Sources are not rebuilt: the replay starts from the stored ones.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.market_state.lookups import SET_ASIDE
from forecast_assets.operations.backfill.asset_nodes import AssetNode
from forecast_assets.operations.cycle.launch import QUIET, failures_of
from forecast_assets.operations.history.differences import TableDifference, table_difference
from forecast_assets.operations.history.historical_store import HistoricalStore, RecordedVersions
from forecast_assets.partitions import partition_key
from forecast_assets.schemas import MONTH_ONLY, ON_DEMAND, TABLES
from forecast_assets.storage import PartitionKey, TableReader, TableStore, Version, git_sha
from forecast_assets.storage.code_version import code_version
from forecast_assets.storage.configuration import configuration_of, configured_values
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tags import CYCLE_ID_TAG, JOBS_OVER_ALL_MARKETS, SET_ASIDE_TAG

IDENTICAL, DIFFERENT, NOT_POSSIBLE = "identical", "different", "not possible"
CYCLE_ID = re.compile(r".+-(\d{4}-(?:0[1-9]|1[0-2]))(?:\.\w+)?")


@dataclasses.dataclass(frozen=True)
class Target:
    """Stored table of a cycle: the last version that was published in it."""

    asset: str
    partition: PartitionKey
    version: Version


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Result for one table. ``reasons`` explain a replay that was not possible; ``difference`` lists the changes."""

    target: Target
    state: str
    reasons: tuple[str, ...] = ()
    difference: TableDifference | None = None


def month_of_cycle(cycle_id: str) -> pd.Timestamp:
    """Return the month of ``prod-2024-06`` or ``prod-2024-06.r2``. Raises ValueError for other texts."""
    match = CYCLE_ID.fullmatch(cycle_id)
    if match is None:
        raise ValueError(f"a cycle reads prod-2024-06, or prod-2024-06.r2 for a reopened month, got {cycle_id!r}")
    return pd.Timestamp(f"{match[1]}-01")


def cycle_targets(
    versions: RecordedVersions, nodes: Mapping[str, AssetNode], cycle_id: str, countries: Sequence[str | None]
) -> list[Target]:
    """Return the tables of a cycle in building order, for some markets (None: tables over all markets)."""
    targets = []
    for asset, partition in _partitions(nodes, cycle_id, countries):
        own = [v for v in versions.of(asset, partition) if v.was_published and v.provenance.cycle_id == cycle_id]
        if own:
            targets.append(Target(asset, partition, own[-1]))
    return targets


def pruned_targets(
    versions: RecordedVersions, nodes: Mapping[str, AssetNode], cycle_id: str, countries: Sequence[str | None]
) -> list[str]:
    """Describe the tables of a cycle whose last version was pruned, so that there is nothing to compare with."""
    lines = []
    for asset, partition in _partitions(nodes, cycle_id, countries):
        own = [v.name for v in versions.of(asset, partition) if v.was_published and v.provenance.cycle_id == cycle_id]
        gone = [each for each in versions.pruned(asset, partition).values() if each["cycle_id"] == cycle_id]
        later = [each for each in gone if not own or each["previous_version"] == own[-1]]
        if later:
            lines.append(f"{asset} {partition}: the cycle's version was pruned on {later[-1]['pruned_at']}")
    return lines


def _partitions(
    nodes: Mapping[str, AssetNode], cycle_id: str, countries: Sequence[str | None]
) -> list[tuple[str, PartitionKey]]:
    month = month_of_cycle(cycle_id)
    return [
        (asset, PartitionKey(month, country))
        for asset, node in nodes.items()
        if asset in TABLES and asset not in ON_DEMAND and not node.is_source
        for country in countries
        if (country is None) == (asset in MONTH_ONLY)
    ]


def code_and_configuration_changes(settings: Settings, targets: Sequence[Target]) -> list[str]:
    """Describe how the current code and configuration differ from those that built the tables."""
    lines = []
    for recorded in sorted({target.version.provenance.git_sha for target in targets} - {git_sha()}):
        lines.append(f"built with git {recorded}, replayed with git {git_sha()}")
    for asset, recorded in sorted({(target.asset, target.version.provenance.code_version) for target in targets}):
        if recorded != code_version(asset):
            lines.append(f"{asset}: code version {recorded or 'unknown'} as recorded, {code_version(asset)} now")
    for asset in dict.fromkeys(target.asset for target in targets):
        own = [target for target in targets if target.asset == asset and _is_configured_differently(settings, target)]
        if own:
            names = ", ".join(configured_values(asset, settings, own[0].partition.country)) or "no setting now"
            where = ", ".join(target.partition.country or "all markets" for target in own)
            lines.append(f"{asset} ({where}) was configured differently; it depends on {names}")
    return lines


def _is_configured_differently(settings: Settings, target: Target) -> bool:
    country = target.partition.country
    if country is not None and country not in settings.market_table:
        return False
    return target.version.provenance.configuration != configuration_of(target.asset, settings, country)


class Replay:
    """Rebuilding of tables of a cycle.

    Args:
        settings: Current settings of the company.
        build: Builds the code location with settings, and a store that its assets read from.
        store: Store with the versions.
        scratch: Folder of the separate store that is written.
        versions: Versions of ``store``.
    """

    def __init__(
        self,
        settings: Settings,
        build: Callable[[Settings, TableReader], dg.Definitions],
        store: TableStore,
        scratch: str,
        versions: RecordedVersions,
    ) -> None:
        self.settings = settings.copy_with("store", address=scratch).copy_with("mlflow", tracking_uri="")
        self._store, self._scratch = store, TableStore(scratch)
        self._versions = versions
        self._inputs = HistoricalStore(store)
        self._definitions = build(self.settings, self._inputs)

    def run(self, targets: Sequence[Target]) -> Iterator[Outcome]:
        """Rebuild each table and compare it."""
        for target in targets:
            yield self._outcome(target)

    def _outcome(self, target: Target) -> Outcome:
        recorded, country = target.version.provenance, target.partition.country
        if country is not None and country not in self.settings.market_table:
            return Outcome(target, NOT_POSSIBLE, (f"{country} is no longer in the markets file",))
        paths, problems = self._versions.paths(recorded.inputs)
        if problems:
            return Outcome(target, NOT_POSSIBLE, tuple(problems))
        self._inputs.use((target.asset, target.partition), recorded, paths)
        failures = self._rebuild(target)
        if failures:
            return Outcome(target, NOT_POSSIBLE, failures)
        rebuilt = self._scratch.provenance(target.asset, target.partition)
        is_sound = self._versions.hash_now(target.asset, target.partition, target.version.name) == recorded.content_hash
        if is_sound and rebuilt.content_hash == recorded.content_hash:
            return Outcome(target, IDENTICAL)
        before = self._store.read_version(target.asset, target.partition, target.version.name)
        now = self._scratch.read(target.asset, [target.partition])
        reasons = () if is_sound else ("the stored file does not match its provenance: it was changed",)
        difference = table_difference(before, now, table_specs()[target.asset].keys)
        return Outcome(target, DIFFERENT, reasons, difference)

    def _rebuild(self, target: Target) -> tuple[str, ...]:
        """Run the asset as a cycle does; return its failures."""
        recorded, partition = target.version.provenance, target.partition
        tags = {CYCLE_ID_TAG: recorded.cycle_id}
        if SET_ASIDE in recorded.answers:
            tags[SET_ASIDE_TAG] = recorded.answers[SET_ASIDE]
        elif target.asset == "published_forecasts" and not recorded.inputs.get("forecasts"):
            # Only a fallback publishes without forecasts.
            tags[SET_ASIDE_TAG] = "the publication was a fallback"
        job = self._definitions.resolve_job_def(JOBS_OVER_ALL_MARKETS.get(target.asset, "monthly_cycle"))
        result = job.execute_in_process(
            run_config=QUIET,
            asset_selection=[dg.AssetKey(target.asset)],
            partition_key=partition_key(partition.month, partition.country)
            if partition.country
            else partition.month_text,
            tags=tags,
            raise_on_error=False,
        )
        return failures_of(result)
