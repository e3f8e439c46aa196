"""Findings on deliveries in the source assets: accepted ones warn, all are kept in the store and announced."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pandas as pd

from forecast_assets.alerts.incidents import Incident
from forecast_assets.alerts.outbox import Outbox
from forecast_assets.config.markets import Market
from forecast_assets.config.settings import Settings
from forecast_assets.market_state.delivery_findings import ACCEPTED, BLOCKS, DeliveryFindings, StoredFinding
from forecast_assets.partitions import country_of_run
from forecast_assets.storage import PartitionKey
from forecast_assets.validation.finding_effects import acceptable_names, with_effects
from forecast_assets.validation.source_checks import UNKNOWN_COUNTRIES
from forecast_assets.validation.table_checks import TableCheck, Tables, stored_if_sound

KIND = "delivery_finding"
HEADLINE_LENGTH = 300
# Every market finds the same rows of no market: Dagster, the cycle's table and market check show them, no card does.
OF_ALL_MARKETS = (UNKNOWN_COUNTRIES.name,)


def stored_with_findings(
    context: dg.AssetExecutionContext,
    settings: Settings,
    findings: DeliveryFindings,
    source: str,
    tables: Tables,
    checks: Sequence[TableCheck],
    metadata: Mapping[str, Any],
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Report every check and yield the tables as ``stored_if_sound`` does; keep and announce the findings first.

    Decisions of people count in runs of one month: in a run over several, findings block nothing.
    """
    country, run_id = country_of_run(context), context.run.run_id
    partitions = {month: PartitionKey(month, country) for month in tables}
    accepted = findings.accepted(next(iter(partitions.values()))) if len(partitions) == 1 else {}
    effective, stored = with_effects(source, checks, tables, accepted, run_id)
    findings.keep(source, {partition: stored[month] for month, partition in partitions.items()}, run_id)
    if len(partitions) == 1:
        ((month, of_month),) = stored.items()
        with findings.owned_by(run_id):
            _announce(settings, findings, settings.market_table[country], source, month, of_month)
    yield from stored_if_sound(tables, effective, metadata=metadata)


def _announce(
    settings: Settings,
    findings: DeliveryFindings,
    market: Market,
    source: str,
    month: pd.Timestamp,
    of_month: Sequence[StoredFinding],
) -> None:
    """Open an incident per finding that nobody has accepted and close the others; past months announce nothing."""
    stored = findings.store.list_market(source, market.code)
    if any(each.month > month for each in stored):
        return
    outbox, cycle_id = Outbox.of(settings), f"{settings.env}-{month:%Y-%m}"
    announced = [each for each in of_month if each.effect != ACCEPTED and each.name not in OF_ALL_MARKETS]
    incidents = [incident_of(finding, market, month) for finding in announced]
    outbox.report(incidents, cycle_id)
    opened = {incident.key for incident in incidents}
    keys = [Incident(KIND, market.code, f"{source} {name}", month, "info", "").key for name in acceptable_names(source)]
    outbox.close([key for key in keys if key not in opened], cycle_id)


def incident_of(finding: StoredFinding, market: Market, month: pd.Timestamp) -> Incident:
    """Return the incident of a finding: critical if it stops the market, information about a shadow market."""
    severity = "critical" if finding.effect == BLOCKS else "warning"
    message = f"{market.name}: {finding.source} of {month:%Y-%m}, {finding.name}: {finding.message}"
    return Incident(
        kind=KIND,
        country=market.code,
        subject=f"{finding.source} {finding.name}",
        month=month,
        severity="info" if market.stage == "shadow" else severity,
        headline=message[:HEADLINE_LENGTH],
        facts=(
            ("effect", "the month is not stored" if finding.effect == BLOCKS else "a warning"),
            ("if it is right", f"forecast-assets accept {market.code} {month:%Y-%m} {finding.name} --reason ..."),
        ),
        run_id=finding.run_id,
        asset=finding.source,
    )
