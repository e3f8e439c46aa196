-- grain: sku, month, known_month; all months delivered for the market
-- units: sell_in_units in sales units (negative = return), net_sales in the market's currency
-- description: Sell-in of $market as known at the end of each known_month in which a row of the SKU's month became known:
--   the month itself, or the month of a later known_from. Rows are summed to their period (a month, or a date) within a
--   file; the same period in several files is one delivery made twice and counts once (the landing refuses files that
--   disagree). Of several known_from of a period the latest one known counts. Dates are then summed to the month; a
--   monthly row beside them counts if it is known from the same day or a later one.
{% if has_known_from('sell_in') %}
WITH by_period AS (
    SELECT
        CAST(sku AS VARCHAR) AS sku,
        CAST(month AS DATE) AS month_delivered,
        CAST(date AS DATE) AS date_delivered,
        CAST(known_from AS DATE) AS known_from,
        _file,
        SUM(CAST(units AS DOUBLE)) AS units,
        SUM(CAST(net_sales AS DOUBLE)) AS net_sales
    FROM {{ source('sell_in') }}
    WHERE CAST(country AS VARCHAR) = $market
    GROUP BY CAST(sku AS VARCHAR), CAST(month AS DATE), CAST(date AS DATE), CAST(known_from AS DATE), _file
),
counted_once AS (
    SELECT
        sku,
        {{ month_start('COALESCE(date_delivered, month_delivered)') }} AS month,
        date_delivered,
        known_from,
        MAX(units) AS units,
        MAX(net_sales) AS net_sales
    FROM by_period
    WHERE COALESCE(date_delivered, month_delivered) IS NOT NULL
    GROUP BY sku, {{ month_start('COALESCE(date_delivered, month_delivered)') }}, date_delivered, known_from
),
dated AS (
    SELECT
        counted_once.*,
        CASE WHEN date_delivered IS NULL THEN 'month' ELSE 'date' END AS grain,
        {{ version_of('known_from') }} AS version,
        {{ known_month('known_from', 'month') }} AS known_month
    FROM counted_once
),
versioned AS (
    SELECT DISTINCT sku, month FROM dated WHERE known_from IS NOT NULL
),
known_months AS (
    SELECT DISTINCT dated.sku, dated.month, dated.known_month
    FROM dated
    INNER JOIN versioned ON versioned.sku = dated.sku AND versioned.month = dated.month
),
visible AS (
    SELECT
        known_months.sku,
        known_months.month,
        known_months.known_month,
        dated.grain,
        dated.version,
        dated.units,
        dated.net_sales,
        ROW_NUMBER() OVER (
            PARTITION BY known_months.sku, known_months.month, known_months.known_month, dated.grain, dated.date_delivered
            ORDER BY dated.version DESC
        ) AS precedence
    FROM known_months
    INNER JOIN dated
        ON dated.sku = known_months.sku
        AND dated.month = known_months.month
        AND dated.known_month <= known_months.known_month
),
periods AS (
    SELECT sku, month, known_month, grain, version, units, net_sales FROM visible WHERE precedence = 1
    UNION ALL
    SELECT dated.sku, dated.month, dated.known_month, dated.grain, dated.version, dated.units, dated.net_sales
    FROM dated
    LEFT JOIN versioned ON versioned.sku = dated.sku AND versioned.month = dated.month
    WHERE versioned.sku IS NULL
),
by_grain AS (
    SELECT
        sku,
        month,
        known_month,
        grain,
        MAX(version) AS version,
        SUM(units) AS units,
        SUM(net_sales) AS net_sales
    FROM periods
    GROUP BY sku, month, known_month, grain
),
compared AS (
    SELECT by_grain.*, MAX(version) OVER (PARTITION BY sku, month, known_month) AS latest_version FROM by_grain
)
SELECT sku, month, known_month, MAX(units) AS sell_in_units, MAX(net_sales) AS net_sales
FROM compared
WHERE version = latest_version
GROUP BY sku, month, known_month
{% else %}
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
SELECT sku, month, month AS known_month, MAX(units) AS sell_in_units, MAX(net_sales) AS net_sales
FROM by_grain
GROUP BY sku, month
{% endif %}
