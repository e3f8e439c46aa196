"""Tests of the documentation: generated pages, links between repository and site, and how pages are written."""
