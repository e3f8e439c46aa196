"""The loop of an override: a filled workbook is imported, read as a delivery, published, and measured in August.

Two SKUs of FR, origin June, months July and August; domain functions stand for the runs.
"""

import openpyxl
import pandas as pd
import pytest

from forecast_assets.domain.evaluation.performance import performance
from forecast_assets.domain.publication.before_overrides import FORECAST_COLUMNS
from forecast_assets.domain.publication.override_states import Person
from forecast_assets.domain.publication.value_added_month import value_added_of_month
from forecast_assets.operations.overrides.delivered_numbers import delivered_numbers, withdraw_numbers
from forecast_assets.operations.overrides.delivery_file import ImportRefused
from forecast_assets.operations.overrides.import_workbook import deliver
from forecast_assets.reports.override_reader import WorkbookError
from forecast_assets.storage import PartitionKey, Provenance
from forecast_assets.storage.table_specs import table_specs
from forecast_assets_tests.market_state.publications import publish
from forecast_assets_tests.operations.overrides.planning import AUGUST, JULY, JUNE, NOW, PARTITION, Planning, saved

ANN = Person("Ann")


@pytest.fixture
def planning(tmp_path) -> Planning:
    return Planning(tmp_path)


def test_a_filled_workbook_is_delivered_published_and_measured_two_months_later(planning):
    planning.bring_in(planning.workbook(("a", AUGUST, 120.5, "promotion", "two weeks at a chain")))
    overrides = planning.overrides()
    (row,) = overrides.to_dict("records")
    assert (row["sku"], row["target_month"], row["month"], row["forecast_units"]) == ("a", AUGUST, JUNE, 120.5)
    assert (row["author"], row["reason"]) == ("Ann (self-declared)", "promotion: two weeks at a chain")
    published = planning.publish(overrides.drop(columns="month"))
    changed = published[published["source"] == "override"]
    assert changed[["sku", "forecast_units", "model_units"]].to_numpy().tolist() == [["a", 120.5, 110.0]]
    assert changed["reason"].iloc[0] == "override by Ann (self-declared): promotion: two weeks at a chain"
    # August sells 130 of a, 40 of b: the model was 20 and 4 off, the override is 9.5 off.
    sold = pd.DataFrame(
        {"sku": ["a", "b"], "month": AUGUST, "sell_in_units": [130.0, 40.0], "net_sales": [260.0, None]}
    )  # fmt: skip
    dated = {"published": published.assign(month=JUNE), "forecasts": planning.forecasts.assign(month=JUNE)}
    table = value_added_of_month(
        AUGUST,
        performance(AUGUST, sold, dated["published"]).assign(month=AUGUST),
        dated["published"],
        dated["forecasts"].assign(champion_units=float("nan"))[["month", *FORECAST_COLUMNS]],
        overrides,
        sold,
    )
    step = table[table["step"] == "published"].set_index(["level", "entity"])
    columns = ["cells", "helped_cells", "error_saved_units", "error_saved_value"]
    assert step.loc[("author", "Ann (self-declared)"), columns].tolist() == [1, 1, 10.5, 21.0]
    assert step.loc[("size_and_direction", "small up"), "cells"] == 1
    assert step.loc[("market", "ALL"), "absolute_error_units"] == 9.5 + 4
    assert step.loc[("lag", "02"), "cells"] == 2


def test_of_two_planners_the_later_import_counts_and_both_are_named(planning):
    fair = ("event", "the fair moves to August")
    first = planning.workbook(("a", AUGUST, 120, *fair), ("b", JULY, 45, "price", "lower from July on"))
    second = planning.workbook(("a", AUGUST, 125, *fair))
    planning.bring_in(first)
    checked = planning.bring_in(second, " Bob ")
    assert checked.changes[["before_units", "before_author"]].to_numpy().tolist() == [[120.0, "Ann (self-declared)"]]
    rows = planning.overrides().sort_values("sku")
    assert rows[["sku", "forecast_units", "author"]].to_numpy().tolist() == [
        ["a", 125.0, "Bob (self-declared)"], ["b", 45.0, "Ann (self-declared)"],
    ]  # fmt: skip
    assert rows["reason"].iloc[0] == "event: the fair moves to August (replaces 120 by Ann (self-declared))"
    second.seek(0)
    assert planning.check(second, "Bob").changes.empty


