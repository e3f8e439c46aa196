-- grain: sku, month; all months delivered for the market up to the last one asked for
-- units: units in sales units, net_sales in the market's currency
-- description: Delivered sell-in without the rows that the mart fills in, for the checks of a delivery.
SELECT sku, month, sell_in_units AS units, net_sales
FROM {{ ref('stg_sell_in') }}
WHERE month <= $last_month
