"""Codes that a spreadsheet or an export changed."""

import pandas as pd
import pytest

from forecast_assets.domain.deliveries.sku_codes import respelled_skus
from forecast_assets_tests.domain.deliveries.deliveries import TEN, history, june, month_of

CODES = ["000001", "000002", "AB-10", "x7"]


@pytest.mark.parametrize("changed", ["1", "1.0", "01", "0 00001", "000001.00"])
def test_a_number_that_lost_or_won_characters_is_named_with_the_code_it_was(changed):
    finding = respelled_skus(june(history(CODES, 3), {changed: 5.0, "000002": 5.0}))
    assert finding.rows.to_dict("records") == [{"sku": changed, "earlier_sku": "000001"}]
    assert f"'{changed}' for '000001'" in finding.message


@pytest.mark.parametrize("changed", ["AB10", "AB_10", "AB-10 EA", "ab-10", "AB-10/KG"])
def test_separators_units_and_case_are_other_spellings_of_a_sku_that_is_absent(changed):
    finding = respelled_skus(june(history(CODES, 3), {changed: 5.0, "000002": 5.0}))
    assert finding.rows["earlier_sku"].tolist() == ["AB-10"]


@pytest.mark.parametrize("new", ["AB10", "AB-10 EA", "AB_10"])
def test_a_new_sku_beside_the_known_one_is_a_sku_of_its_own(new):
    assert respelled_skus(june(history(CODES, 3), dict.fromkeys([*CODES, new], 5.0))) is None


def test_zeros_lost_in_a_part_of_the_file_are_found_beside_the_whole_codes():
    finding = respelled_skus(june(history(CODES, 3), dict.fromkeys([*CODES, "2"], 5.0)))
    assert finding.rows["earlier_sku"].tolist() == ["000002"]


def test_codes_with_an_exponent_are_found():
    finding = respelled_skus(june(history(TEN, 1), {"1.23457E+11": 5.0, "2E+05": 1.0}))
    assert finding.message.startswith(
        "2 SKU codes are written with an exponent (scientific notation): 1.23457E+11, 2E+05"
    )
    assert respelled_skus(june(history(TEN, 1), {"1E5": 5.0, "12E+05": 3.0, "E+11": 1.0})) is None


def test_a_known_code_is_not_another_spelling_whatever_it_looks_like():
    both = history(["1", "000001", "1E+05"], 3)
    assert respelled_skus(june(both, {"1": 5.0, "1E+05": 5.0})) is None
    # Of two known codes with one spelling, neither is the one that a third was meant to be.
    assert respelled_skus(june(both, {"01": 5.0})) is None


def test_a_new_code_written_twice_in_the_month_is_found():
    finding = respelled_skus(june(history(TEN, 3), {"77": 5.0, "0077": 5.0}))
    assert finding.rows.to_dict("records") == [{"sku": "77", "earlier_sku": "0077"}]


def test_a_code_of_the_month_before_is_known_and_no_spelling_of_an_older_one():
    before = pd.concat([history(["000001"], 3), month_of({"1": 5.0}, pd.Timestamp("2024-05-01"))])
    assert respelled_skus(june(before, {"1": 5.0})) is None


def test_two_known_codes_of_one_spelling_are_no_finding_beside_a_new_code():
    known = ["1", "000001"]
    assert respelled_skus(june(history(known, 3), dict.fromkeys([*known, "zz"], 5.0))) is None


def test_spellings_and_exponents_are_listed_one_after_the_other():
    rows = respelled_skus(june(history(CODES, 3), {"1": 5.0, "AB10": 5.0, "2E+05": 1.0})).rows
    assert rows["sku"].tolist() == ["1", "AB10", "2E+05"]
    assert rows["earlier_sku"].tolist() == ["000001", "AB-10", ""]
    assert rows.index.tolist() == [0, 1, 2]
