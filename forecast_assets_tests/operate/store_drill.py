"""Injuries of a store and of the runs that write it, drawn from a seed: what was injected, observed, lost and told.

``drill`` returns one line for each kind. The short form runs with every test, the long one with ``make drill``.
"""

import dataclasses
import errno
import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import pyarrow as pa

from forecast_assets.market_state.market_lease import MarketLease, lease_of
from forecast_assets.operations.health.integrity import FOREIGN, verify_store
from forecast_assets.operations.health.restore import restore
from forecast_assets.storage import PartitionKey, Provenance, TableSpec, TableStore
from forecast_assets.storage.damaged_file import DamagedFile
from forecast_assets.storage.lease import LeaseLost
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.processes import started

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
LEASE_SECONDS = 1.0
COPIES = ("backup/{table}", "{table}/backup", "{table} (1)", "{table}/country=FR copy")


@dataclasses.dataclass(frozen=True)
class Line:
    """One kind of injury: how often it was injected, and in how many cases it was harmless, lost content, was told."""

    injected: str
    times: int
    harmless: int
    lost: int
    told: str

    def __str__(self) -> str:
        return (
            f"{self.injected:34} {self.times:5} injected  {self.harmless:5} as wanted  {self.lost:3} lost  {self.told}"
        )


def drill(base: Path, seed: int, flips: int, kills: int) -> list[Line]:
    """Injure a store with a partition of every table.

    Args:
        base: Empty folder for the store.
        seed: Seed of all draws.
        flips: Flipped bytes for each table.
        kills: Writers that are killed.
    """
    draw, store = random.Random(seed), company(base)
    return [
        *damaged_tables(store, draw, flips),
        foreign_folders(store),
        killed_writers(store, draw, kills),
        pause_past_the_lease(store),
        full_disk(store, draw),
        unreadable_lease(store),
    ]


def company(base: Path) -> TableStore:
    """A store with two months of every table."""
    store = TableStore(str(base / "store"))
    for spec in table_specs().values():
        for month in (MAY, JUNE):
            store.write(spec, key_of(spec, month), rows_of(spec, 1.0), by("run-a"))
    return store


def rows_of(spec: TableSpec, number: float) -> pd.DataFrame:
    """Two rows of a table: every number is ``number``, keys differ."""

    def column(kind: pa.DataType, is_key: bool) -> list[object]:
        if pa.types.is_string(kind):
            return ["a", "b"] if is_key else ["x", "x"]
        if pa.types.is_date(kind):
            return [MAY, JUNE]
        return [int(number), int(number) + 1] if pa.types.is_integer(kind) else [number, number]

    return pd.DataFrame({field.name: column(field.type, field.name in spec.keys) for field in spec.arrow_schema})


def by(run_id: str) -> Provenance:
    """Provenance of a run of the drill."""
    return Provenance(run_id, "dev-2024-06", "0a1b2c3")


def key_of(spec: TableSpec, month: pd.Timestamp) -> PartitionKey:
    """The partition of a table: of FR where it has markets."""
    return PartitionKey(month, "FR" if spec.partitioned_by_country else None)


def damaged_tables(store: TableStore, draw: random.Random, flips: int) -> Iterator[Line]:
    """Damage June of every table in each way; May is read beside it, and June is restored."""
    kinds: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
        "empty file": (1, lambda content: b""),
        "file cut off": (1, lambda content: content[: draw.randrange(1, len(content))]),
        "foreign file": (1, lambda content: b"PK\x03\x04 a spreadsheet"),
        "flipped byte": (flips, lambda content: flipped(content, draw)),
        "copy of another partition": (1, lambda content: b""),
    }
    for kind, (times, damage) in kinds.items():
        harmless = lost = told = 0
        for spec in table_specs().values():
            june, may = key_of(spec, JUNE), key_of(spec, MAY)
            path = Path(store.path(spec.name, june))
            sound, expected = path.read_bytes(), store.read(spec, [june])
            for _ in range(times):
                copied = Path(store.path(spec.name, may)).read_bytes() if kind.startswith("copy") else damage(sound)
                path.write_bytes(copied)
                is_named = names(lambda: store.read(spec, [june]), path)  # noqa: B023 - called at once
                told += is_named
                harmless += (is_named or store.read(spec, [june]).equals(expected)) and len(
                    store.read(spec, [may])
                ) == 2
                restore(store, spec.name, june, 60)
                lost += path.read_bytes() != sound
        yield Line(kind, times * len(table_specs()), harmless, lost, f"{told} reads named the path")


def flipped(content: bytes, draw: random.Random) -> bytes:
    """Return content with one bit changed."""
    changed = bytearray(content)
    changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def names(read: Callable[[], object], path: Path) -> bool:
    """Return True if a read is an error that names the path."""
    try:
        read()
    except DamagedFile as error:
        return str(path) in str(error)
    return False


