"""Small JSON files that are written once and never changed: all that incidents and messages are kept in.

Two processes that want the same next file are told apart by its creation: one has it, the other is told it was late.
One code path for a local folder and object storage.
"""

import json
from typing import Any

from forecast_assets.storage import TableStore

FOLDER = "_alerts"


class Records:
    """The files below ``<store>/_alerts/<folder>``; names are relative to it."""

    def __init__(self, store: TableStore, folder: str) -> None:
        self._files = store.files
        self._folder = f"{store.base}/{FOLDER}/{folder}"

    def names(self) -> set[str]:
        """Return the names of all complete files."""
        self._files.fs.invalidate_cache()
        try:
            found = self._files.fs.find(self._folder)
        except FileNotFoundError:
            return set()
        start = self._folder.strip("/") + "/"
        return {path.strip("/").removeprefix(start) for path in found if not path.endswith(".tmp")}

    def create(self, name: str, content: dict[str, Any] | None = None) -> bool:
        """Write a new file; False if there is one of that name, which stays as it is."""
        try:
            self._files.create(f"{self._folder}/{name}", json.dumps(content or {}, ensure_ascii=False).encode())
        except FileExistsError:
            return False
        return True

    def read(self, name: str) -> dict[str, Any]:
        """Return a file's content. Raises FileNotFoundError."""
        return json.loads(self._files.read(f"{self._folder}/{name}"))

    def read_all(self, names: list[str]) -> list[dict[str, Any]]:
        """Return the contents of several files. Raises FileNotFoundError."""
        contents = self._files.read_many([f"{self._folder}/{name}" for name in names])
        missing = [name for name, content in zip(names, contents, strict=True) if content is None]
        if missing:
            raise FileNotFoundError(f"{self._folder}: {', '.join(missing)}")
        return [json.loads(content) for content in contents if content is not None]
