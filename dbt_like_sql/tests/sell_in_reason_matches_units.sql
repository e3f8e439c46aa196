-- grain: sku, month
-- units: sell_in_units in sales units
-- description: Delivered has units, no_sale has 0, unknown has none.
SELECT sku, month, sell_in_units, reason
FROM {{ ref('sell_in') }}
WHERE (reason = 'delivered' AND sell_in_units IS NULL)
    OR (reason = 'no_sale' AND (sell_in_units IS NULL OR sell_in_units <> 0))
    OR (reason = 'unknown' AND sell_in_units IS NOT NULL)
    OR reason NOT IN ('delivered', 'no_sale', 'unknown')
