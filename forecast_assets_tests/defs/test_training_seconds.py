"""Duration of the stored model's training, as the instance has recorded its run."""

from types import SimpleNamespace

import pandas as pd

from forecast_assets.defs.assets.cycle_records import training_seconds
from forecast_assets.storage import PartitionKey

PARTITION = PartitionKey(pd.Timestamp("2024-06-01"), "FR")


def store(*, has_model: bool = True):
    return SimpleNamespace(
        exists=lambda table, partition: has_model and (table, partition) == ("model", PARTITION),
        provenance=lambda table, partition: SimpleNamespace(run_id=f"run of {table}"),
    )


def instance(*steps: tuple):
    recorded = [SimpleNamespace(start_time=begin, end_time=end) for begin, end in steps]
    return SimpleNamespace(get_run_step_stats=lambda run_id, names: recorded if run_id == "run of model" else [])


def test_it_is_the_time_of_the_step_in_the_run_that_trained():
    assert training_seconds(instance((100.0, 112.5)), store(), PARTITION) == 12.5


def test_it_is_unknown_without_a_model_or_a_record_of_the_run():
    assert training_seconds(instance((100.0, 112.5)), store(has_model=False), PARTITION) is None
    assert training_seconds(instance(), store(), PARTITION) is None
    assert training_seconds(instance((100.0, None)), store(), PARTITION) is None
