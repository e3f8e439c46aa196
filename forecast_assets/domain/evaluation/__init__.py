"""Accuracy, intervals, paired comparison and realised performance."""
