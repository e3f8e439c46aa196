"""A company of many small markets with a real dagster-daemon: started, killed with all its processes, started again.

What it sells is in ``model_market.py``.
"""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pandas as pd
import yaml
from dagster._core.scheduler.instigation import InstigatorTick, TickStatus

from forecast_assets.cli.prepare import LAPTOP
from forecast_assets.domain.cycle_calendar import closed_month
from forecast_assets.storage import PartitionKey, TableStore
from forecast_assets_tests.operate.model_market import PUBLISHED_BEFORE, ModelMarket, entry

DRILL_CRON, DRILL_HANGS, DRILL_DAYS_SINCE_DUE = "DRILL_CRON", "DRILL_HANGS", "DRILL_DAYS_SINCE_DUE"
# Hangs after it has published, where MLflow is told; a run takes half a minute, two on a machine that does much else.
HANGING_MARKET, SECONDS_A_RUN_MAY_TAKE = "M03", 150
# The schedule ticks all the time and still asks for each market once; no slow start makes it miss its tick.
EVERY_MINUTE = "* * * * *"
OPEN = ["QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"]
# Each look of a sensor may come at every iteration of the daemon's, five seconds.
SECONDS_OF_A_LOOK = 5
# What belongs to the machine's own company must not reach a drill, and no drill its Teams channel.
NOT_OF_THE_DRILL = ("FORECAST_", "MLFLOW_", "TEAMS_", "AZURE_", "DREMIO_")


