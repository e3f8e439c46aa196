"""All that is imported from private modules of Dagster; the pinned version has no public name for it.

Each upgrade of Dagster is checked here.
"""

from dagster._core.definitions.run_request import InstigatorType
from dagster._core.errors import DagsterPipesExecutionError
from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick, TickStatus
from dagster._utils.schedules import reverse_cron_string_iterator
from dagster_shared.error import SerializableErrorInfo

__all__ = [
    "DagsterPipesExecutionError", "InstigatorState", "InstigatorTick", "InstigatorType", "SerializableErrorInfo",
    "TickStatus", "reverse_cron_string_iterator",
]  # fmt: skip
