# One image for web server, daemon, code server, run workers and MLflow: each names its command (deploy/compose.yaml).
# The root is read-only at run time: /opt/forecast_assets/var and /tmp are mounted (docs/image.md).

# A root file system of Debian 12. The pipeline names it by digest, `make image` builds one if none is named.
ARG BASE=debian:bookworm-slim
FROM ${BASE} AS python
# LightGBM needs OpenMP.
RUN apt-get update \
    && apt-get upgrade --yes \
    && apt-get install --yes --no-install-recommends ca-certificates libgomp1 python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/*

FROM python AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
# pip stands beside the environment that it fills, and stays in this stage.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/venv
WORKDIR /opt/forecast_assets

# Where packages come from, for machines with an index of their own.
ARG PIP_CONFIG_FILE
# Dependencies before the source, so that a change of code does not install them again.
# LOCK=azureml: with the plugin of Azure ML (docs/mlflow.md).
ARG LOCK=runtime
COPY locks/$LOCK.txt locks/$LOCK.txt
COPY deploy/image/trim deploy/image/trim
RUN /opt/pip/bin/pip --python /opt/venv/bin/python install \
        --no-cache-dir --no-deps --require-hashes --requirement locks/$LOCK.txt \
    && sh deploy/image/trim /opt/venv

COPY pyproject.toml setup.cfg README.md markets.yaml workspace.yaml ./
COPY dbt_like_sql dbt_like_sql
COPY forecast_assets forecast_assets
# The version comes from git tags, which are not here.
ARG VERSION=0.0.0
# Compiled here with the code versions of the assets: the user of the image may not write them, and each run would
# spend 0.6 s of CPU on both.
RUN SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION /opt/pip/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && /opt/venv/bin/python -m compileall -q forecast_assets \
    && /opt/venv/bin/python -c "import forecast_assets.definitions" \
    && /opt/pip/bin/pip --python /opt/venv/bin/python uninstall --yes setuptools setuptools-scm vcs-versioning \
    && rm -rf var ./*.egg-info

FROM python
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/forecast_assets /opt/forecast_assets
COPY deploy/dagster.yaml deploy/celery.yaml deploy/workspace.yaml /opt/forecast_assets/deploy/
COPY deploy/image/entrypoint /usr/local/bin/entrypoint
WORKDIR /opt/forecast_assets
RUN groupadd --gid 10001 forecast \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin forecast \
    && install --directory --owner 10001 --group 10001 --mode 0700 var

ARG GIT_SHA=unknown
ARG VERSION=0.0.0
LABEL org.opencontainers.image.title="forecast_assets" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$GIT_SHA"
ENV FORECAST_GIT_SHA=$GIT_SHA \
    PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    DAGSTER_HOME=/opt/forecast_assets/var/dagster_home \
    MLFLOW_DISABLE_TELEMETRY=true \
    DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR=true \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME ["/opt/forecast_assets/var"]
USER 10001:10001

EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
ENTRYPOINT ["entrypoint"]
CMD ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", "4000", "--module-name", "forecast_assets.definitions"]
