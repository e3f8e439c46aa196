"""The rows of one market as DuckDB tables that last while the files of their source stay as they are.

A run asks for the same source up to seven times, a month's checks for five sources. Belongs here: what is kept, and
when it is read again. Not here: the choice of files (folder.py), the statement that reads them (rows.py).
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from forecast_assets.config.azure_account import raise_if_storage_said_it
from forecast_assets.sources.contract.columns import Source
from forecast_assets.sources.contract.delivered_rows import CheckedMonths
from forecast_assets.sources.contract.problems import LandingProblem
from forecast_assets.sources.contract.row_checks import row_problems
from forecast_assets.sources.contract.stated_notation import Notation
from forecast_assets.sources.landing.countries import countries_of
from forecast_assets.sources.landing.delivered_file import LandingFile
from forecast_assets.sources.landing.files import unreadable
from forecast_assets.sources.landing.rows import FileRows, create_table

if TYPE_CHECKING:
    import duckdb


class Concerns(Protocol):
    """The question whether a file, given by its name, may be a market's."""

    def __call__(self, relative: str, *, source: str) -> bool:
        """Return True if it may be."""
        ...


@dataclass
class SourceRows:
    """A source's rows of a market in ``landing_<source>``, with the problems of whole files that concern the market."""

    rows: FileRows
    file_problems: list[LandingProblem]
    concerns: Callable[[str], bool]
    _row_problems: dict[CheckedMonths, list[LandingProblem]] = field(default_factory=dict)

    def problems(self, months: CheckedMonths) -> list[LandingProblem]:
        """Return the problems of the rows in the months; they are looked for once."""
        if months not in self._row_problems:
            self._row_problems[months] = row_problems(self.rows, months, self.concerns)
        return self._row_problems[months]


class MarketRows:
    """Tables of one market in one connection.

    Args:
        connection: An in-memory DuckDB that can read the files.
        market: Code of the market.
        concerns: Returns True if a file of a source, given by its name, may be the market's.
        reads_in_parallel: Whether files are read by several threads: far away, each takes a moment to answer.
    """

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", market: str, concerns: Concerns, *, reads_in_parallel: bool
    ) -> None:
        self.connection, self.market, self._concerns = connection, market, concerns
        self._reads_in_parallel = reads_in_parallel
        self._kept: dict[str, tuple[Hashable, SourceRows]] = {}

    def can_be_asked(self) -> bool:
        """Return False after a fatal error of DuckDB: its database then refuses every statement."""
        import duckdb

        try:
            self.connection.execute("SELECT 1").fetchall()
        except duckdb.Error:
            return False
        return True

    def of(
        self,
        source: Source,
        state: Hashable,
        files: Sequence[LandingFile],
        notation: Notation,
        problems: Iterable[LandingProblem],
    ) -> SourceRows:
        """Return the rows of a source, read again unless ``state`` is the one they were read in.

        ``problems`` are those of the stated notation. Where a file could not be read, all are read anew each time: the
        reason may pass, and leave the file with the same size and time.
        """
        kept_state, kept = self._kept.get(source.name, (None, None))
        if kept and kept_state == state:
            return kept
        self._kept.pop(source.name, None)
        if self._reads_in_parallel:
            self.connection.execute("RESET threads")
        concerns = partial(self._concerns, source=source.name)
        all_problems = [*problems, *(file.problem for file in files if file.problem and self._holds(source, file))]
        sound = [file for file in files if file.problem is None and file.can_hold(self.market)]
        unread = self._create(source, sound, notation)
        all_problems += [problem for problem in unread if concerns(problem.file)]
        rows = SourceRows(FileRows(self.connection, source, self.market, notation), all_problems, concerns)
        if not unread:
            self._kept[source.name] = state, rows
        return rows

    def _holds(self, source: Source, file: LandingFile) -> bool:
        """Return True if a bad file is the market's: by its countries if they can be read, else by its name."""
        is_country = file.problem is not None and file.problem.column == "country"
        if not is_country and (countries := countries_of(self.connection, file)):
            return self.market in countries
        return self._concerns(file.relative, source=source.name)

    def _create(self, source: Source, files: Sequence[LandingFile], notation: Notation) -> list[LandingProblem]:
        """Create the table. If that fails, do so without the unreadable files, and return their problems."""
        import duckdb

        try:
            create_table(self.connection, source, files, self.market, notation)
        except duckdb.Error as error:
            raise_if_storage_said_it(str(error))
            problems = [problem for file in files if (problem := self._read_alone(source, file))]
            if not problems:
                raise
            broken = {problem.file for problem in problems}
            sound = [file for file in files if file.relative not in broken]
            create_table(self.connection, source, sound, self.market, notation)
            return problems
        return []

    def _read_alone(self, source: Source, file: LandingFile) -> LandingProblem | None:
        import duckdb

        try:
            create_table(self.connection, source, [file], self.market)
        except duckdb.Error as error:
            raise_if_storage_said_it(str(error))
            return unreadable(file, error)
        return None
