"""Price of a unit of each SKU, by which units at stake are valued. Not here: sums of value."""

import pandas as pd

from forecast_assets.domain.evaluation.value_added import net_sales_per_unit

NET_SALES, LIST_PRICE, UNITS = "net_sales", "list_price", "units"
PRICE_SOURCES = (NET_SALES, LIST_PRICE, UNITS)
LIST_PRICE_COLUMN = "attribute_list_price"


def unit_prices(skus: pd.Index, sell_in: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Return the price of a unit by SKU and its source.

    Args:
        skus: The SKUs.
        sell_in: Rows of the last 12 months: ``sku, sell_in_units``, and ``net_sales`` if it is delivered.
        products: ``sku``, and ``attribute_list_price`` if it is delivered; a text.

    Returns:
        Indexed by SKU: ``unit_price``, in the market's currency, and ``price_source``: net sales / units of 12 months,
        else the list price; 1 with the source ``units`` if neither is known and positive.
    """
    sold, listed = pd.Series(dtype=float), pd.Series(dtype=float)
    if "net_sales" in sell_in:
        sold = net_sales_per_unit(sell_in)
    if LIST_PRICE_COLUMN in products:
        by_sku = products.drop_duplicates("sku", keep="last").set_index("sku")[LIST_PRICE_COLUMN]
        listed = pd.to_numeric(by_sku, errors="coerce")
    prices = pd.DataFrame({"unit_price": 1.0, "price_source": UNITS}, index=skus)
    for source, found in ((LIST_PRICE, listed), (NET_SALES, sold)):
        known = found.reindex(skus).astype(float)
        is_known = known > 0
        prices.loc[is_known, "unit_price"] = known[is_known]
        prices.loc[is_known, "price_source"] = source
    return prices
