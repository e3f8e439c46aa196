"""PostgreSQL as a process of its own in a temporary folder, on a free port."""

import contextlib
import dataclasses
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2

from forecast_assets_tests.integration.azurite_server import free_port

START_SECONDS = 60
USER, PASSWORD, DATABASE = "dagster", "a password: with / and @", "postgres"


@dataclasses.dataclass(frozen=True)
class Postgres:
    """A running server on loopback."""

    port: int

    def connect(self):
        """A connection that sees what others have committed."""
        return psycopg2.connect(host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=DATABASE)

    def count(self, table: str) -> int:
        """Rows of a table."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            return cursor.fetchone()[0]


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise RuntimeError("PostgreSQL is not installed: Debian: apt-get install postgresql")
    return (found[-1] if found else Path(on_path)).parent


@contextlib.contextmanager
def start_postgres() -> Iterator[Postgres]:
    """Make a cluster and run it; as the user ``postgres`` where this process is root, which the server refuses."""
    binaries, port, base = _binaries(), free_port(), Path(tempfile.mkdtemp(prefix="forecast-postgres-"))
    as_user = {"user": "postgres"} if os.geteuid() == 0 else {}
    data, password = base / "data", base / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    if as_user:
        shutil.chown(base, "postgres")
        shutil.chown(password, "postgres")
    made = subprocess.run(
        [
            binaries / "initdb", "-D", data, "-U", USER, "--auth=scram-sha-256", f"--pwfile={password}",
            "--encoding=UTF8", "--no-sync",
        ],
        capture_output=True, text=True, check=False, cwd=base, **as_user,
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(f"initdb: {made.stderr[:500]}")
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", base, "-c", "fsync=off"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=base, **as_user,
    )  # fmt: skip
    try:
        postgres = Postgres(port)
        _wait_until_it_answers(postgres)
        yield postgres
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)
        shutil.rmtree(base, ignore_errors=True)


def _wait_until_it_answers(postgres: Postgres) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            postgres.connect().close()
        except psycopg2.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.1)
        else:
            return
