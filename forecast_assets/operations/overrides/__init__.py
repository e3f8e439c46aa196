"""Planners' numbers from a workbook to a delivery of ``overrides``."""
