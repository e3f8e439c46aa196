"""Reasons of a forecast in words: the rule that made it, and its difference from last year by cause."""
