"""Which versions may go: a rule over what the versions say of themselves. No files and no clock; see ``pruning.py``."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from forecast_assets.storage.version_files import VersionFiles

# Table, partition, content hash: what inputs are recorded by.
Content = tuple[str, str, str]


@dataclasses.dataclass(frozen=True)
class Retention:
    """How long versions that no reader reads any more are kept.

    Attributes:
        days: Since a version was replaced; 0: for ever, orphans too.
        versions: The last published ones of a partition, whatever their age; the one in place counts.
        orphan_days: Since an orphan was written. A run that is under way publishes its own within hours.
    """

    days: int
    versions: int
    orphan_days: int


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a rule says of all versions.

    Attributes:
        goes: Those that may be removed.
        needed: Those that may not, though old, because something kept was made from them.
        cycles_lost: Cycles with a kept version that cannot be replayed without one that goes; none unless asked for.
    """

    goes: tuple[VersionFiles, ...]
    needed: tuple[VersionFiles, ...]
    cycles_lost: tuple[str, ...]


def to_prune(
    versions: Sequence[VersionFiles], retention: Retention, now: pd.Timestamp, *, even_if_needed: bool = False
) -> Verdict:
    """Judge every version of a store.

    A version stays if it is published, among the last of its partition, replaced (an orphan: written) less than so many
    days ago, or if a version that stays was made from it, directly or through others: whatever is kept can be replayed.
    Of several versions with the same content one is enough for that.

    Args:
        versions: All versions of all partitions.
        retention: How long they are kept.
        now: With time zone.
        even_if_needed: Whether what is kept only for replays goes, too.
    """
    if retention.days == 0:
        return Verdict((), (), ())
    kept = [each for place in _by_place(versions).values() for each in _kept_for_itself(place, retention, now)]
    needed = _made_from(kept, versions)
    stays = {_name(each) for each in kept} | (set() if even_if_needed else {_name(each) for each in needed})
    goes = tuple(each for each in versions if _name(each) not in stays)
    lost = _cycles_that_need(kept, goes, versions) if even_if_needed else ()
    return Verdict(goes, () if even_if_needed else tuple(needed), lost)


def _kept_for_itself(place: Sequence[VersionFiles], retention: Retention, now: pd.Timestamp) -> Iterable[VersionFiles]:
    """Of one partition, oldest first: published, among the last ones, or young."""
    published = [each for each in place if each.version.was_published]
    last = {_name(each) for each in published[-retention.versions :]}
    replaced_at = {
        _name(before): after.version.provenance.written_at for before, after in itertools.pairwise(published)
    }
    for each in place:
        days = retention.days if each.version.was_published else retention.orphan_days
        since = pd.Timestamp(replaced_at.get(_name(each), each.version.provenance.written_at))
        if each.version.is_published or _name(each) in last or now - since < pd.Timedelta(days=days):
            yield each


def _made_from(kept: Sequence[VersionFiles], versions: Sequence[VersionFiles]) -> list[VersionFiles]:
    """What kept versions were made from, directly or through others, and is not kept for itself."""
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


def _cycles_that_need(
    kept: Sequence[VersionFiles], goes: Sequence[VersionFiles], versions: Sequence[VersionFiles]
) -> tuple[str, ...]:
    gone = {_name(each) for each in goes}
    left = {_content(each) for each in versions if _name(each) not in gone}
    lost = {_content(each) for each in goes} - left
    return tuple(sorted({each.version.provenance.cycle_id for each in kept if lost & set(_inputs(each))}))


def _by_place(versions: Sequence[VersionFiles]) -> Mapping[tuple[str, str], list[VersionFiles]]:
    places: dict[tuple[str, str], list[VersionFiles]] = {}
    for each in sorted(versions, key=lambda one: one.version.provenance.written_at):
        places.setdefault((each.table, each.partition.to_dagster()), []).append(each)
    return places


def _name(each: VersionFiles) -> tuple[str, str, str]:
    return each.table, each.partition.to_dagster(), each.version.name


def _content(each: VersionFiles) -> Content:
    return each.table, each.partition.to_dagster(), each.version.provenance.content_hash


def _inputs(each: VersionFiles) -> Iterable[Content]:
    for table, partitions in each.version.provenance.inputs.items():
        for partition, content_hash in partitions.items():
            yield table, partition, content_hash
