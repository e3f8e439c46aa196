"""What people are told: incidents that open once and close once, the outbox that keeps them, cards, and Teams.

Knows nothing of Dagster; the sensor that drains the outbox is ``forecast_assets.defs.sensors.teams_delivery``. What is
guaranteed, and what not, is described in docs/alerts.md.
"""
