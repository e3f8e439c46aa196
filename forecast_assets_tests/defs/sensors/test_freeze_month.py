"""Requests for runs over all markets: their moment, markets, months and tags."""

from collections.abc import Mapping
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest
from dagster._core.test_utils import create_run_for_test

from forecast_assets.defs.sensors import freeze_month
from forecast_assets.defs.sensors.freeze_month import build_freeze_month_sensor, requests_over_all_markets
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.repository_settings import loaded

OCTOBER, NOVEMBER, DECEMBER, JANUARY = (f"{month}-01" for month in ("2024-10", "2024-11", "2024-12", "2025-01"))
# December is due on 10 January at 06:00, its deadline is the 15th. January closes with the month, is due 10 February.
DUE, DEADLINE = pd.Timestamp("2025-01-10T06:00Z"), pd.Timestamp("2025-01-15T06:00Z")
CLOSED, DAY_BEFORE = pd.Timestamp("2025-02-03T12:00Z"), pd.Timestamp("2025-02-09T06:00Z")
BOTH = {"FR": [DECEMBER], "NO": [DECEMBER]}


MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2010-01-01}
  - {code: "NO", name: N, iso2: "NO", iso3: NOR, region: Europe, since: 2010-01-01, stage: shadow}
  - {code: "IT", name: I, iso2: "IT", iso3: ITA, region: Europe, since: 2010-01-01, stage: retired}
"""


def company(base, markets=MARKETS):
    (base / "markets.yaml").write_text(markets, encoding="utf-8")
    return loaded(
        FORECAST_MARKETS=str(base / "markets.yaml"), FORECAST_TIME_ZONE="UTC", FORECAST_ENV="dev",
        FORECAST_STORE=str(base / "store"), FORECAST_LANDING=str(base / "landing"),
    )  # fmt: skip


@pytest.fixture
def asked(tmp_path, instance, monkeypatch):
    """Return the requests at a moment if these months of tables are stored, by market."""

    def at(now, markets=MARKETS, **tables):
        stored = {
            table: [PartitionKey(pd.Timestamp(month), code) for code, months in of.items() for month in months]
            for table, of in tables.items()
        }
        monkeypatch.setattr(freeze_month, "open_store", lambda _: Stored(stored))
        return requests_over_all_markets(company(tmp_path, markets), instance, now)

    return at


class Stored:
    """A store that lists partitions; of forecasts by level and their sums it knows the provenance."""

    summed: Mapping[str, str] = {f"FR|{DECEMBER}": "FR", f"NO|{DECEMBER}": "NO"}
    runs = "first"

    def __init__(self, tables: dict[str, list[PartitionKey]]) -> None:
        self._tables = tables

    def list_partitions(self, table: str) -> list[PartitionKey]:
        return self._tables.get(table, [])

    def provenance(self, table: str, partition: PartitionKey) -> SimpleNamespace:
        """Sums are made of the ``summed`` contents by market; a market's content is its code, of run ``runs``."""
        if table == "forecast_totals":
            return SimpleNamespace(inputs={"forecast_levels": self.summed})
        return SimpleNamespace(content_hash=partition.country, run_id=f"{self.runs} of {partition.country}")


def words(requests) -> list[str]:
    texts = []
    for each in requests:
        first = each.tags.get("dagster/asset_partition_range_start", each.partition_key)
        last = each.tags.get("dagster/asset_partition_range_end", each.partition_key)
        texts.append(f"{each.job_name} {first[:7]}..{last[:7]}")
    return texts


def test_a_month_is_frozen_when_every_market_that_is_forecast_has_delivered(asked):
    assert words(asked(DUE, sell_in=BOTH)) == ["totals 2024-12..2024-12"]
    assert words(asked(DUE, sell_in={"FR": [DECEMBER], "IT": [DECEMBER]})) == []
    # Before it is due nothing is frozen, however complete it is.
    assert words(asked(DUE - pd.Timedelta(minutes=1), sell_in=BOTH)) == []


def test_after_the_deadline_a_month_is_frozen_with_whoever_has_delivered(asked):
    partly = {"FR": [DECEMBER]}
    assert words(asked(DEADLINE, sell_in=partly)) == []
    assert words(asked(DEADLINE + pd.Timedelta(seconds=1), sell_in=partly)) == ["totals 2024-12..2024-12"]


