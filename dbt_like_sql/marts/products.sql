-- grain: sku, month
-- units: none
-- description: Attributes as known at the end of each month, further ones as JSON in attributes. A SKU that was known to be
--   sold by then and is in no product list has a row of nulls, so that every SKU of sell_in finds its product.
WITH sold AS (
    SELECT sku, MIN(known_month) AS first_month FROM {{ ref('stg_sell_in') }} GROUP BY sku
)
SELECT
    products.sku,
    products.category,
    products.brand,
    products.pack,
    products.launch_month,
    products.end_month,
    products.reference_sku,
    products.attributes,
    products.month
FROM {{ ref('stg_products_known') }} AS products
UNION ALL
SELECT
    sold.sku,
    CAST(NULL AS VARCHAR) AS category,
    CAST(NULL AS VARCHAR) AS brand,
    CAST(NULL AS VARCHAR) AS pack,
    CAST(NULL AS DATE) AS launch_month,
    CAST(NULL AS DATE) AS end_month,
    CAST(NULL AS VARCHAR) AS reference_sku,
    CAST(NULL AS VARCHAR) AS attributes,
    months.month
FROM sold
INNER JOIN {{ ref('stg_months') }} AS months ON months.month >= sold.first_month
LEFT JOIN {{ ref('stg_products_known') }} AS products ON products.sku = sold.sku AND products.month = months.month
WHERE products.sku IS NULL
