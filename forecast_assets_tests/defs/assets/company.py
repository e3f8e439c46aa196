"""A small company taken through the graph once per test run: what tests of the wiring look at.

Three markets, twelve SKUs: FR delivers 36 months of everything and has SKUs with awkward names, NO starts late and has
no sell-out, NA has 24 months and is a shadow market. Origins: November for FR alone and before any totals, December
for all, with MLflow down for FR.
"""

import dataclasses
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecast_assets.config.settings import Settings, load_settings
from forecast_assets.definitions import build_definitions
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets.sample import write_sample_company
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets.tags import RANGE_END_TAG, RANGE_START_TAG
from forecast_assets.tracking.mlflow_registry import ChampionRecord
from forecast_assets.tracking.mlflow_tracking import CycleRecord, MlflowTracking, RecordedRun
from forecast_assets_tests.defs.no_event_log import forgetful_instance

FIRST_MONTH = {"FR": "2022-01-01", "NO": "2023-04-01", "NA": "2023-01-01"}
# The first month with a year of data.
FIRST_ORIGIN = {"FR": "2022-12-01", "NO": "2024-03-01", "NA": "2023-12-01"}
POOLED_FROM = FIRST_ORIGIN["NO"]
OF_POOLED_MARKET = ["model", "forecasts", "backtest"]
# Tables of a market that these are made from.
MADE_FROM = ["features", "history_marks", "sell_in", "products", "baseline_forecasts"]
OCTOBER, NOVEMBER, DECEMBER = "2024-10-01", "2024-11-01", "2024-12-01"
MARKETS = """markets:
  - {code: "FR", name: "France", iso2: "FR", iso3: "FRA", region: "Europe", since: 2022-01-01}
  - {code: "NO", name: "Norway", iso2: "NO", iso3: "NOR", region: "Europe", since: 2023-04-01}
  - {code: NA, name: "Namibia", iso2: NA, iso3: NAM, region: "Africa", since: 2023-01-01, stage: shadow}
"""
CODES = ["FR", "NO", "NA"]
# Three markets' SKUs, all of them.
POOLED_SKUS = 1_200
AWKWARD_SKUS = ["NULL", """O'Neil "x" / 50%_\\""", "\N{CHOCOLATE BAR} <b>&amp;</b>"]


class RecordsInMemory(MlflowTracking):
    """Takes every record without an MLflow."""

    def record_cycle(self, record: CycleRecord) -> RecordedRun:
        return RecordedRun(f"run of {record.market}", f"run of {record.cycle_id}", None)

    def mirror_champion(self, run_id: str, record: ChampionRecord) -> None:
        pass


IN_MEMORY = RecordsInMemory(tracking_uri="memory", experiment_name="none")


@dataclasses.dataclass(frozen=True)
class Company:
    """Landing files, store and Dagster's records of a company in one folder; 0 pooled SKUs: its markets learn alone."""

    base: Path
    pooled_skus: int = 0

    @property
    def landing(self) -> Path:
        return self.base / "landing"

    @property
    def store(self) -> TableStore:
        return TableStore(str(self.base / "store"))

    def settings(self, **variables: str) -> Settings:
        return load_settings(
            {
                "FORECAST_STORE": str(self.base / "store"),
                "FORECAST_LANDING": str(self.landing),
                "FORECAST_MARKETS": str(self.base / "markets.yaml"),
                "FORECAST_TRAINING_ROWS": "1000",
                "FORECAST_BACKTEST_TRAINING_ROWS": "1000",
                # Fewer trees than in earnest: whether they forecast well is the business of other tests.
                "FORECAST_BOOSTING_ROUNDS": "40",
                "FORECAST_MAX_THREADS": "1",
                "FORECAST_POOLED_SKUS": str(self.pooled_skus),
                **variables,
            }
        )

    def run(
        self,
        job: str,
        country: str | None,
        first: str,
        last: str | None = None,
        *,
        assets: Sequence[str] = (),
        mlflow: MlflowTracking = IN_MEMORY,
        config: Mapping[str, object] | None = None,
        tags: Mapping[str, str] | None = None,
        **variables: str,
    ) -> dg.ExecuteInProcessResult:
        """Run a job for a month or a range, as the command line does but in this process; ``assets`` limits it, and
        ``config`` is that of its ops, ``tags`` are further ones of the run."""
        definitions = build_definitions(self.settings(**variables), mlflow_tracking=mlflow)
        keys = [dg.MultiPartitionKey({"month": month, "country": country}) if country else month
                for month in (first, last or first)]  # fmt: skip
        return definitions.resolve_job_def(job).execute_in_process(
            run_config=QUIET | {"ops": config or {}},
            asset_selection=[dg.AssetKey(name) for name in assets] or None,
            partition_key=keys[0] if last is None else None,
            instance=forgetful_instance(),
            tags={
                **(tags or {}),
                **({} if last is None else {RANGE_START_TAG: str(keys[0]), RANGE_END_TAG: str(keys[1])}),
            },
            raise_on_error=False,
        )

    def read(self, table: str, country: str | None, month: str) -> pd.DataFrame:
        return self.store.read(table, [PartitionKey(pd.Timestamp(month), country)])

    def hashes(self, table: str, country: str | None) -> dict[str, str]:
        """Content hash of each stored partition of a table, by month."""
        partitions = [place for place in self.store.list_partitions(table) if place.country == country]
        return {f"{place.month:%Y-%m}": self.store.provenance(table, place).content_hash for place in partitions}

    def has(self, table: str, country: str | None, month: str) -> bool:
        return self.store.exists(table, PartitionKey(pd.Timestamp(month), country))

    def december(self) -> dict[str, dict]:
        """Return Dagster's record of FR's cycle of December, see ``recorded``."""
        return json.loads((self.base / "december.json").read_text(encoding="utf-8"))

    def copied_whole_to(self, base: Path) -> "Company":
        """The same deliveries and the whole store, versions too, in another folder."""
        shutil.copytree(self.base, base)
        return dataclasses.replace(self, base=base)

    def copied_to(self, base: Path, *tables: str) -> "Company":
        """The same deliveries and the named tables in another folder; Dagster remembers nothing there."""
        base.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.landing, base / "landing")
        shutil.copy(self.base / "markets.yaml", base / "markets.yaml")
        for table in tables:
            shutil.copytree(self.base / "store" / table, base / "store" / table)
        return dataclasses.replace(self, base=base)


