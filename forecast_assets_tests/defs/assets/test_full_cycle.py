"""The whole graph on a small company: what is stored, that it is the same every time, and what was known of it."""

import html
import io
import shutil

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from forecast_assets.operations.history.tracked_cycle import cycle_record
from forecast_assets.schemas import MONTH_ONLY, ON_DEMAND, TABLES
from forecast_assets.storage import PartitionKey
from forecast_assets.tracking.mlflow_tracking import MlflowTracking
from forecast_assets_tests.defs.assets.company import (
    AWKWARD_SKUS,
    CODES,
    DECEMBER,
    NOVEMBER,
    succeeded,
)

pytestmark = pytest.mark.heavy

MARKET_TABLES = [table for table in TABLES if table not in MONTH_ONLY | ON_DEMAND]
HORIZON = list(range(1, 19))


@pytest.fixture(scope="module")
def published(company):
    return company.read("published_forecasts", "FR", DECEMBER)


@pytest.mark.parametrize("country", CODES)
def test_every_table_of_every_market_is_in_the_store_codes_NO_and_NA_included(company, country):
    assert [table for table in MARKET_TABLES if not company.has(table, country, DECEMBER)] == []
    assert company.has("demand_totals_known", None, DECEMBER)


@pytest.mark.parametrize("country", CODES)
def test_stored_tables_match_their_schemas(company, country):
    for name in MARKET_TABLES:
        table = company.read(name, country, DECEMBER).drop(columns=["country", "month"])
        assert TABLES[name].misfit_columns(table) == []
        # A column without any value is not stored.
        unknown_months = dict.fromkeys({"restated_month"} - set(table), pd.NaT)
        TABLES[name].validate(table.assign(**unknown_months)[TABLES[name].fixed_columns()])


@pytest.mark.parametrize("country", CODES)
def test_each_sku_with_sell_in_this_year_is_published_for_eighteen_months(company, country):
    table = company.read("published_forecasts", country, DECEMBER)
    assert table.groupby("sku")["horizon_months"].apply(sorted).tolist() == [HORIZON] * table["sku"].nunique()
    sold = company.read("sell_in", country, DECEMBER)
    assert set(sold.loc[sold["sell_in_units"] > 0, "sku"]) <= set(table["sku"])


def test_skus_with_awkward_names_are_published_under_these_very_names(published):
    assert set(AWKWARD_SKUS) <= set(published["sku"])


def test_skus_with_awkward_names_reach_workbook_and_page_and_cannot_break_out_of_it(company):
    place = PartitionKey(pd.Timestamp(DECEMBER), "FR")
    book = openpyxl.load_workbook(io.BytesIO(company.store.read_document("market_report", place, "market_report.xlsx")))
    cells = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert set(AWKWARD_SKUS) <= cells
    page = company.store.read_document("market_report", place, "market_report.html").decode()
    assert "\N{CHOCOLATE BAR}" in page
    assert AWKWARD_SKUS[2] not in page
    assert html.unescape(page).count("NULL") >= 1


def test_a_market_without_sell_out_is_forecast_and_says_what_it_did_without(company):
    assert company.read("sell_out", "NO", DECEMBER).empty
    inputs_missing = company.read("published_forecasts", "NO", DECEMBER)["inputs_missing"]
    assert inputs_missing.str.contains("sell_out").all()
    assert not company.read("published_forecasts", "FR", DECEMBER)["inputs_missing"].str.contains("sell_out").any()


def test_a_market_that_delivers_nothing_but_sell_in_is_forecast(company, tmp_path):
    copy = company.copied_to(tmp_path / "copy", "sell_in", "features", "history_marks")
    for source in ("sell_out", "products", "promotions", "overrides", "oxcgrt"):
        shutil.rmtree(copy.landing / source, ignore_errors=True)
    succeeded(copy.run("monthly_cycle", "NO", DECEMBER))
    published = copy.read("published_forecasts", "NO", DECEMBER)
    assert set(published["category"]) == {"UNKNOWN"}
    assert set(published["inputs_missing"]) == {"demand_totals_known,products,promotions,sell_out"}
    assert published.groupby("sku").size().unique().tolist() == [18]


def test_a_forecast_made_before_any_totals_says_so_and_a_later_one_does_not(company):
    november, december = (company.read("forecasts", "FR", month)["inputs_missing"] for month in (NOVEMBER, DECEMBER))
    assert november.str.contains("demand_totals_known").all()
    assert not december.str.contains("demand_totals_known").any()


@pytest.mark.parametrize(("country", "status"), [("FR", "published"), ("NO", "published"), ("NA", "shadow")])
def test_forecasts_of_a_shadow_market_are_written_but_marked(company, country, status):
    assert set(company.read("published_forecasts", country, DECEMBER)["status"]) == {status}


