-- grain: sku, target_month, month
-- units: none
-- description: An override is for one of the 18 months after its origin.
SELECT sku, target_month, month
FROM {{ ref('overrides') }}
WHERE {{ month_number('target_month') }} - {{ month_number('month') }} NOT BETWEEN 1 AND 18
