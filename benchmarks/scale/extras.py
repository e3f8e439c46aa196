"""Measurements beside the growth of companies: the plain script, Azurite, 200 generated markets, a profile.

Each uses companies that ``steps.py`` has left in the work folder.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.scale.command import run
from benchmarks.scale.company import FIRST_MONTH, REPOSITORY, Company, codes_of
from benchmarks.scale.generated import generate, link_store
from benchmarks.scale.results import Results
from benchmarks.scale.steps import MONTHS, SKUS, figures_of
from benchmarks.scale.ui_pages import measure_pages
from forecast_assets.domain.calendar import add_months
from forecast_assets.sample.countries import FIRST_MARKETS
from forecast_assets.sample.files import write_markets_file

# The peers are in an environment of their own (``make bench-platform`` runs in it).
PEERS = REPOSITORY / ".venv-benchmark" / "bin" / "python"
MANY_MARKETS, MANY_MONTHS = 200, 120
AZURITE_SKUS = 8


def plain_script(results: Results, work: Path, markets: int, month: int) -> None:
    """Measure the plain script on the deliveries of the grown company, for one market on those of that market."""
    company = Company(work / ("company" if markets > 1 else f"one_{SKUS}x{MONTHS}"), SKUS, MONTHS)
    python = PEERS if PEERS.exists() else Path(sys.executable)
    command = [
        python, "-m", "benchmarks.plain_script", "--landing", company.base / "landing", "--market", *codes_of(markets),
        "--month", f"{add_months(FIRST_MONTH, month):%Y-%m}", "--out", company.base / f"plain_{markets}",
    ]  # fmt: skip
    about = {"markets": markets, "skus": SKUS, "months": MONTHS}
    log = company.base / "plain.txt"
    results.measure(f"plain script/{markets}", lambda: figures_of(run(command, company.environment, log)), **about)


def azurite(results: Results, work: Path) -> None:
    """Count the requests of a first history, a monthly cycle and a cycle with nothing to do, by Azurite's own log."""
    # Not at the top: the other measurements need no client of Azure.
    from forecast_assets_tests.integration.azurite_server import start_azurite

    if results.has("azurite/no-op"):
        return
    base = work / "azurite"
    shutil.rmtree(base, ignore_errors=True)
    company = Company(base, AZURITE_SKUS, MONTHS)
    company.deliver(1)
    requests = base / "requests.txt"
    with start_azurite("--debug", str(requests)) as server:
        server.make_container("bench")
        # Few trees: requests do not depend on them. Deliveries stay on the disk.
        small = {
            "FORECAST_BOOSTING_ROUNDS": "20",
            "FORECAST_TRAINING_ROWS": "2000",
            "FORECAST_MAX_TOTAL_CHANGE": "1000",
        }
        environment = company.environment | server.environment("bench") | small
        environment["FORECAST_LANDING"] = company.environment["FORECAST_LANDING"]
        for name, later in (("first history", 0), ("monthly cycle", 1), ("no-op", 1)):
            month = f"{add_months(FIRST_MONTH, later):%Y-%m}"
            command = [sys.executable, "-c", "from forecast_assets.cli import app; app()", "cycle", "--month", month]

            def act(command: list[str] = command) -> dict[str, Any]:
                before = _requests(requests)
                usage = run(command, environment, base / "log.txt")
                after = _requests(requests)
                return figures_of(usage) | {"requests": {method: after[method] - before[method] for method in after}}

            results.measure(f"azurite/{name}", act, markets=1, skus=AZURITE_SKUS, months=MONTHS)


def _requests(log: Path) -> dict[str, int]:
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return {method: text.count(f"RequestMethod={method} ") for method in ("GET", "PUT", "HEAD", "DELETE", "POST")}


def many_markets(results: Results, work: Path) -> None:
    """Measure events, definitions, a cycle with nothing to do and the UI on generated partitions of 200 markets."""
    company = Company(work / "many", SKUS, MANY_MONTHS)
    source = Company(work / "one_500x72", SKUS, MONTHS)
    about = {"markets": MANY_MARKETS, "skus": SKUS, "months": MANY_MONTHS}
    today = pd.Timestamp.today().normalize()
    results.measure("many/events", lambda: generate(source, company.base, MANY_MARKETS, MANY_MONTHS, today), **about)
    load = ("-c", "import forecast_assets.definitions")
    results.measure("many/definitions", lambda: figures_of(company.python(*load)), **about)
    results.measure("many/pages", lambda: measure_pages(company, work / "pictures"), **about)
    _nothing_to_do(results, source, company, "many", MANY_MARKETS, MANY_MONTHS)


def forty_markets(results: Results, work: Path) -> None:
    """Measure a cycle with nothing to do and the plan of the next one on 40 markets of linked files."""
    company, source = Company(work / "forty", SKUS, MONTHS), Company(work / "one_500x72", SKUS, MONTHS)
    markets = len(FIRST_MARKETS)
    for folder in ("home", "landing", "store"):
        (company.base / folder).mkdir(parents=True, exist_ok=True)
    since = add_months(pd.Timestamp.today().normalize().replace(day=1), -MONTHS)
    write_markets_file(company.base / "markets.yaml", list(FIRST_MARKETS), since)
    _nothing_to_do(results, source, company, "forty", markets, MONTHS)


def _nothing_to_do(results: Results, source: Company, company: Company, name: str, markets: int, months: int) -> None:
    about = {"markets": markets, "skus": SKUS, "months": months}
    today = pd.Timestamp.today().normalize()
    results.measure(f"{name}/store", lambda: link_store(source, company, markets, months, today), **about)
    month = f"{add_months(today.replace(day=1), -1):%Y-%m}"
    keep = ("-m", "benchmarks.scale.keep_records", month)
    results.measure(f"{name}/records", lambda: figures_of(company.python(*keep)), **about)
    results.measure(f"{name}/no-op", lambda: figures_of(company.command("cycle", "--month", month)), **about)
    plan = ("-m", "benchmarks.scale.plan_steps", f"{today:%Y-%m}")
    results.measure(f"{name}/plan", lambda: figures_of(company.python(*plan)), **about)


def profile(results: Results, work: Path) -> None:
    """Sample the stacks of a market's monthly cycle; ``profile.txt`` holds them."""
    source = Company(work / "one_500x72", SKUS, MONTHS)
    if results.has("profile/monthly cycle"):
        return
    company = source.copy_to(work / "profiled")
    stacks = work / "profile.txt"
    sampler = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
    if sampler is None:
        raise FileNotFoundError("py-spy is not installed: it is in the extra `benchmark`")
    cycle = [
        sys.executable, "-c", "from forecast_assets.cli import app; app()", "cycle", "--month",
        f"{add_months(FIRST_MONTH, 2):%Y-%m}",
    ]  # fmt: skip
    command = [
        sampler, "record", "--subprocesses", "--rate", "50", "--nonblocking", "--full-filenames", "--format", "raw",
        "--output", stacks, "--", *cycle,
    ]  # fmt: skip
    about = {"markets": 1, "skus": SKUS, "months": MONTHS}
    results.measure(
        "profile/monthly cycle",
        lambda: figures_of(run(command, company.environment, work / "profile_log.txt")),
        **about,
    )
    shutil.rmtree(company.base)
