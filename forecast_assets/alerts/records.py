"""Small JSON files that are written once and never changed: the storage of incidents and messages.

If two processes want to write the same next file, one creates it and the other gets False. The code is the same for a
local folder and object storage.
"""

import json
from typing import Any

from forecast_assets.storage import TableStore
from forecast_assets.storage.atomic_file import AtomicFile

FOLDER = "_alerts"
Record = dict[str, Any]


class UnreadableRecord(ValueError):
    """A record whose file is damaged or foreign; the message names the path."""


class Records:
    """The files below ``<store>/_alerts/<folder>``; names are relative to it."""

    def __init__(self, store: TableStore, folder: str) -> None:
        self._store = store
        self._folder = f"{store.base}/{FOLDER}/{folder}"

    def names(self) -> set[str]:
        """Return the names of all complete files."""
        start = self._folder.strip("/") + "/"
        paths = self._store.find(self._folder)
        return {path.strip("/").removeprefix(start) for path in paths if not path.endswith(".tmp")}

    def create(self, name: str, content: Record | None = None) -> bool:
        """Write a new file; return False if there is one of that name, which is left unchanged."""
        file = AtomicFile(self._store.files, f"{self._folder}/{name}")
        return file.create(json.dumps(content or {}, ensure_ascii=False).encode())

    def read(self, name: str) -> Record:
        """Return a file's content. Raises FileNotFoundError and UnreadableRecord."""
        path = self.path(name)
        return _parsed(self._store.files.read(path), path)

    def read_all(self, names: list[str]) -> list[Record | UnreadableRecord]:
        """Return the contents of several files; for a file that cannot be read or is missing, the error.

        One such file must not hide the others.
        """
        return self._store.files.side_by_side(self._read_or_error, names)

    def path(self, name: str) -> str:
        """Return the path of a file."""
        return f"{self._folder}/{name}"

    def _read_or_error(self, name: str) -> Record | UnreadableRecord:
        try:
            return self.read(name)
        except UnreadableRecord as error:
            return error
        except OSError as error:
            return UnreadableRecord(f"{self.path(name)} cannot be read: {error}")


def _parsed(content: bytes, path: str) -> Record:
    try:
        record: Record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableRecord(f"{path} cannot be read: {str(error)[:80]}") from error
    if not isinstance(record, dict):
        raise UnreadableRecord(f"{path} cannot be read: it holds no record")
    return record
