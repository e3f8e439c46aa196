-- grain: sku, promotion_month, month
-- units: rows: a count
-- description: A promotion month of a SKU has one row.
SELECT sku, promotion_month, month, COUNT(*) AS rows_found
FROM {{ ref('promotions') }}
GROUP BY sku, promotion_month, month
HAVING COUNT(*) > 1
