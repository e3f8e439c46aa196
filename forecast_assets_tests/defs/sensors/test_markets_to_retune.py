"""Markets that are retuned after an alarm: the worst first, and each once a month."""

import pandas as pd
import pytest

from forecast_assets.alerts.incidents import Incident
from forecast_assets.defs.sensors.markets_to_retune import AlarmedMarket, markets_to_retune

JULY, AUGUST, SEPTEMBER, OCTOBER = (pd.Timestamp(f"2024-{month:02d}-01") for month in (7, 8, 9, 10))


def alarmed(code: str, weight: float, tuned_in: pd.Timestamp | None = None, severity: str = "warning") -> AlarmedMarket:
    incident = Incident("wape", code, "published", SEPTEMBER, severity, f"{code} is bad", weight=weight)
    return AlarmedMarket(code, (incident,), tuned_in)


def chosen(*markets: AlarmedMarket, budget: int = 9) -> list[str]:
    return [market.code for market in markets_to_retune(markets, SEPTEMBER, budget)]


def test_the_worst_come_first_and_the_budget_is_kept():
    markets = [alarmed("A", 1), alarmed("B", 9), alarmed("C", 5), alarmed("D", 0.5, severity="critical")]
    assert chosen(*markets) == ["D", "B", "C", "A"]
    assert chosen(*markets, budget=1) == ["D"]
    assert chosen(*markets, budget=0) == chosen(*markets, budget=-1) == []


def test_a_market_with_several_alarms_ranks_by_its_worst():
    worst, slight = (alarmed("A", weight).alarms[0] for weight in (9, 1))
    assert chosen(AlarmedMarket("A", (worst, slight), None), alarmed("B", 5)) == ["A", "B"]


@pytest.mark.parametrize(("tuned_in", "expected"), [(AUGUST, ["A"]), (SEPTEMBER, []), (OCTOBER, []), (None, ["A"])])
def test_a_market_is_tuned_at_most_once_a_month(tuned_in, expected):
    assert chosen(alarmed("A", 1, tuned_in)) == expected


@pytest.mark.parametrize(("tuned_in", "first"), [(JULY, "A"), (AUGUST, "B"), (None, "A")])
def test_a_market_whose_tuning_was_not_measured_yet_comes_last(tuned_in, first):
    """A recipe tuned for July forecasts with the cycle of August, which is measured with that of September."""
    assert chosen(alarmed("A", 9, tuned_in), alarmed("B", 1))[0] == first


def test_the_headlines_of_a_markets_alarms_are_told_in_order():
    first, second = (
        alarmed("A", 1).alarms[0],
        Incident("bias", "A", "published", SEPTEMBER, "warning", "bias is high"),
    )
    assert AlarmedMarket("A", (first, second), None).in_words == "A is bad; bias is high"
