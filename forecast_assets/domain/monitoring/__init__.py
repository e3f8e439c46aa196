"""Alarm rules over realised performance, sources, features and publications."""
