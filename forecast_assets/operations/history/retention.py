"""Retention rule for stored versions, applied to their provenance. Files are removed in ``pruning.py``."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from forecast_assets.storage.version_files import VersionFiles

# Table, partition and content hash, by which inputs are recorded.
Content = tuple[str, str, str]


@dataclasses.dataclass(frozen=True)
class Retention:
    """Periods for which versions that are no longer read are kept.

    Attributes:
        days: Days since a version was replaced; 0 keeps every version, orphans too.
        versions: Number of last published versions of a partition to keep at any age, the current one included.
        orphan_days: Days since an orphan was written. A run in progress publishes its own versions within hours.
    """

    days: int
    versions: int
    orphan_days: int


@dataclasses.dataclass(frozen=True)
class PruningPlan:
    """Versions to remove and versions to keep for replays.

    Attributes:
        removable: Versions to remove.
        needed: Old versions that stay because a kept version was built from them.
        cycles_lost: Cycles that can no longer be replayed; empty unless ``even_if_needed``.
    """

    removable: tuple[VersionFiles, ...]
    needed: tuple[VersionFiles, ...]
    cycles_lost: tuple[str, ...]


def to_prune(
    versions: Sequence[VersionFiles], retention: Retention, now: pd.Timestamp, *, even_if_needed: bool = False
) -> PruningPlan:
    """Divide the versions of a store into versions to remove and versions to keep.

    A version stays if one of these holds:

    - it is published, among the last ones of its partition, or was withdrawn and can be restored
    - it was replaced, or as an orphan written, within the period of ``retention``
    - a version that stays was built from it, directly or through others, so that kept versions can be replayed

    Of several versions with the same content, the third condition keeps one.

    Args:
        versions: All versions of all partitions.
        retention: Periods for which they are kept.
        now: Time with zone.
        even_if_needed: True to remove versions that stay only for replays, too.
    """
    if retention.days == 0:
        return PruningPlan((), (), ())
    kept = [each for group in _by_partition(versions).values() for each in _kept_for_itself(group, retention, now)]
    needed = _inputs_of_kept(kept, versions)
    stays = {_name(each) for each in kept} | (set() if even_if_needed else {_name(each) for each in needed})
    removable = tuple(each for each in versions if _name(each) not in stays)
    lost = _cycles_lost(kept, removable, versions) if even_if_needed else ()
    return PruningPlan(removable, () if even_if_needed else tuple(needed), lost)


def _kept_for_itself(group: Sequence[VersionFiles], retention: Retention, now: pd.Timestamp) -> Iterable[VersionFiles]:
    """Return versions of one partition, oldest first, that are published, among the last ones, or young."""
    published = [each for each in group if each.version.was_published]
    last = {_name(each) for each in published[-retention.versions :]}
    replaced_at = {
        _name(before): after.version.provenance.written_at for before, after in itertools.pairwise(published)
    }
    for each in group:
        days = retention.days if each.version.was_published else retention.orphan_days
        since = pd.Timestamp(replaced_at.get(_name(each), each.version.provenance.written_at))
        stands = each.version.is_published or each.version.is_withdrawn
        if stands or _name(each) in last or now - since < pd.Timedelta(days=days):
            yield each


def _inputs_of_kept(kept: Sequence[VersionFiles], versions: Sequence[VersionFiles]) -> list[VersionFiles]:
    """Return the versions that stay only because a kept version was built from them, directly or through others."""
    by_content: dict[Content, VersionFiles] = {}
    own = {_name(each) for each in kept}
    # The later of two with the same content wins, one that is kept anyway before any other.
    for each in sorted(versions, key=lambda one: (_name(one) in own, one.version.provenance.written_at)):
        by_content[_content(each)] = each
    seen, waiting, needed = set(own), list(kept), []
    while waiting:
        for content in _inputs(waiting.pop()):
            source = by_content.get(content)
            if source is not None and _name(source) not in seen:
                seen.add(_name(source))
                waiting.append(source)
                needed.append(source)
    return needed


def _cycles_lost(
    kept: Sequence[VersionFiles], removable: Sequence[VersionFiles], versions: Sequence[VersionFiles]
) -> tuple[str, ...]:
    gone = {_name(each) for each in removable}
    left = {_content(each) for each in versions if _name(each) not in gone}
    lost = {_content(each) for each in removable} - left
    return tuple(sorted({each.version.provenance.cycle_id for each in kept if lost & set(_inputs(each))}))


def _by_partition(versions: Sequence[VersionFiles]) -> Mapping[tuple[str, str], list[VersionFiles]]:
    groups: dict[tuple[str, str], list[VersionFiles]] = {}
    for each in sorted(versions, key=lambda one: one.version.provenance.written_at):
        groups.setdefault((each.table, each.partition.to_dagster()), []).append(each)
    return groups


def _name(each: VersionFiles) -> tuple[str, str, str]:
    return each.table, each.partition.to_dagster(), each.version.name


def _content(each: VersionFiles) -> Content:
    return each.table, each.partition.to_dagster(), each.version.provenance.content_hash


def _inputs(each: VersionFiles) -> Iterable[Content]:
    for table, partitions in each.version.provenance.inputs.items():
        for partition, content_hash in partitions.items():
            yield table, partition, content_hash