def test_performance_is_what_november_published_against_what_december_delivered(company):
    """Computed apart from the stored forecasts and the landing file, row by row."""
    delivered = pq.read_table(company.landing / "sell_in" / "FR_2024-12.parquet").to_pydict()
    actual = dict(zip(delivered["sku"], delivered["units"], strict=True))
    performance = company.read("performance", "FR", DECEMBER)
    november = company.read("published_forecasts", "FR", NOVEMBER)
    forecasts = (
        november[november["target_month"] == pd.Timestamp(DECEMBER)].set_index("sku")["forecast_units"].to_dict()
    )
    assert sorted(performance["sku"]) == sorted(forecasts)
    assert set(performance["lag_months"]) == {1}
    for row in performance.to_dict("records"):
        assert row["published_units"] == forecasts[row["sku"]]
        assert row["actual_units"] == pytest.approx(actual.get(row["sku"], 0.0))
    errors = [abs(forecasts[sku] - actual.get(sku, 0.0)) for sku in forecasts]
    wape = sum(errors) / sum(abs(actual.get(sku, 0.0)) for sku in forecasts)
    assert float(company.december()["materialized"]["performance"]["wape_published"]) == pytest.approx(wape)


def test_a_market_that_had_published_nothing_has_no_performance_yet(company):
    assert company.read("performance", "NO", DECEMBER).empty


def test_a_forecast_names_the_very_versions_it_was_made_from(company):
    store, place = company.store, PartitionKey(pd.Timestamp(DECEMBER), "FR")
    made_from = store.provenance("forecasts", place).inputs
    for table in ("model", "features", "baseline_forecasts"):
        assert made_from[table] == {"FR|2024-12-01": store.provenance(table, place).content_hash}
    assert len(made_from["sell_in"]) == 36
    learned_from = store.provenance("model", place).inputs["features"]
    assert max(learned_from) == "FR|2024-11-01"


def test_what_was_written_carries_run_cycle_and_code(company):
    stored = company.store.provenance("published_forecasts", PartitionKey(pd.Timestamp(DECEMBER), "FR"))
    assert stored.run_id == company.december()["run_id"]
    assert stored.cycle_id == "dev-2024-12"
    assert stored.git_sha


@pytest.mark.parametrize("table", MARKET_TABLES)
def test_the_event_of_a_table_shows_rows_preview_and_hash(company, table):
    event = company.december()["materialized"][table]
    stored = company.store.provenance(table, PartitionKey(pd.Timestamp(DECEMBER), "FR"))
    assert event["dagster/row_count"] == str(stored.rows)
    assert event["content_hash"] == stored.content_hash
    header, _, *rows = event["preview"].splitlines()
    columns = [cell.strip().replace("\\", "") for cell in header.strip("|").split("|")]
    names = company.read(table, "FR", DECEMBER).columns.drop(["country", "month"])
    columns = [column for column in columns if column != "restated_month"]
    assert (len(columns), set(columns) - set(names)) == (min(len(names), 12), set())
    assert len(rows) == min(stored.rows, 5)
    assert event["path"].endswith(f"{table}/country=FR/month=2024-12-01/{table}.parquet")


def test_the_event_of_the_published_forecasts_says_what_was_decided(company):
    event = company.december()["materialized"]["published_forecasts"]
    (source,) = company.read("champion", "FR", DECEMBER)["source"]
    assert (event["status"], event["source"]) == ("published", source)
    published = company.read("published_forecasts", "FR", DECEMBER)
    assert set(published["source"]) - {"rule", "override"} == {source}
    assert "backtest WAPE model" in event["reason"]
    assert "model against baseline: not decidable (" in event["reason"]


def test_the_event_of_the_backtest_shows_accuracy_coverage_and_how_the_model_stands_to_the_baseline(company):
    """Twelve SKUs: too few for a verdict. FR's first features are of December 2022, its first origin June 2023."""
    event = company.december()["materialized"]["backtest"]
    cells = company.read("backtest", "FR", DECEMBER)
    known = cells[cells["actual_units"].notna()]
    inside = (known["forecast_units_p10"] <= known["actual_units"]) & (
        known["actual_units"] <= known["forecast_units_p90"]
    )
    assert float(event["coverage_80_model"]) == pytest.approx(inside.sum() / len(known))
    errors = (known["model_units"] - known["actual_units"]).abs().sum()
    assert float(event["wape_model"]) == pytest.approx(errors / known["actual_units"].abs().sum())
    assert (event["verdict"], int(event["skus"])) == ("not decidable", known["sku"].nunique())
    scored = sorted(f"{month:%Y-%m}" for month in cells["origin_month"].unique())
    left_out = [month for month in ("2023-06", "2023-12", "2024-06") if month not in scored]
    assert event.get("origins_left_out", "").split(":")[0] == ", ".join(left_out)


@pytest.fixture
def published_company(company, tmp_path):
    """The company with what the record in MLflow is made from."""
    copy = company.copied_to(tmp_path / "copy")
    for table in ("model", "backtest", "published_forecasts", "champion"):
        place = f"{table}/country=FR/month={DECEMBER}"
        shutil.copytree(company.base / "store" / place, copy.base / "store" / place)
    return copy


