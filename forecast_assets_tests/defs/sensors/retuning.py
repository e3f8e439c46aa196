"""A company whose markets can be retuned after an alarm."""

from pathlib import Path

import dagster as dg
import pandas as pd
from dagster._core.test_utils import create_run_for_test

from forecast_assets.alerts.incidents import Incident
from forecast_assets.defs.sensors.retune import retunes
from forecast_assets.domain.selection.tuning import COLUMNS
from forecast_assets.storage import PartitionKey
from forecast_assets_tests.defs.sensors.company import make_company, published_forecast

OCTOBER, NOVEMBER, DECEMBER = (pd.Timestamp(f"2024-{month}-01") for month in (10, 11, 12))
OLD_ORIGIN = pd.Timestamp("2022-08-01")
TENTH, OVERDUE = pd.Timestamp("2024-12-10T12:00Z"), pd.Timestamp("2024-12-15T06:01Z")
CODES = ["FR", "DE", "IT"]


def ready(base, instance, codes=CODES, trials=30, per_month=4, **keys):
    """A company whose markets have published November and can be tuned."""
    company = make_company(base, codes, instance, **keys)
    settings = company.settings.copy_with("automation", retune_trials=trials, retunes_per_month=per_month)
    company = type(company)(settings, instance)
    for code in codes:
        company.write("published_forecasts", code, NOVEMBER, published_forecast(NOVEMBER))
        put_features(company, code)
    return company


def put_features(company, code):
    """A file where the features of two years before would be: only its name is looked at."""
    file = Path(company.store.path("features", PartitionKey(OLD_ORIGIN, code)))
    file.parent.mkdir(parents=True)
    file.touch()


def alarm(company, country, weight=1.0, kind="wape", subject="published", severity="warning", month=NOVEMBER):
    reported = Incident(kind, country, subject, month, severity, f"{country}: {kind} is bad", weight=weight)
    company.outbox.report([reported], "dev-2024-11")
    return reported.key


def started(company, now=TENTH):
    return [str(request.partition_key) for request in retunes(company.settings, company.instance, now)[0]]


def run(company, request, status=dg.DagsterRunStatus.SUCCESS):
    """The run that Dagster makes of a request."""
    tags = {"dagster/partition": str(request.partition_key), "dagster/run_key": request.run_key, **request.tags}
    return create_run_for_test(company.instance, job_name=request.job_name, status=status, tags=tags).run_id


def tuned(company, country, month, parameters='{"leaves": 7}'):
    rows = [[0, "tried", "{}", 0.3, 0.0, 0.30], [1, "in_force", parameters, 0.2, 0.0, 0.25]]
    company.write("tuned_recipe", country, month, pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS))
