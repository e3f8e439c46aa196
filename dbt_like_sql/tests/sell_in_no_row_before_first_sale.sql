-- grain: sku, month
-- units: sell_in_units in sales units
-- description: A filled row needs a sale before it, or a launch.
SELECT sell_in.sku, sell_in.month, sell_in.sell_in_units, sell_in.reason
FROM {{ ref('sell_in') }} AS sell_in
LEFT JOIN (SELECT sku, MIN(month) AS first_month FROM {{ ref('stg_sell_in') }} GROUP BY sku) AS sold ON sold.sku = sell_in.sku
LEFT JOIN {{ ref('stg_products_known') }} AS products ON products.sku = sell_in.sku AND products.month = sell_in.month
WHERE sell_in.reason <> 'delivered'
    AND (sold.first_month IS NULL OR sell_in.month < sold.first_month)
    AND (products.launch_month IS NULL OR sell_in.month < products.launch_month)
