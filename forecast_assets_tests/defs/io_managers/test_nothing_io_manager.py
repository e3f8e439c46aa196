"""A run that died goes on in another process, whichever of its steps had ended."""

import dagster as dg
import pytest
from dagster._core.execution.api import create_execution_plan

from forecast_assets.definitions import defs
from forecast_assets.defs.io_managers.nothing_io_manager import NothingIOManager

CYCLE = defs.resolve_job_def("monthly_cycle")
STEPS = [step.key for step in create_execution_plan(CYCLE).get_all_steps_in_topo_order()]


# Later steps read tables alone.
@pytest.mark.parametrize("ended", range(1, 7), ids=STEPS[:6])
def test_a_cycle_can_be_started_again_after_each_of_its_first_steps(ended):
    assert create_execution_plan(CYCLE, step_keys_to_execute=STEPS[ended:]).artifacts_persisted


def test_an_output_that_is_not_stored_cannot_be_loaded():
    @dg.asset(io_manager_key="nothing")
    def gate():
        return 1

    @dg.asset
    def reader(gate):
        return gate

    with pytest.raises(LookupError, match="gate is not stored"):
        dg.materialize([gate, reader], resources={"nothing": NothingIOManager()})
