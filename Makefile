# Commands a reader needs. Each makes the environment first if it is missing.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH := .venv-benchmark
AZUREML := .venv-azureml
AUDIT := .venv-audit
FUZZ := .venv-fuzz
# Of make test-python.
PYTHON_VERSION ?= 3.12
# Of make fuzz, over all readers.
FUZZ_SECONDS ?= 600
CLUSTER := .venv-cluster
# Share of lines and branches that the tests run, in per cent.
COVERAGE := 96
# A file's tests share what they build, so a file stays in one process; those marked heavy begin first.
SIDE_BY_SIDE := --numprocesses 2 --dist loadfile --no-loadscope-reorder
export DAGSTER_HOME ?= $(CURDIR)/var/dagster_home
export MLFLOW_DISABLE_TELEMETRY := true
# Backfills wait for a code location that cannot be loaded, and do not fail.
export DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR := true
# Tests start processes: each would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

AZURITE := forecast_assets_tests/integration/azurite/node_modules/.installed

.PHONY: setup demo test test-domain integration drill dev coverage lint same-tables mutants docs reference bench bench-platform lock
.PHONY: image image-test image-scan stack audit drill-restore drill-celery record release test-python fuzz

setup: $(STAMP)  ## the environment, from the lock file

$(STAMP): locks/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement locks/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q forecast_assets  # else each process compiles it anew where none may write: 0.3 s
	touch $@

demo: $(STAMP)  ## simulate a company, run three monthly cycles, print accuracy and bias
	$(BIN)/forecast-assets demo

test: $(STAMP)  ## every test, offline
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

coverage: $(STAMP)  ## every test, with the share of lines and branches that they run; fails below the floor
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --cov=forecast_assets --cov-branch --cov-report=term:skip-covered --cov-fail-under=$(COVERAGE)

test-domain: $(STAMP)  ## the forecasting logic, without the long tests
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not heavy" forecast_assets_tests/domain

test-python: .venv-$(PYTHON_VERSION)/.installed  ## the forecasting logic and a small cycle on another Python: PYTHON_VERSION=3.13
	.venv-$(PYTHON_VERSION)/bin/python -m pytest $(SIDE_BY_SIDE) -m "not heavy" forecast_assets_tests/domain
	.venv-$(PYTHON_VERSION)/bin/python -m tools.small_cycle

.venv-3.%/.installed: $(STAMP) locks/dev.txt pyproject.toml
	$(BIN)/uv venv --quiet --clear --python 3.$* .venv-3.$*
	$(BIN)/uv pip install --quiet --python .venv-3.$*/bin/python --no-deps --require-hashes --requirement locks/dev.txt
	$(BIN)/uv pip install --quiet --python .venv-3.$*/bin/python --no-deps --no-build-isolation --editable .
	touch $@

integration: $(STAMP) $(AZURITE) $(AZUREML)/.installed $(CLUSTER)/.installed  ## against services that it starts itself: Azurite, PostgreSQL, MLflow, Key Vault; and of the report page in Chromium
	FORECAST_INTEGRATION=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --durations 10 -m integration forecast_assets_tests/integration

$(AZURITE): forecast_assets_tests/integration/azurite/package-lock.json
	cd forecast_assets_tests/integration/azurite && npm ci --no-audit --no-fund
	touch $@

$(AZUREML)/.installed: $(STAMP) locks/azureml.txt
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(AZUREML)
	$(BIN)/uv pip install --quiet --python $(AZUREML)/bin/python --no-deps --require-hashes --requirement locks/azureml.txt
	touch $@

$(CLUSTER)/.installed: $(STAMP) locks/cluster.txt
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(CLUSTER)
	$(BIN)/uv pip install --quiet --python $(CLUSTER)/bin/python --no-deps --require-hashes --requirement locks/cluster.txt
	touch $@

drill: $(STAMP)  ## injuries of a store and of whole cycles, a day under a real daemon that is killed, a day of alerts, a bad edit, from 2 markets to 40; DRILL_MARKETS=4 make drill for fewer
	DRILL_MARKETS=$(or $(DRILL_MARKETS),40) $(BIN)/python -m pytest forecast_assets_tests/operate

image: $(STAMP)  ## the image localhost/forecast_assets:latest, without a container engine; BASE=name@sha256:... names its base
	deploy/image/build

image-test: $(STAMP)  ## the built image by its own commands, as its own user on a read-only root
	$(BIN)/python -m tools.image_test

stack: $(STAMP) $(AZURITE)  ## the processes of deploy/compose.yaml from the built image, and a cycle through the login
	deploy/image/tools
	$(BIN)/python -m tools.stack

