"""The company of the drill: its services, its markets, and the runs that are asked for through Dagster's web server."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from forecast_assets_tests.integration.azurite_server import Azurite, free_port, start_azurite
from forecast_assets_tests.integration.postgres_server import Postgres, start_postgres
from tools.celery_drill.workers import FIRST_USER, READY_WITHIN, ROOT, OwnUser, Worker
from tools.quick_training import QUICK_TRAINING
from tools.stack.compose import read_services
from tools.stack.web import LAUNCH, LOCATIONS, execution

BIN = Path(sys.prefix) / "bin"
FORECAST_ASSETS = [BIN / "python", "-c", "from forecast_assets.cli import app; app()"]
CONTAINER = "forecast-drill"
# Shorter than on a server, so that twenty minutes show more: docs/celery.md names them.
SHORTER = {"poll_interval_seconds": 5, "start_timeout_seconds": 120, "free_slots_after_run_end_seconds": 60}
SETTINGS = {
    **QUICK_TRAINING,
    "FORECAST_ENV": "dev",
    "FORECAST_MAX_THREADS": "1",
    "FORECAST_LEASE_SECONDS": "15",
    "FORECAST_LEASE_WAIT_SECONDS": "10",
    "FORECAST_SENSOR_SECONDS": "5",
    "MLFLOW_TRACKING_URI": "",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OMP_NUM_THREADS": "1",
    "TZ": "UTC",
}
START_SENSOR = """mutation($name: String!) { startSensor(sensorSelector: {repositoryLocationName: "forecast_assets",
  repositoryName: "__repository__", sensorName: $name}) { __typename ... on PythonError { message } } }"""


class Company:
    """Services of a company on one machine, each user apart.

    Attributes:
        base: Folder of the drill.
        markets: Codes of the markets.
        variables: What every process of the company has in common.
        workers: Workers that run now.
        known_workers: All workers that ever ran, by name.
    """

    def __init__(self, base: Path, prepared: Path) -> None:
        self.base, self._prepared = base, prepared
        (base / "logs").mkdir()
        self._markets_file = prepared / "markets.yaml"
        content = yaml.safe_load(self._markets_file.read_text(encoding="utf-8"))
        self.markets = [str(each["code"]) for each in content["markets"]]
        self.variables: dict[str, str] = {}
        self.workers: list[Worker] = []
        self.known_workers: dict[str, Worker] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._web = 0

    @contextmanager
    def services(self) -> Iterator[None]:
        """Start PostgreSQL, Redis and Azurite, deliver the files, and prepare Dagster's tables and pools."""
        with ExitStack() as kept:
            azurite, postgres = kept.enter_context(start_azurite()), kept.enter_context(start_postgres())
            kept.callback(self._stop_all)
            postgres.make_database("dagster")
            self.variables = self._variables(azurite, postgres, self._start_redis())
            azurite.make_container(CONTAINER)
            self._deliver(azurite)
            self.control = self._user("control", 0, workers=1)
            self.must("prepare")
            os.environ.update(self.control.environment())
            yield

    def serve(self, workers: int) -> None:
        """Start code server, daemon and web server for so many workers, and then those; what ran before is ended."""
        self._end("daemon", "webserver", "code")
        for worker in self.workers:
            worker.kill()
        services = read_services(os.environ | self.variables | {"POSTGRES_PASSWORD": "p"})
        self.control = self._user("control", 0, workers)
        self._start("code", _here(services["code"].command))
        self._web = free_port()
        workspace = ["--workspace", ROOT / "deploy" / "workspace.yaml"]
        self._start("daemon", [BIN / "dagster-daemon", "run", *workspace])
        self._start("webserver", [BIN / "dagster-webserver", "--port", str(self._web), *workspace])
        self.workers = [self._worker(number, workers, services["worker"].command) for number in range(1, workers + 1)]
        for worker in self.workers:
            worker.start()
        self._wait_for_web()
        for worker in self.workers:
            worker.wait_until_ready()
        # On by itself in every environment but dev.
        self.graphql(START_SENSOR, name="dead_runs")

    def instance(self) -> dg.DagsterInstance:
        """Return Dagster's instance, as the daemon has it."""
        return dg.DagsterInstance.from_config(str(self.control.home))

    def launch(self, job: str, tags: Mapping[str, str]) -> str:
        """Put a run in the queue and return its id."""
        data = self.graphql(LAUNCH, params=execution(job, dict(tags)))["launchRun"]
        if "run" not in data:
            raise RuntimeError(f"{job} was not started: {data}")
        return str(data["run"]["runId"])

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a request to Dagster's web server."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self._web}/graphql", body)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as response:  # nosec B310: the address is http
            result = json.loads(response.read())
        if result.get("errors"):
            raise RuntimeError(f"GraphQL: {result['errors']}")
        return dict(result["data"])

    def command(self, *arguments: str) -> tuple[int, str]:
        """Run a command of the platform as the user of the daemon; return its exit code and what it printed."""
        log = self.base / "logs" / f"{arguments[0]}-{time.time_ns()}.log"
        code = self.control.run([*FORECAST_ASSETS, *arguments], log)
        return code, log.read_text(encoding="utf-8", errors="replace")

    def must(self, *arguments: str) -> str:
        """Run a command that has to succeed."""
        code, text = self.command(*arguments)
        if code:
            raise RuntimeError(f"{' '.join(arguments)} exits with {code}: {text[-3000:]}")
        return text

    def tail(self, name: str) -> str:
        """Return the end of a service's log."""
        return (self.base / "logs" / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def _deliver(self, azurite: Azurite) -> None:
        """Upload deliveries and history."""
        client = azurite.client().get_container_client(CONTAINER)

        def upload(file: Path) -> None:
            client.upload_blob(file.relative_to(self._prepared).as_posix(), file.read_bytes())

        files = [file for name in ("landing", "store") for file in (self._prepared / name).rglob("*") if file.is_file()]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(upload, files))

    def _user(self, name: str, number: int, workers: int) -> OwnUser:
        user = OwnUser(self.base, name, FIRST_USER + number, self.variables)
        user.prepare(instance_of(workers), self._markets_file)
        return user

    def _worker(self, number: int, workers: int, command: Sequence[str]) -> Worker:
        user = self._user(f"worker-{number}", number, workers)
        named = [*_here(command), "--hostname", f"{user.name}@%h"]
        return self.known_workers.setdefault(user.name, Worker(user, named))

    def _start_redis(self) -> str:
        if shutil.which("redis-server") is None:
            raise RuntimeError("redis-server is not installed: apt-get install redis-server")
        port = free_port()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._processes["redis"] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        return f"redis://127.0.0.1:{port}/0"

    def _start(self, name: str, command: Sequence[str | Path]) -> None:
        self._processes[name] = self.control.start(command, self.base / "logs" / f"{name}.log")

    def _wait_for_web(self) -> None:
        give_up_at = time.monotonic() + READY_WITHIN
        while time.monotonic() < give_up_at:
            try:
                entries = self.graphql(LOCATIONS)["workspaceOrError"]["locationEntries"]
                if [each["loadStatus"] for each in entries] == ["LOADED"] and entries[0]["locationOrLoadError"]:
                    if entries[0]["locationOrLoadError"]["__typename"] == "RepositoryLocation":
                        return
                    # The code server was not up yet: the web server looks again when it is told to.
                    self.graphql('mutation { reloadRepositoryLocation(repositoryLocationName: "forecast_assets") '
                                 "{ __typename } }")  # fmt: skip
            except OSError:
                pass
            time.sleep(1)
        raise RuntimeError(f"the web server does not show the code: {self.tail('webserver')}{self.tail('code')}")

    def _end(self, *names: str) -> None:
        for name in names:
            process = self._processes.pop(name, None)
            if process is not None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _stop_all(self) -> None:
        for worker in self.workers:
            worker.kill()
        self._end("daemon", "webserver", "code", "redis")

    def _variables(self, azurite: Azurite, postgres: Postgres, broker: str) -> dict[str, str]:
        return {
            **SETTINGS,
            **azurite.environment(CONTAINER),
            "PATH": f"{BIN}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "DAGSTER_CODE_HOST": "127.0.0.1",
            "DAGSTER_CELERY_BROKER": broker,
            "DAGSTER_POSTGRES_HOST": postgres.host,
            "DAGSTER_POSTGRES_PORT": str(postgres.port),
            "DAGSTER_POSTGRES_USER": postgres.user,
            "DAGSTER_POSTGRES_PASSWORD": postgres.password,
            "DAGSTER_POSTGRES_DB": "dagster",
        }


def instance_of(workers: int) -> str:
    """Return Dagster's configuration as the image's entry point makes it, for so many workers."""
    instance = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text(encoding="utf-8"))
    # Azurite has Dagster's logs of steps over HTTPS alone; here each worker keeps its own.
    del instance["compute_logs"]
    instance["run_monitoring"] |= SHORTER
    # What waits, waits in Dagster's queue: a run in Redis counts as starting.
    instance["concurrency"]["runs"]["max_concurrent_runs"] = workers
    celery = (ROOT / "deploy" / "celery.yaml").read_text(encoding="utf-8")
    return yaml.safe_dump(instance) + celery


def _here(command: Sequence[str]) -> list[str | Path]:
    """Return a command of the compose file with the program of this environment, on loopback."""
    everywhere = "0.0.0.0"  # nosec B104: it is replaced here
    return [BIN / command[0], *("127.0.0.1" if word == everywhere else word for word in command[1:])]
