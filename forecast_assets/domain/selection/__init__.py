"""Backtest, contest, promotion, tuning and readiness."""