def prepare(base: Path) -> Company:
    """Make the company and run it up to December; what Dagster recorded of FR in December is kept in a file."""
    company = Company(base)
    base.mkdir(exist_ok=True)
    deliver(company)
    for code, last in (("FR", OCTOBER), ("NO", NOVEMBER), ("NA", NOVEMBER)):
        succeeded(company.run("ingest", code, FIRST_MONTH[code], last))
    succeeded(company.run("market_features", "FR", FIRST_ORIGIN["FR"], OCTOBER))
    succeeded(company.run("monthly_cycle", "FR", NOVEMBER))
    succeeded(company.run("totals", None, FIRST_MONTH["FR"], NOVEMBER))
    succeeded(company.run("totals_known", None, FIRST_ORIGIN["NA"], DECEMBER))
    for code in ("NO", "NA"):
        succeeded(company.run("market_features", code, FIRST_ORIGIN[code], NOVEMBER))
        succeeded(company.run("monthly_cycle", code, DECEMBER))
    # MLflow would be asked three times, with pauses.
    with unused_port() as port, mock.patch.dict(os.environ, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0"):
        down = MlflowTracking(tracking_uri=f"http://127.0.0.1:{port}", experiment_name="forecasts")
        december = company.run("monthly_cycle", "FR", DECEMBER, mlflow=down)
    succeeded(december)
    succeeded(company.run("sum_forecasts", None, DECEMBER))
    (base / "december.json").write_text(json.dumps(recorded(december)), encoding="utf-8")
    return company


def pool(company: Company, base: Path) -> Company:
    """Copy the company and pool its markets up to December, with December's models of NO made of it."""
    pooling = dataclasses.replace(company.copied_to(base, *MADE_FROM, "forecasts"), pooled_skus=POOLED_SKUS)
    succeeded(pooling.run("pool_rows", None, POOLED_FROM, DECEMBER))
    succeeded(pooling.run("pool_model", None, DECEMBER))
    succeeded(pooling.run("monthly_cycle", "NO", DECEMBER, assets=OF_POOLED_MARKET))
    return pooling


def recorded(result: dg.ExecuteInProcessResult) -> dict[str, dict]:
    """Metadata of each materialization by asset, and each check as ``asset:check`` with its result."""
    materialized = {
        event.asset_key.path[-1]: {name: str(value.value) for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
    }
    checked = {
        f"{check.asset_key.path[-1]}:{check.check_name}": [check.passed, check.severity.value, check.description]
        for check in result.get_asset_check_evaluations()
    }
    return {"run_id": result.run_id, "materialized": materialized, "checked": checked}


def succeeded(result: dg.ExecuteInProcessResult) -> None:
    assert result.success, [str(event) for event in result.all_events if event.is_failure]


@contextmanager
def unused_port() -> Iterator[int]:
    """A loopback port that nobody listens on: bound, so that nobody else takes it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def deliver(company: Company) -> None:
    """Write the landing files and the markets file."""
    write_sample_company(company.landing, markets=6, skus=12, months=36, last_month=DECEMBER)
    for file in company.landing.rglob("*.parquet"):
        code = file.name[:2]
        if code not in CODES or (code == "NO" and file.parent.name == "sell_out"):
            file.unlink()
    rename_skus(company.landing)
    # Files younger than a minute count as still being written where no marker says otherwise.
    for source in company.landing.iterdir():
        (source / "_SUCCESS").touch()
    (company.base / "markets.yaml").write_text(MARKETS, encoding="utf-8")


def rename_skus(landing: Path) -> None:
    """Give three SKUs of FR awkward names in all its deliveries: the three that sold most in the last month."""
    last = pq.read_table(landing / "sell_in" / "FR_2024-12.parquet").to_pandas()
    largest = last.sort_values("units", ascending=False)["sku"].head(len(AWKWARD_SKUS))
    names = dict(zip(largest, AWKWARD_SKUS, strict=True))
    for file in landing.rglob("FR*.parquet"):
        rows = pq.read_table(file)
        for column in {"sku", "reference_sku"} & set(rows.column_names):
            renamed = pa.array([names.get(sku, sku) for sku in rows[column].to_pylist()], pa.string())
            rows = rows.set_column(rows.schema.get_field_index(column), column, renamed)
        pq.write_table(rows, file)
