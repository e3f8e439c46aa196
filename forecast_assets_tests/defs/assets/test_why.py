"""The passport of a published number: it says what is stored, and what there is not is refused with what there is."""

import json
import os

import dagster as dg
import pandas as pd
import pytest
from typer.testing import CliRunner

from forecast_assets.cli import app
from forecast_assets.definitions import build_definitions
from forecast_assets.domain.models.market_model_storage import model_from_parts
from forecast_assets.operations.history.passport import NoSuchForecast, checks_of_run, latest_origin, passport
from forecast_assets.storage import PartitionKey, Provenance
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.cli.terminal_text import unboxed
from forecast_assets_tests.defs.assets.company import DECEMBER, IN_MEMORY, NOVEMBER, Company, succeeded

PLACE = PartitionKey(pd.Timestamp(DECEMBER), "FR")
MARCH = pd.Timestamp("2025-03-01")


@pytest.fixture
def copy(company, tmp_path) -> Company:
    return company.copied_whole_to(tmp_path / "copy")


@pytest.fixture
def command(company, monkeypatch):
    def run(*arguments: str, of: Company = company):
        monkeypatch.setenv("FORECAST_STORE", str(of.base / "store"))
        monkeypatch.setenv("FORECAST_LANDING", str(of.landing))
        monkeypatch.setenv("DAGSTER_HOME", str(of.base / "no home"))
        return CliRunner().invoke(app, ["why", *arguments])

    return run


def test_the_passport_says_what_is_stored_from_the_published_number_to_the_model(company):
    row = company.read("published_forecasts", "FR", DECEMBER).query("sku == 'NULL' and target_month == @MARCH").iloc[0]
    result = passport(company.store, PLACE, "NULL", MARCH)
    names = ["forecast_units", "model_units", "baseline_units", "naive_units", "status", "source", "reason", "rule"]
    assert [result.published[name] for name in names] == row[names].tolist()
    for link, table in zip(result.chain, ["published_forecasts", "forecasts", "model"], strict=True):
        stored = company.store.provenance(table, PLACE)
        assert (link["table"], link["version"], link["content_hash"]) == (table, stored.version, stored.content_hash)
        assert (link["inputs"], link["cycle_id"], link["run_id"]) == (stored.inputs, "dev-2024-12", stored.run_id)
    model = model_from_parts(company.read("model", "FR", DECEMBER))
    assert (result.model["features"], result.model["rows"]) == (len(model.columns), model.rows)
    champion = company.read("champion", "FR", DECEMBER).iloc[0]
    assert result.model["recipe_id"] == result.champion["recipe_id"] == champion["recipe_id"]
    assert result.override is None
    assert result.mlflow is None


def test_it_follows_the_versions_of_then_where_another_model_was_stored_since(copy):
    before = passport(copy.store, PLACE, "NULL", MARCH)
    rows = copy.read("model", "FR", DECEMBER).drop(columns=["country", "month"])
    other = rows.assign(content=rows["content"] + " ")
    copy.store.write(table_specs()["model"], PLACE, other, Provenance("later", "dev-later", "none"))
    after = passport(copy.store, PLACE, "NULL", MARCH)
    assert after.chain == before.chain
    assert after.chain[2]["run_id"] != copy.store.provenance("model", PLACE).run_id
    os.unlink(f"{copy.store.versions_folder('model', PLACE)}/{before.chain[2]['version']}")
    assert "no version with content" in passport(copy.store, PLACE, "NULL", MARCH).chain[2]["problem"]


def test_an_override_the_mlflow_run_and_the_checks_of_the_run_are_found(copy):
    overrides = pd.DataFrame(
        {"sku": ["NULL"], "target_month": [MARCH], "forecast_units": [77.0], "author": ["Ann"], "reason": ["a tender"]}
    )
    copy.store.write(table_specs()["overrides"], PLACE, overrides, Provenance("planted", "dev", "none"))
    definitions = build_definitions(copy.settings(), mlflow_tracking=IN_MEMORY)
    with dg.DagsterInstance.local_temp(str(copy.base)) as instance:
        result = definitions.resolve_job_def("monthly_cycle").execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(name) for name in ("published_forecasts", "mlflow_run")],
            partition_key=dg.MultiPartitionKey({"month": DECEMBER, "country": "FR"}),
        )
        succeeded(result)
        checks = checks_of_run(instance, result.run_id, "published_forecasts")
        assert checks == {"schema": "passed", "horizon_complete": "passed", "overrides_applied": "passed"}
        assert checks_of_run(instance, "another run", "published_forecasts") is None
    overridden = passport(copy.store, PLACE, "NULL", MARCH)
    assert overridden.published["forecast_units"] == 77.0
    assert overridden.override == {"forecast_units": 77.0, "author": "Ann", "reason": "a tender"}
    assert [link["table"] for link in overridden.chain] == ["published_forecasts", "overrides"]
    assert overridden.model is None
    assert passport(copy.store, PLACE, "NULL", pd.Timestamp("2025-04-01")).override is None
    assert overridden.mlflow["mlflow_run_id"] == "run of FR"
    assert overridden.mlflow["dagster_run_id"] == result.run_id


