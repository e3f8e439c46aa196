-- grain: month
-- units: units in sales units
-- description: Filling adds rows, never units: a month's sum is what was delivered and known by its end.
SELECT delivered.month, delivered.units AS units_delivered, filled.units AS units_in_mart
FROM (SELECT month, SUM(sell_in_units) AS units FROM {{ ref('stg_sell_in') }}
    WHERE month BETWEEN $first_month AND $last_month AND known_month = month GROUP BY month) AS delivered
LEFT JOIN (SELECT month, SUM(sell_in_units) AS units FROM {{ ref('sell_in') }}
    WHERE restated_month IS NULL GROUP BY month) AS filled
    ON filled.month = delivered.month
WHERE filled.units IS NULL OR ABS(filled.units - delivered.units) > 0.000001 * (1 + ABS(delivered.units))