def test_what_a_closed_month_reads_is_made_from_the_frozen_one_or_a_day_before_its_cycle(asked):
    frozen = {"demand_totals": {None: [DECEMBER]}}
    assert words(asked(CLOSED, **frozen)) == ["totals_known 2025-01..2025-01"]
    assert words(asked(CLOSED, **frozen, demand_totals_known={None: [JANUARY]})) == []
    behind = {"demand_totals": {None: [NOVEMBER]}}
    assert words(asked(CLOSED, **behind)) == []
    assert words(asked(DAY_BEFORE, **behind)) == []
    assert words(asked(DAY_BEFORE + pd.Timedelta(seconds=1), **behind)) == ["totals_known 2025-01..2025-01"]


def test_forecasts_are_summed_once_when_every_market_that_is_forecast_is_published(asked):
    assert words(asked(DUE, forecast_levels=BOTH)) == ["sum_forecasts 2024-12..2024-12"]
    assert words(asked(DUE, forecast_levels={"FR": [DECEMBER]})) == []
    assert words(asked(DUE, forecast_levels=BOTH, forecast_totals={None: [DECEMBER]})) == []


def test_forecasts_are_summed_again_if_a_publication_of_the_month_that_is_due_changed(asked, instance, monkeypatch):
    summed = {"forecast_levels": BOTH, "forecast_totals": {None: [NOVEMBER, DECEMBER]}}
    assert asked(DUE, **summed) == []
    # NO was published after the deadline, or FR was withdrawn, or FR has other numbers.
    for state in ({f"FR|{DECEMBER}": "FR"}, {f"FR|{DECEMBER}": "other", f"NO|{DECEMBER}": "NO"}):
        monkeypatch.setattr(Stored, "summed", state)
        assert words(asked(DUE, **summed)) == ["sum_forecasts 2024-12..2024-12"]
    monkeypatch.setattr(Stored, "summed", {f"FR|{DECEMBER}": "FR", f"NO|{DECEMBER}": "NO"})
    withdrawn = summed | {"forecast_levels": {"NO": [DECEMBER]}}
    assert words(asked(DUE, **withdrawn)) == ["sum_forecasts 2024-12..2024-12"]
    # The last market was withdrawn: nothing is left to sum. A closed month is not due.
    assert asked(DUE, **summed | {"forecast_levels": {"NO": [NOVEMBER]}}) == []
    create_run_for_test(
        instance, job_name="sum_forecasts", status=dg.DagsterRunStatus.STARTED, tags={"forecast/market": "all_markets"}
    )
    assert asked(DUE, **withdrawn) == []


def test_sums_of_the_same_numbers_published_by_another_run_are_another_request(asked, monkeypatch):
    withdrawn = {"forecast_levels": {"NO": [DECEMBER]}, "forecast_totals": {None: [DECEMBER]}}
    ((first,), (same,)) = asked(DUE, **withdrawn), asked(DUE, **withdrawn)
    monkeypatch.setattr(Stored, "runs", "second")
    (again,) = asked(DUE, **withdrawn)
    assert first.run_key == same.run_key != again.run_key
    assert first.run_key.startswith("sum_forecasts:dev-2024-12:2024-12-01:2024-12-01:")
    assert first.partition_key == DECEMBER


def test_pooled_rows_are_frozen_from_features_and_reach_back_sixty_months(asked):
    # January 2025 is closed: rows from January 2020 on are read by its model.
    months = [f"{month:%Y-%m-%d}" for month in pd.date_range("2019-12-01", "2020-02-01", freq="MS")]
    stored = {"features": {"FR": months, "NO": months}}
    assert words(asked(CLOSED, **stored)) == ["pool_rows 2020-01..2020-02"]
    assert words(asked(CLOSED, **stored, pooled_rows={None: months[2:]})) == [
        "pool_rows 2020-01..2020-01",
    ]  # fmt: skip
    frozen = {"pooled_rows": {None: [DECEMBER]}}
    assert words(asked(CLOSED, **frozen)) == ["pool_model 2025-01..2025-01"]


