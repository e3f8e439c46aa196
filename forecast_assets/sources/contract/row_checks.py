"""Checks on the delivered rows of one source and market: cells, repeated keys, contradictions.

Belongs here: the order of the checks, their queries on cells and keys, and the problems they become. Every query is in
DuckDB's dialect and uses functions that each engine has. Not here: contradictions between rows (contradictions.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from forecast_assets.sources.contract.cell_checks import CellCheck, cell_checks, empty_cells
from forecast_assets.sources.contract.columns import KINDS
from forecast_assets.sources.contract.contradictions import contradictions
from forecast_assets.sources.contract.delivered_rows import (
    CheckedMonths,
    DeliveredRows,
    Row,
    key_text,
    names_country,
    row_name,
    rows_of_months,
)
from forecast_assets.sources.contract.expressions import period_of
from forecast_assets.sources.contract.notation import THOUSANDS, ambiguous, ambiguous_problem, notation_counts
from forecast_assets.sources.contract.problems import ROWS_SHOWN, LandingProblem
from forecast_assets.sources.contract.stated_notation import likely_entries

CELLS_SHOWN = 3
_UNITS_THAT_DIFFER = (
    " || CASE WHEN least < most "
    "THEN ' (units ' || CAST(least AS VARCHAR) || ' and ' || CAST(most AS VARCHAR) || ')' ELSE '' END"
)


def row_problems(
    rows: DeliveredRows, months: CheckedMonths, concerns_market: Callable[[str], bool] = lambda file: True
) -> list[LandingProblem]:
    """Return all problems of the rows, file by file. One query counts them; others fetch the rows of those there are.

    Args:
        rows: The delivered rows.
        months: The months that are checked.
        concerns_market: Returns True if rows without a country in a file, given by its name, concern the market.
    """
    checks = [_Check(each, names_country(rows.source)) for each in cell_checks(rows, months.today)]
    if not rows.source.country_is_optional:
        nameless = empty_cells(rows.source.column("country"), rows.advice)
        checks.append(_Check(nameless, f"NOT {names_country(rows.source)}", concerns_market))
    checker = _Checker(rows, months)
    counts = checker.counts(checks)
    if not counts:
        return []
    problems = [problem for position, check in enumerate(checks) for problem in checker.cells(check, position, counts)]
    problems += checker.notation(counts)
    problems += [*checker.duplicates(), *contradictions(rows, months, several_files=len(counts) > 1)]
    return sorted(problems, key=lambda problem: (problem.file, problem.column or "", problem.rows))


@dataclass(frozen=True)
class _Check:
    """A check of cells, the rows it covers, and the files whose problems are reported."""

    cells: CellCheck
    among: str
    reports: Callable[[str], bool] = lambda file: True

    @property
    def condition(self) -> str:
        return f"{self.among} AND ({self.cells.condition})"


@dataclass(frozen=True)
class _Checker:
    rows: DeliveredRows
    months: CheckedMonths

    def counts(self, checks: Iterable[_Check]) -> list[Row]:
        """Return a row per file, with the number of rows that meet each condition, and counts of notations."""
        sums = [f"SUM(CASE WHEN {each.condition} THEN 1 ELSE 0 END) AS n{at}" for at, each in enumerate(checks)]
        sums += notation_counts(self.rows.source)
        return self._query(f"SELECT _file, {', '.join(sums)} FROM ({self._checked()}) AS checked GROUP BY _file")

    def cells(self, check: _Check, position: int, counts: list[Row]) -> list[LandingProblem]:
        """Return the problems of a check, one per file."""
        counted = {row["_file"]: int(row[f"n{position}"]) for row in counts if row[f"n{position}"]}
        if not any(check.reports(file) for file in counted):
            return []
        checked = f"({self._checked()}) AS checked WHERE {check.condition}"
        names = self._row_names(checked, self._row_keys())
        quoted: dict[str, list[str]] = {}
        if not check.cells.found:
            cells = f"SELECT DISTINCT _file, CAST({check.cells.shown} AS VARCHAR) AS shown FROM {checked}"
            for row in self._first(f"({cells}) AS cells WHERE shown IS NOT NULL", ["shown"], CELLS_SHOWN):
                quoted.setdefault(row["_file"], []).append(row["shown"])
        return [
            LandingProblem(
                file,
                check.cells.expected,
                check.cells.found or ", ".join(quoted.get(file, [])),
                check.cells.next_step + self._other_notation(check.cells.column, quoted.get(file, [])),
                check.cells.column,
                tuple(names[file]),
                count,
            )
            for file, count in counted.items()
            if check.reports(file)
        ]

    def _other_notation(self, column: str, cells: list[str]) -> str:
        """Return how to state the notation of quoted cells, if they are numbers in another one."""
        kinds = {each.name: each.kind for each in self.rows.source.columns}
        is_number = kinds.get(column) == "number" and self.rows.number_format == KINDS["number"]
        entries = likely_entries(cell.strip('"') for cell in cells) if is_number else []
        others = "".join(f" or {{{entry}}}" for entry in entries[1:])
        return f"; or state their notation: {self.rows.stated_as(entries[0])}{others}" if entries else ""

    def notation(self, counts: list[Row]) -> list[LandingProblem]:
        """Return the columns of files whose points may separate decimals or thousands."""
        problems = []
        for column, files in ambiguous(self.rows.source, counts).items():
            if not files:
                continue
            dotted = f"({self._checked()}) AS checked WHERE _noted_{column} = '{THOUSANDS}'"
            names = self._row_names(dotted, self._row_keys())
            largest = self._query(f"SELECT _file, MAX({column}) AS example FROM {dotted} GROUP BY _file")
            examples = {row["_file"]: float(row["example"]) for row in largest}
            problems += [
                ambiguous_problem(self.rows, file, column, names[file], count, examples[file])
                for file, count in files.items()
            ]
        return problems

    def duplicates(self) -> list[LandingProblem]:
        """Return keys that one file holds more than once. Rows of single days may repeat and are summed."""
        source, keys = self.rows.source, self.rows.source.key
        if source.is_fact and "month" not in self.rows.columns:
            return []
        where = names_country(source) + (" AND date IS NULL AND month IS NOT NULL" if source.is_fact else "")
        checked = f"({self._checked()}) AS checked WHERE {where}"
        units = ", MIN(units) AS least, MAX(units) AS most" if source.is_fact else ""
        groups = (
            f"SELECT _file, {', '.join(keys)}, COUNT(*) AS n{units} FROM {checked} GROUP BY _file, {', '.join(keys)}"
        )
        example = f"{key_text(source)}{_UNITS_THAT_DIFFER if source.is_fact else ''}"
        repeated = f"(SELECT *, {example} AS example FROM ({groups}) AS keyed WHERE n > 1) AS repeated"
        counts = self._query(
            f"SELECT _file, COUNT(*) AS n, SUM(n) AS row_count, MIN(example) AS example FROM {repeated} GROUP BY _file"
        )
        if not counts:
            return []
        names = self._row_names(repeated, keys)
        if self.rows.are_numbered:
            window = f"SELECT _file, _row, COUNT(*) OVER (PARTITION BY _file, {', '.join(keys)}) AS n FROM {checked}"
            names = self._row_names(f"({window}) AS keyed WHERE n > 1", ["_row"])
        return [self._duplicate(row, names[row["_file"]]) for row in counts]

    def _duplicate(self, counted: Row, names: list[int | str]) -> LandingProblem:
        found = f"{counted['n']} key{'s' if counted['n'] != 1 else ''} more than once"
        if self.rows.are_numbered or counted["example"].endswith(")"):
            found += f", such as {counted['example']}"
        step = "keep one row per key"
        if self.rows.source.is_fact:
            step += "; if the rows are daily or transactions, name the column date and they are summed"
        count = int(counted["row_count" if self.rows.are_numbered else "n"])
        expected = f"one row per {', '.join(self.rows.source.key)}"
        return LandingProblem(counted["_file"], expected, found, step, None, tuple(names), count)

    def _row_keys(self) -> list[str]:
        if self.rows.are_numbered:
            return ["_row"]
        keys = [name for name in self.rows.source.key if name != "month" or not self.rows.source.is_fact]
        return keys + (["period"] if self.rows.source.is_fact else [])

    def _row_names(self, relation: str, keys: Iterable[str]) -> dict[str, list[int | str]]:
        """Return numbers or names of the first rows of each file."""
        keys = list(keys)
        names: dict[str, list[int | str]] = {}
        for row in self._first(relation, keys, ROWS_SHOWN):
            name = row["_row"] if keys == ["_row"] else row_name(row, keys)
            names.setdefault(row["_file"], []).append(name)
        return names

    def _first(self, relation: str, columns: list[str], most: int) -> list[Row]:
        """Return the first rows of each file in the order of ``columns``."""
        expressions = {name: period_of(self.rows.columns) if name == "period" else name for name in columns}
        selected = ", ".join(name if each == name else f"{each} AS {name}" for name, each in expressions.items())
        order = ", ".join(expressions.values())
        rank = f"ROW_NUMBER() OVER (PARTITION BY _file ORDER BY {order}) AS rank"
        ranked = f"SELECT _file, {selected}, {rank} FROM {relation}"
        return self._query(f"SELECT * FROM ({ranked}) AS ranked WHERE rank <= {most} ORDER BY _file, rank")

    def _checked(self) -> str:
        return rows_of_months(self.rows)

    def _query(self, sql: str) -> list[Row]:
        return self.rows.query(sql, self.months.values)
