-- grain: sku, month, as delivered; a market without sell-out has no row
-- units: sell_out_units and stock_units in sales units, price in the market's currency, distribution_pct as delivered,
--   is_promoted 0 or 1
-- description: Sell-out of the months asked for. Missing rows stay missing: distributors report what they report.
SELECT sku, sell_out_units, stock_units, distribution_pct, price, is_promoted, month
FROM {{ ref('stg_sell_out') }}
WHERE month BETWEEN $first_month AND $last_month
