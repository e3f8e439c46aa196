-- grain: sku, promotion_month, known_from_date
-- units: discount_pct as a fraction (0.25 = 25 %), is_promoted 0 or 1
-- description: Promotions of $market. A discount above 1 is a percentage and is divided by 100. Without known_from a
--   promotion counts as known from its own month on.
SELECT DISTINCT
    CAST(sku AS VARCHAR) AS sku,
    {{ month_start('month') }} AS promotion_month,
    COALESCE(CAST(is_promoted AS DOUBLE), CASE WHEN CAST(discount_pct AS DOUBLE) > 0 THEN 1.0 ELSE 0.0 END) AS is_promoted,
    CASE
        WHEN CAST(discount_pct AS DOUBLE) > 1 THEN CAST(discount_pct AS DOUBLE) / 100
        ELSE CAST(discount_pct AS DOUBLE)
    END AS discount_pct,
    COALESCE(CAST(known_from AS DATE), CAST(month AS DATE)) AS known_from_date
FROM {{ source('promotions') }}
WHERE CAST(country AS VARCHAR) = $market