def foreign_folders(store: TableStore) -> Line:
    """Copy tables to places that are no partition's; every listing and read stays as it was."""
    tables = ("sell_in", "published_forecasts")
    before = {table: store.list_partitions(table) for table in tables}
    copies = [Path(store.base) / copy.format(table=table) for table in tables for copy in COPIES]
    for table in tables:
        for copy in COPIES:
            shutil.copytree(f"{store.base}/{table}/country=FR", Path(store.base) / copy.format(table=table))
    Path(store.base, "sell_in", ".DS_Store").write_bytes(b"\x00")
    after = {table: store.list_partitions(table) for table in tables}
    told = sum(finding.state == FOREIGN for finding in verify_store(store).findings)
    for copy in (*copies, Path(store.base, "backup")):
        shutil.rmtree(copy, ignore_errors=True)
    harmless = len(copies) if before == after else 0
    return Line("copied folder", len(copies), harmless, 0, f"doctor --verify named {told} files")


def killed_writers(store: TableStore, draw: random.Random, kills: int) -> Line:
    """Kill writers (kill -9) at random moments; the whole store is checked after each."""
    harmless = 0
    for number in range(kills):
        receiver, sender = multiprocessing.Pipe(duplex=False)
        writer = started(write_for_ever, store.base, f"killed-{number}", sender)
        receiver.recv()
        writer.join(draw.uniform(0, 0.05))
        writer.kill()
        writer.join(60)
        harmless += not verify_store(store).damaged
    return Line("kill -9 of a writer", kills, harmless, kills - harmless, "the store is whole after each")


def write_for_ever(base: str, label: str, ready: Connection) -> None:
    """Write June of FR's sell-in again and again."""
    store, spec = TableStore(base), table_specs()["sell_in"]
    for number in range(1_000_000):
        store.write(spec, key_of(spec, JUNE), rows_of(spec, float(number)), by(f"{label}-{number}"))
        if number == 0:
            ready.send("writing")


def pause_past_the_lease(store: TableStore) -> Line:
    """Stop a run (SIGSTOP) for longer than its lease; its successor's table stays."""
    receiver, sender = multiprocessing.Pipe(duplex=True)
    paused = started(write_when_asked, store.base, sender)
    receiver.recv()
    os.kill(paused.pid, signal.SIGSTOP)
    spec = table_specs()["sell_in"]
    successor = taken_when_free(store)
    store.write_all(spec, {key_of(spec, JUNE): rows_of(spec, 2.0)}, {key_of(spec, JUNE): by("successor")}, successor)
    successor.release()
    receiver.send("write")
    os.kill(paused.pid, signal.SIGCONT)
    told = receiver.recv()
    paused.join(60)
    is_successors = store.provenance("sell_in", key_of(spec, JUNE)).run_id == "successor"
    return Line("pause past the lease", 1, int(is_successors), 0 if is_successors else 1, told)


def taken_when_free(store: TableStore):
    """Take FR's lease as soon as it has expired."""
    waiting = MarketLease(store, LEASE_SECONDS, wait_seconds=30)
    return waiting._take(lease_of(store, "FR", LEASE_SECONDS), "successor", "FR")


def write_when_asked(base: str, asked: Connection) -> None:
    """Take FR's lease, wait, write, and send how it ended."""
    store, spec = TableStore(base), table_specs()["sell_in"]
    hold = lease_of(store, "FR", LEASE_SECONDS).take("paused")
    asked.send("taken")
    asked.recv()
    try:
        store.write_all(spec, {key_of(spec, JUNE): rows_of(spec, 9.0)}, {key_of(spec, JUNE): by("paused")}, hold)
        asked.send("it published")
    except LeaseLost as error:
        asked.send(str(error).partition(",")[0])


def full_disk(store: TableStore, draw: random.Random) -> Line:
    """Let each flush to the disk of a write fail for want of space; the old table stays, a later write succeeds."""
    spec, june = table_specs()["sell_in"], key_of(table_specs()["sell_in"], JUNE)
    before, fsync, harmless, told, calls = store.read(spec, [june]), os.fsync, 0, set(), 4
    for failing in range(calls):
        count = iter(range(1_000))

        def full(handle: int, failing: int = failing, count: Iterator[int] = count) -> None:
            if next(count) == failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            fsync(handle)

        os.fsync = full
        try:
            store.write(spec, june, rows_of(spec, draw.random()), by(f"full-{failing}"))
        except OSError as error:
            told.add(error.strerror)
        finally:
            os.fsync = fsync
        harmless += not verify_store(store).damaged and (
            failing == calls - 1 or store.read(spec, [june]).equals(before)
        )
    store.write(spec, june, rows_of(spec, 3.0), by("after"))
    lost = int(store.provenance("sell_in", june).run_id != "after")
    return Line("no space for a file", calls, harmless, lost, ", ".join(sorted(told)))


def unreadable_lease(store: TableStore) -> Line:
    """Spoil the file of a lease; it frees itself by its age."""
    lease = lease_of(store, "FR", LEASE_SECONDS)
    lease.take("dead")
    Path(lease.path).write_bytes(b"{")
    begun = time.monotonic()
    taken_when_free(store).release()
    return Line("unreadable lease", 1, 1, 0, f"free after {time.monotonic() - begun:.1f} s")


def assert_harmless(lines):
    """Every injury was harmless, and nothing was lost."""
    assert [(line.injected, line.times, 0) for line in lines] == [
        (line.injected, line.harmless, line.lost) for line in lines
    ]
