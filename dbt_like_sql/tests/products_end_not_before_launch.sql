-- grain: sku, month
-- units: none
-- description: A SKU ends after its launch.
SELECT sku, month, launch_month, end_month
FROM {{ ref('products') }}
WHERE end_month < launch_month
