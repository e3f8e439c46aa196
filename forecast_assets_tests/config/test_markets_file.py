"""Edits of markets.yaml: what is changed, and that everything else stays as somebody wrote it."""

import textwrap

import pandas as pd
import pytest

from forecast_assets.config.markets import Market, MarketsError, load_markets
from forecast_assets.config.markets_file import add_market, rename_market, set_stage
from forecast_assets.sample import SAMPLE_MARKETS

SINCE = pd.Timestamp("2019-01-01")
NORWAY = Market("NO", 'Norway "NO" \\ Norge', "NO", "NOR", "Europe", SINCE, stage="shadow")
ENTRY_OF_NORWAY = (
    r'{code: "NO", name: "Norway \"NO\" \\ Norge", iso2: "NO", iso3: "NOR", region: "Europe", since: 2019-01-01, '
    "stage: shadow, missing_month: zero}"
)
BY_LINE = """# planned by the company
markets:
  # the largest first
  - {code: "FR", name: France, iso2: FR, iso3: FRA, region: Europe, since: 2019-01-01}  # home

  - {code: "DE", name: Germany, iso2: DE, iso3: DEU, region: Europe, since: 2019-01-01, stage: live}  # second
# the end
"""
BY_BLOCK = """markets:
- code: "FR"
  name: France
  stage: shadow   # until spring
  iso2: FR
  iso3: FRA
  region: Europe
  since: 2019-01-01
- code: "DE"
  name: Germany
  iso2: DE
  iso3: DEU
  region: Europe
  since: 2019-01-01
"""

INDENTED = "markets:\n" + textwrap.indent(BY_BLOCK.partition("\n")[2], "  ")


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "markets.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_market_is_appended_behind_the_last_and_nothing_else_is_touched(file):
    path = file(BY_LINE)
    add_market(path, NORWAY)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "Norway" not in line] == BY_LINE.splitlines()
    assert lines.index(next(line for line in lines if "Norway" in line)) == BY_LINE.splitlines().index("# the end")
    assert load_markets(path)["NO"] == NORWAY
    assert list(load_markets(path)) == ["FR", "DE", "NO"]


def test_a_market_is_appended_to_a_list_of_blocks_without_a_last_line_end(file):
    path = file(BY_BLOCK.rstrip("\n"))
    add_market(path, NORWAY)
    assert path.read_text(encoding="utf-8") == f"{BY_BLOCK}- {ENTRY_OF_NORWAY}\n"
    assert load_markets(path)["NO"].name == NORWAY.name


def test_every_market_of_the_sample_reads_back_as_it_was_added(file):
    others = [Market(it.code, it.name, it.iso2, it.iso3, it.region, SINCE, stage="shadow") for it in SAMPLE_MARKETS[2:]]
    assert len(others) == 198
    for market in others:
        path = file(BY_LINE)
        add_market(path, market)
        assert list(load_markets(path).values())[2:] == [market]


def test_an_entry_is_one_quoted_line(file):
    expected = (
        '{code: "NA", name: "Namibia", iso2: "NA", iso3: "NAM", region: "Africa", since: 2020-02-01, '
        "stage: shadow, missing_month: unknown}"
    )
    market = Market("NA", "Namibia", "NA", "NAM", "Africa", pd.Timestamp("2020-02-01"), "shadow", "unknown")
    path = file(BY_LINE)
    add_market(path, market)
    assert f"  - {expected}" in path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        (BY_LINE, "since: 2019-01-01, stage: live}  # second", "since: 2019-01-01, stage: retired}  # second"),
        (BY_BLOCK, "  since: 2019-01-01\n", "  since: 2019-01-01\n  stage: retired\n"),
        (INDENTED, "    since: 2019-01-01\n", "    since: 2019-01-01\n    stage: retired\n"),
    ],
)
def test_the_stage_of_one_market_changes_and_nothing_else(file, text, before, after):
    path = file(text)
    set_stage(path, "DE", "retired")
    head, _, tail = text.rpartition(before)
    assert path.read_text(encoding="utf-8") == head + after + tail
    assert {code: market.stage for code, market in load_markets(path).items()}["DE"] == "retired"


def test_a_stage_is_added_within_the_braces_and_keeps_the_comment_behind(file):
    path = file(BY_LINE)
    set_stage(path, "FR", "shadow")
    assert "since: 2019-01-01, stage: shadow}  # home\n" in path.read_text(encoding="utf-8")


def test_the_reason_stands_above_the_entry_on_one_line(file):
    path = file(BY_BLOCK)
    set_stage(path, "FR", "live", "live: the planners\nasked")
    assert path.read_text(encoding="utf-8").startswith('markets:\n# live: the planners asked\n- code: "FR"\n')
    assert "stage: live   # until spring" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: add_market(path, Market("FR", "France", "FR", "FRA", "Europe", SINCE)), "FR is there already"),
        (lambda path: add_market(path, Market("no", "Norway", "NO", "NOR", "Europe", SINCE)), "expected 2 to 10 of"),
        (lambda path: set_stage(path, "XX", "live"), "no market XX"),
        (lambda path: set_stage(path, "FR", "gone"), "no stage gone"),
        (lambda path: rename_market(path, "FR", "DE"), "no market FR, or DE is there already"),
        (lambda path: rename_market(path, "XX", "YY"), "no market XX, or YY is there already"),
    ],
)
def test_a_change_that_would_spoil_the_file_is_refused_and_the_file_left_as_it_is(file, change, message):
    path = file(BY_LINE)
    with pytest.raises(MarketsError, match=message):
        change(path)
    assert path.read_text(encoding="utf-8") == BY_LINE
    assert [each.name for each in path.parent.iterdir()] == ["markets.yaml"]


def test_a_list_in_brackets_is_refused_with_advice(file):
    path = file('markets: [{code: "FR", name: F, iso2: FR, iso3: FRA, region: E, since: 2019-01}]\n')
    with pytest.raises(MarketsError, match="one entry a line"):
        add_market(path, NORWAY)


def test_comments_between_blocks_stay_below_a_new_stage(file):
    text = BY_BLOCK.replace('- code: "DE"', '\n# the second\n- code: "DE"') + "\n# the end\n"
    path = file(text)
    set_stage(path, "DE", "shadow", "why")
    add_market(path, NORWAY)
    assert path.read_text(encoding="utf-8") == text.replace('- code: "DE"', '# why\n- code: "DE"').replace(
        "\n\n# the end\n", f"\n  stage: shadow\n- {ENTRY_OF_NORWAY}\n\n# the end\n"
    )


def test_a_reason_stands_between_the_entry_and_the_comment_above_it(file):
    path = file(BY_LINE)
    set_stage(path, "DE", "retired", "retired: sold")
    set_stage(path, "FR", "shadow", "shadow: rebuilt")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:4] == [
        *BY_LINE.splitlines()[:3],
        "  # shadow: rebuilt",
    ]
    assert lines[5:7] == ["", "  # retired: sold"]
    assert lines[-1] == "# the end"
