"""Work of ``forecast-assets market``: add a market, check its readiness, promote, rename or retire it."""

from typing import NoReturn

import pandas as pd
import typer

from forecast_assets.cli.console import (
    console,
    countries_or_exit,
    month_argument,
    print_table,
    settings_or_exit,
)
from forecast_assets.cli.folders import Folder, existing_store, require_folders
from forecast_assets.config.country_codes import close_countries, country_of, country_with
from forecast_assets.config.markets import Market, MarketsError
from forecast_assets.config.markets_file import add_market, rename_market, set_stage
from forecast_assets.config.settings import Settings
from forecast_assets.domain.cycle_calendar import closed_month, local_date
from forecast_assets.domain.selection.readiness import FAIL, WARN, ReadinessFinding, is_ready
from forecast_assets.market_state.delivery_findings import BLOCKS
from forecast_assets.market_state.unlisted_markets import tables_of_market
from forecast_assets.operations.health.readiness import market_readiness
from forecast_assets.operations.health.rehearsal import rehearsed_findings
from forecast_assets.sources.landing import LandingFolder
from forecast_assets.sources.opened import open_deliveries

RELOAD = (
    "A running webserver and daemon still have the old list of markets: reload the code location "
    "(Deployment > Reload in the UI, or restart)."
)


def add_shadow_market(
    code: str, name: str, region: str, iso2: str | None, iso3: str | None, since: str | None, missing_month: str
) -> None:
    """Append a market to the markets file in stage shadow and print what to run next."""
    settings = settings_or_exit()
    iso2, iso3 = _codes(code, name, iso2, iso3)
    first = month_argument(since) if since else _first_delivered(settings, code)
    if settings.markets.first_month is not None and first < settings.markets.first_month:
        _reject(
            f"since {first:%Y-%m} lies before FORECAST_FIRST_MONTH = {settings.markets.first_month:%Y-%m}: "
            "set one of them"
        )
    new = Market(code, name, iso2, iso3, region, first, stage="shadow", missing_month=missing_month)
    try:
        add_market(settings.markets.file, new)
    except MarketsError as error:
        _reject(str(error))
    console.print(
        f"{code} {name} ({iso2}, {iso3}, {region}, since {first:%Y-%m}) is a shadow market in {settings.markets.file}. "
        f"Next: forecast-assets market check {code}\n{RELOAD}", markup=False,
    )  # fmt: skip


def check_market(code: str, month: str | None) -> None:
    """Print the readiness of a market; exit with 1 if a check fails."""
    settings = settings_or_exit()
    countries_or_exit(settings, [code])
    require_folders(settings, Folder.LANDING)
    ready = is_ready(_checked(settings, code, month))
    sound = _rehearse(settings, code, month_argument(month)) if month else True
    if not (ready and sound):
        raise typer.Exit(1)


def _rehearse(settings: Settings, code: str, month: pd.Timestamp) -> bool:
    """Print what the month's cycle would find in the deliveries; return True if nothing would block it."""
    findings = rehearsed_findings(settings, code, month)
    if not findings:
        console.print(f"{code} {month:%Y-%m}: the checks of the cycle find nothing in the deliveries", markup=False)
        return True
    print_table(
        f"{code} {month:%Y-%m}: findings in the deliveries; nothing was stored",
        ["source", "finding", "effect", "message"],
        [[each.source, each.name, each.effect, each.message] for each in findings],
    )
    return not any(each.effect == BLOCKS for each in findings)


def promote_market(code: str, month: str | None, reason: str, *, force: bool) -> None:
    """Make a shadow market live if its checks pass or ``force`` is set; exit with 1 if they fail."""
    settings = settings_or_exit()
    countries_or_exit(settings, [code])
    stage = settings.market_table[code].stage
    if stage != "shadow":
        _reject(
            f"{code} is {stage}: only a shadow market is promoted. Set stage: shadow in {settings.markets.file} first"
        )
    if force and not reason.strip():
        _reject("--force needs a --reason: it is kept in markets.yaml for those who ask later")
    require_folders(settings, Folder.LANDING)
    findings = _checked(settings, code, month)
    failed = [finding.check for finding in findings if finding.result == FAIL]
    if failed and not force:
        console.print(f"{code} stays in shadow: {', '.join(failed)} failed", style="red", markup=False)
        raise typer.Exit(1)
    _set_stage(settings, code, "live", _why(failed, reason, _today(settings)))
    console.print(f"{code} is live: its next cycle is published. {RELOAD}", markup=False)


def retire_market(code: str, reason: str) -> None:
    """Set a market to stage retired."""
    settings = settings_or_exit()
    countries_or_exit(settings, [code])
    _set_stage(settings, code, "retired", f"retired {_today(settings)}: {reason}" if reason.strip() else None)
    console.print(f"{code} is retired: no cycle takes it any more. {RELOAD}", markup=False)


