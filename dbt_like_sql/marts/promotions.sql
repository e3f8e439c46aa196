-- grain: sku, promotion_month, month
-- units: discount_pct as a fraction (0.25 = 25 %), is_promoted 0 or 1
-- description: Promotions as known at the end of each month, for promotion months from 24 before to 18 after it. Of several
--   versions of a promotion the latest known one counts.
WITH visible AS (
    SELECT
        months.month,
        promotions.*,
        ROW_NUMBER() OVER (
            PARTITION BY months.month, promotions.sku, promotions.promotion_month
            ORDER BY promotions.known_from_date DESC, promotions.is_promoted DESC
        ) AS precedence
    FROM {{ ref('stg_months') }} AS months
    INNER JOIN {{ ref('stg_promotions') }} AS promotions
        ON {{ month_start('promotions.known_from_date') }} <= months.month
        AND {{ month_number('promotions.promotion_month') }}
            BETWEEN months.month_number - 24 AND months.month_number + 18
)
SELECT sku, promotion_month, is_promoted, discount_pct, month
FROM visible
WHERE precedence = 1
