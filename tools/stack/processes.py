"""Processes of the stack: the platform's from the image; PostgreSQL, Azurite and nginx as this machine has them."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.stack.compose import Service
from tools.stack.image_root import ImageRoot

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
AZURITE = REPOSITORY / "forecast_assets_tests" / "integration" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
HEALTHY_WITHIN = 180
USER = 10001


class StackError(Exception):
    """A process that did not start, or a rule of the stack that does not hold."""


class Stack:
    """The running services.

    Args:
        services: Services of the compose file.
        root: Files of the platform's image.
        folder: Folder for logs and volumes.
    """

    def __init__(self, services: Mapping[str, Service], root: ImageRoot, folder: Path) -> None:
        self._services, self._root, self._folder = services, root, folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "logs").mkdir()

    def start(self, name: str) -> None:
        """Start a service after those that it depends on, and wait until it is healthy."""
        service = self._services[name]
        for each in service.depends_on:
            if each not in self._processes:
                self.start(each)
        started = time.monotonic()
        command, user = self._command(service)
        with self._log(name).open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, user=user, start_new_session=True)
        self._processes[name] = process
        if service.extra.get("restart") in ("no", "on-failure:5"):
            if process.wait(HEALTHY_WITHIN):
                raise StackError(f"{name} exited with {process.returncode}: {self.tail(name)}")
        else:
            self._wait(service, process)
        print(f"started {name} ({time.monotonic() - started:.0f} s)", flush=True)

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the place of a service, as ``docker compose exec`` does."""
        service = self._services[name]
        command = self._root.command(arguments, service.environment, self._mounts(service))
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def tail(self, name: str) -> str:
        """Return the end of a service's log."""
        return self._log(name).read_text(encoding="utf-8", errors="replace")[-3000:]

    def stop(self) -> None:
        """Stop every process, the last started first."""
        for process in reversed(self._processes.values()):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)

    def _log(self, name: str) -> Path:
        return self._folder / "logs" / f"{name}.log"

    def _command(self, service: Service) -> tuple[list[str], str | None]:
        """Return the command line and the user that it starts as."""
        if service.runs_platform:
            return self._root.command(service.command, service.environment, self._mounts(service)), None
        if service.name == "postgres":
            return _make_postgres(service, self._folder / "postgres"), "postgres"
        if service.name == "azurite":
            location = self._folder / "azurite"
            return ["node", str(AZURITE), *[a.replace("/data", str(location)) for a in service.command]], None
        return ["nginx", "-c", str(DEPLOY / "compose" / "nginx.conf"), "-g", "daemon off;"], None

    def _mounts(self, service: Service) -> list[str]:
        mounts = []
        for volume in service.volumes:
            source, _, inside = volume.partition(":")
            if "/" in source:
                path = (DEPLOY / source).resolve()
            else:
                path = self._folder / "volumes" / source
                if not path.exists():
                    path.mkdir(parents=True)
                    shutil.chown(path, USER, USER)
            mounts.append(f"{path}:{inside}")
        return mounts

    def _wait(self, service: Service, process: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + HEALTHY_WITHIN
        while not self._is_healthy(service):
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise StackError(f"{service.name} did not become healthy: {self.tail(service.name)}")
            time.sleep(0.5)

    def _is_healthy(self, service: Service) -> bool:
        if not service.health:
            return True
        if service.runs_platform:
            return self.run(service.name, *service.health).returncode == 0
        programs = _postgres_programs()
        command = [str(programs / service.health[0]), "--host", "postgres", *service.health[1:]]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _postgres_programs() -> Path:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        raise StackError("PostgreSQL is not installed: apt-get install postgresql")
    return programs[-1].parent


def _make_postgres(service: Service, folder: Path) -> list[str]:
    """Make a cluster as the entry point of PostgreSQL's image does; return the command that serves it."""
    programs, variables = _postgres_programs(), service.environment
    folder.mkdir()
    secret = folder / "password"
    secret.write_text(variables["POSTGRES_PASSWORD"], encoding="utf-8")
    for path in (folder, secret):
        shutil.chown(path, "postgres")
    data = folder / "data"
    _as_postgres([programs / "initdb", "-D", data, "-U", variables["POSTGRES_USER"], "--pwfile", secret,
                  "--auth=scram-sha-256", "-E", "UTF8", "--no-sync"], "")  # fmt: skip
    secret.unlink()
    # Databases are made by a server of one user, before anything connects.
    first = (DEPLOY / "compose" / "databases.sql").read_text(encoding="utf-8")
    _as_postgres([programs / "postgres", "--single", "-D", data, "-j", "postgres"],
                 f"CREATE DATABASE {variables['POSTGRES_DB']};\n\n{first}\n\n")  # fmt: skip
    return [str(each) for each in (programs / "postgres", "-D", data, "-p", 5432, "-h", "127.0.0.1", "-k", folder)]


def _as_postgres(command: Sequence[object], text: str) -> None:
    done = subprocess.run(
        [str(each) for each in command],
        user="postgres",
        cwd="/",
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(f"{command[0]} failed: {done.stderr[-1000:]}")
