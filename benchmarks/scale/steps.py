"""The measurements of companies in their order; each is made once and kept (``results.py``).

Sizes of a single market are companies of their own. The company of several markets grows from 4 to 10 and to 40 by
copies of one market.
"""

import dataclasses
import shutil
from pathlib import Path

from benchmarks.scale.command import Usage, fixed_fit
from benchmarks.scale.company import FIRST_MONTH, Company, codes_of
from benchmarks.scale.copies import add_copies
from benchmarks.scale.results import Record, Results
from forecast_assets.domain.calendar import add_months

SKUS, MONTHS, BACKFILL_MONTHS = 500, 72, 36


def single_market(results: Results, work: Path, skus: int, months: int) -> None:
    """Measure a company of one market: first history, monthly cycle, nothing to do, memory and storage."""
    name, company = f"one market/{skus}x{months}", Company(work / f"one_{skus}x{months}", skus, months)
    about = {"markets": 1, "skus": skus, "months": months}
    if results.has(f"{name}/no-op"):
        return
    results.measure(f"{name}/fixed fit", _unit)
    results.measure(f"{name}/sample", lambda: figures_of(company.deliver(1)), **about)
    results.measure(f"{name}/first history", lambda: figures_of(company.cycle(0, ["FR"])), **about)
    results.measure(f"{name}/storage", company.sizes, **about)
    results.measure(f"{name}/monthly cycle", lambda: figures_of(company.cycle(1, ["FR"])), **about)
    results.measure(f"{name}/storage after a cycle", company.sizes, **about)
    results.measure(f"{name}/no-op", lambda: figures_of(company.cycle(1, ["FR"])), **about)


def one_market_more(results: Results, work: Path) -> None:
    """Measure the smaller commands on the company of one market: sums, definitions, measure, a feature backfill."""
    base, name = work / f"one_{SKUS}x{MONTHS}", f"one market/{SKUS}x{MONTHS}"
    _smaller_commands(results, Company(base, SKUS, MONTHS), name, 1, {"markets": 1, "skus": SKUS, "months": MONTHS})
    feature_backfill(results, work, base, name, codes_of(1))


def _smaller_commands(results: Results, company: Company, name: str, month: int, about: Record) -> None:
    """Measure sums of a month, definitions and ``measure``, so many months after the first publication."""
    at, before = (f"{add_months(FIRST_MONTH, later):%Y-%m}" for later in (month, month - 1))
    load = ("-c", "import forecast_assets.definitions")
    results.measure(f"{name}/definitions", lambda: figures_of(company.python(*load)), **about)
    for job in ("totals", "sum_forecasts"):
        run = ("-m", "benchmarks.scale.one_run", job, at)
        results.measure(f"{name}/{job}", lambda run=run: figures_of(company.python(*run)), **about)
    results.measure(f"{name}/measure", lambda: figures_of(company.command("measure", "--through", before)), **about)


def grown_company(results: Results, work: Path, markets: int, before: int, month: int) -> None:
    """Measure a company of one simulated market and copies of it: the cycle of all, nothing to do, sums, measure.

    Args:
        results: Where figures are kept.
        work: Folder of the run.
        markets: Markets of the company now.
        before: Markets that it had before; 0: it begins as a copy of the company of one market.
        month: Month of the cycle, counted from the first publication.
    """
    name, company = f"company/{markets}", Company(work / "company", SKUS, MONTHS)
    about = {"markets": markets, "skus": SKUS, "months": MONTHS, "copies": markets - 1}
    if before == 0 and not company.base.exists():
        Company(work / f"one_{SKUS}x{MONTHS}", SKUS, MONTHS).copy_to(company.base)
    if before == 0:
        turn = lambda: figures_of(company.cycle(month - 1, codes_of(1)))  # noqa: E731
        results.measure("company/1/cycle at the turn of a quarter", turn, markets=1, skus=SKUS, months=MONTHS)
    results.measure(f"{name}/fixed fit", _unit)
    results.measure(f"{name}/copies", lambda: _copied(company, codes_of(markets)[max(before, 1) :]), **about)
    codes = codes_of(markets)
    results.measure(f"{name}/monthly cycle", lambda: figures_of(company.cycle(month, codes)), **about)
    results.measure(f"{name}/storage", company.sizes, **about)
    results.measure(f"{name}/no-op", lambda: figures_of(company.cycle(month, codes)), **about)
    _smaller_commands(results, company, name, month, about)


def _copied(company: Company, codes: list[str]) -> Record:
    add_copies(company, codes)
    return {"codes": codes}


def onboarding(results: Results, work: Path) -> None:
    """Measure a second simulated market from its entry to its promotion, beside the one that is there."""
    company = Company(work / "onboarding", SKUS, MONTHS)
    if results.has("onboarding"):
        return
    Company(work / f"one_{SKUS}x{MONTHS}", SKUS, MONTHS).copy_to(company.base)
    company.deliver(2)
    company.keep_markets(["FR"])

    def onboard() -> dict[str, object]:
        at = f"{add_months(FIRST_MONTH, 1):%Y-%m}"
        steps = {
            "add": company.command("market", "add", "DE", "--name", "Germany", "--region", "Europe"),
            "cycle": company.cycle(1, ["DE"]),
            "promote": company.command(
                "market", "promote", "DE", "--month", at, "--force", "--reason", "benchmark of the platform"
            ),
        }
        total = {field: round(sum(getattr(step, field) for step in steps.values()), 3) for field in SUMMED}
        return total | {
            "peak_mb": max(step.peak_mb for step in steps.values()),
            "load": steps["promote"].load,
            "steps": {step: usage.cpu_seconds for step, usage in steps.items()},
        }

    results.measure("onboarding", onboard, markets=1, skus=SKUS, months=MONTHS)
    shutil.rmtree(company.base)


SUMMED = ("wall_seconds", "cpu_seconds")


def feature_backfill(results: Results, work: Path, base: Path, company_name: str, codes: list[str]) -> None:
    """Measure the features of 36 months of every market, absent from a copy of the store."""
    name = f"{company_name}/feature backfill"
    if results.has(name):
        return
    copy = Company(base, SKUS, MONTHS).copy_to(work / "backfill")
    last = add_months(FIRST_MONTH, -1)
    first = add_months(last, 1 - BACKFILL_MONTHS)
    for code in codes:
        for number in range(BACKFILL_MONTHS):
            month = f"month={add_months(first, number):%Y-%m-%d}"
            (copy.base / "store" / "features" / f"country={code}" / month / "features.parquet").unlink()
    backfill = ("backfill", "--from", f"{first:%Y-%m}", "--to", f"{last:%Y-%m}", "--all", "--assets", "features")
    about = {"markets": len(codes), "skus": SKUS, "months": BACKFILL_MONTHS}
    results.measure(name, lambda: figures_of(copy.command(*backfill)), **about)
    shutil.rmtree(copy.base)


def _unit() -> Record:
    return {"cpu_seconds": fixed_fit()}


def figures_of(usage: Usage) -> Record:
    """Return the fields of a cost as a record."""
    return dataclasses.asdict(usage)
