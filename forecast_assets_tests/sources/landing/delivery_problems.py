"""Bad deliveries, each with the problem that the reader reports of it."""

import io

import pandas as pd

from forecast_assets_tests.sources.landing.deliveries import SELL_IN

AGAIN = "deliver the file again under the same name"
NUMBER = "a number with a decimal point and no thousands separator, such as 1234.5"


def parquet_bytes(**columns):
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer, index=False)
    return buffer.getvalue()


GOOD_PARQUET = parquet_bytes(country=["FR"], sku=["A"], month=["2024-06"], units=[1.0])
CASES = {
    "0 bytes": (
        "",
        "sell_in/all.csv: found 0 bytes; expected at least one row. "
        "Next step: deliver the file again with its rows, or remove it.",
    ),
    "a header only": (
        SELL_IN,
        "sell_in/all.csv: found a header and no rows; expected at least one row. "
        "Next step: deliver the file again with its rows, or remove it.",
    ),
    "semicolons": (
        "country;sku;month;units\nFR;A;2024-06;1\n",
        "sell_in/all.csv: found columns separated by semicolons (header 'country;sku;month;units'); "
        "expected columns separated by commas. "
        "Next step: export the file with commas between columns and a point in decimals, and deliver it again.",
    ),
    "tabs": (
        "country\tsku\tmonth\tunits\nFR\tA\t2024-06\t1\n",
        "sell_in/all.csv: found columns separated by tabs (header 'country\\tsku\\tmonth\\tunits'); "
        "expected columns separated by commas. "
        "Next step: export the file with commas between columns and a point in decimals, and deliver it again.",
    ),
    "a misspelt column": (
        "country,sku,month,unit\nFR,A,2024-06,1\n",
        "sell_in/all.csv, column units: found the columns country, sku, month, unit; expected the column units. "
        "Next step: rename unit, or add the column.",
    ),
    "neither month nor date": (
        "country,sku,week,units\nFR,A,2024-06,1\n",
        "sell_in/all.csv, column month or date: found the columns country, sku, week, units; "
        "expected the column month or date. Next step: add the column and deliver the file again.",
    ),
    "a column twice": (
        "country,sku,month,units,Units\nFR,A,2024-06,1,2\n",
        "sell_in/all.csv, column units: found column units 2 times; expected each column once. "
        "Next step: rename or remove one.",
    ),
    "two columns twice": (
        "country,sku,month,units,Units,SKU\nFR,A,2024-06,1,2,B\n",
        "sell_in/all.csv, column sku: found column sku 2 times; expected each column once. "
        "Next step: rename or remove one.",
    ),
    "units that are no number": (
        SELL_IN + 'FR,A,2024-06,"12,5"\nFR,B,2024-06,1\nFR,C,2024-06,n/a\nFR,D,2024-06,inf\n',
        f'sell_in/all.csv, column units, rows 1, 3, 4: found "12,5", "inf", "n/a"; expected {NUMBER}. '
        f"Next step: correct the cells and {AGAIN}.",
    ),
    "units that are empty": (
        SELL_IN + "FR,A,2024-06,\n",
        "sell_in/all.csv, column units, row 1: found an empty cell; expected a filled cell. "
        f"Next step: write 0 where nothing was sold, or leave the row out, and {AGAIN}.",
    ),
    "a month that is none": (
        SELL_IN + "FR,A,2024-06,1\nFR,B,06/2024,1\n",
        'sell_in/all.csv, column month, row 2: found "06/2024"; '
        f"expected a month written 2024-06, 2024-06-01 or 202406. Next step: correct the cells and {AGAIN}.",
    ),
    "a date that is none": (
        "country,sku,date,units\nFR,A,2024-06-31,1\n",
        'sell_in/all.csv, column date, row 1: found "2024-06-31"; '
        f"expected a date written 2024-06-15 or 20240615. Next step: correct the cells and {AGAIN}.",
    ),
    "a row without month and date": (
        "country,sku,month,date,units\nFR,A,,,1\n",
        f"sell_in/all.csv, column month, row 1: found neither; expected a month or a date. "
        f"Next step: fill month or date and {AGAIN}.",
    ),
    "month and date of a row disagree": (
        "country,sku,month,date,units\nFR,A,2024-05,2024-06-01,1\n",
        "sell_in/all.csv, column month, row 1: found 2024-06-01 in month 2024-05; "
        f"expected date and month of a row to agree. Next step: correct the cells and {AGAIN}.",
    ),
    "an empty sku": (
        SELL_IN + "FR,,2024-06,1\nFR, ,2024-05,1\n",
        "sell_in/all.csv, column sku, rows 1, 2: found an empty cell; expected a filled cell. "
        f"Next step: fill the cells and {AGAIN}.",
    ),
    "a sku with an invisible character": (
        SELL_IN + "FR,A\t,2024-06,1\n",
        "sell_in/all.csv, column sku, row 1: found an invisible character in a cell; "
        "expected a code of visible characters. "
        f"Next step: remove tabs, zero-width and control characters from the code and {AGAIN}.",
    ),
    "an empty country": (
        SELL_IN + "FR,A,2024-06,1\n,A,2024-06,1\n",
        "sell_in/all.csv, column country, row 2: found an empty cell; expected a filled cell. "
        f"Next step: fill the cells and {AGAIN}.",
    ),
    "a month in the future": (
        SELL_IN + "FR,A,2024-08,1\n",
        "sell_in/all.csv, column month or date, row 1: found 2024-08-01; expected no month or date after 2024-07-10. "
        "Next step: correct the period; plans belong in promotions or overrides, not among facts.",
    ),
    "a key twice in one file": (
        SELL_IN + "FR,A,2024-06,1\nFR,B,2024-06,1\nFR,A,2024-06-30,1\n",
        "sell_in/all.csv, rows 1, 3: found 1 key more than once, such as sku A, month 2024-06; "
        "expected one row per country, sku, month, known_from. Next step: keep one row per key; "
        "if the rows are daily or transactions, name the column date and they are summed.",
    ),
    "a line with a cell too few": (
        SELL_IN + "FR,A,2024-06,1\nFR,B,2024-\n",
        "sell_in/all.csv, row 2: found 3 columns in a line; "
        "expected 4 columns in every line, cells with a comma in double quotes. Next step: correct the line "
        "(a last line cut off means a truncated file) and deliver the file again.",
    ),
    "another encoding": (
        (SELL_IN + "FR,é,2024-06,1\n").encode("latin-1"),
        "sell_in/all.csv: found bytes that are not UTF-8; expected text in UTF-8. "
        "Next step: save the file as UTF-8 and deliver it again.",
    ),
}
