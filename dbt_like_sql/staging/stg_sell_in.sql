-- grain: sku, month; all months delivered for the market
-- units: sell_in_units in sales units (negative = return), net_sales in the market's currency
-- description: Sell-in of $market. Rows are summed to their period (a month, or a date) within a file; the same period
--   in several files is one delivery made twice and counts once (the landing refuses files that disagree); dates are
--   then summed to the month.
WITH by_period AS (
    SELECT
        CAST(sku AS VARCHAR) AS sku,
        CAST(month AS DATE) AS month_delivered,
        CAST(date AS DATE) AS date_delivered,
        _file,
        SUM(CAST(units AS DOUBLE)) AS units,
        SUM(CAST(net_sales AS DOUBLE)) AS net_sales
    FROM {{ source('sell_in') }}
    WHERE CAST(country AS VARCHAR) = $market
    GROUP BY CAST(sku AS VARCHAR), CAST(month AS DATE), CAST(date AS DATE), _file
),
counted_once AS (
    SELECT
        sku,
        {{ month_start('COALESCE(date_delivered, month_delivered)') }} AS month,
        CASE WHEN date_delivered IS NULL THEN 'month' ELSE 'date' END AS grain,
        MAX(units) AS units,
        MAX(net_sales) AS net_sales
    FROM by_period
    WHERE COALESCE(date_delivered, month_delivered) IS NOT NULL
    GROUP BY
        sku,
        {{ month_start('COALESCE(date_delivered, month_delivered)') }},
        CASE WHEN date_delivered IS NULL THEN 'month' ELSE 'date' END,
        date_delivered
),
by_grain AS (
    SELECT sku, month, grain, SUM(units) AS units, SUM(net_sales) AS net_sales
    FROM counted_once
    GROUP BY sku, month, grain
)
SELECT sku, month, MAX(units) AS sell_in_units, MAX(net_sales) AS net_sales
FROM by_grain
GROUP BY sku, month
