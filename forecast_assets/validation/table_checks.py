"""Checks of a table before it is stored.

A check reads one month of a table and returns a finding. ``stored_if_sound`` runs all checks of an asset and reports
each to Dagster. It yields the table only if no blocking check failed, so that the last good partition stays.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pandas as pd

SHOWN_ROWS, MOST_CHARACTERS = 10, 80
# Characters that Markdown gives a meaning inside a cell; underscores and points of names stay readable.
MARKUP = re.compile(r"([\\|`*\[\]!])")
Tables = Mapping[pd.Timestamp, pd.DataFrame]


@dataclasses.dataclass(frozen=True)
class Finding:
    """Result of a check of one month.

    ``violations`` counts them, ``rows`` shows the first, ``message`` gives expectation and remedy. ``is_warning``
    marks a finding that must be seen but blocks nothing, even if the check is blocking.
    """

    violations: int = 0
    rows: pd.DataFrame | None = None
    message: str = ""
    is_warning: bool = False
    figures: Mapping[str, float | str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class TableCheck:
    """Named rule. ``find(table, month)`` checks one month of the table.

    ``holds_for_all(tables)`` may pass a whole range at once; if it returns False, each month is checked.
    """

    name: str
    description: str
    find: Callable[[pd.DataFrame, pd.Timestamp], Finding]
    blocking: bool = True
    holds_for_all: Callable[[Tables], bool] | None = None

    def findings(self, tables: Tables) -> dict[pd.Timestamp, Finding]:
        """Return the finding of each month."""
        if len(tables) > 1 and self.holds_for_all is not None and self.holds_for_all(tables):
            return dict.fromkeys(sorted(tables), Finding())
        return {month: self.find(table, month) for month, table in sorted(tables.items())}


@dataclasses.dataclass(frozen=True)
class CheckDeclaration:
    """Name, description and effect of a check, declared before any data is known."""

    name: str
    description: str
    blocking: bool = True

    def rule(
        self,
        find: Callable[[pd.DataFrame, pd.Timestamp], Finding],
        holds_for_all: Callable[[Tables], bool] | None = None,
    ) -> TableCheck:
        """Return the check with the rule that decides it."""
        return TableCheck(self.name, self.description, find, self.blocking, holds_for_all)


def check_specs(asset: str, declarations: Sequence[CheckDeclaration]) -> list[dg.AssetCheckSpec]:
    """Return the ``check_specs`` of an asset."""
    return [
        dg.AssetCheckSpec(each.name, asset=asset, description=each.description, blocking=each.blocking)
        for each in declarations
    ]


def violating(rows: pd.DataFrame, message: str, **options: Any) -> Finding:
    """Return a finding of the given rows, without violations if there are no rows."""
    return Finding(len(rows), rows.head(SHOWN_ROWS), message, **options)


def stored_if_sound(
    tables: Tables, checks: Sequence[TableCheck], metadata: Mapping[str, Any] | None = None
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Report every check over every month, then yield the tables unless a blocking check failed.

    All months are checked before anything is yielded: a range with a bad month is not stored at all. The metadata of
    the failed check lists the months at fault.
    """
    blocked = False
    for check in checks:
        findings = check.findings(tables)
        result = _result(check, {month: finding for month, finding in findings.items() if finding.violations}, findings)
        blocked = blocked or (check.blocking and not result.passed and result.severity == dg.AssetCheckSeverity.ERROR)
        yield result
    if not blocked:
        yield dg.Output(dict(tables), metadata=dict(metadata or {}))


def _result(
    check: TableCheck, failed: Mapping[pd.Timestamp, Finding], findings: Mapping[pd.Timestamp, Finding]
) -> dg.AssetCheckResult:
    is_error = any(not finding.is_warning for finding in failed.values())
    metadata: dict[str, Any] = {"violations": sum(finding.violations for finding in failed.values())}
    if len(findings) == 1:
        metadata |= next(iter(findings.values())).figures
    if failed:
        metadata["months"] = ", ".join(f"{month:%Y-%m}" for month in failed)
        metadata["first_rows"] = dg.MetadataValue.md(_preview(failed))
    messages = [f"{month:%Y-%m}: {finding.message}" for month, finding in failed.items()]
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if is_error and check.blocking else dg.AssetCheckSeverity.WARN,
        description="\n".join(messages[:SHOWN_ROWS]) or "as expected",
        metadata=metadata,
    )


def escaped_cell(text: str) -> str:
    """Return a text as one cell of a Markdown table: Dagster's UI renders what deliveries contain.

    A bar or line break would end the cell; marks of Markdown and HTML would become links, images and tags.
    """
    return MARKUP.sub(r"\\\1", " ".join(text[:MOST_CHARACTERS].split())).replace("&", "&amp;").replace("<", "&lt;")


def _preview(failed: Mapping[pd.Timestamp, Finding]) -> str:
    shown = [
        finding.rows.astype(str).map(escaped_cell).assign(partition_month=f"{month:%Y-%m}")
        for month, finding in failed.items()
        if finding.rows is not None and len(finding.rows)
    ]
    if not shown:
        return "no rows to show"
    return pd.concat(shown, ignore_index=True).head(SHOWN_ROWS).to_markdown(index=False)
