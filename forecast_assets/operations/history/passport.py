"""Passport of one published number: its values, its reason, and every version that it was computed from.

It is read from the store alone; ``checks_of_run`` adds the checks, which only Dagster's event log has.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import dagster as dg
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.models.market_model_storage import champion_from_parts, model_from_parts
from forecast_assets.domain.selection.contest import recipe_id
from forecast_assets.domain.suggestions import closest, did_you_mean
from forecast_assets.operations.history.historical_store import NotAsRecorded, RecordedVersions
from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore
from forecast_assets.tracking.mlflow_runs import MlflowRuns

PUBLISHED, REASONS = "published_forecasts", "forecast_reasons"
# Tables that a number was computed from, nearest first, by its source.
BEFORE = {
    "model": ("forecasts", "model"), "champion": ("forecasts", "model"), "baseline": ("baseline_forecasts",),
    "last published": (PUBLISHED,), "override": ("overrides",), "rule": ("forecasts", "model"),
}  # fmt: skip
PUBLISHED_COLUMNS = [
    "forecast_units", "forecast_units_p10", "forecast_units_p90", "status", "source", "reason", "rule", "model_units",
    "baseline_units", "naive_units", "horizon_months", "category", "abc_class", "xyz_class", "inputs_missing",
]  # fmt: skip
WRITTEN = ["version", "content_hash", "run_id", "cycle_id", "git_sha", "code_version", "configuration", "written_at"]
CLOSE = 5


class NoSuchForecast(LookupError):
    """Error for a number that is not published; the message names the published ones."""


@dataclasses.dataclass(frozen=True)
class Passport:
    """All that is stored about one published number, as plain values.

    Attributes:
        market: Market code.
        sku: The SKU.
        origin_month: First day of the origin month, as text.
        target_month: First day of the forecast month, as text.
        published: Columns of the published row.
        chain: The versions that the number was computed from, nearest first: table, partition and provenance.
        model: Configuration and size of the model; None if the source is no model.
        champion: Row of the champion table that the publication read; None without one.
        override: Units, author and reason of a planner's override; None without one.
        reasons: What made the number, then the causes of its difference from last year, each with ``cause, units,
            text``; empty if they are not stored for this publication.
        mlflow: Row of the MLflow run of the publication; None if none is recorded.
    """

    market: str
    sku: str
    origin_month: str
    target_month: str
    published: dict[str, Any]
    chain: list[dict[str, Any]]
    model: dict[str, Any] | None
    champion: dict[str, Any] | None
    override: dict[str, Any] | None
    reasons: list[dict[str, Any]]
    mlflow: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """Return the passport under the keys of ``forecast-assets why --json``."""
        head = {name: getattr(self, name) for name in ("market", "sku", "origin_month", "target_month")}
        rest = {name: getattr(self, name) for name in ("reasons", "chain", "model", "champion", "override", "mlflow")}
        return {**head, "said": self.published, **rest}


def latest_origin(store: TableStore, country: str, target: pd.Timestamp) -> pd.Timestamp:
    """Return the last origin published before a month.

    Raises:
        NoSuchForecast: If no origin is published before it.
    """
    origins = _origins(store, country)
    before = [origin for origin in origins if origin < target]
    if not before:
        raise NoSuchForecast(f"{country} has nothing published before {target:%Y-%m}; origins: {_months(origins)}")
    return before[-1]


def passport(store: TableStore, partition: PartitionKey, sku: str, target: pd.Timestamp) -> Passport:
    """Read the passport of one published number.

    Raises:
        NoSuchForecast: If origin, SKU or target month is not published; the message names the published ones.
    """
    row, provenance = _published_row(store, partition, sku, target)
    versions = RecordedVersions(store)
    chain = [(PUBLISHED, partition, provenance), *_before(versions, provenance, str(row["source"]))]
    return Passport(
        market=str(partition.country),
        sku=sku,
        origin_month=partition.month_text,
        target_month=f"{target:%Y-%m-%d}",
        published={name: _plain(row[name]) for name in PUBLISHED_COLUMNS},
        chain=[_link(table, at, written) for table, at, written in chain],
        model=_model(store, versions, chain, str(row["source"])),
        champion=_row_of_input(store, versions, provenance, "champion"),
        override=_override(store, versions, provenance, sku, target),
        reasons=_reasons(store, partition, provenance, sku, target),
        mlflow=MlflowRuns(store).of(partition, provenance),
    )


def checks_of_run(instance: dg.DagsterInstance | None, run_id: str, asset: str) -> dict[str, str] | None:
    """Return the results of an asset's checks in a run, by name; None if Dagster's log has no such run."""
    if instance is None or not instance.has_run(run_id):
        return None
    logged = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    evaluations = [entry.dagster_event.asset_check_evaluation_data for entry in logged if entry.dagster_event]
    return {
        each.check_name: "passed" if each.passed else f"{each.severity.value}: {each.description}"
        for each in evaluations
        if each.asset_key.path[-1] == asset
    }


def _published_row(
    store: TableStore, partition: PartitionKey, sku: str, target: pd.Timestamp
) -> tuple[pd.Series, StoredProvenance]:
    origins = _origins(store, str(partition.country))
    if partition.month not in origins:
        raise NoSuchForecast(
            f"{partition.country} has nothing published of {partition.month:%Y-%m}; origins: {_months(origins)}"
        )
    rows, provenances = store.read_with_provenance(PUBLISHED, [partition])
    own = rows[rows["sku"] == sku]
    if own.empty:
        known = sorted(rows["sku"].unique())
        near = closest(sku, known, count=CLOSE, cutoff=0.4) or known[:CLOSE]
        raise NoSuchForecast(
            f"{partition.country} {partition.month:%Y-%m} has no SKU {sku!r} among {len(known):,}; "
            f"near it: {', '.join(near)}"
        )
    cell = own[own["target_month"] == target]
    if cell.empty:
        first, last = add_months(partition.month, 1), add_months(partition.month, HORIZON_MONTHS)
        raise NoSuchForecast(
            f"the origin {partition.month:%Y-%m} forecasts {first:%Y-%m} to {last:%Y-%m}, asked for {target:%Y-%m}"
        )
    return cell.iloc[0], provenances[partition]


def _reasons(
    store: TableStore, partition: PartitionKey, published: StoredProvenance, sku: str, target: pd.Timestamp
) -> list[dict[str, Any]]:
    """Return the reasons of a number, in order; none if those in the store are of another publication."""
    if not store.exists(REASONS, partition):
        return []
    rows, provenances = store.read_with_provenance(REASONS, [partition])
    read = provenances[partition].inputs.get(PUBLISHED, {})
    if published.content_hash not in read.values():
        return []
    own = rows[(rows["sku"] == sku) & (rows["target_month"] == target)].sort_values("order")
    return [{name: _plain(row[name]) for name in ("cause", "units", "text")} for _, row in own.iterrows()]


def _origins(store: TableStore, country: str) -> list[pd.Timestamp]:
    partitions = store.list_partitions(PUBLISHED)
    known = sorted({partition.country for partition in partitions if partition.country})
    if country not in known:
        hint = did_you_mean(country, known, opening=", did you mean")
        raise NoSuchForecast(f"nothing is published of market {country}{hint}; published: {', '.join(known) or 'none'}")
    return [partition.month for partition in partitions if partition.country == country]


def _months(months: Sequence[pd.Timestamp]) -> str:
    return ", ".join(f"{month:%Y-%m}" for month in months)


def _before(
    versions: RecordedVersions, provenance: StoredProvenance, source: str
) -> list[tuple[str, PartitionKey, StoredProvenance | str]]:
    """Return the versions behind a published number, nearest first; a text for one that is not as recorded."""
    links: list[tuple[str, PartitionKey, StoredProvenance | str]] = []
    # The rules of a fallback without forecasts were applied to the baseline.
    by_baseline = source == "rule" and not provenance.inputs.get("forecasts")
    for table in BEFORE["baseline" if by_baseline else source]:
        ((key, wanted),) = provenance.inputs[table].items()
        at = PartitionKey.from_dagster(key)
        try:
            path = versions.path(table, at, wanted)
        except NotAsRecorded as problem:
            return [*links, (table, at, str(problem))]
        provenance = next(version.provenance for version in versions.of(table, at) if version.path == path)
        links.append((table, at, provenance))
    return links


def _link(table: str, at: PartitionKey, written: StoredProvenance | str) -> dict[str, Any]:
    head = {"table": table, "partition": at.to_dagster()}
    if isinstance(written, str):
        return head | {"problem": written}
    return head | {name: getattr(written, name) for name in WRITTEN} | {"inputs": written.inputs}


def _model(
    store: TableStore, versions: RecordedVersions, chain: Sequence[tuple[str, PartitionKey, Any]], source: str
) -> dict[str, Any] | None:
    table, at, written = chain[-1]
    if table != "model" or isinstance(written, str):
        return None
    parts = store.read_version(table, at, written.version)
    beside = champion_from_parts(parts) if source == "champion" else None
    trained = beside or model_from_parts(parts)
    return {
        "recipe_id": recipe_id(trained.recipe), "features": len(trained.columns), "rows": trained.rows,
        "refits": trained.refits, "cutoff": f"{trained.cutoff:%Y-%m-%d}", "pooled_share": trained.pooled_share,
        "boosting_weight": trained.boosting_weight, "planned_share": trained.planned_share,
        "switched_off": list(trained.switched_off), "of": "champion" if beside else "model",
    }  # fmt: skip


def _row_of_input(
    store: TableStore, versions: RecordedVersions, provenance: StoredProvenance, table: str
) -> dict[str, Any] | None:
    rows = _rows_of_input(store, versions, provenance, table)
    if rows.empty:
        return None
    return {str(name): _plain(value) for name, value in rows.iloc[0].items() if name not in ("country", "month")}


def _override(
    store: TableStore, versions: RecordedVersions, provenance: StoredProvenance, sku: str, target: pd.Timestamp
) -> dict[str, Any] | None:
    rows = _rows_of_input(store, versions, provenance, "overrides")
    own = rows[(rows["sku"] == sku) & (rows["target_month"] == target)] if len(rows) else rows
    if own.empty:
        return None
    return {name: _plain(own.iloc[0][name]) for name in ("forecast_units", "author", "reason")}


def _rows_of_input(
    store: TableStore, versions: RecordedVersions, provenance: StoredProvenance, table: str
) -> pd.DataFrame:
    """Return the rows of the partition of a table that a publication read; no rows without a readable one."""
    for key, wanted in provenance.inputs.get(table, {}).items():
        at = PartitionKey.from_dagster(key)
        try:
            return store.read_version(table, at, versions.path(table, at, wanted).rpartition("/")[2])
        except NotAsRecorded:
            break
    return pd.DataFrame()


def _plain(value: Any) -> Any:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return value.item() if hasattr(value, "item") else value
