"""Portfolio rules: new, ended, silent, fading and returning SKUs, and their forecasts."""
