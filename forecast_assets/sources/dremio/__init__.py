"""Dremio as the source of deliveries: session, queries, tables, engine."""
