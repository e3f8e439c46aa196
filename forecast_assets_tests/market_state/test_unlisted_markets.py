"""A market that left the markets file while its months are stored: totals do not shrink in silence."""

import dataclasses

import pandas as pd
import pytest

from forecast_assets.market_state.unlisted_markets import UnlistedMarkets, tables_of_market
from forecast_assets.storage import PartitionKey
from forecast_assets.validation.demand_checks import totals_checks

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")


@dataclasses.dataclass(frozen=True)
class Listing:
    """A store that lists partitions."""

    tables: dict[str, list[PartitionKey]]

    def list_partitions(self, table: str) -> list[PartitionKey]:
        return self.tables.get(table, [])

    def list_market(self, table: str, country: str | None) -> list[PartitionKey]:
        return [each for each in self.list_partitions(table) if each.country == country]


STORE = Listing(
    {
        "sell_in": [PartitionKey(MAY, "FR"), PartitionKey(JUNE, "FR"), PartitionKey(MAY, "DE")],
        "published_forecasts": [PartitionKey(MAY, "DE")],
        "demand_totals": [PartitionKey(MAY)],
    }
)


def test_stored_months_of_markets_that_are_not_listed():
    assert UnlistedMarkets(STORE, ["FR"]).months() == {"DE": {MAY}}
    assert UnlistedMarkets(STORE, ["FR", "DE"]).months() == {}


def test_tables_that_hold_months_of_a_market():
    assert sorted(tables_of_market(STORE, "DE")) == ["published_forecasts", "sell_in"]
    assert tables_of_market(STORE, "ES") == []


@pytest.mark.parametrize(
    ("listed", "month", "violations", "is_warning"),
    [(["FR"], MAY, 1, False), (["FR"], JUNE, 1, True), (["FR", "DE"], MAY, 0, False)],
)
def test_totals_that_would_lose_a_stored_market_are_not_stored(listed, month, violations, is_warning):
    unlisted = UnlistedMarkets(STORE, listed).months()
    check = next(each for each in totals_checks({}, listed, unlisted) if each.name == "markets_listed")
    finding = check.find(pd.DataFrame(), month)
    assert (finding.violations, finding.is_warning, check.blocking) == (violations, is_warning, True)
    if violations:
        assert finding.message.startswith("DE: stored, but no longer in the markets file")
        assert "stage: retired" in finding.message
