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
        """Return a file's content. Raises FileNotFoundError."""
        return _parsed(self._store.files.read(f"{self._folder}/{name}"))

    def read_all(self, names: list[str]) -> list[Record]:
        """Return the contents of several files. Raises FileNotFoundError."""
        contents = self._store.files.read_many([f"{self._folder}/{name}" for name in names])
        missing = [name for name, content in zip(names, contents, strict=True) if content is None]
        if missing:
            raise FileNotFoundError(f"{self._folder}: {', '.join(missing)}")
        return [_parsed(content) for content in contents if content is not None]


def _parsed(content: bytes) -> Record:
    record: Record = json.loads(content)
    return record
