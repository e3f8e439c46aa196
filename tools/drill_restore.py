"""Drill of a restore: databases of last night, a store that is newer, and ``doctor --record``. ``make drill-restore``.

A company of one market on a PostgreSQL of its own: a cycle, a dump of both databases, another cycle, the loss of both
databases, their restore. Afterwards Dagster and MLflow must know the second cycle again, and no number may differ.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg2
import yaml

from forecast_assets.sample import write_sample_company
from forecast_assets_tests.integration.postgres_server import Postgres, start_postgres
from tools.quick_training import QUICK_TRAINING

ROOT = Path(__file__).parents[1]
BACKUP = ROOT / "deploy" / "backup"
COMMAND = Path(sys.executable).parent / "forecast-assets"
DAGSTER = COMMAND.with_name("dagster")
BEFORE, AFTER = "2024-11", "2024-12"
DATABASES = ("dagster", "mlflow")
SMALL = {
    **QUICK_TRAINING,
    "FORECAST_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


def main() -> None:
    """Run the drill; exit with 1 at the first thing that does not hold."""
    with tempfile.TemporaryDirectory(prefix="drill-restore-") as name, start_postgres() as postgres:
        folder = Path(name)
        for database in DATABASES:
            postgres.make_database(database)
        company = _Company(folder, postgres)
        company.must("prepare")
        company.must("migrate")
        company.must("cycle", "--month", BEFORE, "--history", "12")
        company.backup("dump")
        at_dump = company.runs()
        company.must("cycle", "--month", AFTER, "--history", "12")
        published, at_loss, recorded = company.digest(), company.runs(), company.recorded()
        _require(at_loss[0] > at_dump[0] and at_loss[1] > at_dump[1], f"the second cycle added no run: {at_loss}")
        company.lose()
        _require(company.run("doctor").returncode != 0, "doctor does not notice that the databases are lost")
        company.backup("restore")
        # What a release does with databases of any age.
        company.must("instance", "migrate", program=DAGSTER)
        company.must("migrate")
        _require(company.runs() == at_dump, f"restored are {company.runs()} runs, dumped were {at_dump}")
        told = company.must("doctor")
        _require("not in Dagster's event log" in told, f"doctor does not name what Dagster lacks: {told}")
        _require("no longer in MLflow" in told, f"doctor does not name what MLflow lacks: {told}")
        told = company.must("doctor", "--record")
        _require("Recorded now" in told, f"doctor --record told Dagster nothing: {told}")
        _require("Recorded in MLflow again" in told, f"doctor --record told MLflow nothing: {told}")
        told = company.must("doctor")
        _require("Dagster knows every published partition" in told, f"a gap is left in Dagster: {told}")
        _require("MLflow has the run of every recorded cycle" in told, f"a gap is left in MLflow: {told}")
        _require(company.recorded() == recorded, f"MLflow has the records {company.recorded()}, had {recorded}")
        _require(company.digest() == published, "a published file differs")
        company.must("replay", "--cycle", f"dev-{AFTER}", "--country", company.market)
    print(f"drill-restore: passed; Dagster and MLflow had {at_dump} runs at the dump, {at_loss} at the loss")


class _Company:
    """One market with its folders and databases."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self.folder, self._postgres = folder, postgres
        markets = folder / "markets.yaml"
        write_sample_company(folder / "landing", markets=1, skus=6, months=30, last_month=f"{AFTER}-01",
                             markets_file=markets)  # fmt: skip
        self.market = yaml.safe_load(markets.read_text(encoding="utf-8"))["markets"][0]["code"]
        # Dagster's part of a server, with logs of steps in files.
        instance = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text(encoding="utf-8"))
        del instance["compute_logs"]
        (folder / "home").mkdir()
        (folder / "home" / "dagster.yaml").write_text(yaml.safe_dump(instance), encoding="utf-8")
        self.environment = os.environ | SMALL | self._variables()

    def run(self, *arguments: str, program: Path = COMMAND) -> subprocess.CompletedProcess[str]:
        """Run a command of the platform, or of Dagster."""
        return subprocess.run(
            [program, *arguments], env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def must(self, *arguments: str, program: Path = COMMAND) -> str:
        """Run a command that has to succeed; return what it printed, in one line."""
        started = time.monotonic()
        done = self.run(*arguments, program=program)
        _require(
            done.returncode == 0, f"{arguments} exits with {done.returncode}: {(done.stdout + done.stderr)[-3000:]}"
        )
        print(f"ok {' '.join(arguments)} ({time.monotonic() - started:.0f} s)", flush=True)
        return " ".join(done.stdout.split())

    def backup(self, script: str) -> None:
        """Dump or restore both databases as an operator does."""
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        environment = self.environment | {"PATH": f"{programs}:{os.environ['PATH']}"}
        done = subprocess.run(
            [BACKUP / script, self.folder / "dumps", *DATABASES],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        _require(done.returncode == 0, f"{script} exits with {done.returncode}: {done.stderr}")
        print(f"ok {script}: {' '.join(done.stdout.split())}", flush=True)

    def runs(self) -> tuple[int, int]:
        """Return the number of runs in Dagster's and in MLflow's database."""
        return self._count("dagster"), self._count("mlflow")

    def recorded(self) -> set[tuple[str, str]]:
        """Return key and value of what the runs in MLflow recorded: content, cycle, commit and Dagster run."""
        keys = ("forecast.content_hash", "forecast.cycle_id", "forecast.git_sha", "dagster_run_id")
        with self._connection("mlflow") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT key, value FROM tags WHERE key = ANY(%s)", [list(keys)])
            return {(str(key), str(value)) for key, value in cursor.fetchall()}

    def lose(self) -> None:
        """Drop both databases."""
        connection = self._connection("postgres")
        # A database cannot be dropped inside a transaction, which a with statement would open.
        connection.autocommit = True
        for database in DATABASES:
            connection.cursor().execute(f"DROP DATABASE {database} WITH (FORCE)")
        connection.close()

    def digest(self) -> str:
        """Return a digest of every published file of the store."""
        digest = hashlib.sha256()
        store = self.folder / "store"
        for path in sorted(store.rglob("*.parquet")):
            digest.update(f"{path.relative_to(store)}\n".encode() + path.read_bytes())
        return digest.hexdigest()

    def _count(self, database: str) -> int:
        with self._connection(database) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM runs")
            return int(cursor.fetchone()[0])

    def _connection(self, database: str) -> "psycopg2.extensions.connection":
        server = self._postgres
        return psycopg2.connect(
            host=server.host, port=server.port, user=server.user, password=server.password, dbname=database
        )

    def _variables(self) -> Mapping[str, str]:
        server = self._postgres
        return {
            "DAGSTER_HOME": str(self.folder / "home"),
            "FORECAST_ENV": "dev",
            "FORECAST_STORE": str(self.folder / "store"),
            "FORECAST_LANDING": str(self.folder / "landing"),
            "FORECAST_MARKETS": str(self.folder / "markets.yaml"),
            "MLFLOW_TRACKING_URI": server.address("mlflow"),
            "DAGSTER_POSTGRES_HOST": server.host,
            "DAGSTER_POSTGRES_PORT": str(server.port),
            "DAGSTER_POSTGRES_USER": server.user,
            "DAGSTER_POSTGRES_PASSWORD": server.password,
            "DAGSTER_POSTGRES_DB": "dagster",
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGUSER": server.user,
            "PGPASSWORD": server.password,
        }


def _require(holds: bool, problem: str) -> None:
    if not holds:
        sys.exit(f"drill-restore: {problem}")


if __name__ == "__main__":
    if shutil.which("pg_dump") is None and not list(Path("/usr/lib/postgresql").glob("*/bin/pg_dump")):
        sys.exit("drill-restore: PostgreSQL is not installed: apt-get install postgresql")
    main()
