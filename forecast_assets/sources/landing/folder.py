"""The landing folder: the files a company delivers, offered per market as DuckDB relations.

Belongs here: listing, the choice of a market's files, collecting problems. No clock: ``today`` is an argument.
Not here: casts and checks (sources/contract), the tables themselves (dbt_like_sql).
"""

import atexit
import os
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from fsspec import AbstractFileSystem

from forecast_assets.config.azure_account import AzureAccount
from forecast_assets.sources.contract.columns import Source, source_named
from forecast_assets.sources.contract.delivered_rows import NO_MONTH, CheckedMonths
from forecast_assets.sources.contract.expressions import is_known_in_its_month
from forecast_assets.sources.contract.problems import LandingError, LandingProblem
from forecast_assets.sources.contract.stated_notation import NOT_STATED, NOTATION_FILE, Notation
from forecast_assets.sources.landing.countries import rows_by_country
from forecast_assets.sources.landing.delivered_file import LandingFile, UnreadFile
from forecast_assets.sources.landing.files import Inspected, inspect_file
from forecast_assets.sources.landing.listing import FileState, Listing, concerns, list_source, require_folder
from forecast_assets.sources.landing.market_rows import MarketRows, SourceRows
from forecast_assets.sources.landing.missing_months import DeliveredMonths, missing_month_problems
from forecast_assets.sources.landing.notation_file import read_notation
from forecast_assets.sources.landing.plain_files import PlainFiles
from forecast_assets.sources.landing.rows import table_name
from forecast_assets.sources.landing.unpacked import Unpacked
from forecast_assets.storage.folders import file_system_of, is_local, path_of

if TYPE_CHECKING:
    import duckdb

REMOTE_READERS = 16


class _Kept(threading.local):
    """The rows that a thread keeps: those of the market that it asked for last."""

    rows: MarketRows | None = None


