-- grain: sku, month
-- units: stock_units in sales units
-- description: A stock is zero or more.
SELECT sku, month, stock_units
FROM {{ ref('sell_out') }}
WHERE stock_units < 0