def test_without_an_address_of_mlflow_nothing_is_recorded_and_no_database_appears(
    published_company, tmp_path, monkeypatch
):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    nowhere = MlflowTracking(tracking_uri="", experiment_name="forecasts")
    result = published_company.run("monthly_cycle", "FR", DECEMBER, assets=["mlflow_run"], mlflow=nowhere)
    succeeded(result)
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, "MLFLOW_TRACKING_URI is empty" in check.description) == (True, True)
    assert list(result.get_asset_materialization_events()) == []
    assert list((tmp_path / "work").iterdir()) == []


def test_mlflow_being_down_loses_no_forecast(company):
    december = company.december()
    passed, severity, description = december["checked"]["mlflow_run:mlflow_recorded"]
    assert (passed, severity) == (False, "WARN")
    assert "MLflow at http://127.0.0.1:" in description
    assert description.endswith("Materialize this partition again to fill it in.")
    assert "mlflow_run" not in december["materialized"]
    assert {"published_forecasts", "market_report", "performance"} <= set(december["materialized"])


def test_a_record_that_was_missed_is_filled_in_when_mlflow_is_back(published_company, tmp_path):
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    back = MlflowTracking(tracking_uri=address, experiment_name="forecasts")
    result = published_company.run("monthly_cycle", "FR", DECEMBER, assets=["mlflow_run"], mlflow=back)
    succeeded(result)
    (event,) = result.get_asset_materialization_events()
    from mlflow import MlflowClient

    client, run_id = MlflowClient(address), event.materialization.metadata["mlflow_run_id"].value
    run = client.get_run(run_id)
    assert run.data.tags["forecast.market"] == "FR"
    assert run.data.tags["forecast.cycle_id"] == "dev-2024-12"
    assert {"wape_model", "coverage_80_model", "wape_ratio_to_baseline"} <= set(run.data.metrics)
    assert run.data.params["backtest_verdict"] == "not decidable"
    assert run.data.tags["mlflow.note.content"].startswith("**FR, origin 2024-12**")
    assert {"importance.csv", "plots"} <= {file.path for file in client.list_artifacts(run_id)}
    assert "realised_wape_published" not in run.data.metrics  # The copy has no performance.


def test_a_record_has_the_realised_accuracy_of_its_month_and_says_so(company):
    tables = {
        name: company.read(table, "FR", DECEMBER)
        for name, table in (("model", "model"), ("backtest", "backtest"), ("published", "published_forecasts"))
    }
    measured = company.read("performance", "FR", DECEMBER)
    record = cycle_record(
        cycle_id="dev-2024-12", market="FR", origin_month=pd.Timestamp(DECEMBER), dagster_run_id="run",
        performance=measured, **tables,
    )  # fmt: skip
    known = measured[measured["status"] != "backfilled"].dropna(subset=["actual_units", "published_units"])
    errors = (known["published_units"] - known["actual_units"]).abs().sum() / known["actual_units"].abs().sum()
    assert record.pooled_metrics["realised_wape_published"] == pytest.approx(errors)
    assert f"Realised in the month: WAPE {errors * 100:.1f}%" in record.description
    assert {"importance.csv", "plots/importance.svg"} <= set(record.files)


def test_all_checks_of_a_sound_delivery_pass_but_those_that_only_tell(company):
    failed = {name for name, (passed, *_) in company.december()["checked"].items() if not passed}
    # The sample's overrides are one file of six markets, of which the company has three.
    assert failed == {"mlflow_run:mlflow_recorded", "overrides:unknown_countries"}
    assert {"sell_in:schema", "sell_in:unknown_skus", "backtest:not_worse_than_naive"} <= set(
        company.december()["checked"]
    )


def test_realised_figures_and_churn_are_numbers_of_the_month_under_names_that_never_change(company):
    """Recomputed from the stored tables; FR published November and December."""
    recorded = company.december()["materialized"]
    performance = company.read("performance", "FR", DECEMBER)
    error = (performance["published_units"] - performance["actual_units"]).abs()
    for name in ("wape_published", "wape_published_lag_01"):
        assert float(recorded["performance"][name]) == pytest.approx(error.sum() / performance["actual_units"].sum())
    cells = company.read("published_forecasts", "FR", DECEMBER).merge(
        company.read("published_forecasts", "FR", NOVEMBER), on=["sku", "target_month"], suffixes=("", "_before")
    )
    change = cells["forecast_units"] - cells["forecast_units_before"]
    metadata = recorded["published_forecasts"]
    assert float(metadata["churn_cells"]) == len(cells) > 0
    assert float(metadata["churn"]) == pytest.approx(change.abs().sum() / cells["forecast_units_before"].sum())
    assert float(metadata["churn_signed"]) == pytest.approx(change.sum() / cells["forecast_units_before"].sum())
    page = company.store.read_document(
        "market_report", PartitionKey(pd.Timestamp(DECEMBER), "FR"), "market_report.html"
    )
    assert "Against the publication of the month before" in page.decode()
    assert "Realised by category, largest first" in page.decode()
