"""A bad delivery through the real graph: what fails, what is said, what stays, and that the other markets go on."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from forecast_assets.operations.cycle.launch import failures_of
from forecast_assets.sample import FAULTS
from forecast_assets_tests.defs.assets.bad_deliveries import BAD_DELIVERIES, HEADER, beside, instead, planted
from forecast_assets_tests.defs.assets.company import AWKWARD_SKUS, DECEMBER, NOVEMBER, OCTOBER, succeeded

pytestmark = pytest.mark.heavy

PAGE = (Path(__file__).parents[3] / "docs" / "bad-input.md").read_text(encoding="utf-8")


@pytest.fixture
def delivery(company, tmp_path):
    """The company with its sell-in and published forecasts, to spoil."""
    return company.copied_to(tmp_path / "company", "sell_in", "published_forecasts")


def checks(result) -> dict:
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


@pytest.mark.parametrize("name", BAD_DELIVERIES)
def test_a_bad_delivery_stops_its_own_market_or_warns_and_says_why(delivery, name):
    bad = BAD_DELIVERIES[name]
    before = {table: delivery.hashes(table, "FR") for table in ("sell_in", "published_forecasts")}
    bad.change(delivery.landing)
    result = delivery.run("ingest", "FR", DECEMBER, assets=["sell_in"], **dict(bad.variables))
    assert result.success != bad.stops_the_market
    if bad.stops_the_market:
        (failure,) = failures_of(result)
        assert failure.startswith("sell_in: ")
        assert bad.check in failure
        assert bad.message in failure
        assert delivery.hashes("sell_in", "FR") == before["sell_in"]
    else:
        evaluation = checks(result)[bad.check]
        assert (evaluation.passed, evaluation.severity.value) == (False, "WARN")
        assert bad.message in evaluation.description
    assert delivery.hashes("published_forecasts", "FR") == before["published_forecasts"]
    assert len(delivery.read("published_forecasts", "FR", NOVEMBER)) > 0


@pytest.mark.parametrize("name", ["missing_file", "wrong_type", "a truncated file", "an empty file", "semicolons"])
def test_the_other_market_finishes_beside_a_bad_delivery(delivery, name):
    BAD_DELIVERIES[name].change(delivery.landing)
    succeeded(delivery.run("ingest", "NO", DECEMBER, assets=["sell_in"]))


@pytest.mark.parametrize("name", BAD_DELIVERIES)
def test_the_page_for_people_quotes_what_is_said(name):
    assert BAD_DELIVERIES[name].message in PAGE
    assert f"`{BAD_DELIVERIES[name].check}`" in PAGE or not BAD_DELIVERIES[name].check


def test_every_fault_of_the_sample_company_is_tried():
    assert set(FAULTS) <= set(BAD_DELIVERIES)
    assert [fault for fault in FAULTS if f"`{fault}`" not in PAGE] == []


def test_a_late_month_succeeds_once_it_is_there(delivery):
    planted("late_month")(delivery.landing)
    late = delivery.base / "late"
    assert late.is_dir()
    shutil.rmtree(delivery.base / "store" / "sell_in" / "country=FR" / f"month={DECEMBER}")
    result = delivery.run("ingest", "FR", DECEMBER, assets=["sell_in", "sell_out"])
    assert {failure.split(":")[0] for failure in failures_of(result)} == {"sell_in", "sell_out"}
    assert not delivery.has("sell_in", "FR", DECEMBER)
    shutil.copytree(late, delivery.landing, dirs_exist_ok=True)
    succeeded(delivery.run("ingest", "FR", DECEMBER, assets=["sell_in", "sell_out"]))
    assert delivery.has("sell_in", "FR", DECEMBER)


def test_a_cycle_on_a_bad_delivery_stops_before_anything_is_published(delivery, company):
    """Sources that are sound are stored; what needs sell-in is skipped; December of before stays as it was."""
    planted("missing_file")(delivery.landing)
    result = delivery.run("monthly_cycle", "FR", DECEMBER)
    started = {event.step_key for event in result.all_events if event.is_step_start}
    assert [failure.split(":")[0] for failure in failures_of(result)] == ["sell_in"]
    assert started & {"features", "model", "forecasts", "published_forecasts", "market_report"} == set()
    assert {event.asset_key.path[-1] for event in result.get_asset_materialization_events()} >= {"sell_out", "products"}
    assert delivery.hashes("published_forecasts", "FR") == company.hashes("published_forecasts", "FR")


def spoil_november(landing: Path) -> None:
    file = landing / "sell_in" / "FR_2024-11.parquet"
    file.unlink()
    beside(HEADER + "FR,NULL,2024-11,n/a\n", "FR_2024-11.csv")(landing)


def test_a_range_with_a_bad_month_stores_nothing_and_names_the_month(delivery):
    shutil.rmtree(delivery.base / "store" / "sell_in")
    spoil_november(delivery.landing)
    (failure,) = failures_of(delivery.run("ingest", "FR", "2024-09-01", DECEMBER, assets=["sell_in"]))
    assert (
        "sell_in of FR: 1 of the 4 months asked for cannot be used: 2024-11. Nothing of the range was stored" in failure
    )
    assert 'sell_in/FR_2024-11.csv, column units, row 1: found "n/a"' in failure
    assert delivery.hashes("sell_in", "FR") == {}


def test_a_range_without_two_of_its_months_names_both(delivery):
    for month in ("2024-10", "2024-12"):
        (delivery.landing / "sell_in" / f"FR_{month}.parquet").unlink()
    (failure,) = failures_of(delivery.run("ingest", "FR", "2024-09-01", DECEMBER, assets=["sell_in"]))
    assert "2 of the 4 months asked for cannot be used: 2024-10, 2024-12." in failure


def test_a_range_that_fails_a_check_names_the_month_in_the_checks_metadata(delivery):
    planted("negative_spike")(delivery.landing)
    before = delivery.hashes("sell_in", "FR")
    result = delivery.run("ingest", "FR", OCTOBER, DECEMBER, assets=["sell_in"])
    assert not result.success
    assert checks(result)["returns_plausible"].metadata["months"].value == "2024-12"
    assert delivery.hashes("sell_in", "FR") == before


def test_a_bad_month_does_not_stop_the_good_months_after_it(delivery):
    """They are judged by the year before them, of which the bad month is left out."""
    spoil_november(delivery.landing)
    before = delivery.hashes("sell_in", "FR")
    result = delivery.run("ingest", "FR", DECEMBER, assets=["sell_in"])
    succeeded(result)
    assert delivery.hashes("sell_in", "FR") == before
    assert checks(result)["market_total_plausible"].metadata["ratio"].value > 0


def test_the_same_month_delivered_again_with_other_numbers_replaces_it(delivery):
    file = delivery.landing / "sell_in" / "FR_2024-12.parquet"
    rows = pq.read_table(file).to_pandas()
    rows["units"] = rows["units"] * 1.1
    rows.to_parquet(file, index=False)
    before = delivery.read("sell_in", "FR", DECEMBER).set_index("sku")["sell_in_units"]
    succeeded(delivery.run("ingest", "FR", DECEMBER, assets=["sell_in"]))
    after = delivery.read("sell_in", "FR", DECEMBER).set_index("sku")["sell_in_units"]
    assert after.to_numpy() == pytest.approx((before * 1.1).to_numpy())
    assert set(AWKWARD_SKUS) <= set(after.index)


def test_a_market_that_is_not_in_the_markets_file_has_no_partition(delivery):
    instead(HEADER + "XX,A,2024-12,1\n")(delivery.landing)
    with pytest.raises(Exception, match=r"XX\|2024-12-01"):
        delivery.run("ingest", "XX", DECEMBER)
