"""Promotion rule: each condition alone turns a promotion into a held challenger."""

import json

import numpy as np
import pandas as pd
import pytest

from forecast_assets.domain.selection.champion import PromotionLimits, champion, compare
from forecast_assets.domain.selection.contest import Contest, Incumbent, recipe_id, recipe_text
from forecast_assets.validation.schema_check import schema_check
from forecast_assets_tests.domain.selection.rival_recipes import (
    IN_FORCE,
    LIMITS,
    MARCH,
    MONTH,
    OLD,
    RIVALS,
    TUNED,
    alone,
    market,
)


def failed(cells, limits=LIMITS):
    return [condition.name for condition in compare(cells, True, limits).failed]


def test_an_equal_challenger_meets_every_condition():
    compared = compare(market(), True, LIMITS)
    assert compared.failed == []
    assert [condition.name for condition in compared.conditions] == [
        "champion", "baseline", "bias", "class A", "paired test",
    ]  # fmt: skip
    assert compared.cells == 40
    assert compared.wape == pytest.approx({"challenger": 0.2, "champion": 0.2, "baseline": 0.3, "naive": 0.4})
    assert compared.bias == pytest.approx(dict.fromkeys(compared.bias, 0.0))
    assert compared.class_ratios == {"A": 1.0}


@pytest.mark.parametrize(("error", "fails"), [(20.2, []), (20.21, ["champion"])])
def test_one_per_cent_above_the_champion_is_allowed_and_no_more(error, fails):
    assert failed(market(model_units=error)) == fails


@pytest.mark.parametrize(("error", "fails"), [(21.0, []), (21.1, ["baseline"])])
def test_five_per_cent_above_the_baseline_are_allowed_and_no_more(error, fails):
    assert failed(market(model_units=error, champion_units=25.0, baseline_units=20.0)) == fails


def biased(cells, column, error):
    """All its errors of one sign: WAPE and bias are the same."""
    return cells.assign(**{column: 100.0 + error})


@pytest.mark.parametrize(("error", "fails"), [(10.0, []), (-10.0, []), (10.1, ["bias"]), (-10.1, ["bias"])])
def test_a_bias_of_ten_per_cent_either_way_is_allowed_and_no_more(error, fails):
    assert failed(biased(market(), "model_units", error)) == fails


def test_a_bias_no_larger_than_the_champions_is_allowed():
    cells = biased(biased(market(baseline_units=20.0), "champion_units", -15.0), "model_units", 15.0)
    assert failed(cells) == []


def collapsed(cells_of_b):
    """Class B twice as bad as the champion's, class A so much better that the market as a whole is better."""
    cells = market(model_units=5.0)
    of_b = np.arange(len(cells)) < cells_of_b
    sign = np.where(np.arange(len(cells)) % 2, -1, 1)
    return cells.assign(
        abc_class=np.where(of_b, "B", "A"),
        model_units=np.where(of_b, 100 + sign * 22.1, cells["model_units"]),
    )


def test_a_class_more_than_ten_per_cent_worse_has_collapsed():
    assert failed(collapsed(30)) == ["class B"]
    assert failed(collapsed(30), PromotionLimits(class_tolerance=0.11)) == []


def test_a_class_of_too_few_cells_does_not_count():
    compared = compare(collapsed(29), True, LIMITS)
    assert compared.failed == []
    assert compared.class_ratios == {}


def test_a_challenger_tested_worse_is_held_though_within_the_tolerance():
    """Forty SKUs at three origins, each half a per cent worse: no resampling makes it better."""
    cells = pd.concat(
        [market(40, model_units=20.1).assign(origin_month=MARCH - pd.DateOffset(months=back)) for back in (18, 12, 6)]
    )
    assert failed(cells) == ["paired test"]


def test_without_a_cell_to_compare_on_the_champion_stays():
    assert failed(market().assign(actual_units=np.nan)) == ["scored"]
    assert failed(market().iloc[:0]) == ["scored"]


