"""Rows of a publication and those before, as report and MLflow get them, and the run that is kept."""

import dataclasses
import inspect
from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.defs.assets import publication
from forecast_assets.storage import PartitionKey
from forecast_assets.tracking.mlflow_tracking import RecordedRun
from forecast_assets_tests.repository_settings import loaded

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")
FR_JUNE = PartitionKey(JUNE, "FR")
TWO_MONTHS = pd.DataFrame({"month": [MAY, JUNE], "sku": ["of May", "of June"]})
NOTHING = pd.DataFrame({"month": []})


def context(metadata):
    return SimpleNamespace(
        run=SimpleNamespace(tags={}, run_id="run-1"), retry_number=0, instance=None, log=None,
        partition_keys=[dg.MultiPartitionKey({"month": "2024-06-01", "country": "FR"})],
        add_output_metadata=metadata.update,
    )  # fmt: skip


@pytest.mark.parametrize(("performance", "rows"), [(TWO_MONTHS, 2), (NOTHING, None)])
def test_a_report_shows_this_publication_beside_the_one_before(monkeypatch, performance, rows):
    given, metadata = [], {}
    stand_ins = {
        "MarketReport": lambda **fields: given.append(fields) or SimpleNamespace(**fields),
        "known_rows": lambda table, month: table, "model_summary": lambda *_: None, "open_store": lambda _: None,
        "review_of": lambda *_: SimpleNamespace(in_words=""), "overall_rows": lambda _: None,
        "page_figures": lambda url, path, rows, name: {name: path}, "render_market_report": lambda _: "<html>",
        "render_workbook": lambda _: b"book",
    }  # fmt: skip
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(publication, name, stand_in)
    run = inspect.unwrap(publication.market_report.op.compute_fn.decorated_fn)
    names = set(inspect.signature(run).parameters) - {"context", "settings", "delivery_findings"}
    tables = dict.fromkeys(names, NOTHING) | {"published_forecasts": TWO_MONTHS, "performance": performance}
    findings = SimpleNamespace(table=lambda partition: partition)
    documents = run(context(metadata), settings=loaded(), delivery_findings=findings, **tables)
    (report,) = given
    assert report["published"]["sku"].tolist() == ["of June"]
    assert report["published_before"]["sku"].tolist() == ["of May"]
    assert (None if report["performance"] is None else len(report["performance"])) == rows
    assert report["findings"] == FR_JUNE
    assert list(metadata) == ["accuracy"]
    assert documents == {JUNE: {"market_report.html": b"<html>", "market_report.xlsx": b"book"}}


@dataclasses.dataclass(frozen=True)
class Record:
    """A record of a cycle."""

    store_id: str = ""
    earlier_run_id: str | None = None


@pytest.mark.parametrize(("address", "record"), [("memory", Record("store", "earlier")), ("", Record())])
def test_a_run_in_mlflow_follows_the_earlier_one_and_is_kept_by_the_owner_of_the_market(monkeypatch, address, record):
    calls, given = [], []
    runs = SimpleNamespace(
        store=None, require_owner=lambda run_id: calls.append(("owner", run_id)), store_id=lambda: "store",
        recorded_run=lambda partition, cycle: "earlier" if (partition, cycle) == (FR_JUNE, "dev-2024-06") else None,
        keep=lambda *kept: calls.append(kept),
    )  # fmt: skip

    def reported(tracking, record, named, log, keep):
        given.append(record)
        keep(RecordedRun("run", "parent", None))
        yield "reported"

    stand_ins = {
        "cycle_record": lambda **_: Record(), "training_seconds": lambda *_: None,
        "champion_record": lambda *_: None, "recorded_or_reported": reported,
    }  # fmt: skip
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(publication, name, stand_in)
    run = inspect.unwrap(publication.mlflow_run.op.compute_fn.decorated_fn)
    tables = dict.fromkeys(("model", "backtest", "published_forecasts", "champion", "performance"))
    tracking = SimpleNamespace(tracking_uri=address)
    assert list(run(context({}), settings=loaded(), mlflow_tracking=tracking, mlflow_runs=runs, **tables)) == [
        "reported"
    ]
    assert given == [record]
    assert calls == [("owner", "run-1"), (FR_JUNE, "dev-2024-06", "run-1", "run", "parent")]
