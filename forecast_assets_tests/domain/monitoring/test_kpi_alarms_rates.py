"""Error rates of the alarm rules on simulated markets."""

import pytest

from forecast_assets.domain.monitoring.kpi_alarms import (
    AlarmLimits,
    bias_of_one_sign,
    kpi_verdicts,
    wape_above_its_level,
    worse_than_baseline,
)
from forecast_assets_tests.domain.simulated_performance import LAST, simulated_performance

pytestmark = pytest.mark.heavy

LIMITS = AlarmLimits(max_wape=0.5, max_bias=0.3)
MARKETS = 100
# Each comparison with the baseline resamples the market.
RESAMPLED_MARKETS = 40


def rate(rule, markets=MARKETS, **changes):
    """Share of simulated markets of 60 SKUs for which a rule raises an alarm."""
    simulated = (simulated_performance(seed, skus=60, **changes) for seed in range(markets))
    return sum(rule(cells, LAST).is_alarm is True for cells in simulated) / markets


def same_sign(cells, month):
    return bias_of_one_sign(cells, month, LIMITS)


def against_baseline(cells, month):
    return worse_than_baseline(cells, month, LIMITS)


def test_a_market_that_is_merely_noisy_gives_hardly_an_alarm():
    assert rate(wape_above_its_level) <= 0.03
    assert rate(against_baseline, RESAMPLED_MARKETS) <= 0.04
    assert rate(same_sign) <= 0.05


def test_a_market_that_became_worse_raises_an_alarm():
    assert rate(wape_above_its_level, worse_months=2, worse_by=2.0) >= 0.75
    assert rate(against_baseline, RESAMPLED_MARKETS, worse_months=2, worse_by=2.0) >= 0.9
    assert rate(same_sign, worse_months=4, bias=0.25) >= 0.85


def test_every_rule_has_a_verdict_on_a_simulated_market():
    cells = simulated_performance(0)
    verdicts = {(each.kind, each.subject): each for each in kpi_verdicts(cells, LAST, LIMITS)}
    for rule in (wape_above_its_level, against_baseline, same_sign):
        direct = rule(cells, LAST)
        assert verdicts[direct.kind, direct.subject] == direct
