"""Workers of the drill: each a user of its own with its own folders, and its own view of the machine's files.

A worker sees the interpreter and the code as on a server where both are installed, an empty ``/tmp``, and its own home
and working folder. It shares nothing with the others but what its variables name: store, PostgreSQL and broker.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIRST_USER = 41_000
READY_WITHIN = 180
_KEPT = "/run/celery-drill"


@dataclass
class OwnUser:
    """A user with a home and a working folder that no other user may enter.

    Attributes:
        name: Name in the drill.
        number: User and group id; no account is needed.
        variables: Its environment, beside ``HOME`` and ``DAGSTER_HOME``.
    """

    base: Path
    name: str
    number: int
    variables: Mapping[str, str]

    @property
    def home(self) -> Path:
        """Its home, which is also its DAGSTER_HOME."""
        return self.base / self.name / "home"

    def prepare(self, instance: str, markets: Path) -> None:
        """Make its folders, with Dagster's configuration and its own copy of the markets file."""
        work = self.base / self.name / "work"
        for folder in (self.home, work):
            folder.mkdir(parents=True, exist_ok=True)
        (self.home / "dagster.yaml").write_text(instance, encoding="utf-8")
        shutil.copy(markets, self.home / "markets.yaml")
        for path in (self.base / self.name, self.home, work, *self.home.iterdir()):
            os.chown(path, self.number, self.number)
        for folder in (self.base / self.name, self.home, work):
            folder.chmod(0o700)

    def environment(self) -> dict[str, str]:
        """Return all its variables."""
        return {
            **self.variables,
            "HOME": str(self.home),
            "DAGSTER_HOME": str(self.home),
            "FORECAST_MARKETS": str(self.home / "markets.yaml"),
        }

    def start(self, command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
        """Start a command as this user; the process id is that of the command."""
        words = " ".join(shlex.quote(str(word)) for word in command)
        as_user = f"exec setpriv --reuid {self.number} --regid {self.number} --clear-groups --no-new-privs"
        script = f"{own_view()}\numask 077\ncd {shlex.quote(str(self.base / self.name / 'work'))}\n{as_user} {words}"
        with log.open("ab") as file:
            return subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-e", "-c", script],
                env=self.environment(), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip

    def run(self, command: Sequence[str | Path], log: Path) -> int:
        """Run a command as this user and return its exit code; ``log`` has what it prints."""
        return self.start(command, log).wait()


@dataclass
class Worker:
    """A Celery worker; each start of it has a log of its own."""

    user: OwnUser
    command: Sequence[str | Path]
    process: subprocess.Popen[bytes] | None = None
    logs: list[Path] = field(default_factory=list)

    def start(self) -> None:
        """Start it."""
        log = self.user.base / "logs" / f"{self.user.name}-{len(self.logs):03}.log"
        self.logs.append(log)
        self.process = self.user.start(self.command, log)

    def wait_until_ready(self) -> None:
        """Wait until it takes tasks."""
        give_up_at = time.monotonic() + READY_WITHIN
        while " ready." not in self.logs[-1].read_text(errors="replace"):
            if self.process is None or self.process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(
                    f"{self.user.name} is not ready: {self.logs[-1].read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.2)

    def kill(self) -> Path:
        """Kill it with all its processes, as when its server goes down; return the log of the start that ended."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        return self.logs[-1]

    def is_alive(self) -> bool:
        """Return True if it runs."""
        return self.process is not None and self.process.poll() is None


def own_view() -> str:
    """Return shell commands that show interpreter and code, and hide the folders that other users may not enter."""
    needed = [Path(sys.base_prefix), Path(sys.prefix).resolve(), ROOT]
    closed: dict[Path, list[Path]] = {}
    for path in needed:
        for parent in reversed(path.parents):
            if not parent.stat().st_mode & 0o001:
                closed.setdefault(parent, []).append(path)
                break
    lines = [f"mkdir -p {_KEPT}", f"mount -t tmpfs none {_KEPT}"]
    names = {path: f"{_KEPT}/{number}" for number, path in enumerate(needed)}
    for paths in closed.values():
        lines += [f"mkdir {names[path]} && mount --bind {shlex.quote(str(path))} {names[path]}" for path in paths]
    for parent, paths in closed.items():
        lines.append(f"mount -t tmpfs -o mode=755 none {shlex.quote(str(parent))}")
        for path in paths:
            word = shlex.quote(str(path))
            lines.append(f"mkdir -p {word} && mount --bind {names[path]} {word}")
    if not any(path.is_relative_to("/tmp") for path in needed):  # nosec B108: a mount point, no file is made in it
        lines.append("mount -t tmpfs -o mode=1777 none /tmp")
    return "\n".join(lines)
