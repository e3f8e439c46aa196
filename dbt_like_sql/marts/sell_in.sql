-- grain: sku, restated_month, month; complete per SKU from its first sale to its end, in the months the market has
--   delivered
-- units: sell_in_units in sales units (null where unknown), net_sales in the market's currency (null where not delivered)
-- description: Sell-in with a reason: delivered, no_sale (no row in a delivered month, units 0) or unknown
--   ($missing_month = 'unknown': units null). A row of a month reads deliveries known at its end and products known then,
--   nothing later. A launch before the first sale counts where the product row names the market: a list for all
--   markets does not say which of them sell it. After the end only delivered rows remain. In a market whose missing rows
--   are unknown, a SKU that stopped for good is given up after 12 months without a row: endless unknown rows would keep
--   dead SKUs in the forecast, and a year decides whether a seasonal item comes back. Rows with a restated_month hold
--   the sell-in of that earlier month as it is known from this month on; this month's own rows have none.
{% if has_known_from('sell_in') %}
WITH own AS (
    SELECT sku, month, month AS known_month, sell_in_units, net_sales
    FROM {{ ref('stg_sell_in') }}
    WHERE month <= $last_month AND known_month = month
),
delivered_months AS (
    SELECT DISTINCT month FROM own
),
arrivals AS (
    SELECT late.sku, late.month, late.known_month AS stated_month, MIN(delivered_months.month) AS known_month
    FROM {{ ref('stg_sell_in') }} AS late
    INNER JOIN delivered_months ON delivered_months.month >= late.known_month
    WHERE late.known_month > late.month
    GROUP BY late.sku, late.month, late.known_month
),
latest_arrivals AS (
    SELECT sku, month, known_month, MAX(stated_month) AS stated_month FROM arrivals GROUP BY sku, month, known_month
),
delivered AS (
    SELECT sku, month, known_month, sell_in_units, net_sales FROM own
    UNION ALL
    SELECT late.sku, late.month, latest_arrivals.known_month, late.sell_in_units, late.net_sales
    FROM {{ ref('stg_sell_in') }} AS late
    INNER JOIN latest_arrivals
        ON latest_arrivals.sku = late.sku
        AND latest_arrivals.month = late.month
        AND latest_arrivals.stated_month = late.known_month
),
months AS (
    SELECT month, MIN(known_month) AS known_month FROM delivered GROUP BY month
),
first_sales AS (
    SELECT sku, MIN(month) AS month, MIN(month) AS known_month FROM own GROUP BY sku
    UNION ALL
    SELECT sku, month, known_month FROM latest_arrivals
),
cells AS (
    SELECT sku, month, MIN(known_month) AS known_month
    FROM (
        SELECT
            first_sales.sku,
            months.month,
            CASE
                WHEN first_sales.known_month > months.known_month THEN first_sales.known_month ELSE months.known_month
            END AS known_month
        FROM first_sales
        INNER JOIN months ON months.month >= first_sales.month
        UNION ALL
        SELECT products.sku, months.month, months.known_month
        FROM {{ ref('stg_products_known') }} AS products
        INNER JOIN months ON months.known_month = products.month AND products.launch_month <= months.month
        WHERE products.is_of_market = 1
    ) AS reasons_to_be
    GROUP BY sku, month
),
restated AS (
    SELECT DISTINCT sku, month FROM latest_arrivals
),
versions AS (
    SELECT
        delivered.*,
        ROW_NUMBER() OVER (PARTITION BY delivered.sku, delivered.month ORDER BY known_month) AS number,
        LAG(sell_in_units) OVER (PARTITION BY delivered.sku, delivered.month ORDER BY known_month) AS units_before,
        LAG(net_sales) OVER (PARTITION BY delivered.sku, delivered.month ORDER BY known_month) AS net_sales_before
    FROM delivered
    INNER JOIN restated ON restated.sku = delivered.sku AND restated.month = delivered.month
),
rows_to_be AS (
    SELECT sku, month, known_month FROM cells WHERE known_month BETWEEN $first_month AND $last_month
    UNION
    SELECT sku, month, known_month
    FROM versions
    WHERE known_month BETWEEN $first_month AND $last_month
        AND known_month > month
        AND (
            number = 1
            OR sell_in_units IS DISTINCT FROM units_before
            OR net_sales IS DISTINCT FROM net_sales_before
        )
),
timeline AS (
    SELECT sku, CAST('0001-01-01' AS DATE) AS known_month, MAX(month) AS sold_month, 0 AS is_row
    FROM delivered
    WHERE known_month < $first_month
    GROUP BY sku
    UNION ALL
    SELECT sku, known_month, month AS sold_month, 0 AS is_row FROM delivered WHERE known_month >= $first_month
    UNION ALL
    SELECT sku, month AS known_month, CAST(NULL AS DATE) AS sold_month, 1 AS is_row FROM rows_to_be WHERE known_month = month
),
last_sales AS (
    SELECT
        timeline.*,
        MAX(sold_month) OVER (
            PARTITION BY sku ORDER BY known_month, is_row ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS last_month
    FROM timeline
),
facts AS (
    SELECT
        rows_to_be.sku,
        rows_to_be.month AS sold_month,
        rows_to_be.known_month AS month,
        delivered.sell_in_units,
        delivered.net_sales,
        CASE WHEN delivered.sku IS NULL THEN 0 ELSE 1 END AS is_delivered,
        products.end_month,
        COALESCE(last_sales.last_month, products.launch_month) AS last_month
    FROM rows_to_be
    LEFT JOIN delivered
        ON delivered.sku = rows_to_be.sku
        AND delivered.month = rows_to_be.month
        AND delivered.known_month = rows_to_be.known_month
    LEFT JOIN last_sales
        ON last_sales.is_row = 1
        AND last_sales.sku = rows_to_be.sku
        AND last_sales.known_month = rows_to_be.known_month
    LEFT JOIN {{ ref('stg_products_known') }} AS products
        ON products.sku = rows_to_be.sku
        AND products.month = rows_to_be.known_month
)
SELECT
    sku,
    CASE WHEN is_delivered = 0 AND $missing_month = 'zero' THEN 0.0 ELSE sell_in_units END AS sell_in_units,
    net_sales,
    CASE
        WHEN is_delivered = 1 AND sell_in_units IS NOT NULL THEN 'delivered'
        WHEN is_delivered = 0 AND $missing_month = 'zero' THEN 'no_sale'
        ELSE 'unknown'
    END AS reason,
    CASE WHEN sold_month < month THEN sold_month END AS restated_month,
    month
FROM facts
WHERE is_delivered = 1
    OR (
        (end_month IS NULL OR sold_month <= end_month)
        AND (
            $missing_month = 'zero'
            OR (sold_month = month AND {{ month_number('month') }} - {{ month_number('last_month') }} <= 12)
        )
    )
{% else %}
WITH delivered AS (
    SELECT sku, month, sell_in_units, net_sales FROM {{ ref('stg_sell_in') }} WHERE month <= $last_month
),
months AS (
    SELECT DISTINCT month FROM delivered WHERE month >= $first_month
),
first_sales AS (
    SELECT sku, MIN(month) AS first_month FROM delivered GROUP BY sku
),
earlier AS (
    SELECT sku, MAX(month) AS last_month FROM delivered WHERE month < $first_month GROUP BY sku
),
cells AS (
    SELECT first_sales.sku, months.month
    FROM first_sales
    INNER JOIN months ON months.month >= first_sales.first_month
    UNION
    SELECT products.sku, months.month
    FROM {{ ref('stg_products_known') }} AS products
    INNER JOIN months ON months.month = products.month
    WHERE products.is_of_market = 1 AND products.launch_month <= products.month
),
facts AS (
    SELECT
        cells.sku,
        cells.month,
        delivered.sell_in_units,
        delivered.net_sales,
        CASE WHEN delivered.sku IS NULL THEN 0 ELSE 1 END AS is_delivered,
        MAX(delivered.month) OVER (
            PARTITION BY cells.sku ORDER BY cells.month ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS last_month_in_range
    FROM cells
    LEFT JOIN delivered ON delivered.sku = cells.sku AND delivered.month = cells.month
),
known AS (
    SELECT
        facts.*,
        products.end_month,
        COALESCE(facts.last_month_in_range, earlier.last_month, products.launch_month) AS last_month
    FROM facts
    LEFT JOIN earlier ON earlier.sku = facts.sku
    LEFT JOIN {{ ref('stg_products_known') }} AS products ON products.sku = facts.sku AND products.month = facts.month
)
SELECT
    sku,
    CASE WHEN is_delivered = 0 AND $missing_month = 'zero' THEN 0.0 ELSE sell_in_units END AS sell_in_units,
    net_sales,
    CASE
        WHEN is_delivered = 1 AND sell_in_units IS NOT NULL THEN 'delivered'
        WHEN is_delivered = 0 AND $missing_month = 'zero' THEN 'no_sale'
        ELSE 'unknown'
    END AS reason,
    CAST(NULL AS DATE) AS restated_month,
    month
FROM known
WHERE is_delivered = 1
    OR (
        (end_month IS NULL OR month <= end_month)
        AND ($missing_month = 'zero' OR {{ month_number('month') }} - {{ month_number('last_month') }} <= 12)
    )
{% endif %}
