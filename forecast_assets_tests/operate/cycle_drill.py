"""Injuries of whole cycles: the command ``forecast-assets cycle`` is killed, loses its disk, reads odd files.

Each cycle ends with the tables of an undisturbed one, or says what to do and succeeds when it is repeated. The lines
are those of ``store_drill``; ``drill`` takes minutes and runs with ``make drill``.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from forecast_assets.cli.prepare import LAPTOP
from forecast_assets.operations.health.integrity import verify_store
from forecast_assets.storage import TableStore
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.defs.assets.another_future import deliver_next_month, poisoned
from forecast_assets_tests.operate.model_market import MODEL_MARKET, ModelMarket
from forecast_assets_tests.operate.store_drill import Line

MONTH = pd.Timestamp("2024-06-01")
COMMAND = [sys.executable, "-c", "from forecast_assets.cli import app; app()", "cycle", "--month", f"{MONTH:%Y-%m}"]
SECONDS_A_CYCLE_MAY_TAKE = 600
# Each stands in for the market's code in the name of a delivered file.
ODD_NAMES = ("FR[2]", "*", "FR ?", "'FR'", "FR\n", "#FR%20", "F\N{LATIN SMALL LETTER E WITH ACUTE}R")
NOT_OF_THE_DRILL = ("FORECAST_", "MLFLOW_", "TEAMS_", "AZURE_", "DREMIO_")
SMALL = {
    "FORECAST_TRAINING_ROWS": "1000",
    "FORECAST_BACKTEST_TRAINING_ROWS": "1000",
    "FORECAST_BOOSTING_ROUNDS": "20",
    "FORECAST_MAX_THREADS": "1",
    "FORECAST_LEASE_SECONDS": "5",
    "FORECAST_LEASE_WAIT_SECONDS": "30",
    "MLFLOW_TRACKING_URI": "",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OMP_NUM_THREADS": "1",
}


class Company:
    """Landing folder, store and DAGSTER_HOME of one market before the cycle of ``MONTH``.

    Args:
        base: Folder of all three; copied from ``before`` where that is given.
        before: Company to copy.
        store: Folder of the store, if it is not in ``base``.
    """

    def __init__(self, base: Path, before: "Company | None" = None, store: Path | None = None) -> None:
        self.base, self.folder = base, store or base / "store"
        if before is None:
            ModelMarket(base, MONTH, SMALL)
        else:
            shutil.copytree(before.base / "landing", base / "landing")
            shutil.copy(before.base / "markets.yaml", base / "markets.yaml")
            shutil.copytree(before.folder, self.folder, dirs_exist_ok=True)
        (base / "home").mkdir()
        (base / "home" / "dagster.yaml").write_text(LAPTOP.read_text(encoding="utf-8"), encoding="utf-8")

    @property
    def store(self) -> TableStore:
        return TableStore(str(self.folder))

    def started(self) -> subprocess.Popen[str]:
        """Start the command of the cycle in a process group of its own."""
        places = {"STORE": self.folder, "LANDING": self.base / "landing", "MARKETS": self.base / "markets.yaml"}
        return subprocess.Popen(
            COMMAND, env=_environment() | {f"FORECAST_{name}": str(path) for name, path in places.items()}
            | {"DAGSTER_HOME": str(self.base / "home")},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, cwd=self.base,
        )  # fmt: skip

    def cycle(self) -> tuple[int, str]:
        """Run the command and return its exit code and what it prints."""
        with self.started() as command:
            output, _ = command.communicate(timeout=SECONDS_A_CYCLE_MAY_TAKE)
        return command.returncode, output

    def hashes(self) -> dict[str, str]:
        """Return the content hash of every stored table of ``MONTH`` and before."""
        return {
            f"{table} {partition}": self.store.provenance(table, partition).content_hash
            for table in table_specs()
            for partition in self.store.list_partitions(table)
        }


def drill(base: Path, seed: int, kills: int) -> list[Line]:
    """Injure cycles of a small market.

    Args:
        base: Empty folder.
        seed: Seed of all draws.
        kills: Commands that are killed, every other one with all its processes.
    """
    draw, before = random.Random(seed), Company(base / "before")
    undisturbed = Company(base / "undisturbed", before)
    begun = time.monotonic()
    code, output = undisturbed.cycle()
    seconds = time.monotonic() - begun
    assert code == 0, output
    wanted = undisturbed.hashes()
    return [
        *(killed(base, before, wanted, seconds, draw, kills, whole_group=group) for group in (False, True)),
        full_disk(base, before, wanted),
        odd_names(base, before, wanted),
        poisoned_future(base, before, wanted),
    ]


def killed(
    base: Path, before: Company, wanted: Mapping[str, str], seconds: float, draw: random.Random, kills: int,
    *, whole_group: bool,
) -> Line:  # fmt: skip
    """Kill commands (kill -9) at a random moment, alone or with their processes, and run the cycle again."""
    name = "kill -9 of all processes of a cycle" if whole_group else "kill -9 of the command of a cycle"
    whole = same = interrupted = 0
    for number in range(kills):
        company = Company(base / f"{whole_group}-{number}", before)
        with company.started() as command:
            time.sleep(draw.uniform(0.2, 0.9) * seconds)
            interrupted += command.poll() is None
            (os.killpg if whole_group else os.kill)(command.pid, signal.SIGKILL)
            # The processes of the command have its output: it ends when the last of them has.
            command.communicate(timeout=60)
        whole += not verify_store(company.store).damaged
        code, _ = company.cycle()
        same += code == 0 and company.hashes() == wanted
    told = f"{interrupted} before their end; the store was whole after {whole}, the next cycle as wanted after {same}"
    return Line(name, kills, min(whole, same), kills - whole, told)


def full_disk(base: Path, before: Company, wanted: Mapping[str, str]) -> Line:
    """Run a cycle on a disk (tmpfs) that fills up, then on the same with space; needs the right to mount."""
    name, disk = "no space in a cycle", base / "disk"
    disk.mkdir()
    spaces = (100, 700)
    harmless = lost = injected = 0
    told: list[str] = []
    for spare in spaces:
        kilobytes = _kilobytes(before.folder) + spare
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "drill", disk], check=False).returncode:
            return Line(name, 0, 0, 0, "not run: no right to mount a small disk")
        try:
            company = Company(base / f"full-{spare}", before, disk)
            code, output = company.cycle()
            # The table breaks its lines.
            text = " ".join(output.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", " ").split())
            is_told = "no space left on the disk" in text or "No space left on device" in text
            injected += is_told
            is_whole = not verify_store(company.store).damaged
            subprocess.run(["mount", "-o", "remount,size=256m", disk], check=True)
            again, _ = company.cycle()
            harmless += code != 0 and is_told and is_whole and again == 0 and company.hashes() == wanted
            lost += not is_whole
            told.append(f"exit code {code}, then {again}")
        finally:
            subprocess.run(["umount", disk], check=True)
    return Line(name, injected, harmless, lost, ", ".join(sorted(set(told))))


def odd_names(base: Path, before: Company, wanted: Mapping[str, str]) -> Line:
    """Give every delivered file a name with characters of patterns, quotes, blanks or line breaks."""
    company = Company(base / "odd", before)
    shutil.rmtree(company.base / "landing")
    number = oddly_named(before.base / "landing", company.base / "landing")
    code, _ = company.cycle()
    same = code == 0 and company.hashes() == wanted
    return Line("odd file names", number, number * same, 0, f"exit code {code}, the tables of the usual names")


def oddly_named(landing: Path, into: Path) -> int:
    """Copy a landing folder with an odd name for each file of the market; return how many have one."""
    shutil.copytree(landing, into)
    files = [file for file in sorted(into.rglob(f"{MODEL_MARKET}*")) if file.parent.name != "oxcgrt"]
    for number, file in enumerate(files):
        file.rename(file.with_name(f"{ODD_NAMES[number % len(ODD_NAMES)]}{number}{file.suffix}"))
    return len(files)


def poisoned_future(base: Path, before: Company, wanted: Mapping[str, str]) -> Line:
    """Make every row nonsense that is of a later month or known later, and deliver a later month of 1e9 units."""
    company = Company(base / "poisoned", before)
    shutil.rmtree(company.base / "landing")
    poisoned(before.base / "landing", company.base / "landing", MONTH)
    deliver_next_month(company.base / "landing", MODEL_MARKET, MONTH)
    code, _ = company.cycle()
    changed = sorted({key for key, digest in wanted.items() if company.hashes().get(key) != digest})
    told = f"exit code {code}, {len(wanted) - len(changed)} of {len(wanted)} partitions are the same"
    return Line("poisoned future", 1, int(code == 0 and not changed), 0, told)


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OF_THE_DRILL)}
    return own | SMALL | {"PYTHONPATH": str(Path(__file__).parents[2])}


def _kilobytes(folder: Path) -> int:
    """Return the pages of a tmpfs that a folder takes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(-(-path.stat().st_size // 4096) * 4 for path in files)
