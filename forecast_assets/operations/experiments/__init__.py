"""Experiments of data scientists: requests, inputs from the store, and the run. Nothing is written to the store."""
