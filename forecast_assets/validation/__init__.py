"""Checks evaluated before a table is stored; one file per stage of the business."""