def test_a_champion_without_error_is_not_beaten_by_one_with_an_error():
    assert "class A" in failed(market(champion_units=0.0))
    assert compare(market(champion_units=0.0), True, LIMITS).class_ratios == {"A": np.inf}
    assert compare(market(champion_units=0.0, model_units=0.0), True, LIMITS).class_ratios == {"A": 1.0}


def test_cells_that_only_one_of_the_two_forecast_count_for_neither():
    cells = market()
    cells.loc[:9, "champion_units"] = np.nan
    cells.loc[:9, "model_units"] = 9e9
    assert compare(cells, True, LIMITS).cells == 30
    assert failed(cells) == []


def row(contest, cells):
    table = champion(contest, cells, MONTH, LIMITS)
    assert schema_check("champion").find(table, MONTH).message == ""
    return table.iloc[0]


def test_a_promoted_challenger_is_in_force_from_this_month_on():
    result = row(RIVALS, market(model_units=10.0))
    assert (result["outcome"], result["source"], result["since_month"]) == ("promoted", "model", MONTH)
    assert (result["recipe_id"], result["champion_before_id"]) == (recipe_id(TUNED), recipe_id(OLD))
    assert result["recipe"] == recipe_text(TUNED)
    assert result["reason"].startswith(f"challenger {recipe_id(TUNED)} promoted over {recipe_id(OLD)}: WAPE 10.0% and")
    assert (result["wape_challenger"], result["wape_champion"], result["wape_ratio"]) == pytest.approx((0.1, 0.2, 0.5))


def test_a_held_challenger_leaves_the_champion_in_force_since_when_it_was():
    result = row(RIVALS, market(model_units=25.0))
    assert (result["outcome"], result["source"], result["since_month"]) == ("held", "champion", MARCH)
    assert (result["recipe_id"], result["challenger_id"]) == (recipe_id(OLD), recipe_id(TUNED))
    assert "champion " + recipe_id(OLD) + " stays: WAPE 25.0%, at most 20.2% allowed (champion)" in result["reason"]
    assert "backtest WAPE champion 20.0%, baseline 30.0%, naive 40.0%" in result["reason"]
    failing = [each["name"] for each in json.loads(result["conditions"]) if not each["holds"]]
    assert failing == ["champion", "class A"]


def test_a_champion_worse_than_the_naive_forecast_gives_way_to_the_baseline():
    result = row(RIVALS, market(model_units=60.0, champion_units=50.0))
    assert (result["outcome"], result["source"]) == ("held", "baseline")
    assert "champion worse than seasonal naive" in result["reason"]


def test_the_first_recipe_and_an_unchanged_one_are_not_put_to_the_rule():
    bad = alone(market(model_units=35.0))
    first = row(Contest(TUNED, None, None, recipe_id(TUNED)), bad)
    assert (first["outcome"], first["source"], first["since_month"]) == ("first", "model", MONTH)
    assert pd.isna(first["champion_before_id"])
    same = row(Contest(OLD, None, IN_FORCE, recipe_id(OLD)), bad)
    assert (same["outcome"], same["source"], same["since_month"]) == ("unchanged", "model", MARCH)
    assert json.loads(same["conditions"]) == []


def test_a_champion_in_force_anew_is_so_since_this_month():
    anew = Incumbent(OLD, recipe_id(OLD), None)
    result = row(Contest(OLD, None, anew, recipe_id(TUNED), withdrawn_reason="refused by Ann"), alone(market()))
    assert (result["outcome"], result["source"], result["since_month"]) == ("held", "champion", MONTH)
    assert result["reason"].startswith("refused by Ann; backtest WAPE champion 20.0%")


def test_without_an_allowed_recipe_the_baseline_is_published():
    nobody = Contest(TUNED, None, None, recipe_id(TUNED), withdrawn_reason="refused by Ann", all_rejected=True)
    result = row(nobody, alone(market()))
    assert (result["outcome"], result["source"]) == ("refused", "baseline")


def test_a_note_is_part_of_the_reason():
    noted = Contest(TUNED, None, None, recipe_id(TUNED), note="the champion abc counts as none: x")
    assert row(noted, alone(market()))["reason"].endswith("the champion abc counts as none: x")