class LandingFolder:
    """A folder with one subfolder per source.

    Args:
        base: A local path or any fsspec URL, such as ``abfs://landing/forecast``.
        account: The storage account of an ``abfs://`` address.
        known_codes: Market codes, by which an unreadable file's name shows the market it concerns. Without them such
            a file concerns every market.
        must_exist: Whether a local folder that is missing is an error. If False it is taken for an empty one.
    """

    def __init__(
        self,
        base: str,
        account: AzureAccount | None = None,
        known_codes: Iterable[str] = (),
        *,
        must_exist: bool = True,
    ) -> None:
        self._must_exist = must_exist
        self._base, self._account = base, account
        self._root = path_of(base)
        self._known_codes = tuple(known_codes)
        self._inspected: dict[tuple[Any, ...], Inspected] = {}
        self._unpacked = Unpacked()
        self._kept = _Kept()

    @cached_property
    def _fs(self) -> AbstractFileSystem:
        # Opened when first used: definitions load without a secret.
        return file_system_of(self._base, self._account)

    @property
    def _is_local(self) -> bool:
        return is_local(self._fs)

    def connect(self) -> "duckdb.DuckDBPyConnection":
        """Return an in-memory DuckDB that can read this folder; times are UTC wherever it runs."""
        import duckdb

        if self._is_local:
            try:
                return _in_utc(local_database(os.getpid()).cursor())
            except duckdb.Error:
                # After a fatal error DuckDB refuses every statement on that database.
                local_database.cache_clear()
                return _in_utc(local_database(os.getpid()).cursor())
        connection = _in_utc(_database())
        connection.register_filesystem(self._fs)
        return connection

    def of_market(self, market: str) -> "duckdb.DuckDBPyConnection":
        """Return the connection of this thread in which ``relation`` makes the tables of a market."""
        return self._market_rows(market).connection

    def files(self, source: str) -> list[LandingFile]:
        """Return the files of a source with their columns, sorted by path; inspected again if size or time changed."""
        return [file for inspected in self._inspect(source)[0] for file in inspected.files]

    def unread(self, source: str, market: str) -> list[UnreadFile]:
        """Return the files in a source's folder that are not read and may be the market's, with the reason."""
        inspected, listing = self._inspect(source)
        every = [*listing.unread, *(unread for each in inspected for unread in each.unread)]
        return [unread for unread in every if self._concerns(unread.relative, source=source, market=market)]

    def has_source(self, source: str) -> bool:
        """Return True if any file of the source was delivered, readable or not."""
        return bool(self._listing(source).delivered)

    def plain_files(self, source: str) -> PlainFiles:
        """Return the files of a source that has no contract."""
        return PlainFiles(self._fs, source, self._listing(source), self._unpacked)

    def states(self, source: str) -> list[FileState]:
        """Return size and time of a source's files, and of the markers beside or above them."""
        return self._listing(source).states

    def relation(
        self,
        source: str,
        market: str,
        today: pd.Timestamp,
        first_month: pd.Timestamp | None = None,
        last_month: pd.Timestamp | None = None,
    ) -> "duckdb.DuckDBPyRelation":
        """Return the rows of one market, all months, as the table ``landing_<source>`` of ``of_market``.

        Facts are checked in ``first_month .. last_month`` only (default: all up to ``today``), so a bad month does not
        fail the good ones; rows without a readable month are always checked.

        Raises:
            LandingError: With every problem that concerns this market.
        """
        contract = source_named(source)
        rows = self._rows(contract, market)
        months = CheckedMonths(
            today.date(),
            (first_month if first_month is not None else pd.Timestamp("1900-01-01")).date(),
            (last_month if last_month is not None else today).date(),
        )
        if problems := [*rows.file_problems, *rows.problems(months)]:
            raise LandingError(source, market, problems)
        return rows.rows.connection.table(table_name(contract))

    def unknown_countries(self, source: str, known_codes: Iterable[str]) -> dict[str, int]:
        """Return rows per country code not in ``known_codes``, over all readable files, without empty codes."""
        known = set(known_codes)
        # Most files hold the rows of one market, and their statistics say so.
        files = [file for file in self.files(source) if not file.is_of_one_of(known)]
        with self.connect() as connection:
            rows = rows_by_country(connection, files)
        return {code: count for code, count in rows.items() if code not in known}

    def file_problems(self, source: str, market: str) -> list[LandingProblem]:
        """Return the problems of whole files that may be the market's, as far as headers and footers show them."""
        inspected, listing = self._inspect(source)
        _, problems = self._notation(listing, source_named(source), market)
        return problems + [
            file.problem
            for each in inspected
            for file in each.files
            if file.problem and self._concerns(file.relative, source=source, market=market)
        ]

    def delivered_months(self, source: str, market: str) -> list[pd.Timestamp]:
        """Return the months of which the readable files of a fact source hold a row of the market, known at the end."""
        return self.delivery(source, market).months

    def delivery(self, source: str, market: str) -> DeliveredMonths:
        """Return the months of which a fact source holds a row of the market, and the files that cannot be read."""
        contract = source_named(source)
        rows = self._rows(contract, market)
        is_known = is_known_in_its_month(contract.column_names)
        months = rows.rows.connection.execute(
            "SELECT CAST(date_trunc('month', COALESCE(date, month)) AS DATE) AS month, "
            f"BOOL_OR({is_known}) AS is_known, MIN(CASE WHEN NOT {is_known} THEN known_from END) AS known_from "
            f"FROM {table_name(contract)} WHERE country = ? AND COALESCE(date, month) IS NOT NULL "
            "GROUP BY ALL ORDER BY month",
            [market],
        ).fetchall()
        known = [pd.Timestamp(month) for month, is_known, _ in months if is_known]
        later = {pd.Timestamp(month): pd.Timestamp(day) for month, is_known, day in months if not is_known}
        return DeliveredMonths(known, rows.file_problems, later)

    def undated_rows(self, source: str, market: str) -> list[LandingProblem]:
        """Return the problems of rows of which the month cannot be read; they may be those of a missing month."""
        return self._rows(source_named(source), market).problems(NO_MONTH)

    def require_delivered(self, source: str, market: str, months: Sequence[pd.Timestamp]) -> None:
        """Raise ``LandingError`` for each of ``months`` in which the source holds no row of the market."""
        delivered = self.delivery(source, market)
        problems = [*delivered.problems]
        absent = [month for month in months if month not in delivered.months]
        if not absent:
            return
        problems += self.undated_rows(source, market)
        unread = [each.relative for each in self.unread(source, market)]
        problems += missing_month_problems(source, market, absent, delivered, self.files(source), unread)
        raise LandingError(source, market, problems)

    def _inspect(self, source: str) -> tuple[list[Inspected], Listing]:
        contract, listing = source_named(source), self._listing(source)
        fresh = {key: file for key, file in listing.delivered.items() if key not in self._inspected}
        root = self._readable(self._root)
        with ThreadPoolExecutor(1 if self._is_local else REMOTE_READERS) as pool:
            results = pool.map(lambda file: inspect_file(self._fs, file, contract, self._unpacked), fresh.values())
            new = {
                key: replace(done, files=tuple(self._located(file, root) for file in done.files))
                for key, done in zip(fresh, results, strict=True)
            }
        # A file without access has it later with the same size and time.
        lasting = {key: done for key, done in new.items() if not any(_may_pass(file) for file in done.files)}
        self._inspected |= lasting
        known = self._inspected | new
        return [known[key] for key in listing.delivered], listing

    def _located(self, file: LandingFile, root: str) -> LandingFile:
        return file if file.root else replace(file, path=self._readable(file.path), root=root)

    def _notation(self, listing: Listing, source: Source, market: str) -> tuple[Notation, list[LandingProblem]]:
        """Return what the source's folder states about a market's numbers, and the problems of that file."""
        if not listing.notation:
            return NOT_STATED, []
        relative = f"{source.name}/{NOTATION_FILE}"
        return read_notation(self._fs, listing.notation, relative, source, market, self._known_codes)

    def _listing(self, source: str) -> Listing:
        if self._must_exist and self._is_local:
            require_folder(self._root, source)
        return list_source(self._fs, self._root, source, is_local=self._is_local)

    def _readable(self, path: str) -> str:
        return path if self._is_local else self._fs.unstrip_protocol(path)

    def _concerns(self, relative: str, *, source: str, market: str) -> bool:
        return concerns(relative, source, market, self._known_codes)

    def _rows(self, source: Source, market: str) -> SourceRows:
        """Return the rows of a market, with the problems of whole files that concern it."""
        inspected, listing = self._inspect(source.name)
        files = [file for each in inspected for file in each.files]
        notation, problems = self._notation(listing, source, market)
        damage = tuple(file.problem for file in files if file.problem)
        state = (tuple(listing.delivered), tuple(listing.states), damage)
        return self._market_rows(market).of(source, state, files, notation, problems)

    def _market_rows(self, market: str) -> MarketRows:
        """Return the tables of a market: those of the last one that this thread asked for are kept."""
        kept = self._kept.rows
        if kept is None or kept.market != market or not kept.can_be_asked():
            concerns = partial(self._concerns, market=market)
            kept = MarketRows(self.connect(), market, concerns, reads_in_parallel=not self._is_local)
            self._kept.rows = kept
        return kept


@cache
def local_database(process: int) -> "duckdb.DuckDBPyConnection":
    """Return the DuckDB that all local folders of a process share: a new one takes 43 ms, a connection to it 1.

    It has one thread, as all queries of marts have. A forked process makes its own: a database must not be forked.
    """
    connection = _database()
    connection.execute("SET threads = 1")
    # Else it lasts to the end of the process, where DuckDB prints forty lines on what was not freed.
    atexit.register(local_database.cache_clear)
    return connection


def _database() -> "duckdb.DuckDBPyConnection":
    import duckdb

    return duckdb.connect(config={"autoinstall_known_extensions": False})


def _in_utc(connection: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyConnection":
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _may_pass(file: LandingFile) -> bool:
    return file.problem is not None and file.problem.may_pass
