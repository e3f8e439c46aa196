"""A step is tried again for what passes by itself and for nothing else."""

import dagster as dg
import pandas as pd
import pytest

from forecast_assets.definitions import build_definitions
from forecast_assets.defs.retries import RETRIES, with_retries
from forecast_assets_tests.repository_settings import loaded

AT_ONCE = dg.RetryPolicy(max_retries=2, delay=0)


def attempts(*errors: BaseException) -> tuple[int, bool]:
    """Return the calls of an asset that fails with these errors, one a call, and the run's success."""
    calls, waiting = [], list(errors)

    @dg.asset
    @with_retries(AT_ONCE)
    def table(context: dg.AssetExecutionContext):
        calls.append(context.retry_number)
        if waiting:
            raise waiting.pop(0)
        yield dg.Output(None)

    result = dg.materialize([table], raise_on_error=False)
    assert calls == list(range(len(calls)))
    return len(calls), result.success


def test_a_transient_error_is_tried_again_until_it_passes():
    assert attempts(TimeoutError(), ConnectionError()) == (3, True)


def test_not_more_often_than_the_policy_says():
    assert attempts(*[TimeoutError()] * 5) == (3, False)


@pytest.mark.parametrize("error", [ValueError("bad data"), dg.Failure("closed"), KeyError("defect")])
def test_other_errors_end_the_step_at_once(error):
    assert attempts(error) == (1, False)


def test_a_run_that_is_stopped_is_not_tried_again():
    """An asset's ``retry_policy`` would: Dagster applies it to interrupts, too."""
    calls = []

    @dg.asset
    @with_retries(AT_ONCE)
    def table(context: dg.AssetExecutionContext):
        calls.append(1)
        raise dg.DagsterExecutionInterruptedError

    result = dg.materialize([table], raise_on_error=False)
    assert (result.success, len(calls)) == (False, 1)


def test_waits_grow_and_differ_between_markets():
    waits = [[RETRIES.calculate_delay(attempt) for attempt in (1, 2, 3, 4)] for _ in range(20)]
    for attempt, expected in enumerate((5, 10, 20, 40)):
        of_attempt = [wait[attempt] for wait in waits]
        assert all(0 <= wait <= 2 * expected for wait in of_attempt)
        assert len({round(wait, 6) for wait in of_attempt}) > 10


class Storage:
    """A store whose first calls fail."""

    def __init__(self, failing: int) -> None:
        self.failing = failing

    def __call__(self, *_: object, **__: object) -> list:
        if self.failing:
            self.failing -= 1
            raise ConnectionResetError
        return []


@pytest.mark.parametrize(("failing", "succeeds"), [(1, True), (5, False)])
def test_writing_a_table_is_tried_again(tmp_path, monkeypatch, failing, succeeds):
    monkeypatch.setattr("forecast_assets.storage.TableStore.write_all", Storage(failing))
    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", lambda *_: 0)
    (tmp_path / "landing" / "sell_in").mkdir(parents=True)
    definitions = build_definitions(
        loaded(FORECAST_STORE=str(tmp_path / "store"), FORECAST_LANDING=str(tmp_path / "landing"))
    )
    result = definitions.resolve_job_def("ingest").execute_in_process(
        partition_key=dg.MultiPartitionKey({"month": f"{pd.Timestamp('2024-06-01'):%Y-%m-%d}", "country": "FR"}),
        asset_selection=[dg.AssetKey("covid_policy")],
        raise_on_error=False,
    )
    assert result.success == succeeds
