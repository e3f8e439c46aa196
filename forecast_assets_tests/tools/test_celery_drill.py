"""The table of the drill of many workers: each killed run is found in a log, and named retried, told or lost."""

import subprocess

from tools.celery_drill.outcome import (
    ENDED,
    IDLE,
    LOST,
    RETRIED,
    TOLD,
    Kill,
    Run,
    as_markdown,
    outcome_of,
    recovery_seconds,
    table,
)
from tools.celery_drill.worker_log import Task, tasks_in
from tools.celery_drill.workers import OwnUser, Worker

LOG = """ -------------- celery@host v5.7.0
[2024-12-01 04:20:01,250: INFO/MainProcess] celery@host ready.
[2024-12-01 04:20:02,500: INFO/MainProcess] Task execute_job[11111111-aaaa-4000-8000-000000000001] received
[2024-12-01 04:20:12,000: INFO/MainProcess] Task execute_job[11111111-aaaa-4000-8000-000000000001] succeeded in 9.5s: 0
[2024-12-01 04:20:12,100: INFO/MainProcess] Task execute_job[11111111-aaaa-4000-8000-000000000002] received
[2024-12-01 04:20:12,900: ERROR/MainProcess] Task execute_job[11111111-aaaa-4000-8000-000000000002] raised unexpected: x
Task execute_job[11111111-aaaa-4000-8000-000000000009] received by a line that is no log entry
[2024-12-01 04:20:13,000: INFO/MainProcess] Task execute_job[11111111-aaaa-4000-8000-000000000003] received
"""
# 2024-12-01 04:20:00 UTC: 20,058 days and 4 h 20 min after 1970 began.
MINUTE = 20_058 * 86_400 + 4 * 3_600 + 20 * 60
RUNS = {
    run.run_id: run
    for run in (
        Run("done", "monthly_cycle", "FR", "2024-01", "SUCCESS", started_at=100.0),
        Run("killed", "monthly_cycle", "DE", "2024-01", "FAILURE", started_at=100.0),
        Run("again", "monthly_cycle", "DE", "2024-01", "FAILURE", started_at=150.0, retry_of="killed"),
        Run("gone", "monthly_cycle", "IT", "2024-01", "FAILURE", started_at=100.0),
    )
}


def test_tasks_of_a_log_have_their_times_and_one_in_hand_has_no_end():
    assert tasks_in(LOG.splitlines()) == [
        Task("11111111-aaaa-4000-8000-000000000001", MINUTE + 2.5, MINUTE + 12.0),
        Task("11111111-aaaa-4000-8000-000000000002", MINUTE + 12.1, MINUTE + 12.9),
        Task("11111111-aaaa-4000-8000-000000000003", MINUTE + 13.0, None),
    ]


def test_a_killed_run_is_retried_told_or_lost():
    kills = {
        Kill(1.0, "a"): IDLE,
        Kill(1.0, "a", "done"): ENDED,
        Kill(1.0, "a", "killed"): RETRIED,
        Kill(1.0, "a", "again"): TOLD,
        Kill(1.0, "a", "gone"): LOST,
    }
    assert {kill: outcome_of(kill, RUNS, {"again"}) for kill in kills} == kills


def test_a_month_without_exactly_one_forecast_is_lost():
    kills = [Kill(120.0, "a", "killed"), Kill(121.0, "b"), Kill(160.0, "c", "again"), Kill(170.0, "c", "gone")]
    wanted = {("FR", "2024-01"), ("DE", "2024-01"), ("IT", "2024-01")}
    published = {("FR", "2024-01"): 1, ("DE", "2024-01"): 0, ("NL", "2024-01"): 1}
    lines = table(kills, RUNS, {"again"}, wanted, published)
    assert [(line.times, line.lost, line.told) for line in lines] == [(3, 1, 1), (1, 0, 0), (3, 2, 0)]
    assert lines[0].observed == ("1 started again by Dagster, 1 reported and started by a person, 0 had just ended")
    assert lines[2].observed == "1 have exactly one forecast"
    assert as_markdown(lines).splitlines()[3] == "| `kill -9` of an idle worker | 1 | no run was touched | 0 | 0 |"


def test_recovery_lasts_from_the_kill_to_the_start_of_the_retry():
    kills = [Kill(120.0, "a", "killed"), Kill(121.0, "b"), Kill(160.0, "c", "again")]
    assert recovery_seconds(kills, RUNS) == [30.0]


def test_killing_a_worker_that_has_ended_changes_nothing(tmp_path):
    worker = Worker(OwnUser(tmp_path, "worker-1", 41_001, {}), ["true"])
    worker.logs.append(tmp_path / "worker-1-000.log")
    worker.process = subprocess.Popen(["true"], start_new_session=True)
    worker.process.wait()
    assert worker.kill() == tmp_path / "worker-1-000.log"
    assert not worker.is_alive()
