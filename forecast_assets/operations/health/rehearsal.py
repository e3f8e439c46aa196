"""Rehearsal of a month: every check on what a market has delivered, as its cycle applies them. It writes nothing."""

import pandas as pd

from forecast_assets.config.settings import Settings
from forecast_assets.market_state.delivery_findings import (
    ACCEPTED,
    BLOCKS,
    SOURCES,
    WARNS,
    DeliveryFindings,
    StoredFinding,
)
from forecast_assets.sources.landing import LandingError
from forecast_assets.sources.opened import open_sources
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.opened import open_store
from forecast_assets.validation.run_checks import tables_and_checks

UNUSABLE = "delivery"


def rehearsed_findings(settings: Settings, country: str, month: pd.Timestamp) -> list[StoredFinding]:
    """Return what the checks of all sources find in a month, those that block first.

    A delivery that cannot be used at all is a finding named ``delivery``. Decisions of people count as in a cycle.
    """
    store, tables = open_store(settings), open_sources(settings)
    accepted = DeliveryFindings(store).accepted(PartitionKey(month, country))
    found: list[StoredFinding] = []
    for source in SOURCES:
        try:
            by_month, checks = tables_and_checks(tables, store, settings.checks, source, country, [month])
        except LandingError as error:
            found.append(StoredFinding(source, UNUSABLE, BLOCKS, str(error), ""))
            continue
        for check in checks:
            finding = check.findings(by_month)[month]
            if not finding.violations:
                continue
            acceptance = accepted.get((source, check.name))
            effect = ACCEPTED if acceptance else BLOCKS if check.blocking and not finding.is_warning else WARNS
            found.append(StoredFinding(source, check.name, effect, finding.message, "", acceptance))
    return sorted(found, key=lambda each: (BLOCKS, WARNS, ACCEPTED).index(each.effect))
