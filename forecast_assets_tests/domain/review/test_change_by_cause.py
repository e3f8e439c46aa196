"""Change since the last publication by cause, expected values by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.review.change_by_cause import CHANGE_CAUSES, change_by_cause
from forecast_assets.domain.review.review_tables import Review, ReviewTables
from forecast_assets_tests.domain.review.review_company import (
    FEBRUARY,
    MARCH,
    changed,
    products,
    publication,
    reasons,
    sell_in,
    tables,
    with_restated,
)


def parts_of(of: ReviewTables, sku: str = "A") -> dict[str, float]:
    """Return the causes with units of one SKU."""
    row = change_by_cause(Review(of, MARCH)).loc[sku]
    return {cause: float(units) for cause, units in row.items() if abs(units) > 1e-9}


def both(now: float = 120.0, before: float = 100.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    return publication(MARCH, {"A": now}), publication(FEBRUARY, {"A": before})


def together(*parts: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)


def test_a_model_that_saw_one_more_month_changes_by_new_actuals():
    assert parts_of(tables(together(*both()))) == {"new_actuals": 60.0}  # three months of 20


def test_without_a_last_publication_there_is_no_change():
    table = change_by_cause(Review(tables(publication(MARCH, {"A": 1.0})), MARCH))
    assert table.empty
    assert list(table.columns) == list(CHANGE_CAUSES)


def test_a_restated_history_takes_the_place_of_new_actuals():
    december = pd.Timestamp("2023-12-01")
    again = with_restated(sell_in("A"), december)
    assert parts_of(tables(together(*both()), sell_in=again)) == {"restated": 60.0}
    earlier = with_restated(sell_in("A"), december, known_from=FEBRUARY)  # the last publication knew it already
    assert parts_of(tables(together(*both()), sell_in=earlier)) == {"new_actuals": 60.0}


def test_an_override_counts_what_it_changes_and_leaves_the_model_its_part():
    now, before = both()
    now = changed(now, "A", "2024-05-01", source="override", forecast_units=150.0)
    of = tables(together(now, before), reasons=together(reasons(now, override=30.0), reasons(before)))
    # April and June 20 each by new actuals, and so does May: 150 - 30 - 100.
    assert parts_of(of) == {"override": 30.0, "new_actuals": 60.0}


def test_an_override_that_lapsed_is_a_change_by_override_too():
    now, before = both(100.0, 100.0)
    before = changed(before, "A", "2024-05-01", source="override", forecast_units=130.0)
    of = tables(together(now, before), reasons=together(reasons(now), reasons(before, override=30.0)))
    assert parts_of(of) == {"override": -30.0}


def test_an_override_whose_number_before_is_unknown_leaves_its_month_to_the_rest():
    now, before = both()
    now = changed(now, "A", "2024-05-01", source="override", forecast_units=150.0)
    of = tables(together(now, before), reasons=reasons(before))
    assert parts_of(of) == {"rest": 50.0, "new_actuals": 40.0}


@pytest.mark.parametrize("month", [MARCH, FEBRUARY])
def test_a_sku_of_one_publication_alone_changes_by_launch_or_end(month):
    other = publication(FEBRUARY if month == MARCH else MARCH, {"B": 7.0})
    sign = 1.0 if month == MARCH else -1.0
    assert parts_of(tables(together(publication(month, {"A": 10.0}), other))) == {"launch_or_end": sign * 30.0}


def test_a_launch_changes_by_launch_whatever_else_changed():
    now, before = both()
    before = before.assign(rule="new_with_like_items")
    assert parts_of(tables(together(now, before))) == {"launch_or_end": 60.0}


def test_an_end_that_became_known_changes_the_months_after_it_alone():
    now, before = both()
    now = changed(now, "A", "2024-06-01", forecast_units=0.0)
    known = products("A")
    known.loc[known["month"] == MARCH, "end_month"] = pd.Timestamp("2024-05-01")
    assert parts_of(tables(together(now, before), products=known)) == {"launch_or_end": -100.0, "new_actuals": 40.0}


def test_another_method_counts_what_the_last_one_would_forecast_now():
    now, before = both()
    before = before.assign(source="baseline")
    # Now 120 by the model; Holt-Winters would be 110: 10 a month by the recipe, 10 by new actuals.
    assert parts_of(tables(together(now, before))) == {"recipe": 30.0, "new_actuals": 30.0}
    now, before = both()
    now = now.assign(source="baseline", model_units=95.0)
    assert parts_of(tables(together(now, before))) == {"recipe": 75.0, "new_actuals": -15.0}


def test_a_promoted_recipe_counts_against_the_champion_before():
    now, before = both()
    stored = now[["sku", "target_month", "month"]].assign(champion_units=112.0)
    for outcome, expected in (("promoted", {"recipe": 24.0, "new_actuals": 36.0}), ("held", {"new_actuals": 60.0})):
        champion = pd.DataFrame({"month": [MARCH], "outcome": [outcome]})
        of = tables(together(now, before), forecasts=stored, champion=champion)
        assert parts_of(of) == expected


def test_a_changed_plan_counts_the_promotion_and_leaves_the_rest_to_new_actuals():
    now, before = both()
    plan = {"sku": ["A"], "promotion_month": [pd.Timestamp("2024-05-01")], "is_promoted": [1.0], "discount_pct": [0.2]}
    planned = pd.DataFrame(plan).assign(month=MARCH)
    explained = together(reasons(now, promotion=15.0), reasons(before, promotion=-3.0))
    of = tables(together(now, before), promotions=planned, reasons=explained)
    assert parts_of(of) == {"promotion_plan": 18.0, "new_actuals": 42.0}  # May alone: 15 - (-3)
    known = together(planned, planned.assign(month=FEBRUARY))
    assert parts_of(dataclasses.replace(of, promotions=known)) == {"new_actuals": 60.0}
    other = together(planned, planned.assign(month=FEBRUARY, discount_pct=0.1))
    assert parts_of(dataclasses.replace(of, promotions=other)) == {"promotion_plan": 18.0, "new_actuals": 42.0}
    unexplained = dataclasses.replace(of, reasons=reasons(now, promotion=15.0))
    assert parts_of(unexplained) == {"rest": 20.0, "new_actuals": 40.0}


def test_parts_of_many_skus_add_up_to_their_change():
    rng = np.random.default_rng(3)
    skus = [f"s{number}" for number in range(40)]
    now = publication(MARCH, dict(zip(skus, rng.integers(0, 500, 40).astype(float), strict=True)))
    before = publication(FEBRUARY, dict(zip(skus[5:], rng.integers(0, 500, 35).astype(float), strict=True)))
    now["source"] = rng.choice(["model", "override"], len(now))
    before["rule"] = rng.choice(["regular", "new_with_reference", "all_zero"], len(before))
    of = tables(together(now, before), reasons=together(reasons(now, override=11.0), reasons(before)))
    total = now[now["target_month"] < "2024-07-01"].groupby("sku")["forecast_units"].sum()
    earlier = before[before["target_month"].between("2024-04-01", "2024-06-01")].groupby("sku")["forecast_units"].sum()
    change = total.sub(earlier, fill_value=0.0)
    sums = change_by_cause(Review(of, MARCH)).sum(axis=1)
    pd.testing.assert_series_equal(sums.sort_index(), change.sort_index(), check_names=False)
