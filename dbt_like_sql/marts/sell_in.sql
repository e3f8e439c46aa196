-- grain: sku, month; complete per SKU from its first sale to its end, in the months the market has delivered
-- units: sell_in_units in sales units (null where unknown), net_sales in the market's currency (null where not delivered)
-- description: Sell-in with a reason: delivered, no_sale (no row in a delivered month, units 0) or unknown
--   ($missing_month = 'unknown': units null). A row of a month reads deliveries up to that month and products known at its
--   end, nothing later. A launch before the first sale counts where the product row names the market: a list for all
--   markets does not say which of them sell it. After the end only delivered rows remain. In a market whose missing rows
--   are unknown, a SKU that stopped for good is given up after 12 months without a row: endless unknown rows would keep
--   dead SKUs in the forecast, and a year decides whether a seasonal item comes back.
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
    month
FROM known
WHERE is_delivered = 1
    OR (
        (end_month IS NULL OR month <= end_month)
        AND ($missing_month = 'zero' OR {{ month_number('month') }} - {{ month_number('last_month') }} <= 12)
    )
