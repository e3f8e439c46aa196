"""Delivered rows of a source with what stands beside them, as the checks read it.

Belongs here: the frames and facts that checks need together. Not here: reading them (source_tables.py).
"""

import dataclasses
from collections.abc import Sequence

import pandas as pd

from forecast_assets.sources.country_spellings import NO_CODES, CountryCodes
from forecast_assets.sources.landing.delivered_file import UnreadFile
from forecast_assets.sources.sql import SqlTestResult


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """Delivered files and rows of a source that are not used.

    Attributes:
        unread: Files in the source's folder that are not read and may be the market's.
        countries: Delivered country codes that no market has.
    """

    unread: Sequence[UnreadFile] = ()
    countries: CountryCodes = NO_CODES


@dataclasses.dataclass(frozen=True)
class DeliveredSellIn:
    """Sell-in of a run with the inputs of its checks.

    Attributes:
        rows: The months asked for and the year before them, with ``month``.
        products: Products of the months asked for, with ``month``; None if no products were ever delivered.
        sql_tests: Results of the SQL tests.
        left_out: What was delivered and is not used.
    """

    rows: pd.DataFrame
    products: pd.DataFrame | None
    sql_tests: list[SqlTestResult]
    left_out: LeftOut = LeftOut()


@dataclasses.dataclass(frozen=True)
class DeliveryProfile:
    """Delivered rows of a source in short, for the rules on deliveries.

    Attributes:
        units: Delivered units by SKU, month and the month from which they are known, up to the last month asked for:
            ``sku, month, known_month, units``; sell-in also has ``net_sales``, sell-out stock, distribution and price.
        days: Rows by month and day: ``month, day, row_count, distinct_rows, odd_rows, repeated_sku``.
    """

    units: pd.DataFrame
    days: pd.DataFrame
