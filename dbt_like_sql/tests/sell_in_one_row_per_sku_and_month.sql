-- grain: sku, restated_month, month
-- units: rows: a count
-- description: A month has one row for each of its SKUs, and one for each earlier month that it restates.
SELECT sku, restated_month, month, COUNT(*) AS rows_found
FROM {{ ref('sell_in') }}
GROUP BY sku, restated_month, month
HAVING COUNT(*) > 1
