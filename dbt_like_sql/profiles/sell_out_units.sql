-- grain: sku, month, known_month; all months delivered for the market, known up to the last month asked for
-- units: units and stock_units in sales units, price in the market's currency, distribution_pct as delivered, is_promoted 0 or 1
-- description: Delivered sell-out, for the checks of a delivery.
SELECT sku, month, known_month, sell_out_units AS units, stock_units, distribution_pct, price, is_promoted
FROM {{ ref('stg_sell_out') }}
WHERE known_month <= $last_month
