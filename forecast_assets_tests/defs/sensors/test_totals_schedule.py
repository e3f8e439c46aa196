"""When a month over all markets is frozen, and when the next one is prepared."""

import pandas as pd

from forecast_assets.defs.sensors.totals_schedule import FALLBACK_BEFORE_DUE, Months, to_freeze, to_make_known

OCTOBER, NOVEMBER, DECEMBER, JANUARY = (
    pd.Timestamp(f"{month}-01") for month in ("2024-10", "2024-11", "2024-12", "2025-01")
)
EXPECTED = {"FR": OCTOBER, "NO": NOVEMBER}
# The 11th of January, the 16th, the 3rd of February and the 9th.
AFTER_THE_TENTH = Months(DECEMBER, DECEMBER, is_overdue=False, is_late=True)
AFTER_THE_DEADLINE = Months(DECEMBER, DECEMBER, is_overdue=True, is_late=True)
NEXT_MONTH = Months(DECEMBER, JANUARY, is_overdue=True, is_late=False)
DAY_BEFORE = Months(DECEMBER, JANUARY, is_overdue=True, is_late=True)


def frozen(months: Months, delivered: dict, stored: tuple = ()) -> list[str]:
    return [f"{span.first:%Y-%m}..{span.last:%Y-%m}" for span in to_freeze(months, delivered, EXPECTED, stored)]


def test_a_month_is_frozen_as_soon_as_all_markets_are_in():
    assert frozen(AFTER_THE_TENTH, {DECEMBER: {"FR"}}) == []
    assert frozen(AFTER_THE_TENTH, {DECEMBER: {"FR", "NO"}}) == ["2024-12..2024-12"]


def test_at_the_deadline_a_month_is_frozen_with_the_markets_that_are_in():
    assert frozen(AFTER_THE_DEADLINE, {DECEMBER: {"FR"}}) == ["2024-12..2024-12"]
    assert frozen(AFTER_THE_DEADLINE, {}) == []


def test_a_frozen_month_is_left_alone_when_a_late_market_comes():
    assert frozen(AFTER_THE_DEADLINE, {DECEMBER: {"FR", "NO"}}, stored=(DECEMBER,)) == []


def test_a_month_is_not_frozen_before_its_cycle_is_due():
    assert frozen(NEXT_MONTH, {JANUARY: {"FR", "NO"}}) == []


def test_a_market_is_not_waited_for_in_months_before_its_data_starts():
    assert frozen(AFTER_THE_TENTH, {OCTOBER: {"FR"}, NOVEMBER: {"FR"}}) == ["2024-10..2024-10"]


def test_months_beside_each_other_are_one_run_and_none_that_is_frozen_lies_in_it():
    both = {"FR", "NO"}
    delivered = {OCTOBER: both, NOVEMBER: both, DECEMBER: both}
    assert frozen(AFTER_THE_TENTH, delivered) == ["2024-10..2024-12"]
    assert frozen(AFTER_THE_TENTH, delivered, stored=(NOVEMBER,)) == ["2024-10..2024-10", "2024-12..2024-12"]


def test_what_a_month_may_read_is_made_as_soon_as_it_has_closed_and_the_one_before_is_frozen():
    assert to_make_known(NEXT_MONTH, frozen={DECEMBER}, stored={DECEMBER})
    assert not to_make_known(NEXT_MONTH, frozen={DECEMBER}, stored={DECEMBER, JANUARY})
    assert not to_make_known(NEXT_MONTH, frozen={NOVEMBER}, stored=set())


def test_a_day_before_the_cycle_it_is_made_from_what_there_is():
    assert pd.Timestamp("2025-02-10T06:00Z") - FALLBACK_BEFORE_DUE == pd.Timestamp("2025-02-09T06:00Z")
    assert to_make_known(DAY_BEFORE, frozen={NOVEMBER}, stored=set())
    assert not to_make_known(DAY_BEFORE, frozen=set(), stored=set())


def test_a_month_on_the_other_side_of_the_year_is_the_one_before():
    january = Months(NOVEMBER, DECEMBER, is_overdue=True, is_late=False)
    assert to_make_known(january, frozen={NOVEMBER}, stored={NOVEMBER})
    assert not to_make_known(january, frozen={OCTOBER, DECEMBER}, stored=set())


def test_a_month_is_frozen_with_markets_that_are_not_expected_any_more():
    assert frozen(AFTER_THE_TENTH, {DECEMBER: {"FR", "NO", "GONE"}}) == ["2024-12..2024-12"]
    # A market whose data starts with the month is waited for.
    assert frozen(AFTER_THE_TENTH, {NOVEMBER: {"FR"}}) == []
