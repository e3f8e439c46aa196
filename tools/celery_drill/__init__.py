"""Drill of many workers on one broker: ``make drill-celery`` runs ``tools.celery_drill``."""
