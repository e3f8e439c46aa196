"""Order of the runs of a cycle: history, totals, markets; what is stored or closed is left out."""

import pandas as pd
import pytest

from forecast_assets.cli.code_location import load_code_location
from forecast_assets.config.process_groups import PoolingSettings
from forecast_assets.domain.levels.level_forecasts import COLUMNS
from forecast_assets.domain.months import MonthRange
from forecast_assets.market_state.recipes import recipe_of
from forecast_assets.operations.cycle.cycle import run_cycles
from forecast_assets.operations.cycle.measure import run_measures
from forecast_assets.operations.cycle.plan import CycleRequest
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tags import SOURCES
from forecast_assets_tests.domain.selection.stored_rivals import CHAMPION_LEAVES, champion_table, tuned_table
from forecast_assets_tests.operations.cycle.processes_in_this_one import ProcessesInThisOne
from forecast_assets_tests.repository_settings import loaded

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
MONTH = MonthRange(JUNE, JUNE)


@pytest.fixture
def fake(monkeypatch):
    """Replace the processes of cycles and measures; return the fake that holds failures and submitted runs."""
    fakes = ProcessesInThisOne(1, {})
    for module in ("cycle", "measure"):
        monkeypatch.setattr(f"forecast_assets.operations.cycle.{module}.Processes", lambda markets, load: fakes)
    return fakes


# As many as a company has that sets nothing.
POOLED_SKUS = str(PoolingSettings().skus)


def cycles(tmp_path, fake, countries=("FR", "DE"), origins=2, **variables):
    settings = loaded(**{"FORECAST_STORE": str(tmp_path), "FORECAST_POOLED_SKUS": "0"} | variables)
    request = CycleRequest(JUNE, history=12, origins=origins, step=3)
    results = run_cycles(settings, load_code_location, request, list(countries), lambda *_: None)
    return results, [(job, country, f"{m.first:%Y-%m} .. {m.last:%Y-%m}") for job, country, m in fake.submitted]


def test_a_cycle_ingests_history_then_makes_totals_then_runs_each_market(tmp_path, fake):
    _, submitted = cycles(tmp_path, fake, ["FR"])
    assert submitted == [
        ("ingest", "FR", "2019-01 .. 2024-05"),
        ("totals", None, "2019-01 .. 2024-05"),
        ("totals_known", None, "2023-03 .. 2024-06"),
        ("market_features", "FR", "2023-03 .. 2024-05"),
        ("monthly_cycle", "FR", "2024-03 .. 2024-03"),
        ("monthly_cycle", "FR", "2024-06 .. 2024-06"),
    ]


def test_pooling_runs_after_all_features_and_before_each_cycle(tmp_path, fake):
    _, submitted = cycles(tmp_path, fake, ["FR"], FORECAST_POOLED_SKUS=POOLED_SKUS)
    assert submitted[3:7] == [
        ("market_features", "FR", "2023-03 .. 2024-05"),
        ("pool_rows", None, "2023-03 .. 2024-05"),
        ("pool_model", None, "2024-03 .. 2024-03"),
        ("pool_model", None, "2024-06 .. 2024-06"),
    ]


def test_closed_months_are_measured_before_the_next_cycle(tmp_path, fake):
    put(tmp_path, "published_forecasts", "FR", "2024-01-01")
    put(tmp_path, "performance", "FR", "2024-02-01", "2024-03-01", "2024-04-01")
    _, submitted = cycles(tmp_path, fake, ["FR"])
    assert submitted[-3:] == [
        ("monthly_cycle", "FR", "2024-03 .. 2024-03"),
        ("measure", "FR", "2024-05 .. 2024-05"),
        ("monthly_cycle", "FR", "2024-06 .. 2024-06"),
    ]


def test_a_published_month_stays_once_a_later_one_is_published(tmp_path, fake):
    put(tmp_path, "published_forecasts", "FR", "2024-03-01", "2024-05-01")
    _, submitted = cycles(tmp_path, fake, ["FR"])
    assert [span for job, _, span in submitted if job == "monthly_cycle"] == ["2024-06 .. 2024-06"]


def test_a_source_that_failed_is_ingested_and_its_features_are_rebuilt(tmp_path, fake):
    months = [f"{month:%Y-%m-%d}" for month in pd.date_range("2019-01-01", MAY, freq="MS")]
    for source in SOURCES:
        put(tmp_path, source, "FR", *(months if source != "sell_out" else months[:-10]))
    for table in ("history_marks", "features"):
        put(tmp_path, table, "FR", *months)
    _, submitted = cycles(tmp_path, fake, ["FR"])
    assert submitted[0] == ("ingest", "FR", "2023-08 .. 2024-05")
    assert ("market_features", "FR", "2023-08 .. 2024-05") in submitted


