"""The market that all markets of a drill are copies of: simulated once, given its history once.

Nothing in a drill depends on what is sold, so the others have its deliveries and tables under other codes.
"""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecast_assets.domain.calendar import add_months
from forecast_assets.operations.cycle.launch import QUIET
from forecast_assets.sample import write_sample_company
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets.tags import RANGE_END_TAG, RANGE_START_TAG, SOURCES

MODEL_MARKET, SKUS, MONTHS = "FR", 6, 30
HISTORY = [*SOURCES, "history_marks", "features"]
PUBLISHED_BEFORE = ["champion", "published_forecasts"]


def entry(code: str, month: pd.Timestamp) -> str:
    """A market in markets.yaml, with data for 30 months up to one."""
    since = add_months(month, 1 - MONTHS)
    return (
        f'  - {{code: "{code}", name: "{code}", iso2: "FR", iso3: "FRA", region: Europe, since: {since:%Y-%m-%d}, '
        "stage: live, missing_month: zero}\n"
    )


class ModelMarket:
    """Deliveries up to a month, and a store with sources, marks and features of the months before it.

    Args:
        base: Where both are written.
        month: The month whose cycle is due.
        environment: Settings of the company.
        skus: SKUs that it sells.
        later_months: Months after the due one that are delivered, too.
    """

    def __init__(
        self, base: Path, month: pd.Timestamp, environment: Mapping[str, str], skus: int = SKUS, later_months: int = 0
    ) -> None:
        self.base, self.month = base, month
        self._environment = dict(environment)
        write_sample_company(
            base / "landing", markets=1, skus=skus, months=MONTHS + later_months,
            last_month=f"{add_months(month, later_months):%Y-%m}",
        )  # fmt: skip
        (base / "markets.yaml").write_text("markets:\n" + entry(MODEL_MARKET, month), encoding="utf-8")
        before, since = add_months(month, -1), add_months(month, 1 - MONTHS)
        for job, first in (("ingest", since), ("market_features", add_months(since, 11))):
            self._run(job, {RANGE_START_TAG: self._key(first), RANGE_END_TAG: self._key(before)})

    def publish_before(self) -> None:
        """The cycle of the month before the due one: the market has a champion and a published forecast."""
        before = self._key(add_months(self.month, -1))
        self._run("monthly_cycle", {}, partition_key=before)

    def copy_to(self, code: str, landing: Path, store: Path) -> None:
        """Deliver and store all of it under another code."""
        for file in (self.base / "landing").rglob(f"{MODEL_MARKET}*.parquet"):
            rows = pq.read_table(file)
            rows = rows.set_column(rows.schema.get_field_index("country"), "country", pa.array([code] * len(rows)))
            target = landing / file.parent.relative_to(self.base / "landing") / file.name.replace(MODEL_MARKET, code)
            target.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(rows, target)
        for table in HISTORY:
            self.copy_table(table, code, store)

    def copy_table(self, table: str, code: str, store: Path) -> None:
        """Write one table of the store again under another code: a file names the partition that it was written as."""
        spec, source = table_specs()[table], TableStore(str(self.base / "store"))
        frames, provenances = {}, {}
        for partition in source.list_partitions(table):
            target = PartitionKey(partition.month, code)
            frames[target] = source.read(spec, [partition]).drop(columns=["country", "month"])
            stored = source.provenance(table, partition)
            provenances[target] = Provenance(
                stored.run_id, stored.cycle_id, stored.git_sha, {}, stored.code_version, stored.configuration
            )
        TableStore(str(store)).write_all(spec, frames, provenances)

    def _run(self, job: str, tags: Mapping[str, str], partition_key: str | None = None) -> None:
        result = self._definitions().resolve_job_def(job).execute_in_process(
            run_config=QUIET, tags=dict(tags), partition_key=partition_key
        )  # fmt: skip
        assert result.success

    def _definitions(self) -> dg.Definitions:
        from forecast_assets.config.settings import load_settings
        from forecast_assets.definitions import build_definitions

        places = {"STORE": "store", "LANDING": "landing", "MARKETS": "markets.yaml"}
        own = {f"FORECAST_{name}": str(self.base / place) for name, place in places.items()}
        return build_definitions(load_settings(self._environment | own))

    @staticmethod
    def _key(month: pd.Timestamp) -> str:
        return f"{MODEL_MARKET}|{month:%Y-%m-%d}"
