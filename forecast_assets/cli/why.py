"""Work of ``forecast-assets why``: print the passport of one published number, as text or as JSON."""

import json
import os
from typing import Any

import dagster as dg
import typer

from forecast_assets.cli.console import console, month_argument, settings_or_exit
from forecast_assets.cli.folders import dagster_home, existing_store
from forecast_assets.cli.versions import short_sha
from forecast_assets.operations.history.passport import NoSuchForecast, Passport, checks_of_run, latest_origin, passport
from forecast_assets.storage import PartitionKey
from forecast_assets.storage.partition_key import describe_partitions

SHORT = 12


def run(country: str, sku: str, month: str, origin: str | None, *, as_json: bool) -> None:
    """Print the passport of a published number, as text or as JSON."""
    store = existing_store(settings_or_exit(with_markets=False))
    target = month_argument(month)
    try:
        at = month_argument(origin) if origin else latest_origin(store, country, target)
        document = passport(store, PartitionKey(at, country), sku, target)
    except (NoSuchForecast, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    with _instance() as instance:
        for link in document.chain:
            link["checks"] = checks_of_run(instance, link["run_id"], link["table"]) if "run_id" in link else None
    if as_json:
        typer.echo(json.dumps(document.to_json(), indent=1, ensure_ascii=False))
    else:
        _print(document)


class _instance:
    """Dagster's instance if this machine has a DAGSTER_HOME; else None, and none is created."""

    def __enter__(self) -> dg.DagsterInstance | None:
        home = dagster_home()
        self._opened = None
        if (home / "dagster.yaml").exists():
            os.environ["DAGSTER_HOME"] = str(home)
            self._opened = dg.DagsterInstance.get()
        return self._opened

    def __exit__(self, *error: object) -> None:
        if self._opened is not None:
            self._opened.dispose()


def _print(document: Passport) -> None:
    row = document.published
    _line(f"{document.market} {document.sku}: {document.target_month[:7]}, forecast at the end of "
          f"{document.origin_month[:7]} ({row['horizon_months']} months ahead)", "bold")  # fmt: skip
    low, high = _units(row["forecast_units_p10"]), _units(row["forecast_units_p90"])
    _pair("published", f"{_units(row['forecast_units'])} units, 80 % between {low} and {high}")
    for order, reason in enumerate(document.reasons):
        _pair("because" if order == 0 else "", reason["text"])
    _pair("status, source", f"{row['status']}, {row['source']}")
    _pair("reason", row["reason"])
    _pair("rule", f"{row['rule']}; {row['category']}, class {row['abc_class']}{row['xyz_class']}")
    units = [f"{name} {_units(row[f'{name}_units'])}" for name in ("model", "baseline", "naive")]
    _pair("beside it", ", ".join(units))
    _pair("done without", row["inputs_missing"] or "nothing")
    override = document.override
    _pair("override", f"{_units(override['forecast_units'])} by {override['author']}: {override['reason']}"
          if override else "none")  # fmt: skip
    _print_recipe(document)
    mlflow = document.mlflow
    parent = f"{mlflow['mlflow_run_id']} (parent {mlflow['mlflow_parent_run_id']})" if mlflow else None
    _pair("MLflow run", parent or "none is recorded for this publication")
    for link in document.chain:
        _print_link(link)


def _print_recipe(document: Passport) -> None:
    model, champion = document.model, document.champion
    if model:
        _pair("model", f"recipe {model['recipe_id']}, {model['features']} features, {model['rows']:,} rows, "
              f"trained up to {model['cutoff'][:7]}, {model['refits']} refits")  # fmt: skip
    if champion:
        _pair("recipe in force", f"{champion['recipe_id']} ({champion['outcome']}) since {champion['since_month'][:7]}")


def _print_link(link: dict[str, Any]) -> None:
    console.print()
    if "problem" in link:
        _line(f"<- {link['table']} {link['partition']}", "bold")
        _line(f"   {link['problem']}", "yellow")
        return
    _line(f"<- {link['table']} {link['partition']}  {link['content_hash'][:SHORT]}", "bold")
    _pair("version", link["version"])
    _pair("written", f"{link['written_at'][:19].replace('T', ' ')} UTC, cycle {link['cycle_id']}")
    _pair("run", link["run_id"])
    _pair("made by", f"git {short_sha(link['git_sha'])}, code {link['code_version']}, "
          f"configuration {link['configuration']}")  # fmt: skip
    checks = link["checks"]
    if checks is None:
        _pair("checks", "not known here: Dagster's log of that run is not in this DAGSTER_HOME")
    else:
        _pair("checks", ", ".join(f"{name} {outcome}" for name, outcome in checks.items()) or "none")
    for table, partitions in link["inputs"].items():
        if partitions:
            keys = [PartitionKey.from_dagster(key) for key in partitions]
            (first, *more) = partitions.values()
            hashes = f"{len(more) + 1} hashes, the last {[first, *more][-1][:SHORT]}" if more else first[:SHORT]
            _pair(f"  {table}", f"{describe_partitions(keys).partition(' ')[2]}  {hashes}")


def _pair(name: str, text: object) -> None:
    console.print(f"   {name:20} {text}", markup=False, soft_wrap=True)


def _line(text: str, style: str) -> None:
    console.print(text, style=style, markup=False, soft_wrap=True)


def _units(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"
