"""The store on Azure storage beside plain adlfs and pyarrow: reading 1,500 partitions, writing 200, in one run.

Usage: ``python -m benchmarks.object_store``. It starts Azurite (installed by ``make integration``); all go to the same
one, in turns. "Two files each" is what the store puts: the version of each partition and its published file.
"""

import argparse
import concurrent.futures
import os
import statistics
import time
import uuid
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from adlfs import AzureBlobFileSystem
from pyarrow import fs as arrow_fs

from forecast_assets.storage import PartitionKey, Provenance, TableSpec, TableStore
from forecast_assets_tests.integration.azurite_server import ACCOUNT, KEY, Azurite, start_azurite

READ, WRITTEN, MARKETS, SKUS, COLUMNS, ROUNDS = 1_500, 200, 15, 150, 20, 3
SPEC = TableSpec(
    "features", ("sku",), pa.schema([("sku", pa.string())] + [(f"f{n:02d}", pa.float64()) for n in range(COLUMNS)])
)
AT_ONCE = 32


def table(seed: int) -> pd.DataFrame:
    """Features of a market and month: 150 SKUs, 20 numbers."""
    values = np.random.default_rng(seed).normal(size=(SKUS, COLUMNS))
    frame = pd.DataFrame(values, columns=[f"f{n:02d}" for n in range(COLUMNS)])
    frame.insert(0, "sku", [f"{sku:04d}" for sku in range(SKUS)])
    return frame


def places(count: int) -> list[PartitionKey]:
    """So many partitions of 15 markets."""
    months = pd.date_range("2010-01-01", periods=-(-count // MARKETS), freq="MS")
    return [PartitionKey(month, f"M{market}") for month in months for market in range(MARKETS)][:count]


def bytes_of(frame: pd.DataFrame) -> bytes:
    """One Parquet file, compressed as the store's are."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


class Plain:
    """The two libraries as one would use them without the store: all files side by side, and nothing else."""

    def __init__(self, azurite: Azurite) -> None:
        host = azurite.url.split("/")[2]
        connection = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={azurite.url};"
        self.adlfs = AzureBlobFileSystem(connection_string=connection)
        self.arrow = arrow_fs.AzureFileSystem(
            ACCOUNT, account_key=KEY, blob_storage_authority=host, dfs_storage_authority=host,
            blob_storage_scheme="http", dfs_storage_scheme="http",
        )  # fmt: skip

    def read_adlfs(self, paths: list[str]) -> int:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            parts = list(pool.map(lambda path: pq.read_table(pa.BufferReader(self.adlfs.cat_file(path))), paths))
        return pa.concat_tables(parts).to_pandas().shape[0]

    def read_arrow(self, paths: list[str]) -> int:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            parts = list(pool.map(lambda path: pq.ParquetFile(self.arrow.open_input_file(path)).read(), paths))
        return pa.concat_tables(parts).to_pandas().shape[0]

    def write_adlfs(self, files: list[tuple[str, pd.DataFrame]]) -> None:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda file: self.adlfs.pipe_file(file[0], bytes_of(file[1])), files))

    def write_arrow(self, files: list[tuple[str, pd.DataFrame]]) -> None:
        def put(file: tuple[str, pd.DataFrame]) -> None:
            with self.arrow.open_output_stream(file[0]) as stream:
                stream.write(bytes_of(file[1]))

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(put, files))


def seconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def files_of(
    store: TableStore, frames: dict[PartitionKey, pd.DataFrame], base: str, copies: int
) -> list[tuple[str, pd.DataFrame]]:
    """Return what a plain writer puts: each frame once, or twice as the store does."""
    found = [(f"{base}/published/{place.folder}/features.parquet", frame) for place, frame in frames.items()]
    return found + [(f"{base}/versions/{place.folder}/features.parquet", frame) for place, frame in frames.items()] * (
        copies - 1
    )


def measure(azurite: Azurite) -> dict[str, list[float]]:
    """Seconds of each way, round by round; the order turns so that none is always first."""
    azurite.make_container("bench")
    store, plain = TableStore("abfs://bench/store", azurite.account), Plain(azurite)
    wanted = places(READ)
    frames = {place: table(seed) for seed, place in enumerate(wanted)}
    run = Provenance(run_id="bench", cycle_id="dev-2024-01", git_sha="bench", inputs={})
    store.write_all(SPEC, frames, dict.fromkeys(frames, run))
    paths = [store.path("features", place) for place in wanted]
    some = {place: frames[place] for place in wanted[:WRITTEN]}
    found: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        fresh = TableStore(f"abfs://bench/{uuid.uuid4().hex}", azurite.account)
        base = f"bench/{uuid.uuid4().hex}"
        ways: dict[str, Callable[[], object]] = {
            "read store": lambda: store.read(SPEC, wanted),
            "read adlfs": lambda: plain.read_adlfs(paths),
            "read pyarrow": lambda: plain.read_arrow(paths),
            "write store": lambda fresh=fresh: fresh.write_all(SPEC, some, dict.fromkeys(some, run)),
            "write adlfs, two files each": lambda base=base: plain.write_adlfs(files_of(store, some, f"{base}/a", 2)),
            "write pyarrow, two files each": lambda base=base: plain.write_arrow(files_of(store, some, f"{base}/b", 2)),
            "write adlfs, one file each": lambda base=base: plain.write_adlfs(files_of(store, some, f"{base}/c", 1)),
            "write pyarrow, one file each": lambda base=base: plain.write_arrow(files_of(store, some, f"{base}/d", 1)),
        }
        names = list(ways)
        for name in names[number:] + names[:number]:
            found.setdefault(name, []).append(seconds(ways[name]))
    return found


def main() -> None:
    """Print a table: median of the rounds, and the store against the better of the others."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    os.environ["AZURE_STORAGE_ACCOUNT_KEY"] = KEY
    with start_azurite() as azurite:
        found = measure(azurite)
    medians = {name: statistics.median(times) for name, times in found.items()}
    for name, times in found.items():
        print(f"| {name} | {medians[name]:.2f} s | {min(times):.2f} to {max(times):.2f} s |")
    for what, files in (("read", ""), ("write", ", two files each")):
        better = min(medians[f"{what} {library}{files}"] for library in ("adlfs", "pyarrow"))
        print(f"{what}: store / better of the others = {medians[f'{what} store'] / better:.2f}")


if __name__ == "__main__":
    main()
