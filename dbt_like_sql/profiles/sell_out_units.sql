-- grain: sku, month; all months delivered for the market up to the last one asked for
-- units: units in sales units
-- description: Delivered sell-out, for the checks of a delivery.
SELECT sku, month, sell_out_units AS units
FROM {{ ref('stg_sell_out') }}
WHERE month <= $last_month