def test_totals_are_rebuilt_from_the_first_month_without_a_market(tmp_path, fake):
    months = [f"{month:%Y-%m-%d}" for month in pd.date_range("2019-01-01", MAY, freq="MS")]
    for source in SOURCES:
        put(tmp_path, source, "FR", *months)
        put(tmp_path, source, "DE", *months[-3:])
    totals = pd.DataFrame({"level": ["market"], "entity": ["FR"], "category": ["ALL"]})
    totals = totals.assign(sell_in_units=1.0, sell_out_units=1.0)
    store, spec = TableStore(str(tmp_path)), table_specs()["demand_totals"]
    for month in months:
        store.write(spec, PartitionKey(pd.Timestamp(month)), totals, Provenance("run", "cycle", "sha"))
    put(tmp_path, "demand_totals_known", None, "2023-03-01", "2024-03-01", "2024-04-01")
    _, submitted = cycles(tmp_path, fake, ["FR"])
    assert submitted[0] == ("totals", None, "2024-03 .. 2024-05")
    # What is known in March are totals up to February: still right, while all after it is not.
    assert submitted[1] == ("totals_known", None, "2023-04 .. 2024-06")


def test_a_market_whose_history_fails_stops_and_the_others_finish(tmp_path, fake):
    fake.outcomes[("ingest", "FR")] = ("sell_in: no rows",)
    results, submitted = cycles(tmp_path, fake)
    assert [job for job, country, _ in submitted if country == "FR"] == ["ingest", "publish_fallback"]
    assert results["FR"][0].failures == ("sell_in: no rows",)
    assert [job for job, country, _ in submitted if country == "DE"][-1] == "monthly_cycle"
    assert all(result.succeeded for result in results["DE"])


def test_a_failed_cycle_publishes_a_fallback_and_counts_as_failed(tmp_path, fake):
    fake.outcomes[("monthly_cycle", "FR")] = ("model: too few rows",)
    results, submitted = cycles(tmp_path, fake)
    assert submitted[-1] == ("publish_fallback", "FR", "2024-06 .. 2024-06")
    assert [job for job, country, _ in submitted if country == "DE" and job != "ingest"][-1] == "monthly_cycle"
    assert [result.succeeded for result in results["FR"]][-2:] == [False, True]


def test_after_a_failed_challenger_the_champion_runs_before_the_fallback(tmp_path, fake):
    champion = recipe_of(loaded().training, {"leaves": CHAMPION_LEAVES})
    for table, rows in (("champion", champion_table(champion, MAY)), ("tuned_recipe", tuned_table(leaves=7))):
        stored = Provenance("run", "cycle", "sha")
        TableStore(str(tmp_path)).write(table_specs()[table], PartitionKey(MAY, "FR"), rows, stored)
    put(tmp_path, "features", "FR", "2024-06-01")
    for job in ("monthly_cycle", "champion_cycle"):
        fake.outcomes[(job, "FR")] = ("model: broken",)
    _, submitted = cycles(tmp_path, fake, ["FR"])
    assert [job for job, *_ in submitted][-2:] == ["champion_cycle", "publish_fallback"]


def test_a_published_month_stays_when_a_later_run_fails(tmp_path, fake):
    put(tmp_path, "published_forecasts", "FR", "2024-06-01")
    fake.outcomes[("monthly_cycle", "FR")] = ("sell_in: truncated",)
    _, submitted = cycles(tmp_path, fake, ["FR"])
    assert "publish_fallback" not in [job for job, *_ in submitted]


def test_totals_that_fail_stop_no_market(tmp_path, fake):
    fake.outcomes[("totals", None)] = ("demand_totals: broken",)
    results, _ = cycles(tmp_path, fake)
    assert not results[""][0].succeeded
    assert all(result.succeeded for code in ("FR", "DE") for result in results[code])


def put(tmp_path, table: str, country: str | None, *months: str) -> None:
    """Create stored files: only their names are read."""
    for month in months:
        partition = PartitionKey(pd.Timestamp(month), country)
        file = tmp_path / table / partition.folder / f"{table}.parquet"
        file.parent.mkdir(parents=True)
        file.touch()
        assert TableStore(str(tmp_path)).exists(table, partition)


def test_stored_months_are_not_ingested_again(tmp_path, fake):
    months = pd.date_range("2019-01-01", MAY, freq="MS").drop(pd.Timestamp("2021-03-01"))
    for source in SOURCES:
        put(tmp_path, source, "FR", *(f"{month:%Y-%m-%d}" for month in months))
    _, submitted = cycles(tmp_path, fake, ["FR"])
    assert submitted[0] == ("ingest", "FR", "2021-03 .. 2021-03")


