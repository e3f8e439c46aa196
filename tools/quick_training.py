"""Settings of a company whose forecasts need not be good: fewer rows and trees, so that a cycle takes seconds."""

QUICK_TRAINING = {
    "FORECAST_TRAINING_ROWS": "1000",
    "FORECAST_BACKTEST_TRAINING_ROWS": "1000",
    "FORECAST_BOOSTING_ROUNDS": "20",
}