class Platform:
    """Landing folder, store and DAGSTER_HOME of a company with its daemon.

    Attributes:
        codes: Codes of the markets.
        month: The closed month whose cycle is due: the last one by the clock of this machine.
        variables: What the environment of the daemon has besides, from its next start on.
    """

    def __init__(self, base: Path, markets: int, **variables: str) -> None:
        self.base, self.variables = base, variables
        self.codes = [f"M{number:02}" for number in range(1, markets + 1)]
        self.month = closed_month(pd.Timestamp.now("UTC"), "UTC")
        self.daemon: subprocess.Popen[bytes] | None = None
        self.home = base / "home"
        self.killed: list[str] = []
        self.published_without_the_late_one: set[str] = set()

    @property
    def store(self) -> TableStore:
        return TableStore(str(self.base / "store"))

    @property
    def landing(self) -> Path:
        return self.base / "landing"

    def environment(self) -> dict[str, str]:
        """Variables of the daemon and of every process below it."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(NOT_OF_THE_DRILL)},
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "DAGSTER_HOME": str(self.home),
            "FORECAST_ENV": "prod",
            "FORECAST_STORE": str(self.base / "store"),
            "FORECAST_LANDING": str(self.landing),
            "FORECAST_MARKETS": str(self.base / "markets.yaml"),
            "FORECAST_TRAINING_ROWS": "1000",
            "FORECAST_BACKTEST_TRAINING_ROWS": "1000",
            "FORECAST_BOOSTING_ROUNDS": "20",
            "FORECAST_MAX_THREADS": "1",
            "FORECAST_SENSOR_SECONDS": str(SECONDS_OF_A_LOOK),
            "FORECAST_LEASE_SECONDS": "5",
            "FORECAST_LEASE_WAIT_SECONDS": "10",
            "MLFLOW_TRACKING_URI": "",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "OMP_NUM_THREADS": "1",
            DRILL_CRON: EVERY_MINUTE,
            DRILL_DAYS_SINCE_DUE: "0",
            DRILL_HANGS: str(self.base / "has_hung"),
            **self.variables,
        }

    def prepare(self, published_before: Collection[str] = ()) -> None:
        """Deliver every market up to the due month, store the history before it, make Dagster's home.

        Args:
            published_before: Markets that have a champion and a forecast of the month before.
        """
        store = self.base / "store"
        model = ModelMarket(self.base / "model", self.month, self.environment())
        entries = [entry(code, self.month) for code in self.codes]
        (self.base / "markets.yaml").write_text("markets:\n" + "".join(entries), encoding="utf-8")
        for code in self.codes:
            model.copy_to(code, self.landing, store)
        if published_before:
            model.publish_before()
        for code, table in itertools.product(published_before, PUBLISHED_BEFORE):
            model.copy_table(table, code, store)
        configuration = yaml.safe_load(LAPTOP.read_text(encoding="utf-8"))
        configuration["run_monitoring"] |= {
            "poll_interval_seconds": 5, "start_timeout_seconds": 120, "max_runtime_seconds": SECONDS_A_RUN_MAY_TAKE,
            "cancel_timeout_seconds": 20,
        }  # fmt: skip
        configuration["code_servers"] = {"local_startup_timeout": 600}
        configuration["event_log_storage"]["config"] = {"home": str(self.home)}
        self.home.mkdir()
        (self.home / "dagster.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
        with self.instance() as instance:
            instance.get_runs_count()

    def nothing_hangs(self) -> None:
        """No run hangs in this drill."""
        Path(self.environment()[DRILL_HANGS]).touch()

    def month_files(self, code: str) -> list[Path]:
        """The delivered files of the due month of a market."""
        return sorted(self.landing.rglob(f"{code}_{self.month:%Y-%m}.parquet"))

    def start(self) -> None:
        """Start the daemon with a code server of its own, as a process group."""
        with (self.base / "daemon.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                [sys.executable, "-m", "dagster._daemon", "run", "-m", "forecast_assets_tests.operate.code_location"],
                env=self.environment(), cwd=self.base, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """kill -9 of daemon, code server and every run at once, as when the machine goes down."""
        if self.daemon is not None:
            os.killpg(self.daemon.pid, signal.SIGKILL)
            self.daemon.wait()
            self.daemon = None

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            yield instance

    def cycles(self, *statuses: str) -> list[dg.DagsterRun]:
        """Runs of the monthly cycle, oldest first, by default of any status."""
        wanted = [dg.DagsterRunStatus(status) for status in statuses] or None
        with self.instance() as instance:
            return list(reversed(instance.get_runs(dg.RunsFilter(job_name="monthly_cycle", statuses=wanted))))

    def open_runs(self) -> list[dg.DagsterRun]:
        """Runs of any job that have not ended."""
        with self.instance() as instance:
            return list(instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus(status) for status in OPEN])))

    def run(self, run_id: str) -> dg.DagsterRun:
        with self.instance() as instance:
            return instance.get_run_by_id(run_id)

    def status(self, run_id: str) -> str:
        return self.run(run_id).status.value

    def steps(self, run_id: str) -> dict[str, tuple[float, float]]:
        """When each step that was not skipped began and ended."""
        with self.instance() as instance:
            stats = instance.get_run_step_stats(run_id)
        return {step.step_key: (step.start_time, step.end_time) for step in stats if step.start_time}

    def messages(self, run_id: str) -> list[str]:
        """Return the texts of a run in the event log, errors included."""
        with self.instance() as instance:
            return [f"{entry.message} {entry.user_message}" for entry in instance.all_logs(run_id)]

    def ticks(self, sensor: str) -> list[InstigatorTick]:
        """Finished ticks of a sensor, oldest first."""
        with self.instance() as instance:
            states = [state for state in instance.all_instigator_state() if state.instigator_name == sensor]
            ticks = [
                tick for each in states for tick in instance.get_ticks(each.instigator_origin_id, each.selector_id)
            ]
        finished = [tick for tick in ticks if tick.status is not TickStatus.STARTED]
        return sorted(finished, key=lambda tick: tick.timestamp)

    def spans(self, code: str) -> list[tuple[float, float]]:
        """First and last moment of a step of each run of a market, in order."""
        of_market = [run for run in self.cycles() if run.tags["forecast/market"] == code]
        times = [list(self.steps(run.run_id).values()) for run in of_market]
        return sorted((min(t[0] for t in each), max(t[1] or t[0] for t in each)) for each in times if each)

    def figures(self) -> str:
        """Minutes from the first request to the last end of a run, and how many runs there were, in words."""
        with self.instance() as instance:
            records = instance.get_run_records()
        minutes = (
            max(each.end_time or 0 for each in records) - min(each.create_timestamp.timestamp() for each in records)
        ) / 60
        counts = Counter((each.dagster_run.job_name, each.dagster_run.status.value.lower()) for each in records)
        again = sum(each.dagster_run.parent_run_id is not None for each in records)
        runs = ", ".join(f"{count} {job} {status}" for (job, status), count in sorted(counts.items()))
        return f"{len(self.codes)} markets in {minutes:.1f} min: {runs}; {again} of them started again"

    def is_frozen(self) -> bool:
        """Return True if the totals of the due month are stored."""
        return self.store.exists("demand_totals", PartitionKey(self.month))

    def published(self) -> set[str]:
        """Codes of the markets whose due month is published."""
        places = self.store.list_partitions("published_forecasts")
        return {str(place.country) for place in places if place.month == self.month}

    def versions_published(self, code: str) -> int:
        """Count the publications of the due month of a market."""
        versions = self.store.versions("published_forecasts", PartitionKey(self.month, code))
        return sum(version.was_published for version in versions)

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Look every half second until the condition holds."""
        give_up_at = time.monotonic() + seconds
        while not condition():
            assert self.daemon is None or self.daemon.poll() is None, f"the daemon has ended:\n{self.log()}"
            assert time.monotonic() < give_up_at, (
                f"not within {seconds:.0f} s; published {self.published()}\n{self.log()}"
            )
            time.sleep(0.5)

    def log(self) -> str:
        """Return the last lines that the daemon printed."""
        return (self.base / "daemon.log").read_text(encoding="utf-8", errors="replace")[-6000:]
