# The code location: every asset, served to webserver and daemon on port 4000. The same image runs the runs.
FROM python:3.11-slim-bookworm

# LightGBM needs OpenMP; the slim image has none.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/forecast_assets

# Dependencies before the source, so that a change of code does not install them again.
# LOCK=azureml: with the plugin of Azure ML (docs/mlflow.md).
ARG LOCK=runtime
COPY locks/$LOCK.txt locks/$LOCK.txt
RUN python -m pip install --no-cache-dir --no-deps --require-hashes --requirement locks/$LOCK.txt

COPY pyproject.toml setup.cfg README.md markets.yaml workspace.yaml ./
COPY dbt_like_sql dbt_like_sql
COPY forecast_assets forecast_assets
# Compiled here with the code versions of the assets: the user of the image may not write them, and each run would
# spend 0.6 s of CPU on both.
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && python -m compileall -q forecast_assets \
    && python -c "import forecast_assets.definitions"

ARG GIT_SHA=unknown
ENV FORECAST_GIT_SHA=$GIT_SHA \
    DAGSTER_HOME=/opt/dagster_home \
    MLFLOW_DISABLE_TELEMETRY=true \
    DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR=true \
    PYTHONUNBUFFERED=1

RUN useradd --create-home --uid 10001 forecast \
    && mkdir -p $DAGSTER_HOME var \
    && cp forecast_assets/instances/laptop.yaml $DAGSTER_HOME/dagster.yaml \
    && chown -R forecast $DAGSTER_HOME var
USER forecast

EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
CMD ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", "4000", "--module-name", "forecast_assets.definitions"]
