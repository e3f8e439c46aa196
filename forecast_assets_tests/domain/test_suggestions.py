"""Suggestions for misspelt names."""

from forecast_assets.domain.suggestions import closest, did_you_mean


def test_the_closest_name_comes_first():
    assert closest("sel_in", ["products", "sell_out", "sell_in"], count=2, cutoff=0.5) == ["sell_in", "sell_out"]


def test_a_name_like_no_other_gets_no_suggestion():
    assert closest("xyz", ["products"]) == []
    assert did_you_mean("xyz", ["products"]) == ""


def test_a_question_names_the_closest_name():
    assert did_you_mean("FRR", ["DE", "FR"]) == "Did you mean FR?"
