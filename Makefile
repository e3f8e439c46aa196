# Commands a reader needs. Each makes the environment first if it is missing.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
METHODS ?= engine,seasonal_naive,holt_winters,holt_winters_statsmodels
export DAGSTER_HOME ?= $(CURDIR)/var/dagster_home
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: setup demo test test-domain dev lint bench lock

setup: $(STAMP)  ## the environment, from the lock file

$(STAMP): locks/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement locks/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: $(STAMP)  ## simulate a company, run three monthly cycles, print accuracy and bias
	$(BIN)/forecast-assets demo

test: $(STAMP)  ## every test, offline
	$(BIN)/python -m pytest --numprocesses 2

test-domain: $(STAMP)  ## the forecasting logic alone
	$(BIN)/python -m pytest --numprocesses 2 forecast_assets_tests/domain

dev: $(STAMP)  ## the Dagster UI on port 3000 with what has been run
	$(BIN)/forecast-assets prepare
	$(BIN)/dagster dev

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(STAMP)  ## accuracy and cost beside other methods; DATA="series.parquet ..." METHODS=engine,holt_winters,...
	$(BIN)/python -m benchmarks.accuracy $(foreach file,$(DATA),--data $(file)) --methods $(METHODS) --out bench-results.json

lock: $(STAMP)  ## resolve the lock files again after a change of dependencies
	locks/resolve $(BIN)/uv
