-- grain: sku, month
-- units: sell_in_units in sales units
-- description: After its end a SKU has delivered rows only.
SELECT sell_in.sku, sell_in.month, sell_in.reason, products.end_month
FROM {{ ref('sell_in') }} AS sell_in
INNER JOIN {{ ref('stg_products_known') }} AS products ON products.sku = sell_in.sku AND products.month = sell_in.month
WHERE sell_in.reason = 'no_sale' AND COALESCE(sell_in.restated_month, sell_in.month) > products.end_month
