-- Dagster's database is POSTGRES_DB; MLflow has its own in the same server.
CREATE DATABASE mlflow;
