"""The landing folder: the files a company delivers, offered per market as DuckDB relations.

Belongs here: listing, the choice of a market's files, collecting problems. No clock: ``today`` is an argument.
Not here: casts and checks (sources/contract), the tables themselves (dbt_like_sql).
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import duckdb
import pandas as pd
from fsspec import AbstractFileSystem

from forecast_assets.config.azure_account import AzureAccount, raise_if_storage_said_it
from forecast_assets.sources.contract.columns import Source, source_named
from forecast_assets.sources.contract.delivered_rows import CheckedMonths
from forecast_assets.sources.contract.problems import LandingError, LandingProblem
from forecast_assets.sources.contract.row_checks import row_problems
from forecast_assets.sources.landing.files import LandingFile, concerns, inspect_file, is_delivery, unreadable
from forecast_assets.sources.landing.rows import (
    FileRows,
    attribute_columns,
    by_shape,
    create_table,
    raw,
    reader,
    table_name,
)
from forecast_assets.storage.folders import file_system_of, is_local, path_of

REMOTE_READERS = 16
# Keys of file systems: the local one, Azure, and the change of a name on a local disk.
TIMES = ("mtime", "last_modified", "created")


@dataclass(frozen=True)
class FileState:
    """Size and time of a delivered file; ``changed_at`` is UTC."""

    relative: str
    size: int
    changed_at: pd.Timestamp


class LandingFolder:
    """A folder with one subfolder per source.

    Args:
        base: A local path or any fsspec URL, such as ``abfs://landing/forecast``.
        account: The storage account of an ``abfs://`` address.
        known_codes: Market codes, by which an unreadable file's name shows the market it concerns. Without them such
            a file concerns every market.
    """

    def __init__(self, base: str, account: AzureAccount | None = None, known_codes: Iterable[str] = ()) -> None:
        self._base, self._account = base, account
        self._root = path_of(base)
        self._known_codes = tuple(known_codes)
        self._inspected: dict[tuple[Any, ...], LandingFile] = {}

    @cached_property
    def _fs(self) -> AbstractFileSystem:
        # Opened when first used: definitions load without a secret.
        return file_system_of(self._base, self._account)

    @property
    def _is_local(self) -> bool:
        return is_local(self._fs)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Return an in-memory DuckDB that can read this folder; times are UTC wherever it runs."""
        connection = duckdb.connect(config={"autoinstall_known_extensions": False})
        connection.execute("SET TimeZone = 'UTC'")
        if not self._is_local:
            connection.register_filesystem(self._fs)
        return connection

    def files(self, source: str) -> list[LandingFile]:
        """Return the files of a source with their columns, sorted by path; inspected again if size or time changed."""
        contract, delivered, _ = source_named(source), *self._listing(source)
        fresh = [(key, file) for key, file in delivered.items() if key not in self._inspected]
        with ThreadPoolExecutor(1 if self._is_local else REMOTE_READERS) as pool:
            for (key, _), done in zip(
                fresh, pool.map(lambda item: inspect_file(self._fs, item[1], contract), fresh), strict=True
            ):
                self._inspected[key] = replace(done, path=self._readable(done.path))
        return [self._inspected[key] for key in delivered]

    def has_source(self, source: str) -> bool:
        """Return True if any file of the source was delivered, readable or not."""
        return bool(self._listing(source)[0])

    def contents(self, source: str, suffix: str) -> dict[str, bytes]:
        """Return the bytes of files directly in a source's folder that end in ``suffix``, by name and in its order."""
        folder = f"{self._root}/{source}"
        direct = [path for path in sorted(self._paths(source)) if path.rpartition("/")[0] == folder]
        return {PurePosixPath(path).name: self._fs.cat_file(path) for path in direct if path.endswith(suffix)}

    def states(self, source: str, marker: str) -> list[FileState]:
        """Return size and time of a source's files, and of the files called ``marker`` beside or above them."""
        infos = self._paths(source)
        relatives = {path: path[len(self._root) :].lstrip("/") for path in sorted(infos)}
        return [
            FileState(relative, int(infos[path].get("size") or 0), _changed_at(infos[path]))
            for path, relative in relatives.items()
            if is_delivery(relative) or PurePosixPath(relative).name == marker
        ]

    def relation(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: str,
        market: str,
        today: pd.Timestamp,
        first_month: pd.Timestamp | None = None,
        last_month: pd.Timestamp | None = None,
    ) -> duckdb.DuckDBPyRelation:
        """Return the rows of one market, all months, as the temporary table ``landing_<source>``, with file and row.

        Facts are checked in ``first_month .. last_month`` only (default: all up to ``today``), so a bad month does not
        fail the good ones; rows without a readable month are always checked.

        Raises:
            LandingError: With every problem that concerns this market.
        """
        contract, files = source_named(source), self.files(source)
        problems, readable = self._file_problems(connection, contract, files, market)
        unread = self._create(connection, contract, [file for file in readable if file.can_hold(market)], market)
        problems += [problem for problem in unread if self._concerns(problem.file, source, market)]
        months = CheckedMonths(
            today.date(),
            (first_month if first_month is not None else pd.Timestamp("1900-01-01")).date(),
            (last_month if last_month is not None else today).date(),
        )
        problems += row_problems(
            FileRows(connection, contract), months, lambda file: self._concerns(file, source, market)
        )
        if problems:
            raise LandingError(source, market, problems)
        return connection.table(table_name(contract))

    def attribute_names(self, source: str) -> list[str]:
        """Return the further columns of a source over all readable files, sorted; only products have any."""
        return attribute_columns(source_named(source), [file for file in self.files(source) if file.problem is None])

    def unknown_countries(self, source: str, known_codes: Iterable[str]) -> dict[str, int]:
        """Return rows per country code not in ``known_codes``, over all readable files, without empty codes."""
        known, rows = set(known_codes), dict[str, int]()
        with self.connect() as connection:
            for files in by_shape(_with_country(self.files(source))):
                column = f"trim(CAST({raw(files[0], 'country')} AS VARCHAR))"
                query = f"SELECT {column}, count(*) FROM {reader(files[0])} WHERE {column} <> '' GROUP BY ALL"
                for code, count in _rows_of(connection, query, files):
                    rows[code] = rows.get(code, 0) + count
        return {code: rows[code] for code in sorted(rows) if code not in known}

    def delivered_months(self, source: str, market: str) -> list[pd.Timestamp]:
        """Return the months of which the readable files of a fact source hold a row of the market."""
        contract = source_named(source)
        files = [file for file in self.files(source) if file.problem is None and file.can_hold(market)]
        with self.connect() as connection:
            self._create(connection, contract, files, market)
            months = connection.execute(
                f"SELECT DISTINCT CAST(date_trunc('month', COALESCE(date, month)) AS DATE) AS month "
                f"FROM {table_name(contract)} WHERE country = ? AND COALESCE(date, month) IS NOT NULL ORDER BY month",
                [market],
            ).fetchall()
        return [pd.Timestamp(month) for (month,) in months]

    def require_delivered(self, source: str, market: str, months: Sequence[pd.Timestamp]) -> None:
        """Raise ``LandingError`` for each of ``months`` in which the source holds no row of the market."""
        have = set(self.delivered_months(source, market))
        absent = [month for month in months if month not in have]
        if not absent:
            return
        files, (_, ignored) = self.files(source), self._listing(source)
        with self.connect() as connection:
            problems, _ = self._file_problems(connection, source_named(source), files, market)
        held = f"{min(have):%Y-%m} to {max(have):%Y-%m}" if have else "no month"
        count = f"{len(files)} file{'s' if len(files) != 1 else ''}"
        found = f"no rows ({count} checked, with {held} of {market}{_names(files, market)})"
        if ignored:
            found += f"; not read (only .parquet and .csv are): {', '.join(ignored[:5])}"
        step = f"deliver {source} of {market} for the month, then run the partition again"
        problems += [
            LandingProblem(f"{source}/", f"rows of {market} in month {month:%Y-%m}", found, step) for month in absent
        ]
        raise LandingError(source, market, problems)

    def _listing(self, source: str) -> tuple[dict[tuple[Any, ...], LandingFile], list[str]]:
        """Return delivered files by (path, size, time), and names of other files that are not hidden."""
        infos = self._paths(source)
        delivered, ignored = {}, []
        for path in sorted(infos):
            relative = path[len(self._root) :].lstrip("/")
            if is_delivery(relative):
                info = infos[path]
                stamp = info.get("mtime") or info.get("last_modified") or info.get("etag") or info.get("created")
                file = LandingFile(path, relative, PurePosixPath(path).suffix[1:].lower())
                delivered[(path, info.get("size"), str(stamp))] = file
            elif not any(part.startswith(("_", ".")) for part in PurePosixPath(relative).parts):
                ignored.append(relative)
        return delivered, ignored

    def _paths(self, source: str) -> dict[str, dict[str, Any]]:
        """Return all files below a source's folder with their details."""
        folder = f"{self._root}/{source}"
        self._fs.invalidate_cache()
        return self._fs.find(folder, detail=True) if self._fs.exists(folder) else {}

    def _readable(self, path: str) -> str:
        return path if self._is_local else self._fs.unstrip_protocol(path)

    def _concerns(self, relative: str, source: str, market: str) -> bool:
        return concerns(relative, source, market, self._known_codes)

    def _file_problems(
        self, connection: duckdb.DuckDBPyConnection, source: Source, files: Sequence[LandingFile], market: str
    ) -> tuple[list[LandingProblem], list[LandingFile]]:
        """Return the problems of whole files that concern the market, and the files without one."""
        bad = [file for file in files if file.problem is not None]
        concerned = [file.problem for file in bad if self._holds(connection, source, file, market) and file.problem]
        return concerned, [file for file in files if file.problem is None]

    def _holds(self, connection: duckdb.DuckDBPyConnection, source: Source, file: LandingFile, market: str) -> bool:
        """Return True if a bad file is the market's: by its countries if they can be read, else by its name."""
        if _with_country([file]):
            query = f"SELECT DISTINCT trim(CAST({raw(file, 'country')} AS VARCHAR)) FROM {reader(file)}"
            countries = {code for (code,) in _rows_of(connection, query, [file])} - {None, ""}
            if countries:
                return market in countries
        return self._concerns(file.relative, source.name, market)

    def _create(
        self, connection: duckdb.DuckDBPyConnection, source: Source, files: Sequence[LandingFile], market: str
    ) -> list[LandingProblem]:
        """Create the table. If that fails, do so without the unreadable files, and return their problems."""
        try:
            create_table(connection, source, files, market, self._readable(self._root))
        except duckdb.Error as error:
            raise_if_storage_said_it(str(error))
            problems = [problem for file in files if (problem := self._read_alone(connection, source, file, market))]
            if not problems:
                raise
            broken = {problem.file for problem in problems}
            sound = [file for file in files if file.relative not in broken]
            create_table(connection, source, sound, market, self._readable(self._root))
            return problems
        return []

    def _read_alone(
        self, connection: duckdb.DuckDBPyConnection, source: Source, file: LandingFile, market: str
    ) -> LandingProblem | None:
        try:
            create_table(connection, source, [file], market, self._readable(self._root))
        except duckdb.Error as error:
            raise_if_storage_said_it(str(error))
            return unreadable(file, error)
        return None


