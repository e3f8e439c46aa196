"""Measurements by name in one JSON file: a run continues where the last one stopped. Nothing is measured here."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Results:
    """Measurements so far.

    Attributes:
        file: JSON: measurement by name.
        commit: Short id of the measured code, stored with each measurement.
    """

    file: Path
    commit: str

    @property
    def records(self) -> dict[str, Record]:
        """Return all measurements."""
        return json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}

    def has(self, name: str) -> bool:
        """Return True if the measurement is complete."""
        return self.records.get(name, {}).get("complete", False)

    def measure(self, name: str, act: Callable[[], Mapping[str, Any]], **about: Any) -> Record:
        """Return the stored measurement, or measure now and store it.

        Args:
            name: Name of the measurement.
            act: Returns the figures.
            about: Further fields of the record: sizes, for example.
        """
        if self.has(name):
            return self.records[name]
        # A run that was stopped half way has done part of the work: the page marks such a figure.
        was_interrupted = name in self.records
        self._write(name, {"complete": False, **about})
        figures = dict(act())
        record = {"complete": True, "commit": self.commit, "was_interrupted": was_interrupted, **about, **figures}
        self._write(name, record)
        print(f"{name}: {json.dumps(figures)}", flush=True)
        return record

    def _write(self, name: str, record: Record) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.records | {name: record}, indent=1, sort_keys=True)
        temporary = self.file.with_suffix(".new")
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(self.file)
