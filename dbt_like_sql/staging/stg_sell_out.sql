-- grain: sku, month; all months delivered for the market
-- units: sell_out_units and stock_units in sales units, price in the market's currency, distribution_pct as delivered,
--   is_promoted 0 or 1
-- description: Sell-out of $market, deduplicated and summed to the month as sell_in is. A stock is a level: of daily rows
--   the last one counts. Price and distribution are means over the days, a month is promoted if any of its days was.
WITH by_period AS (
    SELECT
        CAST(sku AS VARCHAR) AS sku,
        CAST(month AS DATE) AS month_delivered,
        CAST(date AS DATE) AS date_delivered,
        _file,
        SUM(CAST(units AS DOUBLE)) AS units,
        MAX(CAST(stock_units AS DOUBLE)) AS stock_units,
        AVG(CAST(distribution_pct AS DOUBLE)) AS distribution_pct,
        AVG(CAST(price AS DOUBLE)) AS price,
        MAX(CAST(is_promoted AS DOUBLE)) AS is_promoted
    FROM {{ source('sell_out') }}
    WHERE CAST(country AS VARCHAR) = $market
    GROUP BY CAST(sku AS VARCHAR), CAST(month AS DATE), CAST(date AS DATE), _file
),
counted_once AS (
    SELECT
        sku,
        {{ month_start('COALESCE(date_delivered, month_delivered)') }} AS month,
        CASE WHEN date_delivered IS NULL THEN 'month' ELSE 'date' END AS grain,
        COALESCE(date_delivered, month_delivered) AS period,
        MAX(units) AS units,
        MAX(stock_units) AS stock_units,
        MAX(distribution_pct) AS distribution_pct,
        MAX(price) AS price,
        MAX(is_promoted) AS is_promoted
    FROM by_period
    WHERE COALESCE(date_delivered, month_delivered) IS NOT NULL
    GROUP BY
        sku,
        {{ month_start('COALESCE(date_delivered, month_delivered)') }},
        CASE WHEN date_delivered IS NULL THEN 'month' ELSE 'date' END,
        COALESCE(date_delivered, month_delivered)
),
with_last_stock AS (
    SELECT
        counted_once.*,
        MAX(CASE WHEN stock_units IS NOT NULL THEN period END) OVER (PARTITION BY sku, month, grain) AS last_stock_period
    FROM counted_once
),
by_grain AS (
    SELECT
        sku,
        month,
        grain,
        SUM(units) AS units,
        MAX(CASE WHEN period = last_stock_period THEN stock_units END) AS stock_units,
        AVG(distribution_pct) AS distribution_pct,
        AVG(price) AS price,
        MAX(is_promoted) AS is_promoted
    FROM with_last_stock
    GROUP BY sku, month, grain
)
SELECT
    sku,
    month,
    MAX(units) AS sell_out_units,
    MAX(stock_units) AS stock_units,
    MAX(distribution_pct) AS distribution_pct,
    MAX(price) AS price,
    MAX(is_promoted) AS is_promoted
FROM by_grain
GROUP BY sku, month
