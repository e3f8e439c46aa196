"""Small publications of a market as a store holds them."""

from collections.abc import Mapping

import pandas as pd

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.evaluation.quantiles import with_every_quantile
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.table_specs import table_specs


def publication(month: pd.Timestamp, **columns: object) -> pd.DataFrame:
    """Return one row of ``published_forecasts``: SKU a, the month after the origin."""
    row = {
        "sku": "a", "origin_month": month, "target_month": add_months(month, 1), "horizon_months": 1,
        "forecast_units": 10.0, "forecast_units_p10": 5.0, "forecast_units_p90": 15.0, "baseline_units": 9.0,
        "naive_units": 8.0, "model_units": 10.0, "category": "tea", "abc_class": "A", "xyz_class": "X",
        "inputs_missing": "", "rule": "regular", "status": "published", "source": "model", "reason": "good",
    }  # fmt: skip
    return with_every_quantile(pd.DataFrame([row | columns]))


def publish(
    store: TableStore,
    month: pd.Timestamp,
    run: str = "",
    country: str = "FR",
    inputs: Mapping[str, Mapping[str, str]] | None = None,
    answers: Mapping[str, str] | None = None,
    **columns: object,
) -> dict[str, str]:
    """Publish a month and return it as an input of another: content hash by partition."""
    partition = PartitionKey(month, country)
    provenance = Provenance(
        run or f"run-{month:%Y-%m}", f"dev-{month:%Y-%m}", "sha",
        inputs={table: dict(hashes) for table, hashes in (inputs or {}).items()}, answers=dict(answers or {}),
    )  # fmt: skip
    spec = table_specs()["published_forecasts"]
    written = store.write(spec, partition, publication(month, **columns), provenance)
    return {partition.to_dagster(): written.provenance.content_hash}
