-- grain: month
-- units: none
-- description: Every month asked for, $first_month to $last_month. Counted from digits, because a series function
--   has another name in every engine.
WITH digits AS (
    SELECT n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS ten(n)
),
numbered AS (
    SELECT {{ month_number('CAST($first_month AS DATE)') }} + hundreds.n * 100 + tens.n * 10 + ones.n AS month_number
    FROM digits AS hundreds
    CROSS JOIN digits AS tens
    CROSS JOIN digits AS ones
)
SELECT {{ month_of_number('month_number') }} AS month, month_number
FROM numbered
WHERE month_number <= {{ month_number('CAST($last_month AS DATE)') }}
