"""Launching the graph from the command line: what to run in which order, market by market."""
