"""The code location: every table is described, checked and partitioned, and what reads what is in the graph."""

import time

import dagster as dg
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.defs.assets.lineage import upstream_of
from forecast_assets.schemas import MONTH_ONLY, TABLES
from forecast_assets.sources.sql import SqlProject
from forecast_assets_tests.repository_settings import loaded

DOCUMENTS = ["market_report", "company_report"]
RECORDS = ["mlflow_run", "delivery"]
SINGLE_RUN = {
    "sell_in", "sell_out", "products", "covid_policy", "history_marks", "features", "baseline_forecasts", "performance",
    "forecast_value_added", "forecast_totals",
    "promotions", "overrides", "demand_totals", "demand_totals_known", "pooled_rows",
}  # fmt: skip
MARTS = ["sell_in", "sell_out", "products", "promotions", "overrides"]
SAME_MONTH = dg.MultiToSingleDimensionPartitionMapping("month")
SIXTY_MONTHS_BEFORE = dg.TimeWindowPartitionMapping(
    start_offset=-60, end_offset=-1, allow_nonexistent_upstream_partitions=True
)
FORTY = "markets:\n" + "".join(
    f'  - {{code: "M{number:02}", name: M, iso2: "FR", iso3: "FRA", region: Europe, since: 2019-01-01}}\n'
    for number in range(40)
)


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(loaded())


@pytest.fixture(scope="module")
def nodes(definitions):
    """Node of each asset in the graph, by name."""
    graph = definitions.resolve_asset_graph()
    return {key.path[-1]: graph.get(key) for key in graph.get_all_asset_keys()}


def test_definitions_of_forty_markets_load_in_under_three_seconds(tmp_path):
    file = tmp_path / "markets.yaml"
    file.write_text(FORTY, encoding="utf-8")
    settings = loaded(FORECAST_MARKETS=str(file))
    began = time.perf_counter()
    dg.Definitions.validate_loadable(build_definitions(settings))
    assert time.perf_counter() - began < 3


def test_the_markets_of_one_company_do_not_leak_into_another(tmp_path, definitions):
    file = tmp_path / "markets.yaml"
    file.write_text(FORTY, encoding="utf-8")
    other = build_definitions(loaded(FORECAST_MARKETS=str(file)))
    assert countries(other, "sell_in") == [f"M{number:02}" for number in range(40)]
    assert countries(definitions, "sell_in") == ["FR", "DE", "BR", "MX"]


def countries(definitions: dg.Definitions, asset: str) -> list[str]:
    partitions = definitions.resolve_asset_graph().get(dg.AssetKey(asset)).partitions_def
    return partitions.get_partitions_def_for_dimension("country").get_partition_keys()


@pytest.mark.parametrize("table", TABLES)
def test_every_stored_table_is_an_asset_that_people_can_read_in_the_page(nodes, table):
    node = nodes[table]
    assert node.group_name not in (None, "default")
    assert node.owners
    assert node.kinds
    assert node.description.endswith(".")
    columns = node.metadata["dagster/column_schema"].columns
    assert [column.name for column in columns] == list(TABLES[table].to_schema().columns)
    assert [column.name for column in columns if not column.description] == []


@pytest.mark.parametrize("table", TABLES)
def test_every_stored_table_is_checked_against_its_schema_before_it_is_stored(definitions, table):
    specs = definitions.resolve_asset_graph().get_check_spec(dg.AssetCheckKey(dg.AssetKey(table), "schema"))
    assert specs.blocking
    assert specs.description


def test_every_check_says_what_it_holds(definitions):
    graph = definitions.resolve_asset_graph()
    assert [key for key in graph.asset_check_keys if not graph.get_check_spec(key).description] == []


@pytest.mark.parametrize("asset", [*TABLES, *DOCUMENTS, *RECORDS])
def test_tables_over_all_markets_have_months_and_all_else_month_and_country(nodes, asset):
    partitions = nodes[asset].partitions_def
    if asset in MONTH_ONLY:
        assert isinstance(partitions, dg.MonthlyPartitionsDefinition)
    else:
        assert {dimension.name for dimension in partitions.partitions_defs} == {"month", "country"}


