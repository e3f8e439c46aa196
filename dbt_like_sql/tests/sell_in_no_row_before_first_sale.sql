-- grain: sku, restated_month, month
-- units: sell_in_units in sales units
-- description: A filled row needs a sale before it, or a launch, both known at the end of its month.
WITH sold AS (
    SELECT sku, MIN(month) AS month, MIN(month) AS known_month
    FROM {{ ref('stg_sell_in') }}
    WHERE known_month = month
    GROUP BY sku
    UNION ALL
    SELECT sku, month, known_month FROM {{ ref('stg_sell_in') }} WHERE known_month > month
)
SELECT sell_in.sku, sell_in.restated_month, sell_in.month, sell_in.sell_in_units, sell_in.reason
FROM {{ ref('sell_in') }} AS sell_in
LEFT JOIN {{ ref('stg_products_known') }} AS products ON products.sku = sell_in.sku AND products.month = sell_in.month
LEFT JOIN sold
    ON sold.sku = sell_in.sku
    AND sold.known_month <= sell_in.month
    AND sold.month <= COALESCE(sell_in.restated_month, sell_in.month)
WHERE sell_in.reason <> 'delivered'
    AND sold.sku IS NULL
    AND (products.launch_month IS NULL OR COALESCE(sell_in.restated_month, sell_in.month) < products.launch_month)
