"""Judging the rows of one source and market: cells, repeated keys, and files that contradict each other.

Belongs here: the queries over the table that rows.py made, and the problems they become. Not here: reading files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from forecast_assets.sources.landing.cell_checks import cell_checks, empty, problems_of
from forecast_assets.sources.landing.contract import Source
from forecast_assets.sources.landing.errors import ROWS_SHOWN, LandingProblem
from forecast_assets.sources.landing.rows import table_name


@dataclass(frozen=True)
class Scope:
    """What is judged: facts of the months asked for (a bad month must not fail the good ones), up to ``today``."""

    today: date
    first_month: date
    last_month: date


def row_problems(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    scope: Scope,
    is_concerned: Callable[[str], bool],
) -> list[LandingProblem]:
    """All problems of the rows in ``landing_<source>``, file by file.

    ``is_concerned`` tells by a file's name whether rows without a country are this market's affair.
    """
    checker = _Checker(connection, source, scope)
    if checker.is_empty():
        return []
    problems = problems_of(cell_checks(source, scope.today), checker.rows, checker.query)
    problems += [*checker.duplicates(), *checker.contradictions()]
    if not source.country_is_optional:
        nameless = problems_of([empty(source.column("country"))], checker.rows_without_country, checker.query)
        problems += [problem for problem in nameless if is_concerned(problem.file)]
    return sorted(problems, key=lambda problem: (problem.file, problem.column or "", problem.rows))


class _Checker:
    """The rows of one source that are judged, and the checks that compare rows with each other."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: Source, scope: Scope) -> None:
        self.connection, self.source = connection, source
        self.parameters = {"first": scope.first_month, "last": scope.last_month, "today": scope.today}
        self.key = [name for name in source.key if name != "country"]
        has_country = "true" if source.country_is_optional else "(country IS NOT NULL AND trim(country) <> '')"
        judged = f"SELECT * FROM {table_name(source)} WHERE ({self._in_scope()})"
        self.rows = f"{judged} AND {has_country}"
        self.rows_without_country = f"{judged} AND NOT {has_country}"

    def is_empty(self) -> bool:
        return not self.query(f"SELECT 1 FROM {table_name(self.source)} LIMIT 1")

    def _in_scope(self) -> str:
        """Rows whose month is known and not asked for are left to the runs of their month."""
        if self.source.is_fact:
            period = "CAST(date_trunc('month', COALESCE(date, month)) AS DATE)"
            return f"{period} IS NULL OR {period} BETWEEN $first AND $last OR COALESCE(date, month) > $today"
        return "known_from IS NULL OR CAST(date_trunc('month', known_from) AS DATE) <= $last"

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        used = {name: value for name, value in self.parameters.items() if f"${name}" in sql}
        return self.connection.execute(sql, used).fetchall()

    def duplicates(self) -> list[LandingProblem]:
        """Keys that one file holds more than once; daily rows of facts are meant to repeat and are summed."""
        key = ", ".join(self.key)
        monthly = "WHERE date IS NULL AND month IS NOT NULL" if self.source.is_fact else ""
        columns = f"_file, country, {key}, list_sort(list(_row)) AS numbers"
        groups = f"SELECT {columns} FROM ({self.rows}) {monthly} GROUP BY ALL HAVING count(*) > 1"
        found = self.query(
            f"SELECT _file, count(*), list_sort(flatten(list(numbers)))[:{ROWS_SHOWN}], sum(len(numbers)), "
            f"min({self._key_text()}) FROM ({groups}) GROUP BY _file ORDER BY _file"
        )
        step = "keep one row per key; if the rows are daily or transactions, name the column date and they are summed"
        if not self.source.is_fact:
            step = "keep one row per key"
        return [
            LandingProblem(
                file,
                f"one row per {', '.join(self.source.key)}",
                _repeats(keys, example),
                step,
                None,
                tuple(rows),
                int(count),
            )
            for file, keys, rows, count, example in found
        ]

    def contradictions(self) -> list[LandingProblem]:
        """Keys on which files disagree: identical repeats across files are one delivery made twice and are fine."""
        problems = []
        for files, rows, keys, values, example in self.query(self._contradictions_sql()):
            others = " and ".join(files[1:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
            said = " and ".join(f"{value:.15g}" if isinstance(value, float) else str(value) for value in values[:3])
            more = f" and {keys - 1} more keys" if keys > 1 else ""
            column = "units" if self.source.is_fact else None
            problems.append(
                LandingProblem(
                    files[0],
                    f"the same {column or 'row'} as in {others}",
                    f"{said} for {example}{more}",
                    "keep the right file and remove the other; to restate a month, replace the file that holds it",
                    column,
                    tuple(rows),
                    keys,
                )
            )
        return problems

    def _contradictions_sql(self) -> str:
        key = ", ".join(self.key)
        if self.source.is_fact:
            groups = _fact_contradictions(f"({self.rows})", self._key_text())
        else:
            ignored = {"country", *self.key}
            names = [column.name for column in self.source.columns if column.name not in ignored]
            names += ["attributes"] if self.source.extra_columns_are_attributes else []
            packed = "concat_ws(', ', " + ", ".join(f"'{name} ' || {name}" for name in names) + ")"
            key = f"COALESCE(country, ''), {key}"
            groups = f"""
                SELECT list(_file ORDER BY _file, _row) AS files, list({packed} ORDER BY _file, _row) AS said,
                    arg_min(_row, _file) AS first_row, any_value({self._key_text()}) AS example
                FROM ({self.rows}) GROUP BY {key}
                HAVING count(DISTINCT {packed}) > 1 AND count(DISTINCT _file) > 1"""
        return f"""
            SELECT files, list_sort(list(first_row))[:{ROWS_SHOWN}], count(*), arg_min(said, example), min(example)
            FROM ({groups}) GROUP BY files ORDER BY files"""

    def _key_text(self) -> str:
        parts = [f"'{name} ' || COALESCE({_shown(name)}, 'empty')" for name in self.key if name != "known_from"]
        return " || ', ' || ".join(parts)


def _shown(name: str) -> str:
    return f"strftime({name}, '%Y-%m')" if name.endswith("month") else f"CAST({name} AS VARCHAR)"


def _repeats(keys: int, example: str) -> str:
    return f"{keys} key{'s' if keys != 1 else ''} more than once, such as {example}"


def _fact_contradictions(rows: str, key_text: str) -> str:
    """Totals per file that differ for one SKU and period; monthly rows are also held against the sum of daily ones."""
    return f"""
        WITH per_file AS (
            SELECT sku, CAST(date_trunc('month', COALESCE(date, month)) AS DATE) AS month, date AS period, _file,
                sum(units) AS total, min(_row) AS first_row
            FROM {rows} WHERE COALESCE(date, month) IS NOT NULL AND units IS NOT NULL GROUP BY ALL
        ),
        same_period AS (
            SELECT sku, month, list(_file ORDER BY _file) AS files, list(total ORDER BY _file) AS said,
                arg_min(first_row, _file) AS first_row
            FROM per_file GROUP BY sku, month, period
            HAVING count(*) > 1 AND max(total) - min(total) > 1e-9 * greatest(1, abs(max(total)))
        ),
        daily AS (
            SELECT sku, month, min(_file) AS _file, sum(total) AS total
            FROM (SELECT sku, month, max(total) AS total, min(_file) AS _file
                  FROM per_file WHERE period IS NOT NULL GROUP BY sku, month, period)
            GROUP BY sku, month
        ),
        other_grain AS (
            SELECT monthly.sku, monthly.month, [monthly._file, daily._file] AS files,
                [monthly.total, daily.total] AS said, monthly.first_row
            FROM per_file AS monthly JOIN daily ON monthly.sku = daily.sku AND monthly.month = daily.month
            WHERE monthly.period IS NULL
                AND abs(monthly.total - daily.total) > 1e-9 * greatest(1, abs(monthly.total))
        )
        SELECT files, said, first_row, {key_text} AS example
        FROM (SELECT * FROM same_period UNION ALL SELECT * FROM other_grain)"""
