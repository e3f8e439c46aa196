"""Effect of findings on a run: what blocks, what warns, and what people have accepted for one month."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from forecast_assets.market_state.delivery_findings import ACCEPTED, BLOCKS, WARNS, Acceptance, StoredFinding
from forecast_assets.validation import delivery_checks
from forecast_assets.validation.source_checks import RETURNS_PLAUSIBLE, TOTAL_PLAUSIBLE, UNKNOWN_SKUS
from forecast_assets.validation.table_checks import Finding, TableCheck, Tables

PLAUSIBILITY = tuple(check.name for check in (TOTAL_PLAUSIBLE, RETURNS_PLAUSIBLE, UNKNOWN_SKUS))


def acceptable_names(source: str) -> tuple[str, ...]:
    """Return the checks of a source whose findings can be accepted: judgements, not errors of form."""
    judged = tuple(check.name for check in delivery_checks.DECLARATIONS.get(source, ()))
    return (*judged, *PLAUSIBILITY) if source == "sell_in" else judged


def with_effects(
    source: str,
    checks: Sequence[TableCheck],
    tables: Tables,
    accepted: Mapping[tuple[str, str], Acceptance],
    run_id: str,
) -> tuple[list[TableCheck], dict[pd.Timestamp, list[StoredFinding]]]:
    """Return the checks with accepted findings as warnings, and the findings of each month.

    Only checks whose findings can be accepted are judged here; each once, and remembered.

    Args:
        source: Name of the source.
        checks: All checks of the run.
        tables: The tables of the run by month.
        accepted: Decisions about the run's one month, by source and finding; none for a run over several.
        run_id: The Dagster run.
    """
    names = set(acceptable_names(source))
    stored: dict[pd.Timestamp, list[StoredFinding]] = {month: [] for month in tables}
    result = []
    for check in checks:
        if check.name not in names:
            result.append(check)
            continue
        acceptance = accepted.get((source, check.name))
        findings = {month: _with_acceptance(finding, acceptance) for month, finding in check.findings(tables).items()}
        for month, finding in findings.items():
            if finding.violations:
                stored[month].append(_stored(source, check, finding, acceptance, run_id))
        result.append(dataclasses.replace(check, find=_remembered(findings), holds_for_all=None))
    return result, stored


def _remembered(findings: Mapping[pd.Timestamp, Finding]) -> Callable[[pd.DataFrame, pd.Timestamp], Finding]:
    return lambda table, month: findings[month]


def _with_acceptance(finding: Finding, acceptance: Acceptance | None) -> Finding:
    if acceptance is None or not finding.violations:
        return finding
    return dataclasses.replace(finding, is_warning=True, message=f"{finding.message} ({acceptance})")


def _stored(
    source: str, check: TableCheck, finding: Finding, acceptance: Acceptance | None, run_id: str
) -> StoredFinding:
    effect = ACCEPTED if acceptance else BLOCKS if check.blocking and not finding.is_warning else WARNS
    return StoredFinding(source, check.name, effect, finding.message, run_id, acceptance)
