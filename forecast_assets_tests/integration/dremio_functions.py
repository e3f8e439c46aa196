"""The functions of SQL that Dremio documents, as far as the product uses or might use them.

From the pages of docs.dremio.com, "SQL Functions" by category (Aggregate, Conditional, Conversion, Date/Time, Math,
Regular Expressions, String, Window), and the list that Dremio's own editor offers
(github.com/dremio/dremio-oss, dac/ui/src/customData/sqlfunctions.yml).
"""

import re

DREMIO_FUNCTIONS_BY_CATEGORY = {
    "Aggregate": "AVG COUNT MAX MIN SUM STDDEV STDDEV_POP VARIANCE VAR_POP",
    "Boolean, Datatype": "ISDATE ISNUMERIC",
    "Conditional": "COALESCE NULLIF GREATEST LEAST NVL",
    "Conversion": "CAST CONVERT_FROM CONVERT_TO TO_CHAR TO_DATE TO_NUMBER TO_TIME TO_TIMESTAMP",
    "Date/Time": "DATE_ADD DATE_SUB DATE_PART DATE_TRUNC EXTRACT LAST_DAY TIMESTAMPADD TIMESTAMPDIFF UNIX_TIMESTAMP",
    "Math": "ABS CEILING EXP FLOOR LOG LOG10 MOD POW ROUND SIGN SQRT TRUNC",
    "Regular expressions": "REGEXP_LIKE REGEXP_MATCHES REGEXP_REPLACE REGEXP_EXTRACT REGEXP_SPLIT",
    "String": "BTRIM CHAR_LENGTH CONCAT INITCAP LENGTH LOWER LPAD LTRIM POSITION REPLACE REVERSE RPAD RTRIM SPLIT_PART "
    "STRPOS SUBSTR SUBSTRING TRIM UPPER",
    "Window": "ROW_NUMBER RANK DENSE_RANK LAG LEAD FIRST_VALUE LAST_VALUE NTILE",
}
DREMIO_FUNCTIONS = frozenset(name for names in DREMIO_FUNCTIONS_BY_CATEGORY.values() for name in names.split())

# Words of the language that an opening parenthesis may follow.
_LANGUAGE = """
    ALL AND AS BETWEEN BY CASE ELSE EXISTS FROM HAVING IN INTERSECT IS JOIN NOT ON OR OVER SELECT THEN UNION VALUES WHEN
    WHERE WITH
"""
_WORDS = frozenset(_LANGUAGE.split())
# Of use in DuckDB, unknown to Dremio or meaning something else there, and let through by a forgiving parser.
_FOREIGN_WORDS = re.compile(
    r"\b(EXCLUDE|EXCEPT \(|GROUP BY ALL|ORDER BY ALL|QUALIFY|ASOF|POSITIONAL|TRY_CAST|ANTI|SEMI)\b|::|\["
)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_CALLED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(")
_BARE_WORD = re.compile(r"\b[a-z_][a-z0-9_]*\b")


def functions_in(sql: str) -> set[str]:
    """Names that are called in a statement, read from its text: what stands before an opening parenthesis."""
    return {name.upper() for name in _CALLED.findall(_QUOTED.sub(" ", sql))} - _WORDS


def foreign_to_dremio(sql: str) -> list[str]:
    """Return parts of a statement that Dremio does not understand: functions, words, unquoted names."""
    bare = _QUOTED.sub(" ", sql)
    return sorted(
        {
            *(functions_in(sql) - DREMIO_FUNCTIONS),
            *(match.group() for match in _FOREIGN_WORDS.finditer(bare.upper())),
            *(f"{word} without quotes" for word in _BARE_WORD.findall(bare)),
        }
    )
