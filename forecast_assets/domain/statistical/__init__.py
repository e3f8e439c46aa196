"""Statistical forecasts of many series at once, without learning across series."""
