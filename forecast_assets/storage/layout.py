"""Version of a store's layout: its folders and files, and their form. It is kept in ``<store>/_layout/version.json``.

A release reads the layout of its own number. A store of an earlier layout is migrated, one step a version; a store of
a later one is refused, so that an image that was rolled back changes nothing that it does not know.
"""

import json
from collections.abc import Callable, Mapping

from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.table_store import TableStore

LAYOUT = 1
FILE = "_layout/version.json"


class LayoutError(RuntimeError):
    """A store whose layout this release cannot use; the message names the next step."""


def stored_layout(store: TableStore) -> int:
    """Return the version of a store's layout; 0 for a store without the file, written before there was one.

    Raises:
        LayoutError: If the file cannot be read.
    """
    content = _file(store).read()
    if content is None:
        return 0
    try:
        return int(json.loads(content)["layout"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise LayoutError(f"{store.base}/{FILE} is damaged: restore it, or remove it and run migrate") from None


def require_layout(store: TableStore) -> int:
    """Return the version of the layout if this release can use the store.

    Raises:
        LayoutError: If the store has a later layout.
    """
    layout = stored_layout(store)
    if layout > LAYOUT:
        raise LayoutError(
            f"{store.base} has layout {layout}, this release knows {LAYOUT}: use the release that wrote it"
        )
    return layout


def migrate(store: TableStore, steps: Mapping[int, Callable[[TableStore], None]] | None = None) -> list[int]:
    """Bring a store to this release's layout; return the versions that it was brought to, none if it has it.

    A step may be repeated: the version is written after it, so an interrupted migration goes on where it was.

    Args:
        store: Store that nothing else writes meanwhile.
        steps: Change that leads to each version; ``STEPS`` if not given.

    Raises:
        LayoutError: If the store has a later layout, or another process migrates it.
    """
    steps = STEPS if steps is None else steps
    versions = [version for version in sorted(steps) if version > require_layout(store)]
    for version in versions:
        steps[version](store)
        if not _write(store, version):
            raise LayoutError(f"another process migrates {store.base}: wait for it, then run migrate again")
    return versions


def _write(store: TableStore, version: int) -> bool:
    content = json.dumps({"layout": version}).encode()
    return _file(store).update(lambda before: content)


def _file(store: TableStore) -> AtomicFile:
    return AtomicFile(store.files, f"{store.base}/{FILE}")


def _without_change(store: TableStore) -> None:
    """Lead to layout 1, that of all stores without the file: every table must be listed by it."""
    from forecast_assets.storage.table_specs import table_specs

    for table in table_specs():
        for partition in store.list_partitions(table)[-1:]:
            store.provenance(table, partition)


STEPS: dict[int, Callable[[TableStore], None]] = {1: _without_change}
