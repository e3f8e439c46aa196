"""Small company whose backfills run in this process."""

from concurrent.futures import Future
from importlib import import_module

import pandas as pd

from forecast_assets.definitions import build_definitions
from forecast_assets.market_state.published_months import PublishedMonths
from forecast_assets.operations.backfill.asset_nodes import asset_nodes
from forecast_assets.operations.backfill.backfill import Backfill
from forecast_assets.operations.backfill.backfill_plan import BackfillRequest, Scope, plan_backfill
from forecast_assets.operations.backfill.deliveries import Deliveries
from forecast_assets.operations.backfill.staleness import Staleness
from forecast_assets.operations.cycle.launch import launch
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets_tests.repository_settings import loaded

# The last four have a year of data.
MONTHS = list(pd.date_range("2023-04-01", "2024-06-01", freq="MS"))
FIRST, LAST = MONTHS[0], MONTHS[-1]
MARKETS = """markets:
  - {code: "FR", name: France, iso2: FR, iso3: FRA, region: Europe, since: 2023-04-01}
  - {code: "DE", name: Germany, iso2: DE, iso3: DEU, region: Europe, since: 2023-04-01}
"""
# Output of steps is not captured: that starts two processes a step.
DAGSTER_YAML = """telemetry:
  enabled: false
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""
# Events are stored for the first backfill alone, from which durations are read.
KEEPS_NO_EVENTS = """event_log_storage:
  module: forecast_assets_tests.defs.no_event_log
  class: NoEventLog
"""


STALENESS_SPECS = import_module("forecast_assets.storage.table_specs").table_specs()


class InThisProcess:
    """Processes that run each step at once; ``dies_before`` the run of that number, as a killed command does."""

    count = 1

    def __init__(self, load, dies_before: int | None = None) -> None:
        self.load, self.dies_before = load, dies_before
        self.submitted: list[tuple] = []

    def launch(self, *arguments) -> Future:
        if len(self.submitted) == self.dies_before:
            raise KeyboardInterrupt
        self.submitted.append(arguments)
        future: Future = Future()
        future.set_result(launch(self.load, *arguments))
        return future


class BackfillCompany:
    """Deliveries of two markets with two SKUs, a store, and a home for Dagster."""

    def __init__(self, base, dagster_yaml: str = DAGSTER_YAML + KEEPS_NO_EVENTS) -> None:
        self.base = base
        (base / "landing" / "sell_in").mkdir(parents=True, exist_ok=True)
        (base / "markets.yaml").write_text(MARKETS, encoding="utf-8")
        (base / "dagster.yaml").write_text(dagster_yaml, encoding="utf-8")
        for code in ("FR", "DE"):
            self.deliver(code)
        self.settings = loaded(
            FORECAST_STORE=str(base / "store"), FORECAST_LANDING=str(base / "landing"),
            FORECAST_MARKETS=str(base / "markets.yaml"),
        )  # fmt: skip
        self.definitions = build_definitions(self.settings)
        self.nodes = asset_nodes(self.definitions)
        self.store = TableStore(self.settings.store.address)

    def deliver(self, code: str, **units: object) -> None:
        """Deliver ten units of each SKU a month, other units (or none, for None) in months named ``m2024_01``."""
        rows = ["country,sku,month,units"]
        for month in MONTHS:
            value = units.get(f"m{month:%Y_%m}", 10)
            rows += [f"{code},{sku},{month:%Y-%m},{value}" for sku in ("A", "B") if value is not None]
        (self.base / "landing" / "sell_in" / f"{code}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")

    def prepare(self, assets, countries=("FR", "DE"), first=FIRST, last=LAST, frozen=False):
        request = BackfillRequest(tuple(countries), first, last, tuple(assets), frozen)
        staleness = Staleness(self.store, self.settings, self.nodes, Deliveries(self.settings))
        scope = Scope(self.settings, self.nodes, request, staleness.recorded)
        return scope, staleness, plan_backfill(self.settings, scope, staleness, PublishedMonths(self.store).is_closed)

    def plan(self, assets, **request):
        return self.prepare(assets, **request)[2]

    def run(self, assets, dies_before=None, **request):
        scope, staleness, planned = self.prepare(assets, **request)
        work = Backfill(scope, staleness, env="dev", backfill_id="b1", frozen=planned.frozen, revision=2)
        processes = InThisProcess(lambda: self.definitions, dies_before)
        work.run(processes, lambda *_: None)
        return work, processes.submitted

    def publish(self, *months: str, country: str = "FR") -> None:
        """Write empty published forecasts: frozen months are read from the partition names alone."""
        spec = STALENESS_SPECS["baseline_forecasts"]
        named = type(spec)("published_forecasts", spec.keys, spec.arrow_schema)
        frame = pd.DataFrame({name: [] for name in spec.arrow_schema.names})
        for month in months:
            partition = PartitionKey(pd.Timestamp(month), country)
            self.store.write(named, partition, frame, Provenance("run", f"dev-{month[:7]}", "sha"))
