"""Alerts for people: incidents that open and close once, the outbox that keeps them, cards, and Teams.

Independent of Dagster: the sensor that drains the outbox is ``forecast_assets.defs.sensors.teams_delivery``. The
guarantees are described in docs/alerts.md.
"""
