-- grain: month, day; all months delivered for the market
-- units: rows: a count
-- description: Delivered rows by day, known at the end of their month, for the checks of a delivery. day is null for
--   rows of a month. distinct_rows counts rows that differ within a file, odd_rows those of them that come an odd number
--   of times, repeated_sku names one that comes more than once.
WITH copies AS (
    SELECT
        {{ month_start('COALESCE(date, month)') }} AS month,
        CAST(date AS DATE) AS day,
        CAST(sku AS VARCHAR) AS sku,
        COUNT(*) AS copies
    FROM {{ source('sell_in') }}
    WHERE CAST(country AS VARCHAR) = $market AND COALESCE(date, month) IS NOT NULL
        AND (known_from IS NULL OR {{ month_start('known_from') }} <= {{ month_start('COALESCE(date, month)') }})
    GROUP BY
        {{ month_start('COALESCE(date, month)') }}, CAST(date AS DATE), CAST(sku AS VARCHAR),
        _file, known_from, units, net_sales
)
SELECT
    month,
    day,
    SUM(copies) AS row_count,
    COUNT(*) AS distinct_rows,
    SUM(CASE WHEN MOD(copies, 2) = 1 THEN 1 ELSE 0 END) AS odd_rows,
    MIN(CASE WHEN copies > 1 THEN sku END) AS repeated_sku
FROM copies
GROUP BY month, day
