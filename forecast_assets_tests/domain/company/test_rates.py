"""Exchange rates: which one counts, and which rows are refused with their file."""

import pandas as pd
import pytest

from forecast_assets.domain.company.rates import rates_at

JUNE = pd.Timestamp("2024-06-01")


def rates(*rows: tuple[str, ...], columns=("month", "currency", "rate", "accepted")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns[: len(rows[0])])).assign(file="rates.csv")


def used(*rows: tuple[str, ...], month: pd.Timestamp = JUNE, currencies=("NOK", "USD")) -> dict[str, float]:
    return rates_at(rates(*rows), month, currencies)


def test_the_latest_rate_up_to_the_month_counts():
    # Delivered in any order.
    table = (("2024-05-01", "NOK", "0.09"), ("2024-04", "NOK", "0.08"), ("2024-07", "NOK", "0.5"))
    assert used(*table) == {"NOK": 0.09}
    assert used(*table, month=pd.Timestamp("2024-04-01")) == {"NOK": 0.08}
    assert used(*table, month=pd.Timestamp("2024-03-01")) == {}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("2024-06", "NOK", "0"), "got \\['2024-06', 'NOK', '0'\\]"),
        (("2024-06", "NOK", "inf"), "got \\['2024-06', 'NOK', 'inf'\\]"),
        (("June", "NOK", "1"), "rates.csv: expected a row like 2024-06, NOK, 0.088"),
        (("2024-06", "nok", "1"), "expected a row like"),
    ],
)
def test_a_rate_that_cannot_be_used_is_named(row, message):
    with pytest.raises(ValueError, match=message):
        used(row)


def test_two_rates_of_a_month_and_missing_columns_are_named():
    twice = [("2024-06", "NOK", "1"), ("2024-06", "NOK", "2")]
    with pytest.raises(ValueError, match=r"exchange_rates/rates\.csv: NOK has two rates of 2024-06"):
        used(*twice)
    with pytest.raises(ValueError, match="column rate is missing"):
        rates_at(rates(*twice).drop(columns="rate"), JUNE, ["NOK"])


def test_a_rate_upside_down_is_refused_with_file_row_and_the_rate_before():
    with pytest.raises(ValueError, match="upside") as raised:
        used(("2024-05", "USD", "0.926"), ("2024-05", "NOK", "0.088"), ("2024-06", "USD", "1.08"))
    assert str(raised.value) == (
        "exchange_rates/rates.csv: the row 2024-06, USD, 1.08 follows 0.926 of 2024-05 (1 / 1.08 is 0.925926: upside "
        "down?). Next step: correct the row, or give it a reason in a column accepted if the rate did change so much"
    )


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [
        ("0.088", "11.36", True),
        ("11.36", "0.088", True),
        ("0.1", "0.14", False),
        ("0.1", "0.16", True),  # x 1.6
        ("0.16", "0.1", True),
        # A franc that crosses 1 by 3 % is nearer to its inverse and is no mistake.
        ("0.98", "1.01", False),
        # By 15 %, but far from the inverse of 0.99.
        ("0.99", "1.14", False),
        ("0.95", "1.06", True),  # 1 / 0.95 is 1.0526
    ],
)
def test_a_jump_is_more_than_half_as_much_again_or_a_tenth_towards_the_inverse(before, after, is_refused):
    rows = [("2024-05", "USD", before), ("2024-06", "USD", after)]
    if is_refused:
        with pytest.raises(ValueError, match=f"follows {before} of 2024-05"):
            used(*rows)
    else:
        assert used(*rows) == {"USD": float(after)}


def test_a_jump_that_is_accepted_of_a_later_month_or_of_no_market_counts_as_it_is():
    before = ("2023-12", "ARS", "0.0025")
    devalued = ("2024-01", "ARS", "0.0011")
    assert used((*before, ""), (*devalued, "devalued on 13 December"), currencies=["ARS"]) == {"ARS": 0.0011}
    with pytest.raises(ValueError, match=r"2024-01, ARS, 0\.0011 follows 0\.0025 of 2023-12\. Next step"):
        used((*before, "devalued"), (*devalued, " "), currencies=["ARS"])
    assert used(before, devalued) == {"ARS": 0.0011}
    earlier = pd.Timestamp("2023-12-01")
    assert used(before, devalued, month=earlier, currencies=["ARS"]) == {"ARS": 0.0025}


def test_an_old_jump_is_refused_until_it_is_corrected():
    rows = [("2024-03", "USD", "0.92"), ("2024-04", "USD", "1.08"), ("2024-05", "USD", "1.07"), ("2024-06", "USD", "1")]
    with pytest.raises(ValueError, match=r"the row 2024-04, USD, 1\.08 follows 0\.92 of 2024-03"):
        used(*rows)


def test_a_column_of_acceptance_may_be_in_one_file_alone():
    files = [
        rates(("2024-05", "NOK", "0.1")),
        rates(("2024-06", "NOK", "0.2", "new krone")),
        rates(("2024-06", "USD", "9")),
    ]
    assert rates_at(pd.concat(files), JUNE, ["NOK", "USD"]) == {"NOK": 0.2, "USD": 9.0}