def _changed_at(info: dict[str, Any]) -> pd.Timestamp:
    """Return when a file changed: the later of its time and, on a local disk, its name's; a move keeps the former."""
    times = [info.get(name) for name in TIMES]
    moments = [
        datetime.fromtimestamp(time, UTC) if isinstance(time, int | float) else pd.Timestamp(time)
        for time in times
        if time is not None
    ]
    aware = [pd.Timestamp(moment) for moment in moments] or [pd.Timestamp(0, tz="UTC")]
    return max(moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC") for moment in aware)


def _names(files: Sequence[LandingFile], market: str) -> str:
    able = [file.relative for file in files if file.can_hold(market)]
    return f", such as {', '.join(able[-3:])}" if able else ""


def _with_country(files: Sequence[LandingFile]) -> list[LandingFile]:
    return [file for file in files if file.column_names.count("country") == 1]


def _rows_of(connection: duckdb.DuckDBPyConnection, query: str, files: Sequence[LandingFile]) -> list[tuple[Any, ...]]:
    """Return the rows of a query over files of one shape, without unreadable ones: their market's runs name them."""
    try:
        return connection.execute(query, [[file.path for file in files]]).fetchall()
    except duckdb.Error as error:
        raise_if_storage_said_it(str(error))
        if len(files) == 1:
            return []
        return [row for file in files for row in _rows_of(connection, query, [file])]
