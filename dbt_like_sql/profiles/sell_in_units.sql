-- grain: sku, month, known_month; all months delivered for the market, known up to the last month asked for
-- units: units in sales units, net_sales in the market's currency
-- description: Delivered sell-in without the rows that the mart fills in, for the checks of a delivery.
SELECT sku, month, known_month, sell_in_units AS units, net_sales
FROM {{ ref('stg_sell_in') }}
WHERE known_month <= $last_month
