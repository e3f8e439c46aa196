"""Steps of runs under way, read from the records of an instance."""

import dagster as dg
import pandas as pd

from forecast_assets.domain.months import MonthRange
from forecast_assets.operations.cycle.launch import partition_tags
from forecast_assets.operations.cycle.running_steps import RunningStep, running_steps

JUNE = MonthRange(pd.Timestamp("2024-06-01"), pd.Timestamp("2024-06-01"))
SPRING = MonthRange(pd.Timestamp("2024-03-01"), pd.Timestamp("2024-05-01"))


@dg.op
def model(context: dg.OpExecutionContext):
    seen.append(running_steps(context.instance, KEYS))


@dg.op(ins={"after": dg.In(dg.Nothing)})
def backtest(context: dg.OpExecutionContext):
    seen.append(running_steps(context.instance, KEYS))


@dg.job
def monthly_cycle():
    backtest(model())


seen: list = []
KEYS = [("FR", "monthly_cycle", JUNE), ("DE", "monthly_cycle", JUNE), ("FR", "measure", JUNE)]


def test_a_run_names_its_latest_step_and_others_are_absent():
    seen.clear()
    with dg.DagsterInstance.ephemeral() as instance:
        monthly_cycle.execute_in_process(instance=instance, tags=partition_tags("FR", JUNE))
        assert running_steps(instance, KEYS) == {}  # It has ended.
    assert seen == [{KEYS[0]: RunningStep("model", 1)}, {KEYS[0]: RunningStep("backtest", 2)}]


def test_a_range_is_found_by_both_its_ends():
    assert partition_tags("FR", SPRING) == {
        "dagster/asset_partition_range_start": "FR|2024-03-01", "dagster/asset_partition_range_end": "FR|2024-05-01",
    }  # fmt: skip
    assert partition_tags(None, JUNE) == {"dagster/partition": "2024-06-01"}