@pytest.mark.parametrize(
    ("country", "sku", "origin", "target", "message"),
    [
        ("FX", "NULL", DECEMBER, "2025-03-01", "published: FR, NA, NO"),
        ("FR", "NUL", DECEMBER, "2025-03-01", "no SKU 'NUL' among 11; near it: NULL"),
        ("FR", "NULL", "2024-06-01", "2025-03-01", "nothing published of 2024-06; origins: 2024-11, 2024-12"),
        ("FR", "NULL", DECEMBER, "2027-03-01", "forecasts 2025-01 to 2026-06, asked for 2027-03"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(company, country, sku, origin, target, message):
    with pytest.raises(NoSuchForecast) as refused:
        passport(company.store, PartitionKey(pd.Timestamp(origin), country), sku, pd.Timestamp(target))
    assert message in str(refused.value)


def test_without_an_origin_the_last_one_before_the_month_answers(company):
    assert latest_origin(company.store, "FR", MARCH) == pd.Timestamp(DECEMBER)
    assert latest_origin(company.store, "FR", pd.Timestamp(DECEMBER)) == pd.Timestamp(NOVEMBER)
    with pytest.raises(NoSuchForecast, match="nothing published before 2024-11"):
        latest_origin(company.store, "FR", pd.Timestamp(NOVEMBER))


def test_the_page_reads_from_the_number_to_the_model_and_json_has_every_hash(command):
    result = command("FR", "NULL", "2025-03", "--origin", "2024-12")
    assert result.exit_code == 0, result.output
    heads = [line.split()[1] for line in result.output.splitlines() if line.startswith("<- ")]
    assert heads == ["published_forecasts", "forecasts", "model"]
    assert "not known here: Dagster's log of that run is not in this DAGSTER_HOME" in result.output
    assert "sell_in            FR: 2022-01 to 2024-12 (36 months)  36 hashes" in result.output
    parsed = json.loads(command("FR", "NULL", "2025-03", "--json").output)
    assert len(parsed["chain"][0]["inputs"]["sell_in"]) == 36
    assert parsed["chain"][0]["checks"] is None


def test_a_baseline_that_was_published_in_place_of_a_model_leads_to_the_baseline(copy, command):
    provenance = copy.store.provenance("published_forecasts", PLACE)
    assert "forecasts" in provenance.inputs
    rows = copy.read("published_forecasts", "FR", DECEMBER).drop(columns=["country", "month"])
    copy.store.write(
        table_specs()["published_forecasts"], PLACE, rows.assign(source="baseline"),
        Provenance("baseline", "dev-2024-12", "none", inputs=provenance.inputs),
    )  # fmt: skip
    result = passport(copy.store, PLACE, "NULL", MARCH)
    assert [link["table"] for link in result.chain] == ["published_forecasts", "baseline_forecasts"]
    assert result.model is None
    assert "<- model" not in command("FR", "NULL", "2025-03", of=copy).output


def test_a_stale_forecast_leads_to_the_one_it_repeats(copy, command):
    for table in ("forecasts", "baseline_forecasts"):
        os.unlink(copy.store.path(table, PLACE))
    succeeded(copy.run("publish_fallback", "FR", DECEMBER))
    result = passport(copy.store, PLACE, "NULL", MARCH)
    assert [(link["table"], link["partition"]) for link in result.chain] == [
        ("published_forecasts", f"FR|{DECEMBER}"), ("published_forecasts", f"FR|{NOVEMBER}"),
    ]  # fmt: skip
    assert command("FR", "NULL", "2025-03", of=copy).exit_code == 0
    refused = command("FR", "nul", "2025-03", of=copy)
    assert (refused.exit_code, "near it: " in unboxed(refused.output)) == (2, True)


@pytest.mark.parametrize(
    ("missing", "tables"), [((), ["forecasts", "model"]), (("forecasts",), ["baseline_forecasts"])]
)
def test_the_number_of_a_rule_leads_to_the_forecasts_or_in_a_fallback_to_the_baseline(copy, missing, tables):
    rows = copy.read("published_forecasts", "FR", DECEMBER).drop(columns=["country", "month"])
    inputs = copy.store.provenance("published_forecasts", PLACE).inputs
    provenance = Provenance(
        "later", "dev-2024-12", "none", inputs={name: of for name, of in inputs.items() if name not in missing}
    )
    copy.store.write(table_specs()["published_forecasts"], PLACE, rows.assign(source="rule"), provenance)
    result = passport(copy.store, PLACE, "NULL", MARCH)
    assert [link["table"] for link in result.chain] == ["published_forecasts", *tables]
