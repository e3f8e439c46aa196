"""Whatever a person writes into a file or a variable is read, or rejected by the reader's own error; nothing else.

Needs hypothesis of the extra ``dev``. The examples are the same in every run.
"""

import datetime
import io
from pathlib import Path

import pandas as pd
import pytest
import yaml

from forecast_assets.config.markets import MarketsError, load_markets
from forecast_assets.config.settings import Settings, SettingsError, load_settings
from forecast_assets.config.variables import fields_by_variable
from forecast_assets.reports.override_reader import WorkbookError, read_override_workbook
from forecast_assets.sources.landing import LandingError, LandingFolder
from forecast_assets_tests.written_workbooks import workbook_of

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

TODAY = pd.Timestamp("2024-07-15")
ENTRY = {
    "code": "FR", "name": "France", "iso2": "FR", "iso3": "FRA", "region": "West", "since": "2019-01-01",
    "stage": "live", "missing_month": "zero", "teams_channel": "SALES", "language": "en", "max_wape": 0.5,
    "max_bias": 0.1,
}  # fmt: skip
# Values that readers get wrong: YAML's booleans and numbers, dates at the ends, addresses that cannot be parsed.
ODD_TEXTS = ["FR", "NO", "2019-01", "1-1", "~", "0x1F", "1e400", ".inf", "é", "9" * 400]
ODD_VARIABLES = [
    "-1", "0", "1e999", "nan", "inf", "true", "2019-01", "abfs://x/y", "abfs://", "//", "http://[", "https://a:99999",
    "Europe/Paris", "..", "/", "\x00", "dremio", "files",
]  # fmt: skip
ODD_CELLS = [
    "FR", "DE", "A", "2024-06", "2024-6-1", "2024-13", "9999-12", "0001-01", "1", "1,5", "-1", "", "NaN", "inf",
    "1e308", "1e400", "é", '"', '""x', "\t", " ", "=1+1",
]  # fmt: skip
ODD_WORKBOOK_CELLS = ["FR", "2024-11", "2024-11-01", "SKU", "Reason", "market", "key", "=1/0", "month"]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes() | st.text(max_size=12)
values = st.recursive(
    scalars | st.sampled_from(ODD_TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
rows_of_csv = st.lists(
    st.lists(st.sampled_from(ODD_CELLS) | st.text(max_size=6), min_size=1, max_size=6).map(",".join), max_size=6
).map(lambda lines: "\n".join(["country,sku,month,units", *lines, ""]))
workbook_cells = (
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(ODD_WORKBOOK_CELLS) | st.datetimes(min_value=datetime.datetime(1950, 1, 1))
)  # fmt: skip


def rejection(error, read, *arguments):
    """Return the message with which a reader rejects what it is given; None if it takes it."""
    try:
        read(*arguments)
    except error as raised:
        return str(raised)
    return None


def examples(count):
    return hypothesis.settings(
        max_examples=count, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip


@examples(100)
@hypothesis.given(st.sampled_from([*ENTRY, "other"]), values)
def test_any_value_of_a_market_is_taken_or_named(tmp_path_factory, name, value):
    file = tmp_path_factory.getbasetemp() / "markets.yaml"
    file.write_text(yaml.safe_dump({"markets": [{**ENTRY, name: value}]}, allow_unicode=True), encoding="utf-8")
    message = rejection(MarketsError, load_markets, file)
    assert message is None or (name in message and str(file) in message)


@examples(100)
@hypothesis.given(st.binary(max_size=60) | values.map(lambda value: yaml.safe_dump({"markets": value}).encode()))
def test_any_markets_file_is_read_or_rejected(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "markets.yaml"
    file.write_bytes(content)
    message = rejection(MarketsError, load_markets, file)
    assert message is not None
    assert str(file) in message


@examples(200)
@hypothesis.given(
    st.dictionaries(
        st.sampled_from([name for name, _, _ in fields_by_variable(Settings)]),
        st.text(max_size=15) | st.sampled_from(ODD_VARIABLES), min_size=1, max_size=3,
    )
)  # fmt: skip
def test_any_value_of_a_setting_is_taken_or_named(environment):
    message = rejection(SettingsError, lambda: load_settings(environment, with_markets=False))
    assert message is None or "The settings cannot be used" in message


@examples(30)
@hypothesis.given(
    rows_of_csv.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=80)
    | rows_of_csv.map(lambda text: text.encode("utf-16", "replace")),
    st.sampled_from(["x.csv", "FR.csv", "x.csv.gz", "x.parquet", "x.xlsx", "x.txt"]),
)  # fmt: skip
def test_any_delivered_file_is_read_or_named(tmp_path_factory, content, name):
    base = tmp_path_factory.mktemp("landing")
    (base / "sell_in").mkdir()
    (base / "sell_in" / name).write_bytes(content)
    folder = LandingFolder(str(base), known_codes=["FR", "DE"])
    folder.unknown_countries("sell_in", ["FR", "DE"])
    folder.delivery("sell_in", "FR")
    message = rejection(LandingError, lambda: folder.relation("sell_in", "FR", TODAY).fetchall())
    assert message is None or name in message


@examples(100)
@hypothesis.given(st.binary(max_size=100))
def test_any_file_in_place_of_a_workbook_is_rejected(content):
    with pytest.raises(WorkbookError):
        read_override_workbook(io.BytesIO(content))


@examples(40)
@hypothesis.given(
    st.dictionaries(
        st.sampled_from(["Overrides", "Totals", "_key", "other"]),
        st.lists(st.lists(workbook_cells, max_size=5), max_size=5), min_size=1, max_size=4,
    )
)  # fmt: skip
def test_any_cells_of_a_workbook_are_read_or_named(sheets):
    file = io.BytesIO()
    workbook_of(sheets).save(file)
    with pytest.raises(WorkbookError):
        read_override_workbook(file)


def test_the_entry_that_is_changed_is_right_by_itself(tmp_path):
    file = Path(tmp_path / "markets.yaml")
    file.write_text(yaml.safe_dump({"markets": [ENTRY]}), encoding="utf-8")
    assert list(load_markets(file)) == ["FR"]
