"""Record of what a market's last cycle was made from, so that a cycle with nothing to do ends at once.

The record holds a digest of everything that a cycle depends on: files of the landing folder, stored tables of the
market and over all markets, code, settings and the request. It is written after a cycle that succeeded. Reads no table
and imports no Dagster: a command that has nothing to do shall not wait for them.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from forecast_assets.config.settings import Settings
from forecast_assets.config.variables import fields_by_variable
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.storage.atomic_file import AtomicFile
from forecast_assets.storage.code_version import code_digest
from forecast_assets.storage.file_states import file_states
from forecast_assets.storage.folders import file_system_of, path_of
from forecast_assets.storage.opened import open_store

FOLDER = "_cycles"
# Accepted findings are shown by the report. Everything else that begins with an underscore is about runs.
READ_BY_CYCLES = ("_findings",)
# Written by the cycle of any market, read by none.
SUMS_OVER_MARKETS = "forecast_totals/"


@dataclasses.dataclass(frozen=True)
class CycleRecord:
    """Digest of the inputs of a market's cycle, and when the cycle ended (UTC)."""

    inputs: str
    ended_at: str


class CycleRecords:
    """Records of the markets of one request; the deliveries, code and settings count as they are when it is made.

    Args:
        settings: Of the company. Dremio shows no states of its tables: with it no cycle has nothing to do.
        request: Requested months.
    """

    def __init__(self, settings: Settings, request: CycleRequest) -> None:
        self._settings, self._request = settings, request
        self._store = open_store(settings)
        self._given = "" if settings.sources.dremio else self._digest_of_given()

    def unchanged(self, countries: Iterable[str]) -> dict[str, CycleRecord]:
        """Return the records of the markets whose cycle would be made from the same again."""
        if not self._given:
            return {}
        records = {code: _parsed(self._file(code).read()) for code in countries}
        known = {code: record for code, record in records.items() if record}
        states = self._stored_states if known else _States({})
        return {code: record for code, record in known.items() if record.inputs == self._inputs(code, states)}

    def keep(self, countries: Iterable[str]) -> None:
        """Record the cycles of markets that have succeeded; deliveries that came meanwhile do not count as read."""
        if not self._given:
            return
        states, ended_at = _states_of_store(self._store), datetime.now(UTC).isoformat(timespec="seconds")
        for code in countries:
            record = CycleRecord(self._inputs(code, states), ended_at)
            self._write(self._file(code), json.dumps(dataclasses.asdict(record)).encode())

    @staticmethod
    def _write(file: AtomicFile, content: bytes) -> None:
        while not file.update(lambda _: content):
            pass

    @cached_property
    def _stored_states(self) -> "_States":
        return _states_of_store(self._store)

    def _digest_of_given(self) -> str:
        landing, account = self._settings.sources.landing, self._settings.azure.storage
        return _digest(
            {
                "code": code_digest(),
                "settings": dict(_values(self._settings)),
                "markets": {code: dataclasses.asdict(market) for code, market in self._settings.market_table.items()},
                "request": dataclasses.asdict(self._request),
                "landing": file_states(file_system_of(landing, account), path_of(landing)),
            }
        )

    def _inputs(self, country: str, states: "_States") -> str:
        return _digest({"given": self._given, "store": states.read_by(country)})

    def _file(self, country: str) -> AtomicFile:
        folder = PartitionKey(self._request.month, country).folder
        return AtomicFile(self._store.files, f"{self._store.base}/{FOLDER}/{folder}/record.json")


class _States:
    """States of stored files, sorted by market once: the files of forty markets were gone through for each of them."""

    def __init__(self, states: Mapping[str, tuple[Any, ...]]) -> None:
        self._by_market: dict[str, dict[str, tuple[Any, ...]]] = {}
        for path, state in states.items():
            country = re.search(r"/country=([^/]*)/", path)
            self._by_market.setdefault(country[1] if country else "", {})[path] = state

    def read_by(self, country: str) -> dict[str, tuple[Any, ...]]:
        """Return the states of a market's tables and of those over all markets."""
        return {**self._by_market.get("", {}), **self._by_market.get(country, {})}


def _parsed(content: bytes | None) -> CycleRecord | None:
    """Return the record; None without one, or if it cannot be read: the cycle is run again and writes it anew."""
    try:
        return CycleRecord(**json.loads(content)) if content else None
    except (ValueError, TypeError):
        return None


def _states_of_store(store: TableStore) -> _States:
    """Return the states of what cycles read and write; locks and files that are being written begin with a dot."""
    states = file_states(store.files.fs, store.base)
    return _States({
        path: state
        for path, state in states.items()
        if (not path.startswith("_") or path.startswith(READ_BY_CYCLES))
        and not path.startswith(SUMS_OVER_MARKETS)
        and not path.rpartition("/")[2].startswith(".")
    })  # fmt: skip


def _values(settings: Settings) -> Iterable[tuple[str, str]]:
    """Yield each setting with its value; settings hold no secret."""
    for variable, _, path in fields_by_variable(type(settings)):
        value: object = settings
        for attribute in path:
            value = getattr(value, attribute)
        yield variable, str(value)


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
