"""A delivered file or table as its reader and its checks know it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from forecast_assets.sources.contract.problems import LandingProblem, on_one_line

TABLE = "table"


@dataclass(frozen=True)
class LandingFile:
    """A delivered file, sheet of a workbook, or table.

    Attributes:
        path: Path that DuckDB reads: the delivered file, or the copy of its unpacked content.
        relative: Name in messages, relative to the landing folder.
        format: ``parquet`` or ``csv`` once inspected, before that also the ending of what is unpacked; ``table``.
        columns: Name in the contract's spelling, name in the file, and class of ``column_types.class_of``. The class
            ``path`` is for a value in the path (``country=FR/``); its name in the file is the keys there, with slashes.
        types: Types of the columns as the file has them.
        countries: Range of codes that the file can hold; None if only its rows show them.
        problem: Reason why nothing of the file can be used.
        root: Folder that ``path`` is relative to.
        workbook: Name of the workbook that the sheet is one of several of; empty for a file.
    """

    path: str
    relative: str
    format: str
    columns: tuple[tuple[str, str, str], ...] = ()
    types: tuple[str, ...] = ()
    countries: tuple[str, str] | None = None
    problem: LandingProblem | None = None
    root: str = ""
    workbook: str = ""

    @property
    def delivered_as(self) -> str:
        """Name of the delivered file: for a sheet that of its workbook."""
        return self.workbook or self.relative

    @property
    def shape(self) -> tuple[Any, ...]:
        """Format and columns: one statement reads files of equal shape.

        Types are part of it: DuckDB reads all files of a statement as the first one, and would round a number to its
        decimals.
        """
        return (self.format, self.root, self.columns, self.types)

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in the contract's spelling."""
        return [name for name, _, _ in self.columns]

    def can_hold(self, market: str) -> bool:
        """Return True if the file may have rows of a market."""
        return self.countries is None or self.countries[0] <= market <= self.countries[1]

    def is_of_one_of(self, markets: Collection[str]) -> bool:
        """Return True if all rows are of one market, by header or footer, and it is one of ``markets``."""
        return self.countries is not None and self.countries[0] == self.countries[1] and self.countries[0] in markets


@dataclass(frozen=True)
class UnreadFile:
    """A file or sheet in a source's folder that is not read, and why."""

    relative: str
    reason: str

    @property
    def place(self) -> str:
        """The file's name on one line."""
        return on_one_line(self.relative)
