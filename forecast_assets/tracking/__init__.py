"""Record of cycles in MLflow; no forecast depends on it."""
