"""Test of the built image by its own commands, as its own user on a read-only root: ``make image-test``.

Runs in a network of its own, so that no port is in use and nothing outside can be reached.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml

from tools.quick_training import QUICK_TRAINING
from tools.stack.image_root import ImageRoot, mounted_image
from tools.stack.own_network import enter_own_network

IMAGE = os.environ.get("IMAGE") or "localhost/forecast_assets:latest"
# Mostly libraries: pyarrow 142 MB, scipy 110, mlflow 68, duckdb 65, azure 43, pandas 40 (docs/image.md).
LARGEST_MB = 1150
MONTH = "2024-12"
HEALTHY_WITHIN = 120
# Compilers and installers that an attacker would like to find.
ABSENT = ("gcc", "cc", "make", "pip", "pip3", "curl", "wget", "git")
SMALL = {
    **QUICK_TRAINING,
    "FORECAST_MAX_THREADS": "1",
    "FORECAST_MARKETS": "var/markets.yaml",
}


class Failed(Exception):
    """Something the image must do and does not."""


def main() -> None:
    """Run every check; exit with 1 at the first that fails."""
    enter_own_network()
    with mounted_image(IMAGE) as root, _writable_folder() as folder:
        image = _Container(root, folder)
        for check in (
            _check_contents, _check_user, _check_company, _check_doctor, _check_cycle, _check_health, _check_published,
        ):  # fmt: skip
            started = time.monotonic()
            try:
                told = check(image)
            except Failed as failure:
                sys.exit(f"{_title(check)}: {failure}")
            print(f"ok {_title(check)}: {told} ({time.monotonic() - started:.0f} s)", flush=True)
    print("image-test: passed")


class _Container:
    """The image with one writable folder."""

    def __init__(self, root: ImageRoot, folder: Path) -> None:
        self.root, self.folder, self.mounts = root, folder, [f"{folder}:/opt/forecast_assets/var"]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = self.root.command(arguments, SMALL, self.mounts)
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def must(self, *arguments: str) -> str:
        """Run a command that has to succeed; return what it printed."""
        done = self.run(*arguments)
        if done.returncode:
            errors = done.stderr.partition("nanobind:")[0]
            raise Failed(f"{' '.join(arguments)} exited with {done.returncode}: {done.stdout[-3000:]}{errors[-3000:]}")
        return done.stdout

    @contextlib.contextmanager
    def started(self, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command beside the body and stop it."""
        command = self.root.command(arguments, SMALL, self.mounts)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            yield process
        finally:
            # The group: the change of user has made the first process of the namespace outlive its parent.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


def _check_contents(image: _Container) -> str:
    config, megabytes = image.root.config, image.root.size / 1e6
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    label = config["Labels"].get("org.opencontainers.image.revision")
    if label != commit:
        raise Failed(f"the label names commit {label}, the working tree has {commit}: make image")
    paths = image.must("sh", "-c", f"command -v {' '.join(ABSENT)} || true").split()
    paths += image.must(
        "python", "-c", "import importlib.util as u; print('pip' if u.find_spec('pip') else '')"
    ).split()
    if paths:
        raise Failed(f"it holds {paths}")
    if megabytes > LARGEST_MB:
        raise Failed(f"{megabytes:.0f} MB, more than {LARGEST_MB}")
    return f"{megabytes:.0f} MB of files, label {commit[:12]}, none of {' '.join(ABSENT)}"


def _check_user(image: _Container) -> str:
    user = image.must("id", "-u").strip()
    if user != "10001":
        raise Failed(f"the user is {user}")
    for path in ("/opt/forecast_assets/x", "/opt/venv/x", "/etc/x", "/x"):
        if image.run("touch", path).returncode == 0:
            raise Failed(f"{path} could be written")
    return "uid 10001, nothing of the root can be written"


def _check_company(image: _Container) -> str:
    image.must("forecast-assets", "sample", "--markets", "1", "--skus", "6", "--months", "30", "--last-month", MONTH,
               "--markets-file", "var/markets.yaml")  # fmt: skip
    image.must("forecast-assets", "prepare")
    return "a company of one market and 6 SKUs"


def _check_doctor(image: _Container) -> str:
    told = image.must("forecast-assets", "doctor")
    return f"{told.count('works')} connections work"


def _check_cycle(image: _Container) -> str:
    image.must("forecast-assets", "cycle", "--month", MONTH)
    return f"the cycle of {MONTH}"


def _check_health(image: _Container) -> str:
    """Start the image's own command and ask with its own health check."""
    probe = image.root.config["Healthcheck"]["Test"]
    if probe[0] != "CMD":
        raise Failed(f"the health check is {probe}")
    if image.run(*probe[1:]).returncode == 0:
        raise Failed("the health check passes without a server")
    with image.started([]) as server:
        give_up_at = time.monotonic() + HEALTHY_WITHIN
        while image.run(*probe[1:]).returncode:
            if server.poll() is not None or time.monotonic() > give_up_at:
                raise Failed("the code server did not become healthy")
    return "its own health check fails without the code server and passes with it"


def _check_published(image: _Container) -> str:
    listed = yaml.safe_load((image.folder / "markets.yaml").read_text(encoding="utf-8"))["markets"]
    code = listed[0]["code"]
    told = image.must("forecast-assets", "versions", "published_forecasts", "--month", MONTH, "--country", code)
    if "published" not in told:
        raise Failed(f"no published forecasts of {code} for {MONTH}: {told}")
    return f"the forecasts of {code} for {MONTH} are in the store"


@contextlib.contextmanager
def _writable_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="image-test-"))
    shutil.chown(folder, 10001, 10001)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _title(check: Callable[[_Container], str]) -> str:
    return check.__name__.removeprefix("_check_")


if __name__ == "__main__":
    main()