def rename_to(code: str, new_code: str) -> None:
    """Change the code of a market that has no stored months; exit with 2 and the steps to take if it has any."""
    settings = settings_or_exit()
    countries_or_exit(settings, [code])
    stored = tables_of_market(existing_store(settings), code)
    if stored:
        _reject(_steps_to_rename(code, new_code, stored))
    try:
        rename_market(settings.markets.file, code, new_code)
    except MarketsError as error:
        _reject(str(error))
    console.print(f"{code} is now {new_code} in {settings.markets.file}. {RELOAD}", markup=False)


def _steps_to_rename(code: str, new_code: str, stored: list[str]) -> str:
    return (
        f"{code} was not renamed: its code is the key of stored months in {len(stored)} tables "
        f"({', '.join(stored[:3])}{', ...' if len(stored) > 3 else ''}), of their recorded inputs and of Dagster's "
        f"history. Choose one:\n"
        f"  - Another name for readers: change `name` of {code} in the markets file.\n"
        f"  - Deliveries come under {new_code}: have their extract write {code}; nothing else changes.\n"
        f"  - A market of its own: deliver its whole history under {new_code}, then\n"
        f"      forecast-assets market add {new_code} --name ... --region ... --iso2 ...\n"
        f"      forecast-assets cycle --country {new_code}\n"
        f"      forecast-assets market promote {new_code}\n"
        f'      forecast-assets market retire {code} --reason "renamed to {new_code}"\n'
        f"    The retired entry stays: frozen totals hold its months. Rebuilt totals count months of both codes twice."
    )


def _codes(code: str, name: str, iso2: str | None, iso3: str | None) -> tuple[str, str]:
    """Return both country codes, completed from the library of public holidays; without them end with suggestions."""
    known = country_with(iso2) if iso2 else country_of(code, name)
    iso2, iso3 = iso2 or (known.iso2 if known else None), iso3 or (known.iso3 if known else None)
    if iso2 and iso3:
        return iso2, iso3
    close = ", ".join(f"{near.name} is --iso2 {near.iso2} --iso3 {near.iso3}" for near in close_countries(name))
    return _reject(
        f"the country of {code} {name} is not known: give --iso2 (public holidays) and --iso3 (COVID-19 tracker)"
        + (f". Perhaps: {close}" if close else "")
    )


def _first_delivered(settings: Settings, code: str) -> pd.Timestamp:
    require_folders(settings, Folder.LANDING)
    # The market is not in the markets file yet: name its code here, so that its files are recognised.
    delivered = open_deliveries(settings, [*settings.market_table, code])
    months = delivered.delivered_months("sell_in", code)
    if not months:
        problems = delivered.delivery("sell_in", code).problems if isinstance(delivered, LandingFolder) else []
        unreadable = "".join(f"; {problem.place} cannot be read: found {problem.found}" for problem in problems)
        _reject(
            f"no sell_in of {code} in {settings.sources.address}{unreadable}: deliver it, "
            "or give --since, the first month with data"
        )
    return months[0]


def _checked(settings: Settings, code: str, month: str | None) -> list[ReadinessFinding]:
    last_closed = (
        month_argument(month) if month else closed_month(pd.Timestamp.now("UTC"), settings.automation.time_zone)
    )
    findings = market_readiness(settings, code, last_closed)
    print_table(
        f"{code} {settings.market_table[code].name}: readiness",
        ["check", "result", "found", "what to do"],
        [[finding.check, finding.result, finding.observed, finding.next_step] for finding in findings],
    )
    counts = {result: sum(finding.result == result for finding in findings) for result in (FAIL, WARN)}
    verdict = "ready" if is_ready(findings) else "not ready"
    console.print(f"{code} is {verdict}: {counts[FAIL]} fail, {counts[WARN]} warn", markup=False)
    return findings


def _why(failed: list[str], reason: str, today: str) -> str | None:
    if failed:
        return f"live {today} by --force although {', '.join(failed)} failed: {reason}"
    return f"live {today}: {reason}" if reason.strip() else None


def _set_stage(settings: Settings, code: str, stage: str, comment: str | None) -> None:
    try:
        set_stage(settings.markets.file, code, stage, comment)
    except MarketsError as error:
        _reject(str(error))


def _reject(message: str) -> NoReturn:
    console.print(message, style="red", markup=False)
    raise typer.Exit(2)


def _today(settings: Settings) -> str:
    return f"{local_date(pd.Timestamp.now('UTC'), settings.automation.time_zone):%Y-%m-%d}"
