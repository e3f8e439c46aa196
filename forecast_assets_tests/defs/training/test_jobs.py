"""Starting of training jobs: done work is not done again, a lost job is tried again, one that cannot succeed is not."""

import logging
import types

import pytest

from forecast_assets.config.markets import Market
from forecast_assets.config.settings import load_settings
from forecast_assets.defs.training.jobs import TrainingJobLost, TrainingJobRefused, TrainingJobs
from forecast_assets.market_state.training_request import TrainingRequest
from forecast_assets.operations.dagster_internals import DagsterPipesExecutionError
from forecast_assets.storage import TableStore
from forecast_assets.storage.anchor_memory import AnchorMemory
from forecast_assets.storage.transient_errors import is_transient

MARKETS = """markets:
  - {code: "FR", name: F, iso2: "FR", iso3: FRA, region: Europe, since: 2019-01-01, compute: process}
  - {code: "DE", name: D, iso2: "DE", iso3: DEU, region: Europe, since: 2019-01-01}
"""
CONTEXT = types.SimpleNamespace(log=logging.getLogger("test"))
REQUEST = TrainingRequest("model", "FR", "2024-11-01", {"sell_in": {"columns": None, "hashes": {}}}, ["{}"], "0")


class Said:
    """Messages of a job."""

    def __init__(self, *messages):
        self.messages = messages

    def get_custom_messages(self):
        return self.messages


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "markets.yaml").write_text(MARKETS)
    return load_settings({"FORECAST_STORE": str(tmp_path / "store"), "FORECAST_LANDING": str(tmp_path / "landing"),
                          "FORECAST_MARKETS": str(tmp_path / "markets.yaml")})  # fmt: skip


@pytest.fixture
def memory(tmp_path):
    return AnchorMemory(TableStore(str(tmp_path / "store")))


def jobs(settings, memory, start):
    return TrainingJobs(settings, memory, {"process": start})


def test_a_market_has_jobs_if_its_entry_says_so_and_never_in_a_replay(settings, memory):
    assert jobs(settings, memory, None).takes("FR")
    assert not jobs(settings, memory, None).takes("DE")
    assert not jobs(settings, AnchorMemory(None), None).takes("FR")
    assert Market("FR", "F", "FR", "FRA", "Europe", None).compute == ""


def test_a_job_is_started_once_for_the_same_request(settings, memory):
    started = []

    def start(context, request, listening):
        started.append(request)
        request.mark_done(memory)

    for _ in range(2):
        jobs(settings, memory, start).require(CONTEXT, REQUEST)
    assert started == [REQUEST]


@pytest.mark.parametrize("said", [None, Said(), Said("text", {"other": 1})])
def test_a_job_without_a_reason_may_be_tried_again(settings, memory, said):
    def start(context, request, listening):
        listening.handler = said
        raise DagsterPipesExecutionError("Error running Azure ML job: Canceled")

    with pytest.raises(TrainingJobLost, match=r"FR\|2024-11-01: the job for model on process .*Canceled") as raised:
        jobs(settings, memory, start).require(CONTEXT, REQUEST)
    assert is_transient(raised.value)


def test_a_job_that_cannot_succeed_is_told_by_its_own_reason_and_not_tried_again(settings, memory):
    def start(context, request, listening):
        listening.handler = Said({"refused": "OutdatedFeatures: features [FR|2024-10-01] lack price"})
        raise DagsterPipesExecutionError("exit code 1")

    with pytest.raises(TrainingJobRefused, match=r"^FR\|2024-11-01: OutdatedFeatures: .* lack price$") as raised:
        jobs(settings, memory, start).require(CONTEXT, REQUEST)
    assert not is_transient(raised.value)


def test_a_job_that_ended_without_a_result_is_an_error(settings, memory):
    with pytest.raises(TrainingJobRefused, match=f"ended without a result.*{settings.store.address}"):
        jobs(settings, memory, lambda *_: None).require(CONTEXT, REQUEST)
