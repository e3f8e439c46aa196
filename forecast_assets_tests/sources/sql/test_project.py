"""The SQL files as a project: dependencies, metadata, order, and statements other engines can read."""

import re

import pandas as pd
import pytest
import sqlglot

from forecast_assets.sources.landing import SOURCES
from forecast_assets.sources.sql import SqlProject, SqlProjectError
from forecast_assets_tests.sources.sql.mart_columns import columns_of

HEAD = "-- grain: sku\n-- units: none\n-- description: A table.\n"


class Dremio:
    dialect = "dremio"

    def source_relation(self, source):
        return f'"lake"."landing"."{source}"'

    def has_known_from(self, source):
        return True


class Lake:
    dialect = "duckdb"

    def source_relation(self, source):
        return f"lake_{source}"

    def has_known_from(self, source):
        return True


@pytest.fixture(scope="module")
def project():
    return SqlProject()


@pytest.fixture
def write(tmp_path):
    def write_files(**files):
        for name, sql in files.items():
            folder = tmp_path / ("staging" if name.startswith("stg_") else "marts")
            folder.mkdir(exist_ok=True)
            (folder / f"{name}.sql").write_text(sql if sql.startswith("--") else HEAD + sql)
        return tmp_path

    return write_files


def test_marts_are_the_five_source_tables(project):
    assert project.marts == ["overrides", "products", "promotions", "sell_in", "sell_out"]


def test_columns_are_those_of_the_tables(project):
    assert columns_of(project, "sell_in") == ["sku", "sell_in_units", "net_sales", "reason", "restated_month", "month"]
    assert columns_of(project, "sell_out") == [
        *("sku", "sell_out_units", "stock_units", "distribution_pct", "price", "is_promoted", "restated_month", "month")
    ]
    assert columns_of(project, "products") == [
        *("sku", "category", "brand", "pack", "launch_month", "end_month", "reference_sku", "attributes", "month")
    ]
    assert columns_of(project, "promotions") == ["sku", "promotion_month", "is_promoted", "discount_pct", "month"]
    assert columns_of(project, "overrides") == ["sku", "target_month", "forecast_units", "author", "reason", "month"]


def test_lineage_names_files_and_sources(project):
    lineage = project.lineage()
    assert lineage["stg_sell_in"] == {"source.sell_in"}
    assert lineage["sell_in"] == {"stg_sell_in", "stg_products_known"}
    assert project.sources_of("sell_in") == ["products", "sell_in"]
    assert {source for name in project.files for source in project.files[name].sources} == set(SOURCES)


def test_every_file_comes_after_what_it_reads(project):
    place = {name: position for position, name in enumerate(project.order)}
    assert sorted(place) == sorted(project.files)
    assert all(place[ref] < place[name] for name, file in project.files.items() for ref in file.refs)


def test_every_mart_has_tests_and_every_file_says_what_it_is(project):
    assert all(project.tests_of(mart) for mart in project.marts)
    assert all(file.grain and file.units and file.description for file in project.files.values())


@pytest.mark.parametrize("name", sorted(SqlProject().files))
def test_every_file_parses_as_duckdb_and_is_written_for_dremio(project, name):
    sqlglot.parse_one(project.render(name, Lake()), read="duckdb")
    written = project.render(name, Dremio())
    again = sqlglot.parse_one(written, read="dremio")
    assert again.sql(dialect="dremio", identify=True) == written
    for absent in ("DATE_TRUNC", "TIMESTAMP_TRUNC", "QUALIFY", "GENERATE_SERIES", "TO_MONTHS", "$"):
        assert absent not in written.upper()
    assert not re.search(r"[ .(]month[ ,)]", written)


def test_values_become_literals_that_cannot_break_out(project):
    values = {"first_month": pd.Timestamp("2024-01-01"), "last_month": pd.Timestamp("2024-06-01")}
    written = project.render("sell_in", Dremio(), {"market": "N'O\" --", "missing_month": "zero", **values})
    assert "= 'N''O\" --'" in written
    assert "CAST('2024-06-01' AS DATE)" in written
    assert ":market" not in written
    literals = {node.this for node in sqlglot.parse_one(written, read="dremio").find_all(sqlglot.exp.Literal)}
    assert "N'O\" --" in literals


def test_a_value_that_is_not_given_is_named(project):
    with pytest.raises(SqlProjectError, match=r"no value for \$(market|first_month)"):
        project.render("sell_in", Dremio(), {"missing_month": "zero"})


def test_an_unknown_ref_lists_the_known_files(write):
    folder = write(stg_a="SELECT 1 AS x", b="SELECT x FROM {{ ref('stg_b') }}")
    with pytest.raises(SqlProjectError, match=r"b\.sql reads ref\('stg_b'\), which is no file; known: b, stg_a"):
        SqlProject(folder)


def test_an_unknown_source_lists_the_known_sources(write):
    folder = write(stg_a="SELECT 1 AS x FROM {{ source('sellin') }}")
    with pytest.raises(SqlProjectError, match="known: overrides, products, promotions, sell_in, sell_out"):
        SqlProject(folder)


def test_a_circle_is_shown(write):
    folder = write(stg_a="SELECT x FROM {{ ref('b') }}", b="SELECT x FROM {{ ref('stg_a') }}")
    with pytest.raises(SqlProjectError, match=r"in a circle: (b -> stg_a -> b|stg_a -> b -> stg_a)"):
        SqlProject(folder)


def test_an_unknown_parameter_lists_the_known_ones(write):
    folder = write(stg_a="SELECT 1 AS x WHERE 1 = $months")
    with pytest.raises(SqlProjectError, match=r"\$months, which is no parameter; known: market, first_month"):
        SqlProject(folder)


def test_a_file_must_say_its_grain_and_units(write):
    folder = write(stg_a="-- description: x\nSELECT 1 AS x")
    with pytest.raises(SqlProjectError, match="missing: grain, units"):
        SqlProject(folder)


def test_an_unknown_name_lists_the_known_files(project):
    with pytest.raises(SqlProjectError, match="no SQL file named 'sellin'; known: overrides,"):
        project.render("sellin", Lake())


def test_a_folder_without_files_is_named(tmp_path):
    with pytest.raises(SqlProjectError, match=f"no .sql files in .* below {tmp_path}"):
        SqlProject(tmp_path)
