"""Cost of verifying what is read and written: digests of files and checksums of pages, beside the same work without.

Reads and writes partitions of the size of ``features`` (150 SKUs, 400 columns) and of ``sell_in``. Run it with
``python -m benchmarks.integrity``; it prints CPU seconds of both.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from forecast_assets.storage import PartitionKey, Provenance, TableSpec, TableStore
from forecast_assets.storage import parquet_files as files

MONTHS, ROUNDS = 60, 5
SKUS, COLUMNS = 150, 400
SELL_IN = TableSpec("sell_in", ("sku",), pa.schema([("sku", pa.string()), ("sell_in_units", pa.float64())]))
FEATURES = TableSpec("features", ("sku",), pa.schema([("sku", pa.string())]), extra_columns=pa.float64())


def frame_of(spec: TableSpec) -> pd.DataFrame:
    """Return a table of one month with random numbers."""
    draw = np.random.default_rng(1)
    names = [f"c{number}" for number in range(COLUMNS)] if spec is FEATURES else ["sell_in_units"]
    return pd.DataFrame(draw.random((SKUS, len(names))), columns=names).assign(sku=[f"{n:05}" for n in range(SKUS)])


@contextlib.contextmanager
def without_checks() -> Iterator[None]:
    """Read and write without digests and checksums."""
    plain = ds.ParquetFileFormat()
    with (
        patch.object(files, "check_content", lambda content, path: None),
        patch.object(files, "seal", lambda content: content),
        patch.object(files, "PARQUET", plain),
    ):
        yield


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of the fastest round."""
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def measure(spec: TableSpec) -> None:
    """Print CPU seconds of writing and reading the months of a table, without and with the checks."""
    months = [PartitionKey(month, "FR") for month in pd.date_range("2019-01-01", periods=MONTHS, freq="MS")]
    frame = frame_of(spec)
    provenance = {month: Provenance("run", "dev-2024-01", "sha") for month in months}
    for name, context in (("without", without_checks), ("with", contextlib.nullcontext)):
        with tempfile.TemporaryDirectory() as folder, context():
            store = TableStore(folder)
            written = cpu_seconds(lambda store=store: store.write_all(spec, dict.fromkeys(months, frame), provenance))
            read = cpu_seconds(lambda store=store: store.read(spec, months))
            print(f"{spec.name:9} {MONTHS} months {name:8} write {written:6.3f} s, read {read:6.3f} s")


if __name__ == "__main__":
    for table in (SELL_IN, FEATURES):
        measure(table)