def test_a_workbook_of_an_earlier_publication_is_refused_with_what_changed(planning):
    file = planning.workbook(("a", AUGUST, 120, "event", "the fair moves to August"))
    planning.bring_in(planning.workbook(("b", JULY, 45, "price", "lower from July on")))
    planning.publish(planning.overrides().drop(columns="month"))
    with pytest.raises(ImportRefused) as error:
        planning.check(file)
    head, line = str(error.value).splitlines()
    assert head.startswith("the workbook is stale: FR 2024-06 was published again, 1 numbers differ.")
    assert line == "SKU b for 2024-07: 40 in the workbook, 45 published now"


def test_a_cell_that_another_file_delivers_is_refused_and_other_cells_are_not(planning):
    folder = planning.landing / "overrides"
    folder.mkdir()
    head = "country,sku,origin_month,target_month,forecast_units,author,reason"
    rows = ["FR,a,2024-06,2024-08,99,Cy,own", "FR,a,2024-05,2024-08,1,Cy,own", "DE,b,2024-06,2024-07,1,Cy,own"]
    (folder / "planners.csv").write_text("\n".join([head, *rows]) + "\n")
    fair = ("event", "the fair moves to August")
    with pytest.raises(ImportRefused) as error:
        planning.check(planning.workbook(("a", AUGUST, 120, *fair)))
    assert str(error.value) == (
        "SKU a for 2024-08 is delivered as 99 by Cy in another file of overrides; change it there"
    )
    planning.bring_in(planning.workbook(("b", JULY, 45, *fair)))
    assert sorted(planning.overrides()["forecast_units"]) == [45.0, 99.0]


def test_two_imports_at_once_do_not_lose_a_number(planning):
    fair = ("event", "the fair moves to August")
    ann, bob = (
        planning.check(planning.workbook((sku, AUGUST, units, *fair))) for sku, units in (("a", 120), ("b", 50))
    )
    deliver(planning.settings, ann)
    with pytest.raises(ImportRefused, match="another import has written"):
        deliver(planning.settings, bob)
    assert planning.overrides()["sku"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ((120, "", "why"), "Overrides!G4: the reason is missing; choose one of"),
        (("many", "event", "why"), "Overrides!F4: 'many' is not a number"),
        ((-5, "event", "why"), "Overrides!F4: -5 is negative"),
        ((300, "event", "why"), "Overrides!F4: 300 is more than 50% off the model's 110; explain it in Overrides!H4"),
    ],
)
def test_an_entry_that_breaks_a_rule_is_refused_by_its_cell_and_nothing_is_written(planning, number, message):
    with pytest.raises(ImportRefused) as error:
        planning.check(planning.workbook(("a", AUGUST, *number)))
    assert str(error.value).startswith(message)
    assert list(planning.landing.iterdir()) == []


def test_a_month_that_is_closed_or_not_published_or_without_author_is_refused(planning):
    file = planning.workbook(("a", AUGUST, 120, "event", "the fair moves"))
    with pytest.raises(ImportRefused, match="--author is empty"):
        planning.check(file, " ")
    file.seek(0)
    publish(planning.store, JULY)
    with pytest.raises(ImportRefused, match="FR 2024-06 is closed: a later month is published"):
        planning.check(file)
    book = openpyxl.load_workbook(file)
    for cell, value, message in (("B2", "ZZ", "no market ZZ"), ("B3", "2024-05", "FR 2024-05 is not published")):
        before = book["_key"][cell].value
        book["_key"][cell] = value
        with pytest.raises(ImportRefused, match=message):
            planning.check(saved(book))
        book["_key"][cell] = before


def test_a_total_is_delivered_as_numbers_of_its_skus_beside_those_entered(planning):
    fair = ("event", "the fair moves to August")
    planning.bring_in(
        planning.workbook(("ALL", AUGUST, 200, *fair), ("b", AUGUST, 50, *fair), ("tea", JULY, 280, *fair))
    )
    rows = planning.overrides().sort_values(["target_month", "sku"])
    # July: twice 100 and 40. August: 200 without the 50 of b.
    assert rows["forecast_units"].tolist() == [200.0, 80.0, 150.0, 50.0]
    assert rows["reason"].tolist() == [
        "event: the fair moves to August (total of tea 280)", "event: the fair moves to August (total of tea 280)",
        "event: the fair moves to August (total of ALL 200)", "event: the fair moves to August",
    ]  # fmt: skip


