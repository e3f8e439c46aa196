"""Delivery gate: stops unattended runs until the month's data has arrived."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.defs.assets.table_asset import OWNERS
from forecast_assets.defs.retries import with_retries
from forecast_assets.market_state.fallback_runs import is_fallback_run
from forecast_assets.operations.cycle.cycle_gate import CycleGate
from forecast_assets.partitions import country_of_run, months_of_run
from forecast_assets.sources.landing.arrivals import MonthDelivery
from forecast_assets.tags import DELIVERY_TAG, STARTED_BY_TAG, WAITS_TAG
from forecast_assets.validation.table_checks import CheckDeclaration, check_specs

ARRIVED = CheckDeclaration(
    "arrived", "The month is there and whole, and so are the months before. A warning: it may come later.",
    blocking=False,
)  # fmt: skip
# A waiting run that dies is started again from here. From the step it was in, it would go on as if all data were there.
START_AGAIN_FROM_HERE = {"dagster/retry_strategy": "ALL_STEPS"}


def build_delivery_asset(kind: str, pool: str) -> dg.AssetsDefinition:
    """Build the gate in front of the folder or the tables that ``kind`` names."""
    decorate = dg.asset(
        name="delivery",
        group_name="sources",
        kinds={kind},
        owners=OWNERS["sources"],
        description="Delivery gate of a market's month. If rows are missing, a scheduled run ends here, and the "
        "arrival sensor starts the cycle once they have arrived. Any other run continues and reports the problem.",
        io_manager_key="nothing",
        output_required=False,
        check_specs=check_specs("delivery", [ARRIVED]),
        deps=["landing_sell_in", "landing_sell_out"],
        pool=pool,
    )
    return decorate(with_retries()(delivery))


def delivery(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.AssetCheckResult | dg.Output]:
    """Check the delivery; continue, or leave the market to the arrival sensor."""
    (month,), country = months_of_run(context), country_of_run(context)
    gate = CycleGate(settings)
    delivered = gate.delivery(country, month, pd.Timestamp.now("UTC"), context.run.tags.get(DELIVERY_TAG))
    # A run that a schedule or sensor started may wait; one that a person started continues and fails with the reason.
    may_wait = STARTED_BY_TAG in context.run.tags
    waits_for = _waits_for(context, gate, country, month, delivered) if may_wait else delivered.lacks
    yield dg.AssetCheckResult(
        check_name=ARRIVED.name,
        passed=not waits_for and not delivered.unreadable,
        severity=dg.AssetCheckSeverity.WARN,
        description=waits_for or delivered.cannot_be_read or "as expected",
    )
    if waits_for and may_wait:
        context.instance.add_run_tags(context.run.run_id, {WAITS_TAG: waits_for[:200], **START_AGAIN_FROM_HERE})
        context.log.info(f"{country} {month:%Y-%m} waits for {waits_for}")
        return
    yield dg.Output(None, metadata={"fingerprint": delivered.fingerprint, "changed_at": str(delivered.changed_at)})


def _waits_for(
    context: dg.AssetExecutionContext, gate: CycleGate, country: str, month: pd.Timestamp, delivered: MonthDelivery
) -> str:
    """Return the data that an unattended run waits for; empty if the cycle can run.

    A regular forecast that was published since the run was requested ends the run; the cycle replaces a fallback.
    """
    requested_at = context.instance.get_run_record_by_id(context.run.run_id).create_timestamp
    publisher = gate.published_by(country, month, requested_at)
    if publisher and not is_fallback_run(context.instance, publisher):
        return f"nothing: run {publisher} has published the month since this run was requested"
    return gate.waits_for(country, month, delivered)
