"""Contradictions: files that disagree on a row, and months whose days add up to another total.

An identical row in several files is one delivery sent twice and is no problem. Not here: keys that repeat within one
file (row_checks.py).
"""

from dataclasses import dataclass
from itertools import groupby

from forecast_assets.sources.contract.columns import Source
from forecast_assets.sources.contract.delivered_rows import (
    CheckedMonths,
    DeliveredRows,
    key_text,
    names_country,
    row_name,
    rows_of_months,
)
from forecast_assets.sources.contract.expressions import month_start, version_of
from forecast_assets.sources.contract.problems import ROWS_SHOWN, LandingProblem

FILES_NAMED = 3
VALUES_SHOWN = 3
# How rows of a file are put together before files are compared, as the SQL layer does; the largest counts otherwise.
AGGREGATES = {"units": "SUM", "net_sales": "SUM", "distribution_pct": "AVG", "price": "AVG"}
# Sums of the same decimals differ in their last digits.
TOLERANCE = "0.000000001"


@dataclass(frozen=True)
class _Contradiction:
    """A key on which ``files`` disagree; for each, what it holds in ``column``.

    ``row`` is a number in the first file, or a name.
    """

    files: tuple[str, ...]
    values: tuple[str, ...]
    row: int | str
    example: str
    column: str | None = None


def contradictions(rows: DeliveredRows, months: CheckedMonths, *, several_files: bool) -> list[LandingProblem]:
    """Return the problems, one per combination of files and column."""
    contradicting: list[_Contradiction] = []
    if several_files:
        sql = _measures_per_file(rows) if rows.source.is_fact else _rows_per_file(rows)
        contradicting += _between_files(rows, months, sql)
    if rows.source.is_fact and {"month", "date"} <= set(rows.columns):
        contradicting += _between_grains(rows, months)
    by_files: dict[tuple[tuple[str, ...], str | None], list[_Contradiction]] = {}
    for each in contradicting:
        by_files.setdefault((each.files, each.column), []).append(each)
    return [_problem(rows, each) for each in by_files.values()]


def _problem(rows: DeliveredRows, group: list[_Contradiction]) -> LandingProblem:
    first = min(group, key=lambda each: each.example)
    column = first.column
    if not rows.are_numbered:
        names = tuple(each.row for each in group[:ROWS_SHOWN])
        text = f"{first.values[0]} for the month and {first.values[1]} over its days"
        step = f"keep the right rows and remove the others {rows.advice}"
        return LandingProblem(first.files[0], "the same units in both", text, step, column, names, len(group))
    others = " and ".join(first.files[1:FILES_NAMED])
    others += f" and {len(first.files) - FILES_NAMED} more" if len(first.files) > FILES_NAMED else ""
    more = f" and {len(group) - 1} more keys" if len(group) > 1 else ""
    return LandingProblem(
        first.files[0],
        f"the same {column or 'row'} as in {others}",
        f"{' and '.join(first.values[:VALUES_SHOWN])} for {first.example}{more}",
        "keep the right file and remove the other; to restate a month, replace the file that holds it",
        column,
        tuple(sorted(int(each.row) for each in group)[:ROWS_SHOWN]),
        len(group),
    )


def _between_files(rows: DeliveredRows, months: CheckedMonths, sql: str) -> list[_Contradiction]:
    """Return a contradiction per group of the query, whose rows come in the order of ``id``, file and row."""
    result = []
    for _, group in groupby(rows.query(sql, months.values), key=lambda row: row["id"]):
        members = list(group)
        files = tuple(member["_file"] for member in members)
        values = tuple(_text(member["value"]) for member in members)
        first = members[0]
        result.append(_Contradiction(files, values, first["first_row"], first["example"], first.get("differing")))
    return result


def _between_grains(rows: DeliveredRows, months: CheckedMonths) -> list[_Contradiction]:
    """Return the months whose days add up to another total than their monthly row.

    Only totals that are known from the same day contradict each other: of others, the later one restates the month.
    """
    differing = _differing_grains(rows)
    sql = f"SELECT *, {key_text(rows.source)} AS example FROM ({differing}) AS differing ORDER BY sku, month"
    keys = ("sku", "month", "known_from")
    return [
        _Contradiction(
            (row["_file"], row["other_file"]) if rows.are_numbered else (row["_file"],),
            (_text(row["total"]), _text(row["other_total"])),
            row["first_row"] if rows.are_numbered else row_name(row, keys),
            row["example"],
            "units",
        )
        for row in rows.query(sql, months.values)
    ]


