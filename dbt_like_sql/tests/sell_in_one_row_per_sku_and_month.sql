-- grain: sku, month
-- units: rows: a count
-- description: A SKU has one row a month.
SELECT sku, month, COUNT(*) AS rows_found
FROM {{ ref('sell_in') }}
GROUP BY sku, month
HAVING COUNT(*) > 1
