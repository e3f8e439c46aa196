-- grain: sku, month, known_month; all months delivered for the market
-- units: sell_out_units and stock_units in sales units, price in the market's currency, distribution_pct as delivered,
--   is_promoted 0 or 1
-- description: Sell-out of $market as known at the end of each known_month, deduplicated and summed to the month as sell_in
--   is. A stock is a level: of daily rows the last one counts. Price and distribution are means over the days, a month is
--   promoted if any of its days was.
{% if has_known_from('sell_out') %}
WITH by_period AS (
    SELECT
        CAST(sku AS VARCHAR) AS sku,
        CAST(month AS DATE) AS month_delivered,
        CAST(date AS DATE) AS date_delivered,
        CAST(known_from AS DATE) AS known_from,
        _file,
        SUM(CAST(units AS DOUBLE)) AS units,
        MAX(CAST(stock_units AS DOUBLE)) AS stock_units,
        AVG(CAST(distribution_pct AS DOUBLE)) AS distribution_pct,
        AVG(CAST(price AS DOUBLE)) AS price,
        MAX(CAST(is_promoted AS DOUBLE)) AS is_promoted
    FROM {{ source('sell_out') }}
    WHERE CAST(country AS VARCHAR) = $market
    GROUP BY CAST(sku AS VARCHAR), CAST(month AS DATE), CAST(date AS DATE), CAST(known_from AS DATE), _file
),
counted_once AS (
    SELECT
        sku,
        {{ month_start('COALESCE(date_delivered, month_delivered)') }} AS month,
        CASE WHEN date_delivered IS NULL THEN 'month' ELSE 'date' END AS grain,
        COALESCE(date_delivered, month_delivered) AS period,
        known_from,
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
        COALESCE(date_delivered, month_delivered),
        known_from
),
dated AS (
    SELECT
        counted_once.*,
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
        dated.period,
        dated.version,
        dated.units,
        dated.stock_units,
        dated.distribution_pct,
        dated.price,
        dated.is_promoted,
        ROW_NUMBER() OVER (
            PARTITION BY known_months.sku, known_months.month, known_months.known_month, dated.grain, dated.period
            ORDER BY dated.version DESC
        ) AS precedence
    FROM known_months
    INNER JOIN dated
        ON dated.sku = known_months.sku
        AND dated.month = known_months.month
        AND dated.known_month <= known_months.known_month
),
periods AS (
    SELECT
        sku, month, known_month, grain, period, version,
        units, stock_units, distribution_pct, price, is_promoted
    FROM visible
    WHERE precedence = 1
    UNION ALL
    SELECT
        dated.sku, dated.month, dated.known_month, dated.grain, dated.period, dated.version,
        dated.units, dated.stock_units, dated.distribution_pct, dated.price, dated.is_promoted
    FROM dated
    LEFT JOIN versioned ON versioned.sku = dated.sku AND versioned.month = dated.month
    WHERE versioned.sku IS NULL
),
with_last_stock AS (
    SELECT
        periods.*,
        MAX(CASE WHEN stock_units IS NOT NULL THEN period END) OVER (
            PARTITION BY sku, month, known_month, grain
        ) AS last_stock_period
    FROM periods
),
by_grain AS (
    SELECT
        sku,
        month,
        known_month,
        grain,
        MAX(version) AS version,
        SUM(units) AS units,
        MAX(CASE WHEN period = last_stock_period THEN stock_units END) AS stock_units,
        AVG(distribution_pct) AS distribution_pct,
        AVG(price) AS price,
        MAX(is_promoted) AS is_promoted
    FROM with_last_stock
    GROUP BY sku, month, known_month, grain
),
compared AS (
    SELECT by_grain.*, MAX(version) OVER (PARTITION BY sku, month, known_month) AS latest_version FROM by_grain
)
SELECT
    sku,
    month,
    known_month,
    MAX(units) AS sell_out_units,
    MAX(stock_units) AS stock_units,
    MAX(distribution_pct) AS distribution_pct,
    MAX(price) AS price,
    MAX(is_promoted) AS is_promoted
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
    month AS known_month,
    MAX(units) AS sell_out_units,
    MAX(stock_units) AS stock_units,
    MAX(distribution_pct) AS distribution_pct,
    MAX(price) AS price,
    MAX(is_promoted) AS is_promoted
FROM by_grain
GROUP BY sku, month
{% endif %}
