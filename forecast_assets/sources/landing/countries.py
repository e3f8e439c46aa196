"""Country codes in delivered files, of every market and of none.

Belongs here: counting rows by code. Not here: what a code of no market means (sources/country_spellings.py).
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from forecast_assets.config.azure_account import raise_if_storage_said_it
from forecast_assets.sources.landing.delivered_file import LandingFile
from forecast_assets.sources.landing.rows import by_shape, patterns, raw, reader

if TYPE_CHECKING:
    import duckdb


def rows_by_country(connection: "duckdb.DuckDBPyConnection", files: Iterable[LandingFile]) -> dict[str, int]:
    """Return rows by country code over the readable files, sorted, without empty codes."""
    rows = dict[str, int]()
    for alike in by_shape([file for file in files if _shows_country(file)]):
        code = _code(alike[0])
        query = f"SELECT {code}, count(*) FROM {reader(alike[0])} WHERE {code} <> '' GROUP BY ALL"
        for country, count in _rows_of(connection, query, alike):
            rows[country] = rows.get(country, 0) + count
    return {country: rows[country] for country in sorted(rows)}


def countries_of(connection: "duckdb.DuckDBPyConnection", file: LandingFile) -> set[str]:
    """Return the codes in a file, which may have a problem elsewhere; none if they cannot be read."""
    return set(rows_by_country(connection, [file]))


def _shows_country(file: LandingFile) -> bool:
    """Return True if the rows of a file show their country and can be read, whole or not."""
    return file.format in ("parquet", "csv") and file.column_names.count("country") == 1


def _code(file: LandingFile) -> str:
    return f"trim(CAST({raw(file, 'country')} AS VARCHAR))"


def _rows_of(
    connection: "duckdb.DuckDBPyConnection", query: str, files: Sequence[LandingFile]
) -> list[tuple[Any, ...]]:
    """Return the rows of a query over files of one shape, without unreadable ones: their market's runs name them."""
    import duckdb

    try:
        return connection.execute(query, [patterns(files)]).fetchall()
    except duckdb.Error as error:
        raise_if_storage_said_it(str(error))
        if len(files) == 1:
            return []
        return [row for file in files for row in _rows_of(connection, query, [file])]