def test_a_total_keeps_cases_of_the_stored_products_and_the_rules_of_single_numbers(planning):
    products = pd.DataFrame({"sku": ["a", "b"], "attribute_case_units": ["24", None]}).assign(
        category="tea", brand=None, pack=None, launch_month=pd.NaT, end_month=pd.NaT, reference_sku=None
    )
    months = dict.fromkeys(("launch_month", "end_month"), "datetime64[ns]")
    spec = table_specs()["products"]
    planning.store.write(spec, PartitionKey(JUNE, "FR"), products.astype(months), Provenance("run", "dev", "sha"))
    checked = planning.check(planning.workbook(("tea", AUGUST, 164, "event", "the fair moves")))
    # 110 and 44 of 154, to 164: 117.1 and 46.9; five cases of 24 are 120.
    # b gets 44, its published number, which is no change.
    assert checked.changes[["sku", "override_units"]].to_numpy().tolist() == [["a", 120.0]]
    with pytest.raises(ImportRefused, match=r"Totals!E7: .* off the model's 110; explain it in Totals!G7"):
        planning.check(planning.workbook(("tea", AUGUST, 400, "event", "fair")))
    with pytest.raises(ImportRefused, match=r"Totals!F7: the reason is missing"):
        planning.check(planning.workbook(("tea", AUGUST, 160, "", "the fair moves")))


FAIR = ("event", "the fair moves to August")


def test_a_withdrawn_number_leaves_the_others_and_the_last_one_takes_the_file_along(planning):
    planning.bring_in(planning.workbook(("a", JULY, 105, *FAIR), ("a", AUGUST, 120, *FAIR), ("b", JULY, 45, *FAIR)))
    taken = withdraw_numbers(planning.settings, planning.store, PARTITION, "a", AUGUST, ANN, NOW)
    assert taken[["target_month", "forecast_units"]].to_numpy().tolist() == [[AUGUST, 120.0]]
    assert planning.overrides()["forecast_units"].tolist() == [105.0, 45.0]
    with pytest.raises(ImportRefused, match="no number of SKU a for 2024-08 was imported for FR 2024-06"):
        withdraw_numbers(planning.settings, planning.store, PARTITION, "a", AUGUST, ANN, NOW)
    for sku in ("a", "b"):
        withdraw_numbers(planning.settings, planning.store, PARTITION, sku, None, ANN, NOW)
    assert list(planning.landing.rglob("*.parquet")) == []
    assert planning.overrides().empty


def test_a_number_is_published_once_the_publication_has_it_as_an_override(planning):
    planning.bring_in(planning.workbook(("a", AUGUST, 120, *FAIR), ("b", JULY, 45, *FAIR)))
    planning.publish(planning.overrides().query("sku == 'a'").drop(columns="month"))
    numbers = delivered_numbers(planning.settings, planning.store, ["FR"], None, NOW)
    assert numbers[["sku", "state"]].to_numpy().tolist() == [["a", "published"], ["b", "delivered"]]


def test_numbers_of_a_closed_month_stay(planning):
    planning.bring_in(planning.workbook(("a", AUGUST, 120, *FAIR)))
    publish(planning.store, JULY)
    with pytest.raises(ImportRefused, match="FR 2024-06 is closed"):
        withdraw_numbers(planning.settings, planning.store, PARTITION, "a", None, ANN, NOW)


def cell_of(book, sku: str = "a", line: str = "Yours", title: str = "2024-08"):
    sheet = book["Overrides"]
    row = next(cells[0].row for cells in sheet.iter_rows() if (cells[0].value, cells[3].value) == (sku, line))
    return sheet[f"{next(cell.column_letter for cell in sheet[1] if cell.value == title)}{row}"]


def as_percentage(book):
    cell_of(book).value, cell_of(book).number_format = 1.2, "0%"


def merged(book):
    book["Overrides"].merge_cells(f"{cell_of(book, title='2024-07').coordinate}:{cell_of(book).coordinate}")


def without_number(book):
    cell_of(book).value = None


def typed_over(book):
    cell_of(book, line="Published").value = 120


def as_date(book):
    cell_of(book).value = pd.Timestamp("2024-08-01").to_pydatetime()


def huge(book):
    cell_of(book).value = 1e300


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (as_percentage, r"^Overrides!F4: 1\.2 is shown as a percentage; enter units"),
        (merged, r"^Overrides!E4:F4: cells are merged"),
        (without_number, r"^Overrides!G4: a reason or comment without a number in its row"),
        (typed_over, r"(?s)rows Published were changed.*SKU a for 2024-08: 120 in the workbook, 110 published now"),
        (as_date, r"^Overrides!F4: the date 2024-08-01 is not a number"),
        (huge, r"^Overrides!F4: 1e\+300 is more than a billion units"),
    ],
)
def test_what_a_person_may_do_to_a_workbook_is_named_and_nothing_is_imported(planning, spoil, message):
    book = openpyxl.load_workbook(planning.workbook(("a", AUGUST, 120, "event", "the fair moves to August")))
    spoil(book)
    with pytest.raises((ImportRefused, WorkbookError), match=message):
        planning.check(saved(book))
