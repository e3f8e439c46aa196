"""Dagster's own view of what is stale, over the real assets: content decides, and code."""

from collections.abc import Iterator

import dagster as dg
import pyarrow.parquet as pq
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from forecast_assets.definitions import build_definitions
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets.storage.code_version import code_version
from forecast_assets.tags import RANGE_END_TAG, RANGE_START_TAG
from forecast_assets_tests.defs.assets.company import Company, deliver

# A year before May.
FIRST, LAST = "2023-06-01", "2024-06-01"
FRESH, STALE = "FRESH", "STALE"


class Home:
    """Norway's deliveries and a Dagster that remembers its runs."""

    def __init__(self, company: Company, instance: dg.DagsterInstance) -> None:
        self.company, self.instance = company, instance
        self.definitions = build_definitions(company.settings())

    def run(self, job: str, first: str, last: str | None = None, *assets: str) -> None:
        keys = [f"NO|{first}", f"NO|{last}"]
        result = self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            run_config=QUIET,
            asset_selection=[dg.AssetKey(asset) for asset in assets],
            partition_key=None if last else keys[0],
            tags={RANGE_START_TAG: keys[0], RANGE_END_TAG: keys[1]} if last else {},
        )
        assert result.success

    def deliver_less(self, month: str) -> None:
        """Restate a month: the last row is gone."""
        (file,) = (self.company.landing / "sell_in").glob(f"NO_{month}.parquet")
        rows = pq.read_table(file)
        pq.write_table(rows.slice(0, rows.num_rows - 1), file)

    def status(self, asset: str, month: str, definitions: dg.Definitions | None = None) -> tuple[str, list[str]]:
        """Status and causes as the UI shows them."""
        graph = (definitions or self.definitions).resolve_asset_graph()
        resolver = CachingStaleStatusResolver(self.instance, graph, LoadingContextForTest(self.instance))
        key = dg.AssetKey(asset), f"NO|{month}"
        return resolver.get_status(*key).value, [cause.reason for cause in resolver.get_stale_causes(*key)]

    def data_version(self, asset: str, month: str) -> str:
        graph = self.definitions.resolve_asset_graph()
        resolver = CachingStaleStatusResolver(self.instance, graph, LoadingContextForTest(self.instance))
        return resolver.get_current_data_version(dg.AssetKey(asset), f"NO|{month}").value


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[Home]:
    base = tmp_path_factory.mktemp("company")
    company = Company(base)
    deliver(company)
    with dg.DagsterInstance.local_temp(str(base), {"telemetry": {"enabled": False}}) as instance:
        home = Home(company, instance)
        home.run("ingest", FIRST, LAST, "sell_in", "products")
        home.run("monthly_cycle", "2024-05-01", None, "baseline_forecasts")
        home.run("monthly_cycle", LAST, None, "baseline_forecasts")
        yield home


def test_each_month_of_a_range_has_its_content_hash_as_data_version(home):
    versions = {month: home.data_version("sell_in", f"{month}-01") for month in ("2024-05", "2024-06")}
    assert versions == {month: home.company.hashes("sell_in", "NO")[month] for month in versions}
    assert home.data_version("baseline_forecasts", LAST) == home.company.hashes("baseline_forecasts", "NO")["2024-06"]


def test_the_same_content_again_makes_nothing_stale(home):
    home.run("ingest", "2024-05-01", None, "sell_in")
    home.run("ingest", "2024-04-01", LAST, "sell_in")
    assert home.status("baseline_forecasts", LAST) == (FRESH, [])


def test_another_code_version_makes_its_asset_stale_and_no_other(home):
    edited = home.definitions.map_asset_specs(
        func=lambda spec: spec.replace_attributes(
            code_version="edited" if spec.key.path[-1] == "baseline_forecasts" else spec.code_version
        )
    )
    assert home.status("baseline_forecasts", LAST, edited) == (STALE, ["has a new code version"])
    assert home.status("sell_in", LAST, edited) == (FRESH, [])


def test_the_code_version_is_stored_with_the_table(home):
    (stored,) = {
        home.company.store.provenance("sell_in", place).code_version
        for place in home.company.store.list_partitions("sell_in")
    }
    assert stored == code_version("sell_in")


def test_another_content_of_a_month_makes_stale_what_reads_it(home):
    home.deliver_less("2024-06")
    home.run("ingest", "2024-05-01", LAST, "sell_in")
    assert home.status("baseline_forecasts", LAST) == (STALE, ["has a new dependency data version"])
    assert home.status("baseline_forecasts", "2024-05-01") == (FRESH, [])
