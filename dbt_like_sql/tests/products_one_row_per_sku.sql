-- grain: sku, month
-- units: rows: a count
-- description: A SKU has one product row a month.
SELECT sku, month, COUNT(*) AS rows_found
FROM {{ ref('products') }}
GROUP BY sku, month
HAVING COUNT(*) > 1
