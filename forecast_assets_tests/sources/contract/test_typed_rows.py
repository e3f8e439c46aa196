"""Cells of a file and of a table are cast by the same expressions: DuckDB's, and their translation for Dremio."""

import datetime as dt

import duckdb
import pytest
import sqlglot

from forecast_assets.sources.contract.columns import SOURCES
from forecast_assets.sources.contract.typed_rows import RawRows, typed_rows
from forecast_assets.sources.sql.translation import translated

JUNE, DAY = dt.date(2024, 6, 1), dt.date(2024, 2, 29)
READ_BY_BOTH = {
    ("units", "12.5"): 12.5,
    ("units", "-1e3"): -1000.0,
    ("units", ".5"): 0.5,
    ("month", "2024-06"): JUNE,
    ("month", "202406"): JUNE,
    ("month", "2024-06-30"): JUNE,
    ("month", "20240630"): JUNE,
    ("month", "2024-06-01 00:00:00"): JUNE,
    ("date", "2024-02-29"): DAY,
    ("date", "20240229"): DAY,
    ("is_promoted", "TRUE"): 1.0,
    ("is_promoted", "0"): 0.0,
}
READ_BY_NEITHER = [
    *(("units", text) for text in ("1_000", "12,5", "inf", "nan", "1e", "x")),
    *(("month", text) for text in ("06/2024", "2024-13", "1899-12", "202413", "2024")),
    *(("date", text) for text in ("2023-02-29", "2024-06", "20240631", "0001-01-01")),
    *(("is_promoted", text) for text in ("2", "yes", "-1")),
]


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        yield connection


def cast(connection, column: str, text: str, dialect: str) -> tuple[object, str | None]:
    """Return the typed cell and the text of a bad one, as ``dialect`` reads a file or table of texts."""
    names = SOURCES["sell_out"].column_names
    relation = f"(SELECT 'FR' AS country, '{text}' AS {column})"
    rows = RawRows(relation, {"country": "country", column: column}, dict.fromkeys(names, "text"), "'t'")
    sql = typed_rows(SOURCES["sell_out"], rows)
    if dialect == "dremio":
        sent = translated(sql, "dremio", {"market": "FR"})
        assert "TRY_CAST" not in sent
        sql = sqlglot.transpile(sent, read="dremio", write="duckdb")[0]
    values = {} if dialect == "dremio" else {"market": "FR"}
    return connection.execute(f"SELECT {column}, _bad_{column} FROM ({sql})", values).fetchone()


@pytest.mark.parametrize("dialect", ["duckdb", "dremio"])
@pytest.mark.parametrize(("column", "text"), READ_BY_BOTH)
def test_a_usual_spelling_is_read_alike(connection, column, text, dialect):
    assert cast(connection, column, text, dialect) == (READ_BY_BOTH[column, text], None)


@pytest.mark.parametrize("dialect", ["duckdb", "dremio"])
@pytest.mark.parametrize(("column", "text"), READ_BY_NEITHER)
def test_another_spelling_is_a_bad_cell_that_keeps_its_text(connection, column, text, dialect):
    assert cast(connection, column, text, dialect) == (None, text)


@pytest.mark.parametrize("dialect", ["duckdb", "dremio"])
@pytest.mark.parametrize("column", ["units", "month", "date", "is_promoted"])
def test_an_empty_cell_is_not_a_bad_one(connection, column, dialect):
    assert cast(connection, column, " ", dialect) == (None, None)