def test_a_market_whose_months_are_closed_runs_nothing_and_others_do(tmp_path, fake):
    put(tmp_path, "published_forecasts", "FR", "2024-03-01", "2024-06-01", "2024-07-01")
    results, submitted = cycles(tmp_path, fake)
    assert {country for _, country, _ in submitted if country} == {"DE"}
    assert results["FR"] == []
    fake.submitted.clear()
    results, submitted = cycles(tmp_path, fake, ["FR"])
    assert (results, submitted) == ({"FR": [], "": []}, [])


CLOSED = ["2023-11-01", "2024-04-01"]


def closed_company(tmp_path):
    """FR with data from 2020, and months of which all but the last are closed."""
    months = [f"{month:%Y-%m-%d}" for month in pd.date_range("2020-01-01", MAY, freq="MS")]
    for table in (*SOURCES, "history_marks", "features"):
        put(tmp_path, table, "FR", *months)
    put(tmp_path, "demand_totals_known", None, *months[12:])
    put(tmp_path, "published_forecasts", "FR", *CLOSED, "2024-05-01")
    put(tmp_path, "performance", "FR", *(f"{month:%Y-%m-%d}" for month in pd.date_range("2023-12-01", MAY, freq="MS")))


def test_an_earlier_since_rebuilds_no_closed_month(tmp_path, fake):
    """The markets file says 2019-01: a year is ingested, and features follow but for the two closed months."""
    closed_company(tmp_path)
    _, submitted = cycles(tmp_path, fake, ["FR"], origins=1)
    assert [each for each in submitted if each[1]] == [
        ("ingest", "FR", "2019-01 .. 2019-12"),
        ("market_features", "FR", "2023-06 .. 2023-10"),
        ("market_features", "FR", "2023-12 .. 2024-03"),
        ("market_features", "FR", "2024-05 .. 2024-05"),
        ("monthly_cycle", "FR", "2024-06 .. 2024-06"),
    ]
    known = [span for job, _, span in submitted if job == "totals_known"]
    assert known == ["2023-06 .. 2023-10", "2023-12 .. 2024-03", "2024-05 .. 2024-06"]


def test_an_earlier_first_month_of_the_partitions_changes_no_step(tmp_path, fake):
    closed_company(tmp_path)
    _, usual = cycles(tmp_path, fake, ["FR"], origins=1)
    fake.submitted.clear()
    assert cycles(tmp_path, fake, ["FR"], origins=1, FORECAST_FIRST_MONTH="2012-01")[1] == usual


def test_a_gap_of_a_source_is_closed_without_ingesting_closed_months_again(tmp_path, fake):
    closed_company(tmp_path)
    for month in ("2023-09-01", "2024-05-01"):
        (tmp_path / "sell_out" / "country=FR" / f"month={month}" / "sell_out.parquet").unlink()
    _, submitted = cycles(tmp_path, fake, ["FR"], origins=1)
    assert [span for job, _, span in submitted if job == "ingest"] == ["2019-01 .. 2023-09", "2024-05 .. 2024-05"]


def test_measuring_takes_the_months_after_the_first_published_one(tmp_path, fake):
    put(tmp_path, "published_forecasts", "FR", "2024-03-01", "2024-05-01")
    for source in SOURCES:
        put(tmp_path, source, "FR", "2024-04-01")
    put(tmp_path, "published_forecasts", "BR", "2024-06-01")
    put(tmp_path, "published_forecasts", "NO", "2024-05-01")
    results = run_measures(
        loaded(FORECAST_STORE=str(tmp_path)), load_code_location, JUNE, ["FR", "DE", "BR", "NO"], lambda *_: None
    )
    assert fake.submitted == [
        ("ingest", "FR", MonthRange(MAY, JUNE)),
        ("measure", "FR", MonthRange(pd.Timestamp("2024-04-01"), JUNE)),
        ("ingest", "NO", MONTH),
        ("measure", "NO", MONTH),
    ]
    assert (results["DE"], results["BR"]) == ([], [])


def test_forecasts_are_summed_over_markets_after_every_market_and_its_fallback(tmp_path, fake):
    units = dict.fromkeys(COLUMNS[6:], 1.0)
    row = {"level": "market", "entity": "FR", "category": "ALL", "origin_month": JUNE, "horizon_months": 1} | units
    levels = pd.DataFrame([row]).assign(target_month=pd.Timestamp("2024-07-01"))
    provenance = Provenance("run", "dev-2024-06", "")
    TableStore(str(tmp_path)).write(table_specs()["forecast_levels"], PartitionKey(JUNE, "FR"), levels, provenance)
    fake.outcomes["monthly_cycle", "DE"] = ("no",)
    _, submitted = cycles(tmp_path, fake, origins=1)
    assert [job for job, *_ in submitted[-2:]] == ["publish_fallback", "sum_forecasts"]
    assert submitted[-1] == ("sum_forecasts", None, "2024-06 .. 2024-06")
