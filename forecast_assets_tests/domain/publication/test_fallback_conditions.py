"""Months that may get a fallback publication at all."""

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.calendar import add_months
from forecast_assets.domain.publication.fallback import NothingToPublishError, require_fallback

ORIGIN = pd.Timestamp("2024-06-01")
NOTHING = pd.DataFrame()


def sold_in(*months, units=10.0):
    return pd.DataFrame({"sku": "a", "month": pd.to_datetime(list(months)), "sell_in_units": units})


def refusal(**changed):
    """Return the message with which June 2024 gets no fallback; empty if it may get one."""
    usual = {"closed": ORIGIN, "latest_published": add_months(ORIGIN, -1), "sell_in": sold_in("2024-06-01")}
    try:
        require_fallback(ORIGIN, **usual | changed)
    except NothingToPublishError as error:
        return str(error)
    return ""


def test_a_fallback_publishes_only_a_month_that_is_over():
    assert refusal() == ""
    assert refusal(closed=add_months(ORIGIN, 1)) == ""
    assert "the last closed month is 2024-05" in refusal(closed=add_months(ORIGIN, -1))


def test_a_fallback_does_not_follow_a_later_publication():
    assert refusal(latest_published=None) == refusal(latest_published=ORIGIN) == ""
    assert "2024-07 is published already" in refusal(latest_published=add_months(ORIGIN, 1))


@pytest.mark.parametrize(("months", "last"), [(["2024-04-01"], "2024-04"), (["2022-01-01", "2023-12-01"], "2023-12")])
def test_a_fallback_needs_data_of_the_month_or_of_the_one_before(months, last):
    assert refusal(sell_in=sold_in("2024-05-01")) == ""
    assert refusal(sell_in=sold_in(*months)).startswith(
        f"neither the month nor 2024-05 has sell-in in the store; the last month with data is {last}. Check the month"
    )


def test_a_month_of_which_nothing_is_known_is_no_data():
    assert "no month has data" in refusal(sell_in=sold_in("2024-06-01", units=np.nan))
    assert "no month has data" in refusal(sell_in=NOTHING)
