"""The SQL that is sent to Dremio: functions and words that Dremio documents, and nothing else."""

import pandas as pd
import pytest

from forecast_assets.config.dremio_settings import path_parts
from forecast_assets.sources.contract.columns import KINDS
from forecast_assets.sources.contract.expressions import quoted
from forecast_assets.sources.contract.typed_rows import no_rows
from forecast_assets.sources.dremio.tables import table_rows
from forecast_assets.sources.landing import SOURCES
from forecast_assets.sources.landing.delivered_file import TABLE, LandingFile
from forecast_assets.sources.sql import SqlProject, SqlProjectError
from forecast_assets.sources.sql.translation import translated
from forecast_assets_tests.integration.dremio_functions import DREMIO_FUNCTIONS, foreign_to_dremio, functions_in

PARAMETERS = {
    "market": "FR",
    "first_month": pd.Timestamp("2024-01-01"),
    "last_month": pd.Timestamp("2024-06-01"),
    "missing_month": "zero",
}
CLASSES = ("text", "number", "float", "date", "flag")
PROJECT = SqlProject()


class OverTexts:
    """Sources as tables whose columns are all texts."""

    dialect = "dremio"

    def source_relation(self, source: str) -> str:
        return f"({table_rows(SOURCES[source], table(source, 'text'))})"

    def has_known_from(self, source):
        return True


def table(source: str, kind: str) -> LandingFile:
    columns = tuple((name, name.upper(), kind) for name in SOURCES[source].column_names)
    extra = (("Colour", "Colour", "text"),) if source == "products" else ()
    return LandingFile(quoted(["my lake.x", "sales", source]), f"lake.{source}", TABLE, columns + extra)


@pytest.mark.parametrize("name", sorted(PROJECT.files))
def test_every_function_of_every_file_is_one_that_dremio_documents(name):
    sql = PROJECT.render(name, OverTexts(), PARAMETERS)
    assert functions_in(sql) <= DREMIO_FUNCTIONS
    assert foreign_to_dremio(sql) == []


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("source", SOURCES)
def test_rows_of_every_class_of_columns_are_dremios_sql_too(source, kind):
    """Files read a source through its rows alone, so those of the other classes need no files."""
    sql = translated(table_rows(SOURCES[source], table(source, kind)), "dremio", PARAMETERS)
    assert functions_in(sql) <= DREMIO_FUNCTIONS
    assert foreign_to_dremio(sql) == []


def test_a_source_without_a_table_is_dremios_sql_too():
    for source in SOURCES.values():
        sql = translated(no_rows(source), "dremio")
        assert foreign_to_dremio(sql) == []
        assert "VALUES" in sql


def test_the_list_finds_what_dremio_lacks():
    assert foreign_to_dremio('SELECT LIST("a"), TRY_CAST("b" AS DATE) FROM "t" GROUP BY ALL') == [
        "GROUP BY ALL", "LIST", "TRY_CAST",
    ]  # fmt: skip
    assert foreign_to_dremio('SELECT month FROM "t"') == ["month without quotes"]
    assert functions_in("SELECT 'f(x)', \"g\"(1), COUNT(*) FROM t WHERE a IN (1) AND (b)") == {"COUNT"}


def test_what_a_dialect_has_no_words_for_is_refused():
    with pytest.raises(SqlProjectError, match="dremio cannot express this"):
        translated("SELECT CAST(a AS TIMESTAMP WITH TIME ZONE) AS a FROM t", "dremio")


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("lake.sales", ("lake", "sales")),
        ('"my lake.x".sales."a ""b"""', ("my lake.x", "sales", 'a "b"')),
        ("@planner", ("@planner",)),
        ("a..b", ()),
        (".a", ()),
        ("a.", ()),
        ("", ()),
        ('"a"b', ()),
    ],
)
def test_a_path_is_taken_apart_into_names(path, parts):
    assert path_parts(path) == parts


def test_names_are_quoted_so_that_none_is_more_than_a_name():
    assert quoted(['a"; DROP', "b.c"]) == '"a""; DROP"."b.c"'
    assert set(KINDS) == {"key", "text", "number", "flag", "month", "day"}
