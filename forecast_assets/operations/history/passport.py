"""The passport of one published number: what it says, why, and every version that it was made from.

Read from the store alone; what only Dagster's log knows (checks) is added by ``checks_of_run``.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg
import pandas as pd

from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months
from forecast_assets.domain.models.market_model_storage import champion_from_parts, model_from_parts
from forecast_assets.domain.selection.contest import recipe_id
from forecast_assets.domain.suggestions import closest
from forecast_assets.operations.history.historical_store import NotAsRecorded, RecordedVersions
from forecast_assets.storage import PartitionKey, StoredProvenance, TableStore
from forecast_assets.tracking.mlflow_runs import MlflowRuns

PUBLISHED = "published_forecasts"
# What a number was made from, by its source.
BEFORE = {
    "model": ("forecasts", "model"), "champion": ("forecasts", "model"), "baseline": ("baseline_forecasts",),
    "last published": (PUBLISHED,), "override": ("overrides",),
}  # fmt: skip
SAID = [
    "forecast_units", "forecast_units_p10", "forecast_units_p90", "status", "source", "reason", "rule", "model_units",
    "baseline_units", "naive_units", "horizon_months", "category", "abc_class", "xyz_class", "inputs_missing",
]  # fmt: skip
WRITTEN = ["version", "content_hash", "run_id", "cycle_id", "git_sha", "code_version", "configuration", "written_at"]
CLOSE = 5


class NoSuchForecast(LookupError):
    """There is no such number; the message says what there is."""


def latest_origin(store: TableStore, country: str, target: pd.Timestamp) -> pd.Timestamp:
    """The last origin published before a month. Raises NoSuchForecast."""
    origins = _origins(store, country)
    before = [origin for origin in origins if origin < target]
    if not before:
        raise NoSuchForecast(f"{country} has nothing published before {target:%Y-%m}; origins: {_months(origins)}")
    return before[-1]


def passport(store: TableStore, place: PartitionKey, sku: str, target: pd.Timestamp) -> dict[str, Any]:
    """Everything that is stored about one published number, as plain values.

    Raises:
        NoSuchForecast: If origin, SKU or target month is not published; the message says what is.
    """
    row, said = _published_row(store, place, sku, target)
    versions = RecordedVersions(store)
    chain = [(PUBLISHED, place, said), *_before(versions, said, str(row["source"]))]
    found: dict[str, Any] = {
        "market": place.country, "sku": sku, "origin_month": place.month_text, "target_month": f"{target:%Y-%m-%d}",
        "said": {name: _plain(row[name]) for name in SAID},
        "chain": [_link(table, at, written) for table, at, written in chain],
    }  # fmt: skip
    found["model"] = _model(store, versions, chain, str(row["source"]))
    found["champion"] = _row_of_input(store, versions, said, "champion")
    found["override"] = _override(store, versions, said, sku, target)
    found["mlflow"] = MlflowRuns(store).of(place, said)
    return found


def checks_of_run(instance: dg.DagsterInstance | None, run_id: str, asset: str) -> dict[str, str] | None:
    """What checks of an asset said in a run, by name; None where Dagster's log has no such run."""
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
    store: TableStore, place: PartitionKey, sku: str, target: pd.Timestamp
) -> tuple[pd.Series, StoredProvenance]:
    origins = _origins(store, str(place.country))
    if place.month not in origins:
        raise NoSuchForecast(
            f"{place.country} has nothing published of {place.month:%Y-%m}; origins: {_months(origins)}"
        )
    rows, provenances = store.read_with_provenance(PUBLISHED, [place])
    own = rows[rows["sku"] == sku]
    if own.empty:
        known = sorted(rows["sku"].unique())
        near = closest(sku, known, count=CLOSE, cutoff=0.4) or known[:CLOSE]
        raise NoSuchForecast(
            f"{place.country} {place.month:%Y-%m} has no SKU {sku!r} among {len(known):,}; near it: {', '.join(near)}"
        )
    cell = own[own["target_month"] == target]
    if cell.empty:
        first, last = add_months(place.month, 1), add_months(place.month, HORIZON_MONTHS)
        raise NoSuchForecast(
            f"the origin {place.month:%Y-%m} forecasts {first:%Y-%m} to {last:%Y-%m}, asked for {target:%Y-%m}"
        )
    return cell.iloc[0], provenances[place]


def _origins(store: TableStore, country: str) -> list[pd.Timestamp]:
    places = store.list_partitions(PUBLISHED)
    known = sorted({place.country for place in places if place.country})
    if country not in known:
        close = closest(country, known)
        hint = f", did you mean {close[0]}?" if close else ""
        raise NoSuchForecast(f"nothing is published of market {country}{hint}; published: {', '.join(known) or 'none'}")
    return [place.month for place in places if place.country == country]


def _months(months: Sequence[pd.Timestamp]) -> str:
    return ", ".join(f"{month:%Y-%m}" for month in months)


def _before(
    versions: RecordedVersions, said: StoredProvenance, source: str
) -> list[tuple[str, PartitionKey, StoredProvenance | str]]:
    """The versions behind a published number, the nearest first; a text where one is not as recorded."""
    found: list[tuple[str, PartitionKey, StoredProvenance | str]] = []
    for table in BEFORE[source]:
        ((key, wanted),) = said.inputs[table].items()
        at = PartitionKey.from_dagster(key)
        try:
            path = versions.path(table, at, wanted)
        except NotAsRecorded as problem:
            return [*found, (table, at, str(problem))]
        said = next(version.provenance for version in versions.of(table, at) if version.path == path)
        found.append((table, at, said))
    return found


def _link(table: str, at: PartitionKey, written: StoredProvenance | str) -> dict[str, Any]:
    place = {"table": table, "partition": at.to_dagster()}
    if isinstance(written, str):
        return place | {"problem": written}
    return place | {name: getattr(written, name) for name in WRITTEN} | {"inputs": written.inputs}


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
        "boosting_weight": trained.boosting_weight, "of": "champion" if beside else "model",
    }  # fmt: skip


def _row_of_input(
    store: TableStore, versions: RecordedVersions, said: StoredProvenance, table: str
) -> dict[str, Any] | None:
    rows = _rows_of_input(store, versions, said, table)
    if rows.empty:
        return None
    return {name: _plain(value) for name, value in rows.iloc[0].items() if name not in ("country", "month")}


def _override(
    store: TableStore, versions: RecordedVersions, said: StoredProvenance, sku: str, target: pd.Timestamp
) -> dict[str, Any] | None:
    rows = _rows_of_input(store, versions, said, "overrides")
    own = rows[(rows["sku"] == sku) & (rows["target_month"] == target)] if len(rows) else rows
    if own.empty:
        return None
    return {name: _plain(own.iloc[0][name]) for name in ("forecast_units", "author", "reason")}


def _rows_of_input(store: TableStore, versions: RecordedVersions, said: StoredProvenance, table: str) -> pd.DataFrame:
    """Rows of the one partition of a table that a publication read; none where it read none, or it is gone."""
    for key, wanted in said.inputs.get(table, {}).items():
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
