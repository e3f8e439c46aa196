-- grain: sku, month
-- units: none
-- description: A SKU is not its own predecessor.
SELECT sku, month, reference_sku
FROM {{ ref('products') }}
WHERE reference_sku = sku
