-- grain: sku, promotion_month, month
-- units: discount_pct as a fraction
-- description: A discount is a fraction of the price.
SELECT sku, promotion_month, month, discount_pct
FROM {{ ref('promotions') }}
WHERE discount_pct < 0 OR discount_pct > 1
