"""Languages that reasons of forecasts are written in, by ISO 639-1 code."""

LANGUAGES = ("en", "fr", "de", "es")
