"""Tables that ``forecast-assets backfill`` prints: the plan before, the outcome by market after."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from forecast_assets.cli.console import console, print_table
from forecast_assets.domain.months import describe_months
from forecast_assets.operations.backfill.backfill import NOT_BUILT, Backfill, PartitionOutcome
from forecast_assets.operations.backfill.backfill_plan import BackfillPlan
from forecast_assets.operations.backfill.durations import Estimate

WHY_LENGTH = 100
ALL_MARKETS = "all markets"
MARKETS_NAMED = 12


def print_plan(plan: BackfillPlan, estimate: Estimate) -> None:
    """Print the plan: partitions by asset, what changes with them, and how long it may take."""
    request = plan.request
    span = f"{request.first:%Y-%m} to {request.last:%Y-%m}"
    print_table(
        f"Backfill {span} of {_few(request.countries)}",
        ["asset", "markets", "rebuilt", "unchanged", "months rebuilt", "why"],
        [_asset_row(asset, plan) for asset in plan.rebuilt],
    )
    for line in (*_warnings(plan), *_moves(plan), _minutes(plan, estimate)):
        console.print(line, markup=False)


def _asset_row(asset: str, plan: BackfillPlan) -> list[str]:
    rebuilt = {country: months for country, months in plan.rebuilt[asset].items() if months}
    reasons = Counter(why.split(": ")[0] for months in rebuilt.values() for why in months.values())
    return [
        asset,
        ALL_MARKETS if None in plan.rebuilt[asset] else str(len(rebuilt)),
        str(sum(map(len, rebuilt.values()))),
        str(sum(map(len, plan.skipped[asset].values()))),
        describe_months(month for months in rebuilt.values() for month in months) if rebuilt else "-",
        ", ".join(f"{why} ({count})" for why, count in reasons.most_common(3)),
    ]


def _warnings(plan: BackfillPlan) -> list[str]:
    lines = [
        f"{source} of {code} cannot be used now, {describe_months(months)}: {_short(next(iter(months.values())))}"
        for (source, code), months in plan.unusable.items()
    ]
    lines += [
        f"{code}: no sell-in is stored for {describe_months(months)}, before this backfill: windows that reach there "
        f"are shorter. Backfill those months first."
        for code, months in plan.history_missing.items()
    ]
    return lines


def _moves(plan: BackfillPlan) -> list[str]:
    """Describe the changes that planners and KPIs would show."""
    lines = []
    for asset, words in (("published_forecasts", "published forecasts"), ("performance", "KPIs (performance)")):
        moving = {str(code): months for code, months in plan.rebuilt.get(asset, {}).items() if months}
        named = "; ".join(f"{code}: {describe_months(months)}" for code, months in _shown(moving))
        lines.append(f"{words} that move: {named or 'none'}")
    if plan.moved_later:
        later = "; ".join(f"{code}: {describe_months(months)}" for code, months in _shown(plan.moved_later))
        lines.append(f"KPIs after the range that read them and stay until they are backfilled too: {later}")
    if plan.frozen:
        frozen = "; ".join(f"{code}: {describe_months(months)}" for code, months in _shown(plan.frozen))
        lines.append(f"frozen cycles (published and closed) that are touched: {frozen}")
    return lines


def _minutes(plan: BackfillPlan, estimate: Estimate) -> str:
    if not plan.partitions:
        return "Nothing to do: every partition matches its inputs, code and configuration."
    if estimate.minutes is None:
        return f"{plan.partitions} partitions. No estimate: Dagster has recorded no successful run yet."
    unknown = f"; not counted because no past run made them: {', '.join(estimate.unknown)}" if estimate.unknown else ""
    return (
        f"{plan.partitions} partitions, about {max(estimate.minutes, 0.1):.1f} minutes with {estimate.processes} runs "
        f"at a time, by the {estimate.runs} latest successful runs{unknown}"
    )


def print_outcome(plan: BackfillPlan, work: Backfill) -> None:
    """Print one row per market: partitions rebuilt and failed, the months that failed and the first reason."""
    by_market: dict[str | None, list[PartitionOutcome]] = {}
    for outcome in work.outcomes:
        by_market.setdefault(outcome.country, []).append(outcome)
    countries = [*plan.request.countries, *([None] if None in by_market else [])]
    rows = [_outcome_row(code, by_market.get(code, [])) for code in countries]
    print_table(f"{work.runs} runs", ["market", "rebuilt", "failed", "months that failed", "first reason"], rows)


def _outcome_row(code: str | None, outcomes: Sequence[PartitionOutcome]) -> list[str]:
    failed = [outcome for outcome in outcomes if outcome.failure is not None]
    rebuilt = str(len(outcomes) - len(failed))
    if not failed:
        return [code or ALL_MARKETS, rebuilt, "0", "-", "-"]
    first = min(failed, key=lambda outcome: (outcome.month, str(outcome.failure).startswith(NOT_BUILT)))
    reason = f"{first.asset} {first.month:%Y-%m}: {_short(str(first.failure))}"
    months = describe_months(outcome.month for outcome in failed)
    return [code or ALL_MARKETS, rebuilt, str(len(failed)), months, reason]


def _short(text: str) -> str:
    return textwrap.shorten(text, WHY_LENGTH)


def _few(codes: Iterable[str]) -> str:
    codes = list(codes)
    more = f" and {len(codes) - MARKETS_NAMED} more" if len(codes) > MARKETS_NAMED else ""
    return ", ".join(codes[:MARKETS_NAMED]) + more


def _shown(by_market: Mapping[str, Iterable[pd.Timestamp]]) -> list[tuple[str, Iterable[pd.Timestamp]]]:
    return list(by_market.items())[:MARKETS_NAMED]
