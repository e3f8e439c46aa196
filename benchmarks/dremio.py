"""Memory and speed of reading a large result from a Flight server: ``python -m benchmarks.dremio --rows 10000000``.

The server is the stand-in of the tests, in a process of its own, so that the figures are the client's alone: rows a
second, the most that Arrow has allocated, and the peak of the process above what it had before.
"""

import argparse
import json
import multiprocessing
import resource
import time
from multiprocessing.connection import Connection

import pyarrow as pa

from forecast_assets_tests.integration.flight_company import client_of
from forecast_assets_tests.integration.flight_server import DremioStandIn

WAYS = ("stream", "frame")
SQL = 'SELECT "sku", "month", "units", "reason" FROM "lake"."sales"."result"'
ROWS = """
    CREATE TABLE lake.sales.result AS
    SELECT 'SKU-' || (n % 5000) AS sku, DATE '2015-01-01' + CAST(n % 3650 AS INTEGER) AS month,
        CAST(n % 997 AS DOUBLE) AS units, CASE WHEN n % 10 = 0 THEN 'no_sale' ELSE 'delivered' END AS reason
    FROM range({rows}) AS numbers(n)
"""


def serve(rows: int, pipe: Connection) -> None:
    """Hold the rows and say where, until something is said back."""
    with DremioStandIn() as server:
        server.execute(ROWS.format(rows=rows))
        pipe.send(server.port)
        pipe.recv()


def read(way: str, port: int, pipe: Connection) -> None:
    """Read the result in one way, in a fresh process, and tell what it took."""
    client = client_of(port=port, query_seconds=3600)
    before, started = peak_megabytes(), time.perf_counter()
    if way == "frame":
        count = len(client.frame(SQL))
    else:
        with client.stream(SQL) as stream:
            count = sum(batch.num_rows for batch in stream)
    seconds = time.perf_counter() - started
    pipe.send(
        {
            "way": way,
            "rows": count,
            "seconds": round(seconds, 1),
            "rows_per_second": round(count / seconds),
            "arrow_peak_mb": round(pa.default_memory_pool().max_memory() / 1e6, 1),
            "process_peak_above_start_mb": round(peak_megabytes() - before, 1),
        }
    )


def peak_megabytes() -> float:
    """The most that this process has had in memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(rows: int, ways: tuple[str, ...] = WAYS) -> list[dict[str, float | str]]:
    """One line of figures per way of reading a result of so many rows."""
    fresh = multiprocessing.get_context("spawn")
    ours, theirs = fresh.Pipe()
    server = fresh.Process(target=serve, args=(rows, theirs))
    server.start()
    port, figures = ours.recv(), []
    for way in ways:
        here, there = fresh.Pipe()
        reader = fresh.Process(target=read, args=(way, port, there))
        reader.start()
        figures.append(here.recv())
        reader.join()
    ours.send("enough")
    server.join()
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    for line in measured(parser.parse_args().rows):
        print(json.dumps(line))