@pytest.mark.parametrize("asset", [*TABLES, *DOCUMENTS, *RECORDS])
def test_a_backfill_makes_many_months_in_one_run_only_where_months_do_not_need_each_other(nodes, asset):
    policy = nodes[asset].backfill_policy
    one_run = policy is not None and policy.policy_type == dg.BackfillPolicy.single_run().policy_type
    assert one_run == (asset in SINGLE_RUN)


@pytest.mark.parametrize("table", MARTS)
def test_the_graph_shows_what_each_sql_file_reads(nodes, table):
    project = SqlProject()
    parents = {key.path[-1] for key in nodes[table].parent_keys} - {"delivery"}
    assert parents == set(upstream_of(project, table))


@pytest.mark.parametrize("table", ["sell_in", "sell_out"])
def test_facts_are_read_after_somebody_has_looked_whether_they_are_there(nodes, table):
    assert dg.AssetKey("delivery") in nodes[table].parent_keys


def test_staging_files_and_deliveries_are_in_the_graph(nodes):
    project = SqlProject()
    for name in [file.name for file in project.files.values() if file.folder == "staging"]:
        assert {key.path[-1] for key in nodes[name].parent_keys} == set(upstream_of(project, name))
    assert {key.path[-1] for key in nodes["stg_sell_in"].parent_keys} == {"landing_sell_in"}
    assert nodes["covid_policy"].parent_keys == {dg.AssetKey("landing_oxcgrt")}


def upstream(nodes, asset: str) -> set[str]:
    """Everything an asset is made from, directly or not."""
    ancestors, waiting = set(), [asset]
    while waiting:
        parents = {key.path[-1] for key in nodes[waiting.pop()].parent_keys} - ancestors
        ancestors |= parents
        waiting += parents
    return ancestors


def test_a_report_can_be_followed_to_the_landing_folder(nodes):
    made_from = upstream(nodes, "market_report")
    assert {"landing_sell_in", "landing_oxcgrt", "stg_products_known", "demand_totals", "performance"} <= made_from


def test_nothing_that_is_published_reads_how_it_did(nodes):
    assert not {"performance", "forecast_value_added"} & upstream(nodes, "published_forecasts")


def test_what_all_markets_teach_is_read_from_months_before_the_origin(nodes):
    assert nodes["model"].partition_mappings[dg.AssetKey("pooled_model")] == SAME_MONTH
    assert nodes["pooled_model"].partition_mappings == {dg.AssetKey("pooled_rows"): SIXTY_MONTHS_BEFORE}
    assert "pooled_model" in upstream(nodes, "backtest")
    assert "model" not in upstream(nodes, "pooled_model")


def test_the_reasons_of_a_forecast_serve_what_people_read_alone(nodes):
    made = {name for name in nodes if "forecast_reasons" in upstream(nodes, name)}
    assert made == {"forecast_exceptions", "market_report", "company_report"}


def test_jobs_select_the_tables_of_their_stages(definitions):
    selected = {
        job.name: {key.path[-1] for key in job.asset_layer.selected_asset_keys}
        for job in definitions.resolve_all_job_defs()
    }
    assert selected["ingest"] == {"sell_in", "sell_out", "products", "promotions", "overrides", "covid_policy"}
    assert selected["market_features"] == {"history_marks", "features"}
    assert selected["measure"] == {"performance", "forecast_value_added"}
    forecast = {"baseline_forecasts", "model", "forecasts", "backtest", "champion", "published_forecasts"}
    forecast |= {"forecast_reasons", "forecast_exceptions", "forecast_levels"}
    assert selected["champion_cycle"] == {*forecast, "market_report", "mlflow_run"}
    parts = ("ingest", "market_features", "measure", "champion_cycle")
    assert selected["monthly_cycle"] == {"delivery"}.union(*(selected[name] for name in parts))
    assert [selected[name] for name in ("totals", "totals_known", "pool_rows", "pool_model", "sum_forecasts")] == [
        {"demand_totals"}, {"demand_totals_known"}, {"pooled_rows"}, {"pooled_model"},
        {"forecast_totals", "company_report"},
    ]  # fmt: skip


def test_resources_can_be_replaced_by_name():
    other = object()
    assert build_definitions(loaded(), source_tables=other).resources["source_tables"] is other
