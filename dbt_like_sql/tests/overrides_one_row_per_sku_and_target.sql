-- grain: sku, target_month, month
-- units: rows: a count
-- description: A target month of a SKU has one override.
SELECT sku, target_month, month, COUNT(*) AS rows_found
FROM {{ ref('overrides') }}
GROUP BY sku, target_month, month
HAVING COUNT(*) > 1
