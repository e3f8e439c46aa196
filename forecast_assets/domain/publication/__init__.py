"""Forecast table, published forecasts, fallback and churn."""
