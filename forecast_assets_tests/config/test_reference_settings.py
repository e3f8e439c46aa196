"""Generated page of the settings: it is up to date and names every variable that the code reads."""

import re
from pathlib import Path

import forecast_assets
from forecast_assets.config.dremio_settings import DremioSettings
from forecast_assets.config.settings import Settings
from forecast_assets.config.variables import OTHER_VARIABLES, fields_by_variable
from tools.reference_settings import OTHER, render

VARIABLE = re.compile(r'"((?:FORECAST|AZURE|DREMIO|MLFLOW|TEAMS|DAGSTER)_[A-Z_]+)"')
# A name that only looks like a variable.
NO_VARIABLES = {"FORECAST_ASSETS_DOCTOR"}


def test_every_setting_stands_on_the_page_with_its_meaning():
    page = render()
    fields = [(variable, field) for variable, field, _ in fields_by_variable(Settings)]
    fields += [(variable, DremioSettings.model_fields[name]) for variable, name in DremioSettings.variables().items()]
    assert [variable for variable, field in fields if f"| `{variable}` | {field.description} |" not in page] == []


def test_every_variable_that_the_code_reads_stands_on_the_page():
    package = Path(forecast_assets.__file__).parent
    named = {name for path in package.rglob("*.py") for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    page = render()
    assert [name for name in sorted(named - NO_VARIABLES) if f"| `{name}` |" not in page] == []
    assert set(OTHER) >= OTHER_VARIABLES


def test_a_meaning_is_one_phrase_without_a_line_above_it():
    described = [field.description or "" for _, field, _ in fields_by_variable(Settings)]
    assert [text for text in described if not text or text.startswith(("The same", "Of ", "Its "))] == []


def test_the_tables_of_a_setting_stand_in_its_row():
    row = next(line for line in render().splitlines() if line.startswith("| `FORECAST_TRAINING_ROWS`"))
    assert row.endswith("| `40000` | `pooled_model`, `model`, `champion` |")
