-- grain: sku, is_of_market, known_from (null = always known)
-- units: none
-- description: Product rows that apply to $market: its own and those of all markets (country empty). A launch or end in
--   2200 or later is a system's way to write "none" and becomes null.
SELECT DISTINCT
    CAST(sku AS VARCHAR) AS sku,
    CASE WHEN CAST(country AS VARCHAR) = $market THEN 1 ELSE 0 END AS is_of_market,
    CAST(category AS VARCHAR) AS category,
    CAST(brand AS VARCHAR) AS brand,
    CAST(pack AS VARCHAR) AS pack,
    CASE WHEN EXTRACT(YEAR FROM CAST(launch_month AS DATE)) < 2200 THEN {{ month_start('launch_month') }} END AS launch_month,
    CASE WHEN EXTRACT(YEAR FROM CAST(end_month AS DATE)) < 2200 THEN {{ month_start('end_month') }} END AS end_month,
    CAST(reference_sku AS VARCHAR) AS reference_sku,
    CAST(attributes AS VARCHAR) AS attributes,
    CAST(known_from AS DATE) AS known_from
FROM {{ source('products') }}
WHERE CAST(country AS VARCHAR) = $market OR country IS NULL OR CAST(country AS VARCHAR) = ''
