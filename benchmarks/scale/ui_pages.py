"""Time until the pages of Dagster's UI can be used, in headless Chromium, on a generated instance.

A page is interactive when its text is shown, no answer is awaited, and a second has passed without a task of over 50
ms. The time is that of the last of these events since the navigation began. The CPU seconds of web server, code server
and browser say what it costs whatever else the machine does.
"""

import contextlib
import dataclasses
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.scale.company import REPOSITORY, Company
from forecast_assets_tests.integration.browser import chromium

PORT = 3917
ADDRESS = f"http://127.0.0.1:{PORT}"
VISITS, QUIET_MS, LONGEST_MS = 2, 1_000, 60_000
LONG_TASKS = """
window.longTasks = [0];
new PerformanceObserver(list => list.getEntries().forEach(task => longTasks.push(task.startTime + task.duration)))
  .observe({type: "longtask", buffered: true});
"""


@dataclasses.dataclass(frozen=True)
class Page:
    """A page of the UI: its address, the text that it shows when it is complete, and a button to press before that."""

    path: str
    text: str
    press: str = ""


PAGES = {
    "graph": Page("/asset-groups", "publication"),
    "asset": Page("/assets/features", "Latest materialization"),
    "partitions": Page("/assets/features?view=partitions", "Materialized"),
    "backfill": Page("/assets/features", "Launch", "Materialize"),
    "runs": Page("/runs", "monthly_cycle"),
}


@contextlib.contextmanager
def webserver(company: Company) -> Iterator[float]:
    """Start Dagster's web server; yields the seconds until it answers."""
    command = [sys.executable, "-m", "dagster_webserver", "-m", "forecast_assets.definitions", "-p", str(PORT)]
    begun = time.monotonic()
    with (company.base / "webserver.txt").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(
            command, env=company.environment, cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            while not _answers():
                if server.poll() is not None:
                    raise RuntimeError(f"the web server ended with {server.returncode}: see {log.name}")
                time.sleep(0.2)
            yield time.monotonic() - begun
        finally:
            server.terminate()
            server.wait()


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"{ADDRESS}/server_info", timeout=5):  # nosec B310: the address is http
            return True
    except OSError:
        return False


def interactive_ms(context: Any, page: Page, picture: Path | None = None) -> float:
    """Open a page in a tab of its own and return the milliseconds until it can be used, at most a minute."""
    # Not at the top: the other measurements need no browser.
    from playwright.sync_api import TimeoutError as NotShown

    tab = context.new_page()
    waiting: set[Any] = set()
    answered = [0.0]
    tab.add_init_script(LONG_TASKS)

    # Playwright marks the functions, which a bound method does not allow.
    def begin(request: Any) -> None:
        waiting.add(request)

    def end(request: Any) -> None:
        waiting.discard(request)
        answered[0] = time.monotonic()

    tab.on("request", begin)
    tab.on("requestfinished", end)
    tab.on("requestfailed", end)
    tab.goto(f"{ADDRESS}{page.path}", wait_until="commit")
    begun = time.monotonic() - tab.evaluate("performance.now()") / 1000
    pressed_at = 0.0
    with contextlib.suppress(NotShown):
        if page.press:
            tab.get_by_role("button", name=page.press).first.click(timeout=LONGEST_MS)
            pressed_at = tab.evaluate("performance.now()")
        tab.get_by_text(page.text).first.wait_for(timeout=LONGEST_MS)
    shown = tab.evaluate("performance.now()")
    while True:
        tab.wait_for_timeout(50)
        now, task = tab.evaluate("[performance.now(), Math.max(...longTasks)]")
        last = max(shown, task, (answered[0] - begun) * 1000)
        if (not waiting and now - last > QUIET_MS) or now > shown + LONGEST_MS:
            break
    if picture:
        tab.screenshot(path=picture)
    tab.close()
    return last - pressed_at


def cpu_seconds() -> float:
    """Return the CPU seconds so far of all processes that this one has started and that still run."""
    # Not at the top: other measurements need no library for it.
    import psutil

    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def measure_pages(company: Company, pictures: Path) -> dict[str, Any]:
    """Return, by page, the milliseconds of the first visit after the server's start and the median of the next ones."""
    pictures.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    with webserver(company) as seconds, chromium() as browser:
        figures |= {"server answers after s": round(seconds, 1), "load": round(os.getloadavg()[0], 1)}
        context = browser.new_context(viewport={"width": 1600, "height": 1000})
        for name, page in PAGES.items():
            first = interactive_ms(context, page, pictures / f"{name}.png")
            before = cpu_seconds()
            later = [interactive_ms(context, page) for _ in range(VISITS)]
            cost = (cpu_seconds() - before) / VISITS
            figures[name] = {
                "first_ms": round(first), "median_ms": round(statistics.median(later)), "cpu_seconds": round(cost, 2)
            }  # fmt: skip
            print(name, figures[name], flush=True)
        context.close()
    return figures
