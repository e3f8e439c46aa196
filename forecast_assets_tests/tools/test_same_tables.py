"""Comparison of stored tables: equal stores pass, and each difference is named with table, partition and column."""

import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from forecast_assets.storage import PartitionKey, Provenance, TableSpec, TableStore
from tools.stored_tables import absent_tables, differences

UNITS = TableSpec("sell_in", ("sku",), pa.schema([("sku", pa.string()), ("units", pa.float64())]))
JANUARY = PartitionKey(pd.Timestamp("2024-01-01"), "FR")
FEBRUARY = PartitionKey(pd.Timestamp("2024-02-01"), "FR")
PLACE = "sell_in [country=FR/month=2024-01-01]"
REPORT = "market_report [country=FR/month=2024-01-01]"


def write_units(folder: Path, *units: float, partition: PartitionKey = JANUARY, run: str = "a") -> Path:
    """Store units of SKU A, B, ... as a version of a run, whose name must not count."""
    frame = pd.DataFrame({"sku": list("ABC")[: len(units)], "units": units})
    TableStore(str(folder)).write(UNITS, partition, frame, Provenance(run, "prod-2024-01", run))
    return folder


def write_report(folder: Path, *, cell: float = 0.5, point: float = 7.0, title: str = "WAPE") -> Path:
    """Store a report with a figure in the workbook and one in the data of the page's charts."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet(title).write_row(0, 0, [title, cell])
    page = f'<h1>{title}</h1><script type="application/json" id="data">{json.dumps({title: [point]})}</script>'
    documents = {"market_report.html": page.encode(), "market_report.xlsx": buffer.getvalue()}
    TableStore(str(folder)).write_documents("market_report", JANUARY, documents, Provenance(title, "c", title))
    return folder


def test_equal_rows_are_identical_whatever_the_run(tmp_path: Path) -> None:
    base = write_units(tmp_path / "base", 1, 2, run="a")
    own = write_units(tmp_path / "own", 1, 2, run="b")
    assert differences(base, own) == []


def test_a_differing_cell_is_named_with_its_row(tmp_path: Path) -> None:
    base, own = write_units(tmp_path / "base", 1, 2), write_units(tmp_path / "own", 1, 3)
    assert differences(base, own) == [f"{PLACE}: column units: 1 of 2 rows differ; row 1 (sku 'B'): 2.0 and 3.0"]


def test_a_missing_partition_is_named_on_either_side(tmp_path: Path) -> None:
    base, own = write_units(tmp_path / "base", 1), write_units(tmp_path / "own", 1)
    write_units(own, 1, partition=FEBRUARY)
    february = "sell_in [country=FR/month=2024-02-01]"
    assert differences(base, own) == [f"{february}: missing in the base's store"]
    assert differences(own, base) == [f"{february}: missing in the working tree's store"]


def test_a_missing_row_is_a_difference(tmp_path: Path) -> None:
    base, own = write_units(tmp_path / "base", 1, 2), write_units(tmp_path / "own", 1)
    assert differences(base, own) == [f"{PLACE}: 2 rows in the base's store, 1 in the other"]


def test_a_replaced_version_counts_although_readers_no_longer_see_it(tmp_path: Path) -> None:
    base, own = write_units(tmp_path / "base", 1, run="a"), write_units(tmp_path / "own", 5, run="a")
    for folder in (base, own):
        write_units(folder, 2, run="b")
    assert differences(base, own) == [
        f"{PLACE}, version 1: column units: 1 of 1 rows differ; row 0 (sku 'A'): 1.0 and 5.0"
    ]


def test_another_content_hash_of_equal_rows_is_a_difference(tmp_path: Path) -> None:
    base, own = write_units(tmp_path / "base", 1), write_units(tmp_path / "own", 1)
    for path in own.rglob("*.parquet"):
        table = pq.ParquetFile(path).read()
        provenance = json.loads(table.schema.metadata[b"forecast_assets.provenance"]) | {"content_hash": "0" * 64}
        metadata = {b"forecast_assets.provenance": json.dumps(provenance).encode()}
        pq.write_table(table.replace_schema_metadata(metadata), path)
    (line,) = differences(base, own)
    assert line.startswith(f"{PLACE}: equal rows, but content_hash ")


def test_the_wording_of_a_report_does_not_count(tmp_path: Path) -> None:
    base = write_report(tmp_path / "base", title="WAPE")
    assert differences(base, write_report(tmp_path / "own", title="Error")) == []


def test_a_figure_of_workbook_or_page_counts(tmp_path: Path) -> None:
    base = write_report(tmp_path / "base")
    assert differences(base, write_report(tmp_path / "cell", cell=0.6)) == [
        f"{REPORT}: market_report.xlsx: 1 figures differ, first 0.5 and 0.6"
    ]
    assert differences(base, write_report(tmp_path / "point", point=8.0)) == [
        f"{REPORT}: market_report.html: 1 figures differ, first 7.0 and 8.0"
    ]


def test_a_table_without_rows_is_absent(tmp_path: Path) -> None:
    store = write_units(tmp_path / "base")
    assert absent_tables(store, ["sell_in", "champion"]) == ["sell_in", "champion"]
    assert absent_tables(write_units(store, 1, run="b"), ["sell_in"]) == []
