"""Training of a market on another machine: started by a step with Dagster Pipes, waited for, its failure told.

``compute`` of the market's entry says where: ``azureml`` (a command job of Azure ML), or ``process`` (a process of its
own on this machine, whose memory is free again at its end). Both run ``train_job.py``.
"""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg

from forecast_assets.config.settings import Settings
from forecast_assets.market_state.training_request import TrainingRequest
from forecast_assets.operations.dagster_internals import DagsterPipesExecutionError
from forecast_assets.storage.anchor_memory import AnchorMemory

# Key of the message in which a job says why it must not be started again as it is.
REFUSED = "refused"
PROGRAM = ("-m", "forecast_assets.defs.training.train_job")


class TrainingJobLost(ConnectionError):
    """A job failed, or was preempted or cancelled, without a reason in its request: another one may succeed."""


class TrainingJobRefused(RuntimeError):
    """A job cannot succeed as it was asked for: bad inputs, other code, or it was stopped."""


Start = Callable[[dg.AssetExecutionContext, TrainingRequest, "Listening"], None]


class Listening:
    """Messages of a job while it ran; kept apart from the client, which raises without them."""

    def __init__(self) -> None:
        self.handler: dg.PipesMessageHandler | None = None

    @property
    def refusal(self) -> str:
        """The job's reason why it cannot succeed; empty without one."""
        said = self.handler.get_custom_messages() if self.handler else []
        return next((str(each[REFUSED]) for each in said if isinstance(each, dict) and REFUSED in each), "")


@dataclasses.dataclass(frozen=True)
class TrainingJobs:
    """Starter of training jobs.

    Attributes:
        settings: Settings of the company.
        memory: Where jobs keep their results.
        starts: Way of starting a job, by the name of the machine.
    """

    settings: Settings
    memory: AnchorMemory
    starts: Mapping[str, Start]

    def takes(self, country: str) -> bool:
        """Return True if the market's training is a job of its own; never in a replay, which keeps nothing."""
        return bool(self.settings.market_table[country].compute) and self.memory.store is not None

    def require(self, context: dg.AssetExecutionContext, request: TrainingRequest) -> None:
        """Carry out a request by a job, unless an earlier one has; its results are then in ``memory``.

        Raises:
            TrainingJobLost: If the job failed, or was preempted. The step is tried again; results that the job has
                kept are used by the next one.
            TrainingJobRefused: If the job says that it cannot succeed, or ended without a result.
        """
        if request.is_done(self.memory):
            context.log.info(f"{request.work}: an earlier job has done this work with the same inputs; it is used")
            return
        listening, machine = Listening(), self.settings.market_table[request.country].compute
        try:
            self.starts[machine](context, request, listening)
        except DagsterPipesExecutionError as error:
            if listening.refusal:
                raise TrainingJobRefused(f"{request.partition}: {listening.refusal}") from error
            raise TrainingJobLost(
                f"{request.partition}: the job for {request.work} on {machine} did not end well ({error}). "
                "It failed, was preempted or was cancelled; what it printed is in the log of this run"
            ) from error
        if not request.is_done(self.memory):
            raise TrainingJobRefused(
                f"{request.partition}: the job for {request.work} on {machine} ended without a result: it was stopped, "
                f"or keeps its results in another store than {self.settings.store.address}"
            )


def process_start(settings: Settings) -> Start:
    """Return the way of starting a job as a process of this machine, with the environment of this one."""

    def start(context: dg.AssetExecutionContext, request: TrainingRequest, listening: Listening) -> None:
        client = dg.PipesSubprocessClient(message_reader=heard(dg.PipesTempFileMessageReader, listening)())
        command, environment = [sys.executable, *PROGRAM], os.environ | places(settings)
        client.run(context=context, command=command, extras=request.values(), env=environment)

    return start


def places(settings: Settings) -> dict[str, str]:
    """Return the variables that say where a job finds the store."""
    return {
        "FORECAST_ENV": settings.env,
        "FORECAST_STORE": settings.store.address,
        "FORECAST_LANDING": settings.sources.landing,
        "FORECAST_AZURE_ACCOUNT": settings.azure.account,
        "FORECAST_AZURE_ACCOUNT_URL": settings.azure.account_url,
    }


def heard(reader: type[Any], listening: Listening) -> type[Any]:
    """Return a message reader's class that also hands its messages to ``listening``."""

    class Heard(reader):  # type: ignore[misc]
        @contextlib.contextmanager
        def read_messages(self, handler: dg.PipesMessageHandler) -> Iterator[Any]:
            listening.handler = handler
            with super().read_messages(handler) as params:
                yield params

    return Heard
