-- grain: sku, restated_month, month, as delivered; a market without sell-out has no row
-- units: sell_out_units and stock_units in sales units, price in the market's currency, distribution_pct as delivered,
--   is_promoted 0 or 1
-- description: Sell-out of the months asked for, as known at their end. Missing rows stay missing: distributors report what
--   they report. Rows with a restated_month hold the sell-out of that earlier month as it is known from this month on.
{% if has_known_from('sell_out') %}
WITH delivered_months AS (
    SELECT DISTINCT month FROM {{ ref('stg_sell_out') }} WHERE known_month = month AND month <= $last_month
),
arrivals AS (
    SELECT late.sku, late.month, late.known_month AS stated_month, MIN(delivered_months.month) AS known_month
    FROM {{ ref('stg_sell_out') }} AS late
    INNER JOIN delivered_months ON delivered_months.month >= late.known_month
    WHERE late.known_month > late.month
    GROUP BY late.sku, late.month, late.known_month
),
latest_arrivals AS (
    SELECT sku, month, known_month, MAX(stated_month) AS stated_month FROM arrivals GROUP BY sku, month, known_month
),
restated AS (
    SELECT DISTINCT sku, month FROM latest_arrivals
),
delivered AS (
    SELECT stated.*, stated.month AS month_stored
    FROM {{ ref('stg_sell_out') }} AS stated
    INNER JOIN restated ON restated.sku = stated.sku AND restated.month = stated.month
    WHERE stated.known_month = stated.month
    UNION ALL
    SELECT late.*, latest_arrivals.known_month AS month_stored
    FROM {{ ref('stg_sell_out') }} AS late
    INNER JOIN latest_arrivals
        ON latest_arrivals.sku = late.sku
        AND latest_arrivals.month = late.month
        AND latest_arrivals.stated_month = late.known_month
),
versions AS (
    SELECT
        delivered.*,
        ROW_NUMBER() OVER (PARTITION BY sku, month ORDER BY month_stored) AS number,
        LAG(sell_out_units) OVER (PARTITION BY sku, month ORDER BY month_stored) AS units_before,
        LAG(stock_units) OVER (PARTITION BY sku, month ORDER BY month_stored) AS stock_units_before,
        LAG(distribution_pct) OVER (PARTITION BY sku, month ORDER BY month_stored) AS distribution_pct_before,
        LAG(price) OVER (PARTITION BY sku, month ORDER BY month_stored) AS price_before,
        LAG(is_promoted) OVER (PARTITION BY sku, month ORDER BY month_stored) AS is_promoted_before
    FROM delivered
)
SELECT
    sku,
    sell_out_units,
    stock_units,
    distribution_pct,
    price,
    is_promoted,
    CAST(NULL AS DATE) AS restated_month,
    month
FROM {{ ref('stg_sell_out') }}
WHERE month BETWEEN $first_month AND $last_month AND known_month = month
UNION ALL
SELECT
    sku,
    sell_out_units,
    stock_units,
    distribution_pct,
    price,
    is_promoted,
    month AS restated_month,
    month_stored AS month
FROM versions
WHERE month_stored BETWEEN $first_month AND $last_month
    AND month_stored > month
    AND (
        number = 1
        OR sell_out_units IS DISTINCT FROM units_before
        OR stock_units IS DISTINCT FROM stock_units_before
        OR distribution_pct IS DISTINCT FROM distribution_pct_before
        OR price IS DISTINCT FROM price_before
        OR is_promoted IS DISTINCT FROM is_promoted_before
    )
{% else %}
SELECT sku, sell_out_units, stock_units, distribution_pct, price, is_promoted, CAST(NULL AS DATE) AS restated_month, month
FROM {{ ref('stg_sell_out') }}
WHERE month BETWEEN $first_month AND $last_month
{% endif %}
