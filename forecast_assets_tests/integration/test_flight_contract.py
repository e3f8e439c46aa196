"""Problems of a table in Dremio name table, column and rows, as those of a file do."""
# ruff: noqa: E501 - messages are written as they are read

import pandas as pd
import pytest

from forecast_assets.sources.dremio.engine import DremioEngine
from forecast_assets.sources.dremio.errors import DremioError
from forecast_assets.sources.landing import LandingError
from forecast_assets_tests.integration.flight_company import tables_of
from forecast_assets_tests.integration.flight_server import DremioStandIn

JANUARY, MARCH, TODAY = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-03-01"), pd.Timestamp("2024-07-10")
AGAIN = "in the table, or in what fills it"


@pytest.fixture(scope="module")
def server():
    with DremioStandIn() as running:
        yield running


@pytest.fixture
def put(server):
    """Puts a source's rows, given as text with a header; every other source has no table."""

    def put_rows(text: str, source: str = "sell_in", **types: str) -> DremioEngine:
        for name in ("sell_in", "sell_out", "products", "promotions", "overrides"):
            server.execute(f"DROP TABLE IF EXISTS lake.sales.{name}")
        server.put("sell_in", frame("country,sku,month,units\nFR,A,2024-01,1\n"))
        server.put(source, frame(text).astype(types))
        return DremioEngine(tables_of(server))

    return put_rows


def frame(text: str) -> pd.DataFrame:
    header, *lines = text.strip().split("\n")
    rows = [[cell or None for cell in line.split(",")] for line in lines]
    return pd.DataFrame(rows, columns=header.split(","), dtype="object").astype("string")


def run(engine: DremioEngine, mart: str = "sell_in", first: pd.Timestamp = JANUARY, last: pd.Timestamp = MARCH):
    return engine.run(mart, "FR", first, last, today=TODAY)


