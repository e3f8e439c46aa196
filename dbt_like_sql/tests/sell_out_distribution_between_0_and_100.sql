-- grain: sku, month
-- units: distribution_pct as delivered
-- description: A distribution is a fraction or a percentage.
SELECT sku, month, distribution_pct
FROM {{ ref('sell_out') }}
WHERE distribution_pct < 0 OR distribution_pct > 100
