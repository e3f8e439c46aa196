-- grain: sku, target_month, month
-- units: forecast_units in sales units
-- description: A forecast is zero or more.
SELECT sku, target_month, month, forecast_units
FROM {{ ref('overrides') }}
WHERE forecast_units < 0
