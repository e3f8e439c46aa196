-- grain: sku, target_month, month (the origin month)
-- units: forecast_units in sales units per month
-- description: Overrides of each origin month, known at its end; without known_from an override counts as known, for a
--   planner files it under the origin it was made for. Of several versions the latest counts.
WITH visible AS (
    SELECT
        overrides.*,
        ROW_NUMBER() OVER (
            PARTITION BY sku, origin_month, target_month
            ORDER BY COALESCE(known_from, CAST('0001-01-01' AS DATE)) DESC
        ) AS precedence
    FROM {{ ref('stg_overrides') }} AS overrides
    WHERE origin_month BETWEEN $first_month AND $last_month
        AND (known_from IS NULL OR {{ month_start('known_from') }} <= origin_month)
)
SELECT sku, target_month, forecast_units, author, reason, origin_month AS month
FROM visible
WHERE precedence = 1