def _differing_grains(rows: DeliveredRows) -> str:
    """Return the query for monthly rows beside days, as known from the same day, that add up to something else."""
    month = month_start("COALESCE(date, month)")
    usable = f"{names_country(rows.source)} AND units IS NOT NULL"
    monthly = (
        f"SELECT sku, {month} AS month, known_from, _file, SUM(units) AS total, MIN(_row) AS first_row "
        f"FROM ({rows_of_months(rows)}) AS checked WHERE {usable} AND date IS NULL AND month IS NOT NULL "
        f"GROUP BY sku, {month}, known_from, _file"
    )
    # Days of all months that a monthly row restates, whenever they became known.
    day_totals = (
        f"SELECT sku, {month} AS month, date AS period, known_from, _file, SUM(units) AS total "
        f"FROM ({rows.relation}) AS delivered WHERE {usable} AND date >= (SELECT MIN(month) FROM monthly) "
        f"GROUP BY sku, {month}, date, known_from, _file"
    )
    visible = (
        "SELECT monthly.*, days.period AS period, days.total AS day_total, days._file AS other_file, "
        f"{version_of('days.known_from')} AS day_version, ROW_NUMBER() OVER (PARTITION BY monthly.sku, monthly.month, "
        f"monthly.known_from, monthly._file, days.period ORDER BY {version_of('days.known_from')} DESC) AS precedence "
        "FROM monthly INNER JOIN days ON monthly.sku = days.sku AND monthly.month = days.month "
        f"AND {version_of('days.known_from')} <= {version_of('monthly.known_from')}"
    )
    daily = (
        "SELECT sku, month, known_from, _file, MIN(total) AS total, MIN(first_row) AS first_row, "
        "MIN(other_file) AS other_file, SUM(day_total) AS other_total, MAX(day_version) AS day_version "
        "FROM visible WHERE precedence = 1 GROUP BY sku, month, known_from, _file"
    )
    return (
        f"WITH monthly AS ({monthly}), day_totals AS ({day_totals}), "
        "days AS (SELECT sku, month, period, known_from, MAX(total) AS total, MIN(_file) AS _file FROM day_totals "
        f"GROUP BY sku, month, period, known_from), visible AS ({visible}), daily AS ({daily}) "
        f"SELECT * FROM daily WHERE day_version = {version_of('known_from')} "
        f"AND ABS(total - other_total) > {_tolerance('total')}"
    )


def _measures_per_file(rows: DeliveredRows) -> str:
    """Return the query for SKUs and periods of which files hold other figures, with the first such column.

    A file without the column, or with empty cells, contradicts none.
    """
    totals = {
        each.name: f"{AGGREGATES.get(each.name, 'MAX')}({each.name})"
        for each in rows.source.columns
        if each.kind in ("number", "flag")
    }
    month = month_start("COALESCE(date, month)")
    per_file = (
        f"SELECT sku, {month} AS month, date AS period, known_from, _file, MIN(_row) AS first_row, "
        f"{', '.join(f'{total} AS {name}' for name, total in totals.items())} "
        f"FROM ({rows_of_months(rows)}) AS checked WHERE {names_country(rows.source)} "
        f"AND COALESCE(date, month) IS NOT NULL AND units IS NOT NULL GROUP BY sku, {month}, date, known_from, _file"
    )
    window = "OVER (PARTITION BY sku, month, period, known_from)"
    edges = [f"{edge}({name}) {window} AS {edge}_{name}" for name in totals for edge in ("MAX", "MIN")]
    differs = {name: f"MAX_{name} - MIN_{name} > {_tolerance(f'MAX_{name}')}" for name in totals}
    column = " ".join(f"WHEN {condition} THEN '{name}'" for name, condition in differs.items())
    value = " ".join(f"WHEN {condition} THEN {name}" for name, condition in differs.items())
    dates = " || ' ' || ".join(f"COALESCE(CAST({name} AS VARCHAR), '')" for name in ("period", "known_from"))
    group = f"sku || ' ' || CAST(month AS VARCHAR) || ' ' || {dates}"
    return (
        f"SELECT * FROM (SELECT {group} AS id, {key_text(rows.source)} AS example, _file, first_row, "
        f"CASE {column} END AS differing, CASE {value} END AS value "
        f"FROM (SELECT *, {', '.join(edges)} FROM ({per_file}) AS per_file) AS compared) AS compared "
        "WHERE value IS NOT NULL ORDER BY id, _file"
    )


def _rows_per_file(rows: DeliveredRows) -> str:
    """Return the query for rows of which files hold different versions. The values shown leave out nulls."""
    packed = f"CONCAT_WS(', ', {', '.join(_named_columns(rows.source))})"
    keys = ", ".join(rows.source.key)
    group = " || '|' || ".join(f"COALESCE(CAST({key} AS VARCHAR), '')" for key in rows.source.key)
    window = f"OVER (PARTITION BY {keys})"
    compared = [f"{edge}({name}) {window} AS {edge}_{name}" for name in ("value", "_file") for edge in ("MIN", "MAX")]
    return (
        f"SELECT id, example, _file, value, _row AS first_row FROM (SELECT *, {', '.join(compared)} FROM ("
        f"SELECT *, {group} AS id, {key_text(rows.source)} AS example, {packed} AS value "
        f"FROM ({rows_of_months(rows)}) AS checked WHERE {names_country(rows.source)}) AS packed) AS compared "
        "WHERE MIN_value <> MAX_value AND MIN__file <> MAX__file ORDER BY id, _file, _row"
    )


def _named_columns(source: Source) -> list[str]:
    names = [name for name in source.column_names if name not in source.key and name != "country"]
    names += ["attributes"] if source.extra_columns_are_attributes else []
    return [f"'{name} ' || {name}" for name in names]


def _tolerance(total: str) -> str:
    return f"{TOLERANCE} * GREATEST(1, ABS({total}))"


def _text(value: float | str) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)
