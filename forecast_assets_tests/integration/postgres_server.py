"""A PostgreSQL of our own on loopback, in a folder that goes with it."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER, PASSWORD = "forecast", "canary-of-postgres"
SECONDS_TO_START = 60


@dataclass(frozen=True)
class Postgres:
    """Address of the server and its login."""

    port: int
    host: str = "127.0.0.1"
    user: str = USER
    password: str = PASSWORD

    def address(self, database: str) -> str:
        """Of a database, for SQLAlchemy."""
        return f"postgresql+psycopg2://{self.user}:{self.password}@{self.host}:{self.port}/{database}"

    def make_database(self, name: str) -> str:
        """Create an empty database and return its address."""
        import psycopg2

        connection = psycopg2.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname="postgres"
        )
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'create database "{name}"')
        connection.close()
        return self.address(name)


@contextmanager
def start_postgres() -> Iterator[Postgres]:
    """Make a cluster and serve it until the body ends. Raises RuntimeError where PostgreSQL is not installed."""
    programs = _programs()
    # PostgreSQL does not run as root: Debian's package has made a user for it.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if user:
            shutil.chown(folder, user)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if user:
            shutil.chown(secret, user)
        data, port = folder / "data", _free_port()
        _run(
            [programs / "initdb", "-D", data, "-U", USER, "--pwfile", secret, "--auth=scram-sha-256", "-E", "UTF8",
             "--no-sync"], user, folder,
        )  # fmt: skip
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off"],
            user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
        )  # fmt: skip
        try:
            _wait(programs, port, server, folder)
            yield Postgres(port)
        finally:
            # Fast shutdown: the usual one waits for every client to go.
            server.send_signal(signal.SIGINT)
            server.wait(SECONDS_TO_START)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not programs and not on_path:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return programs[-1].parent if programs else Path(on_path).parent


def _run(command: list[object], user: str | None, folder: Path) -> None:
    done = subprocess.run(
        [str(each) for each in command], user=user, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(programs: Path, port: int, server: subprocess.Popen, folder: Path) -> None:
    give_up_at = time.monotonic() + SECONDS_TO_START
    while subprocess.run(
        [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)], capture_output=True, check=False
    ).returncode:
        if server.poll() is not None or time.monotonic() > give_up_at:
            raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
        time.sleep(0.1)
