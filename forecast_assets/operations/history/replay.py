"""A past cycle made again from the versions it was made from, into a store of its own, and compared.

Every table of the cycle is made by its asset, as a cycle makes it, from its own recorded inputs: a table that comes out
otherwise does not make those after it differ. Sources are not made again: the replay starts from them as stored.
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
    """A stored table of a cycle: the last version that was published in it."""

    asset: str
    place: PartitionKey
    version: Version


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a table. ``reasons``: why it was not possible; ``difference``: where it differs."""

    target: Target
    state: str
    reasons: tuple[str, ...] = ()
    difference: TableDifference | None = None


def month_of_cycle(cycle_id: str) -> pd.Timestamp:
    """The month of ``prod-2024-06`` or ``prod-2024-06.r2``. Raises ValueError for anything else."""
    found = CYCLE_ID.fullmatch(cycle_id)
    if found is None:
        raise ValueError(f"a cycle reads prod-2024-06, or prod-2024-06.r2 for a reopened month, got {cycle_id!r}")
    return pd.Timestamp(f"{found[1]}-01")


def cycle_targets(
    versions: RecordedVersions, nodes: Mapping[str, AssetNode], cycle_id: str, countries: Sequence[str | None]
) -> list[Target]:
    """Tables of a cycle in the order in which they are made, of the markets named (None: those over all markets)."""
    found = []
    for asset, place in _places(nodes, cycle_id, countries):
        own = [v for v in versions.of(asset, place) if v.was_published and v.provenance.cycle_id == cycle_id]
        if own:
            found.append(Target(asset, place, own[-1]))
    return found


def pruned_targets(
    versions: RecordedVersions, nodes: Mapping[str, AssetNode], cycle_id: str, countries: Sequence[str | None]
) -> list[str]:
    """Tables of a cycle whose last version has been pruned, in words: there is nothing to compare with."""
    said = []
    for asset, place in _places(nodes, cycle_id, countries):
        own = [v.name for v in versions.of(asset, place) if v.was_published and v.provenance.cycle_id == cycle_id]
        gone = [each for each in versions.pruned(asset, place).values() if each["cycle_id"] == cycle_id]
        later = [each for each in gone if not own or each["previous_version"] == own[-1]]
        if later:
            said.append(f"{asset} {place}: the cycle's version was pruned on {later[-1]['pruned_at']}")
    return said


def _places(
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


def not_as_it_was(settings: Settings, targets: Sequence[Target]) -> list[str]:
    """How code and configuration at hand differ from those that made the tables, in words."""
    said = []
    for theirs in sorted({target.version.provenance.git_sha for target in targets} - {git_sha()}):
        said.append(f"made by git {theirs}, replayed by git {git_sha()}")
    for asset, then in sorted({(target.asset, target.version.provenance.code_version) for target in targets}):
        if then != code_version(asset):
            said.append(f"{asset}: code version {then or 'not recorded'} then, {code_version(asset)} now")
    for asset in dict.fromkeys(target.asset for target in targets):
        own = [target for target in targets if target.asset == asset and _is_configured_otherwise(settings, target)]
        if own:
            names = ", ".join(configured_values(asset, settings, own[0].place.country)) or "nothing any more"
            where = ", ".join(target.place.country or "all markets" for target in own)
            said.append(f"{asset} ({where}) was configured otherwise; it depends on {names}")
    return said


def _is_configured_otherwise(settings: Settings, target: Target) -> bool:
    country = target.place.country
    if country is not None and country not in settings.market_table:
        return False
    return target.version.provenance.configuration != configuration_of(target.asset, settings, country)


class Replay:
    """Makes tables of a cycle again.

    Args:
        settings: Of the company, as they are now.
        build: Builds the code location with settings, and a store that its assets read from.
        store: With the versions.
        scratch: Folder of the store that is written.
        versions: Of ``store``.
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
        """Make each table again and compare it."""
        for target in targets:
            yield self._outcome(target)

    def _outcome(self, target: Target) -> Outcome:
        said, country = target.version.provenance, target.place.country
        if country is not None and country not in self.settings.market_table:
            return Outcome(target, NOT_POSSIBLE, (f"{country} is no market any more: it is not in the markets file",))
        paths, problems = self._versions.paths(said.inputs)
        if problems:
            return Outcome(target, NOT_POSSIBLE, tuple(problems))
        self._inputs.use((target.asset, target.place), said, paths)
        failures = self._make(target)
        if failures:
            return Outcome(target, NOT_POSSIBLE, failures)
        made = self._scratch.provenance(target.asset, target.place)
        is_sound = self._versions.hash_now(target.asset, target.place, target.version.name) == said.content_hash
        if is_sound and made.content_hash == said.content_hash:
            return Outcome(target, IDENTICAL)
        before = self._store.read_version(target.asset, target.place, target.version.name)
        now = self._scratch.read(target.asset, [target.place])
        reasons = () if is_sound else ("the stored file does not hold what its provenance says: it was changed",)
        difference = table_difference(before, now, table_specs()[target.asset].keys)
        return Outcome(target, DIFFERENT, reasons, difference)

    def _make(self, target: Target) -> tuple[str, ...]:
        """Run the asset as a cycle does; why it failed, nothing where it did not."""
        said, place = target.version.provenance, target.place
        tags = {CYCLE_ID_TAG: said.cycle_id}
        if SET_ASIDE in said.answers:
            tags[SET_ASIDE_TAG] = said.answers[SET_ASIDE]
        job = self._definitions.resolve_job_def(JOBS_OVER_ALL_MARKETS.get(target.asset, "monthly_cycle"))
        result = job.execute_in_process(
            run_config=QUIET,
            asset_selection=[dg.AssetKey(target.asset)],
            partition_key=partition_key(place.month, place.country) if place.country else place.month_text,
            tags=tags,
            raise_on_error=False,
        )
        return failures_of(result)