def test_pooled_rows_of_many_months_are_several_runs_and_totals_one(asked):
    # Two markets: 240 market months are 120 months of a run; the 60 read at most fit. Totals are never cut.
    months = [f"{month:%Y-%m-%d}" for month in pd.date_range("2010-01-01", "2024-12-01", freq="MS")]
    of_both = {"FR": months, "NO": months}
    assert words(asked(CLOSED, sell_in=of_both)) == ["totals 2010-01..2024-12"]
    assert words(asked(CLOSED, features=of_both)) == ["pool_rows 2020-01..2024-12"]


def test_pooled_rows_are_cut_by_the_number_of_markets(asked, monkeypatch):
    monkeypatch.setattr(freeze_month, "MARKET_MONTHS_OF_A_RUN", 4)
    months = [OCTOBER, NOVEMBER, DECEMBER]
    assert words(asked(CLOSED, features={"FR": months, "NO": months})) == [
        "pool_rows 2024-10..2024-11", "pool_rows 2024-12..2024-12",
    ]  # fmt: skip


def test_nothing_is_pooled_for_a_market_that_is_alone(asked):
    alone = MARKETS.replace("stage: shadow", "stage: retired")
    delivered = {"FR": [DECEMBER], "NO": [DECEMBER]}
    assert words(asked(CLOSED, alone, features=delivered, sell_in=delivered)) == ["totals 2024-12..2024-12"]


def test_a_run_says_for_whom_which_months_and_why(asked):
    (single,) = asked(DUE, sell_in=BOTH)
    assert single.run_key == "totals:dev-2024-12:2024-12-01:2024-12-01"
    assert single.partition_key == DECEMBER
    tags = {"forecast/market": "all_markets", "forecast/started_by": "freeze_month", "dagster/priority": "20"}
    assert single.tags == tags
    months = [NOVEMBER, DECEMBER]
    (several,) = asked(DUE, sell_in={"FR": months, "NO": months})
    assert several.run_key == "totals:dev-2024-12:2024-11-01:2024-12-01"
    assert several.partition_key is None
    span = {"dagster/asset_partition_range_start": NOVEMBER, "dagster/asset_partition_range_end": DECEMBER}
    span["forecast/months"] = "all_markets 2024-11 to 2024-12"
    assert several.tags == tags | span


def test_beside_a_run_of_the_same_job_over_all_markets_no_other_is_started(asked, instance):
    stored = {"sell_in": BOTH, "features": BOTH}
    assert words(asked(DUE, **stored)) == ["totals 2024-12..2024-12", "pool_rows 2024-12..2024-12"]
    status = dg.DagsterRunStatus.STARTED
    create_run_for_test(instance, job_name="pool_rows", status=status, tags={"forecast/market": "FR"})
    assert len(asked(DUE, **stored)) == 2
    create_run_for_test(instance, job_name="totals", status=status, tags={"forecast/market": "all_markets"})
    assert words(asked(DUE, **stored)) == ["pool_rows 2024-12..2024-12"]


def test_the_sensor_as_the_daemon_calls_it_says_why_it_starts_nothing(tmp_path, instance):
    sensor = build_freeze_month_sensor(company(tmp_path))
    with dg.build_sensor_context(instance=instance) as context:
        data = sensor.evaluate_tick(context)
    assert data.run_requests == []
    assert data.skip_message == "Every month over all markets is built, or waits for markets."


def test_the_daemon_may_start_every_run_over_all_markets_that_the_sensor_asks_for(tmp_path, asked, instance):
    """Dagster fails the whole tick if one request names a job that is not a target of the sensor."""
    stored = {"sell_in": BOTH, "features": BOTH, "forecast_levels": BOTH}
    stored |= {"demand_totals": {None: [DECEMBER]}, "pooled_rows": {None: [DECEMBER]}}
    wanted = {each.job_name for table in stored for each in asked(CLOSED, **{table: stored[table]})}
    assert wanted == {"totals", "totals_known", "pool_rows", "pool_model", "sum_forecasts"}
    assert wanted == {job.name for job in build_freeze_month_sensor(company(tmp_path)).jobs}
