-- grain: sku, origin_month, target_month, known_from
-- units: forecast_units in sales units per month
-- description: Planners' overrides of $market.
SELECT DISTINCT
    CAST(sku AS VARCHAR) AS sku,
    {{ month_start('origin_month') }} AS origin_month,
    {{ month_start('target_month') }} AS target_month,
    CAST(forecast_units AS DOUBLE) AS forecast_units,
    CAST(author AS VARCHAR) AS author,
    CAST(reason AS VARCHAR) AS reason,
    CAST(known_from AS DATE) AS known_from
FROM {{ source('overrides') }}
WHERE CAST(country AS VARCHAR) = $market