image-scan: $(STAMP) $(AUDIT)/.installed  ## known vulnerabilities of the libraries in the built image, by their versions there
	$(BIN)/python -m tools.image_scan $(AUDIT_OPTIONS)

drill-restore: $(STAMP)  ## databases of last night restored while the store is newer, and the gap closed
	deploy/image/tools
	$(BIN)/python -m tools.drill_restore

# Compiled before: the workers' users may not write beside the code, and each would compile it at every start.
drill-celery: $(STAMP) $(AZURITE) $(CLUSTER)/.installed  ## workers of several users on one broker, timed, then killed at random: var/drill_celery; KILL_MINUTES=20
	$(CLUSTER)/bin/python -m compileall -q $(CLUSTER)/lib forecast_assets dbt_like_sql
	PYTHONPATH=$(CURDIR) $(CLUSTER)/bin/python -m tools.celery_drill

record: $(STAMP)  ## the product on public data, month by month, then docs/record.md; hours, and continued where it stopped
	nice -n 19 $(BIN)/python -m benchmarks.record --data $(FORECAST_REAL_DATA)/aus_retail --work var/record run
	$(BIN)/python -m benchmarks.record --data $(FORECAST_REAL_DATA)/aus_retail --work var/record page

release: $(STAMP)  ## dry run of a release: version from the git tag, changelog, wheel and image of one commit
	$(BIN)/python -m tools.release

audit: $(STAMP) $(AUDIT)/.installed  ## code, secrets, image, templates, scripts, parts list, licences, vulnerabilities: var/audit
	$(BIN)/python -m tools.audit $(AUDIT_OPTIONS)

fuzz: $(FUZZ)/.installed  ## readers of bytes that others write, with atheris; FUZZ_SECONDS=600 over all of them
	$(FUZZ)/bin/python -m tools.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_OPTIONS)

$(FUZZ)/.installed: $(STAMP) locks/fuzz.txt pyproject.toml
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(FUZZ)
	$(BIN)/uv pip install --quiet --python $(FUZZ)/bin/python --no-deps --require-hashes --requirement locks/fuzz.txt
	$(BIN)/uv pip install --quiet --python $(FUZZ)/bin/python --no-deps --no-build-isolation --editable .
	touch $@

$(AUDIT)/.installed: $(STAMP) locks/audit.txt
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) $(AUDIT)
	$(BIN)/uv pip install --quiet --python $(AUDIT)/bin/python --no-deps --require-hashes --requirement locks/audit.txt
	touch $@

dev: $(STAMP)  ## the Dagster UI on port 3000 with what has been run
	$(BIN)/forecast-assets prepare
	$(BIN)/dagster dev

lint: $(STAMP)  ## style, the layers of the package, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

same-tables: $(STAMP)  ## every table of a small company, built by commit BASE and by the working tree: identical, or what differs
	@test -n "$(BASE)" || { echo "BASE is not set: name the commit to compare with, as in make same-tables BASE=2c248ec" >&2; exit 2; }
	$(BIN)/python -m tools.same_tables --base $(BASE)  # BASE's store is kept in var/same_tables for the next run

mutants: $(STAMP)  ## tests of FILES against one-line mutants of them; SAMPLE=30 draws 30 a file
	@test -n "$(FILES)" || { echo "FILES is not set: name modules, as in make mutants FILES=forecast_assets/defs/sensors/arrivals.py" >&2; exit 2; }
	$(BIN)/python -m tools.mutants $(FILES) --sample $(or $(SAMPLE),0)

# Not --quiet: it would hide the warnings that --strict counts.
docs: $(STAMP)  ## the documentation as a site in site/; fails on a broken link or anchor
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

reference: $(STAMP)  ## write the generated pages of docs/reference again
	$(BIN)/python -m tools.reference

bench: $(BENCH)/.installed  ## the engine and its peers on every tidy file of FORECAST_REAL_DATA/bench: benchmarks/RESULTS.md
	$(BENCH)/bin/python -m benchmarks.suite --folder $(FORECAST_REAL_DATA)/bench --out benchmarks/RESULTS.md

bench-platform: $(BENCH)/.installed $(AZURITE)  ## the platform from 1 market to 200, from 125 SKUs to 20,000: benchmarks/PLATFORM.md; hours, and continued where it stopped
	$(BENCH)/bin/python -m benchmarks.scale.measure
	$(BENCH)/bin/python -m benchmarks.scale.page

$(BENCH)/.installed: locks/benchmark.txt pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --no-deps --require-hashes --requirement locks/benchmark.txt
	$(BENCH)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

lock: $(STAMP)  ## resolve the lock files again after a change of dependencies; LOCK_OPTIONS=--upgrade: to the latest versions
	locks/resolve $(BIN)/uv $(LOCK_OPTIONS)
