-- grain: sku, month, for the months asked for
-- units: none
-- description: The product row in force at the end of each month. The market's own row beats one for all markets, then
--   the latest known_from not after the month counts. Without known_from, launch and end are null until they have passed.
WITH visible AS (
    SELECT
        months.month,
        products.*,
        ROW_NUMBER() OVER (
            PARTITION BY months.month, products.sku
            ORDER BY products.is_of_market DESC, COALESCE(products.known_from, CAST('0001-01-01' AS DATE)) DESC
        ) AS precedence
    FROM {{ ref('stg_months') }} AS months
    INNER JOIN {{ ref('stg_products') }} AS products
        ON products.known_from IS NULL OR {{ month_start('products.known_from') }} <= months.month
)
SELECT
    sku,
    month,
    is_of_market,
    category,
    brand,
    pack,
    CASE WHEN known_from IS NOT NULL OR launch_month <= month THEN launch_month END AS launch_month,
    CASE WHEN known_from IS NOT NULL OR end_month <= month THEN end_month END AS end_month,
    reference_sku,
    attributes
FROM visible
WHERE precedence = 1