SELL_IN = "country,sku,month,units\n"
TABLE = "lake.sales.sell_in"
CELLS = {
    "units that are no number": (
        SELL_IN + "FR,A,2024-01,12;5\nFR,B,2024-01,1\nFR,C,2024-03,n/a\n",
        f'{TABLE}, column units, rows (FR, sku A, 2024-01-01), (FR, sku C, 2024-03-01): found "12;5", "n/a"; expected a '
        f"number with a decimal point and no thousands separator, such as 1234.5. Next step: correct the cells {AGAIN}.",
    ),
    "units that are empty": (
        SELL_IN + "FR,A,2024-01,\n",
        f"{TABLE}, column units, row (FR, sku A, 2024-01-01): found an empty cell; expected a filled cell. Next step: "
        f"write 0 where nothing was sold, or leave the row out, {AGAIN}.",
    ),
    "a month that is none": (
        SELL_IN + "FR,A,06/2024,1\n",
        f'{TABLE}, column month, row (FR, sku A, period empty): found "06/2024"; expected a month written 2024-06, 2024-06-01 '
        f"or 202406. Next step: correct the cells {AGAIN}.",
    ),
    "a day that does not exist": (
        "country,sku,date,units\nFR,A,2023-02-29,1\nFR,A,2024-02-29,1\n",
        f'{TABLE}, column date, row (FR, sku A, period empty): found "2023-02-29"; expected a date written 2024-06-15 or '
        f"20240615. Next step: correct the cells {AGAIN}.",
    ),
    "a row without month and date": (
        "country,sku,month,date,units\nFR,A,,,1\n",
        f"{TABLE}, column month, row (FR, sku A, period empty): found neither; expected a month or a date. Next step: fill month "
        f"or date {AGAIN}.",
    ),
    "month and date that disagree": (
        "country,sku,month,date,units\nFR,A,2024-02,2024-01-31,1\n",
        f"{TABLE}, column month, row (FR, sku A, 2024-01-31): found 2024-01-31 in month 2024-02; expected date and month "
        f"of a row to agree. Next step: correct the cells {AGAIN}.",
    ),
    "a SKU that is empty": (
        SELL_IN + "FR,,2024-01,1\n",
        f"{TABLE}, column sku, row (FR, sku empty, 2024-01-01): found an empty cell; expected a filled cell. Next step: "
        f"fill the cells {AGAIN}.",
    ),
    "a country that is empty": (
        SELL_IN + "FR,A,2024-01,1\n,B,2024-02,1\n",
        f"{TABLE}, column country, row (country empty, sku B, 2024-02-01): found an empty cell; expected a filled cell. Next step: "
        f"fill the cells {AGAIN}.",
    ),
    "a month in the future": (
        SELL_IN + "FR,A,2024-08,1\n",
        f"{TABLE}, column month or date, row (FR, sku A, 2024-08-01): found 2024-08-01; expected no month or date after "
        "2024-07-10. Next step: correct the period; plans belong in promotions or overrides, not among facts.",
    ),
    "a key twice": (
        SELL_IN + "FR,A,2024-01,1\nFR,A,2024-01,1\nFR,B,2024-01,1\n",
        f"{TABLE}, row (FR, sku A, month 2024-01-01): found 1 key more than once; expected one row per country, sku, "
        "month, known_from. Next step: keep one row per key; if the rows are daily or transactions, name the column date "
        "and they are summed.",
    ),
    "days that do not add up to the month": (
        "country,sku,month,date,units\nFR,A,2024-01,,5\nFR,A,,2024-01-03,3\nFR,A,,2024-01-04,1\n",
        f"{TABLE}, column units, row (sku A, month 2024-01-01): found 5 for the month and 4 over its days; expected the "
        f"same units in both. Next step: keep the right rows and remove the others {AGAIN}.",
    ),
    "a column that is missing": (
        "country,sku,month,unit\nFR,A,2024-01,1\n",
        f"{TABLE}, column units: found the columns country, sku, month, unit; expected the column units. Next step: "
        "rename unit, or add the column.",
    ),
    "neither month nor date": (
        "country,sku,week,units\nFR,A,5,1\n",
        f"{TABLE}, column month or date: found the columns country, sku, week, units; expected the column month or date. "
        "Next step: add the column to the table or view.",
    ),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_bad_table_is_refused_with_table_column_rows_and_next_step(put, case):
    text, message = CELLS[case]
    with pytest.raises(LandingError) as refused:
        run(put(text))
    assert message in str(refused.value)
    assert len(refused.value.problems) == 1


def test_a_sku_stored_as_a_decimal_number_is_refused(put):
    with pytest.raises(LandingError, match="column sku: found decimal numbers; expected text or whole numbers"):
        run(put(SELL_IN + "FR,7,2024-01,1\n", sku="float64"))


def test_whole_numbers_are_keys_and_months(put):
    table = run(put(SELL_IN + "FR,7,202401,1\n", sku="int64", month="int64", units="float32"))
    assert table[table["month"] == JANUARY][["sku", "sell_in_units"]].to_numpy().tolist() == [["7", 1.0]]


def test_a_nan_is_an_empty_cell(put, server):
    engine = put(SELL_IN + "FR,A,2024-01,1\n")
    server.execute("CREATE OR REPLACE TABLE lake.sales.sell_in AS SELECT 'FR' AS country, 'A' AS sku, '2024-01' AS month, "
                   "CAST('nan' AS DOUBLE) AS units")  # fmt: skip
    with pytest.raises(LandingError, match=r"column units, row .* found an empty cell"):
        run(engine)


def test_the_first_ten_rows_are_named_and_all_are_counted(put):
    rows = "".join(f"FR,S{number:02},2024-01,x\n" for number in range(13))
    with pytest.raises(LandingError) as refused:
        run(put(SELL_IN + rows))
    (problem,) = refused.value.problems
    assert problem.row_count == 13
    assert "(FR, sku S09, 2024-01-01) and 3 more: found" in str(problem)


def test_a_bad_month_does_not_fail_the_good_ones_nor_another_market(put):
    engine = put(SELL_IN + "FR,A,2024-01,1\nFR,A,2024-02,x\nDE,A,2024-01,x\n")
    assert run(engine, last=JANUARY)["sell_in_units"].tolist() == [1.0]
    with pytest.raises(LandingError, match="2024-02-01"):
        run(engine)


def test_products_are_judged_by_their_own_key(put):
    engine = put("sku,country,category,known_from\nA,FR,x,\nA,FR,y,\nB,,x,2024-09-01\nB,,x,2024-09-01\n", "products")
    with pytest.raises(LandingError) as refused:
        run(engine, "products")
    assert "lake.sales.products, row (FR, sku A): found 1 key more than once" in str(refused.value)


def test_a_table_that_is_not_there_is_named_and_optional_ones_are_empty(put, server):
    engine = put(SELL_IN + "FR,A,2024-01,1\n")
    assert run(engine, "sell_out").empty
    assert not engine.tables.has_source("sell_out")
    server.execute("DROP TABLE lake.sales.sell_in")
    with pytest.raises(LandingError) as refused:
        run(engine)
    assert "lake.sales.sell_in: found none of that name at localhost:" in str(refused.value)
    assert "Next step: check DREMIO_SCHEMA, and that the user" in str(refused.value)


def test_a_month_without_rows_is_told_with_what_there_is(put):
    engine = put(SELL_IN + "FR,A,2024-01,1\nFR,A,2024-03,1\n")
    with pytest.raises(LandingError) as refused:
        engine.tables.require_delivered("sell_in", "FR", [JANUARY, pd.Timestamp("2024-02-01")])
    assert str(refused.value.problems[0]) == (
        f"{TABLE}: found no rows (it holds 2024-01 to 2024-03); expected rows of FR in month 2024-02. Next step: load "
        "sell_in of FR for the month, then run the partition again."
    )
    assert len(refused.value.problems) == 1


def test_a_refused_statement_is_no_missing_table(put, server):
    engine = put(SELL_IN + "FR,A,2024-01,1\n")
    with pytest.raises(DremioError, match=r"rejected the query: .*Column 'nonsense' not found in any table"):
        engine.tables.client.rows('SELECT "nonsense" FROM "lake"."sales"."sell_in"')
    assert engine.tables.has_source("sell_in")


def test_a_market_is_a_literal_that_cannot_break_out(put):
    engine = put(SELL_IN + "FR,A,2024-01,1\n")
    poison = "FR' OR '1'='1"
    assert engine.run("sell_in", poison, JANUARY, MARCH, today=TODAY).empty
    assert engine.tables.delivered_months("sell_in", poison) == []
