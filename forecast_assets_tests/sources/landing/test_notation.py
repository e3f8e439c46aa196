"""Numbers whose notation is ambiguous are refused: thousands, discounts, flags. The rules are in docs/landing.md."""

import pandas as pd
import pyarrow as pa
import pytest

from forecast_assets_tests.sources.landing.cell_files import ONE, message, put

AMBIGUOUS = {
    "thousands beside short numbers": ["1.250", "950"],
    "thousands alone": ["1.250", "12.000"],
    "a return": ["-1.250", "7", "0"],
}
CLEAR = {
    "two decimals": (["1.25", "950"], [1.25, 950]),
    "a zero before the point": (["1.250", "0.950"], [1.25, 0.95]),
    "four digits before the point": (["1.250", "1250.000"], [1.25, 1250]),
    "four digits without a point": (["1.250", "1250"], [1.25, 1250]),
    "four decimals": (["1.250", "1.2500"], [1.25, 1.25]),
    "whole numbers": (["950", "12"], [950, 12]),
}


def rows_of(cells):
    return "".join(f"FR,S{number},2024-06,{cell}\n" for number, cell in enumerate(cells))


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_points_that_may_separate_thousands_are_refused(landing, case):
    landing.sell_in(rows_of(AMBIGUOUS[case]), "FR.csv").sell_in("DE,A,2024-06,1.25\n", "DE.csv")
    text = message(landing)
    assert "sell_in/FR.csv, column units, row" in text
    assert "expected numbers that show if a point separates decimals or thousands" in text
    assert len(landing.rows(market="DE")) == 1


@pytest.mark.parametrize("case", CLEAR)
def test_numbers_that_show_their_notation_are_read(landing, case):
    cells, units = CLEAR[case]
    assert landing.sell_in(rows_of(cells)).rows().sort_values("sku")["units"].tolist() == units


def test_the_message_on_thousands_names_both_readings_and_the_rows(landing):
    landing.sell_in(rows_of(["950", "1.250", "12"]), "FR.csv")
    assert message(landing).splitlines()[1] == (
        '  1. sell_in/FR.csv, column units, row 2: found "1.250", which is 1.25 or 1250; expected numbers that show if '
        "a point separates decimals or thousands. Next step: write 1250 or 1.2500, without a separator of thousands, "
        'and deliver the file again under the same name; or state the notation: FR: {decimal: ",", thousands: "."} in '
        'sell_in/_notation.yaml reads 1250, {decimal: "."} reads 1.25.'
    )


def test_each_file_shows_its_own_notation(landing):
    landing.sell_in("FR,A,2024-06,1.250\n", "a.csv").sell_in("FR,B,2024-06,1.25\n", "b.csv")
    assert "sell_in/a.csv, column units, row 1" in message(landing)


def test_typed_numbers_need_no_notation(landing):
    base = {name: values * 2 for name, values in ONE.items()} | {"sku": ["A", "B"]}
    assert put(landing, "units", pa.array([1.250, 950]), base=base).rows()["units"].tolist() == [1.25, 950]


PROMOTIONS = "country,sku,month,discount_pct\n"


def test_percentages_beside_what_may_be_fractions_are_refused_for_all_markets_of_the_file(landing):
    landing.put("promotions/p.csv", PROMOTIONS + "FR,A,2024-06,25\nFR,B,2024-06,1\nDE,C,2024-06,0.5\nNO,D,2024-06,0\n")
    expected = (
        "promotions/p.csv, column discount_pct, row 2: found 1.0 beside 25.0; "
        "expected fractions alone (0.25 for 25 %), or percentages above 1 alone. "
        "Next step: write discount_pct as fractions in every row and deliver the file again"
    )
    assert expected in message(landing, "promotions")
    assert "row 3: found 0.5 beside 25.0" in message(landing, "promotions", "DE")
    assert landing.rows("promotions", "NO")["discount_pct"].tolist() == [0.0]


def test_a_discount_of_1_alone_is_refused_for_it_may_be_1_percent(landing):
    landing.put("promotions/p.csv", PROMOTIONS + "FR,A,2024-06,0.5\nFR,B,2024-06,1\nDE,C,2024-06,0.5\n")
    expected = (
        "promotions/p.csv, column discount_pct, row 2: found 1, which is 1 % or 100 %; expected fractions below 1"
    )
    assert expected in message(landing, "promotions")
    assert len(landing.rows("promotions", "DE")) == 1
    landing.put("promotions/p.csv", PROMOTIONS + "FR,A,2024-06,100\n")
    assert landing.rows("promotions")["discount_pct"].tolist() == [100]


@pytest.mark.parametrize("cell", ["0.5", "2", "yes"])
def test_a_flag_is_1_or_0_and_nothing_between(landing, cell):
    header = "country,sku,month,units,is_promoted\n"
    landing.put("sell_out/a.csv", header + f"FR,A,2024-06,1,{cell}\nDE,A,2024-06,1,1.0\n")
    assert f'column is_promoted, row 1: found "{cell}"; expected 1 or 0' in message(landing, "sell_out")
    assert landing.rows("sell_out", "DE")["is_promoted"].tolist() == [1]


def test_each_file_has_fractions_or_percentages(landing):
    landing.put("promotions/a.csv", PROMOTIONS + "FR,A,2024-06,25\nFR,B,2024-06,0\nFR,C,2024-06,\n")
    frame = {"country": ["FR"], "sku": ["D"], "month": ["2024-06"], "discount_pct": [0.5]}
    landing.put("promotions/b.parquet", pd.DataFrame(frame))
    assert landing.rows("promotions").sort_values("sku")["discount_pct"].fillna(-1).tolist() == [25, 0, -1, 0.5]
