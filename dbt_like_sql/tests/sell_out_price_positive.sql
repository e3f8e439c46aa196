-- grain: sku, month
-- units: price in the market's currency
-- description: A price is above zero; an unknown one is empty.
SELECT sku, month, price
FROM {{ ref('sell_out') }}
WHERE price <= 0
