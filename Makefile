# Five commands a reader needs: demo, test, dev, lint, bench. Each makes the environment first if it is missing.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME ?= $(CURDIR)/var/dagster_home
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: demo test dev lint bench lock clean

$(BIN)/forecast-assets: locks/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r locks/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

demo: $(BIN)/forecast-assets  ## simulate a company, run three monthly cycles, print accuracy and bias
	$(BIN)/forecast-assets demo

test: $(BIN)/forecast-assets  ## every test, offline
	$(BIN)/python -m pytest

dev: $(BIN)/forecast-assets  ## the Dagster UI on http://localhost:3000 with what has been run
	mkdir -p $(DAGSTER_HOME)
	$(BIN)/dagster dev

lint: $(BIN)/forecast-assets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lock: $(BIN)/forecast-assets  ## resolve again after a change of dependencies
	./locks/resolve $(BIN)/uv
