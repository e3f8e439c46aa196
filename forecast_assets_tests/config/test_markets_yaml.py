"""YAML that a markets file may not use: a key twice, aliases, deep nesting; each is one bounded message."""

import pytest

from forecast_assets.config.markets import MarketsError, load_markets
from forecast_assets.config.markets_yaml import parse_markets
from forecast_assets_tests.config.market_entries import entry


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("markets:\n  - {code: FR, name: A, name: B}", "line 2: key 'name' is given twice (before in line 2)"),
        ("markets:\n  - code: FR\n    since: 2019-01\n    since: 2020-01", "line 4: key 'since' is given twice"),
        ("markets: [1]\nother: 2\nmarkets: [3]", "line 3: key 'markets' is given twice (before in line 1)"),
        ("markets:\n  - &fr {code: FR}\n  - *fr", "line 3: alias *fr; write the value itself"),
        ("base: &b {code: FR}\nmarkets:\n  - {<<: *b, name: A}", "line 3: alias *b"),
        ("markets:\n  - {<<: {region: Asia}, region: Europe}", "line 2: merge <<; write the keys themselves"),
        ("markets: " + "[\n" * 20_000, "line 6: nested deeper than 6 levels"),
        ("{a: " * 8 + "1" + "}" * 8, "line 1: nested deeper than 6 levels"),
        ("- 1\n" * 300_000, "1,200,000 characters; a list of markets has at most 1,000,000"),
    ],
)
def test_what_yaml_allows_and_a_list_of_markets_does_not_need_is_rejected(text, message):
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(").replace(")", r"\)").replace("*", r"\*")):
        parse_markets(text)


@pytest.mark.parametrize("text", ["", "markets:\n  - {code: FR, since: 2019-01-01}\n", "a: [[[[[1]]]]]"])
def test_plain_lists_and_mappings_are_read_as_yaml_reads_them(text):
    import yaml

    assert parse_markets(text) == yaml.safe_load(text)


def test_a_message_quotes_the_start_of_a_long_value_and_lists_forty_problems(tmp_path):
    file = tmp_path / "markets.yaml"
    entries = [entry(code=f'"{"x" * 5_000}"'), *["  - Spain"] * 100]
    file.write_text("\n".join(["markets:", *entries]) + "\n", encoding="utf-8")
    with pytest.raises(MarketsError) as caught:
        load_markets(file)
    lines = str(caught.value).splitlines()
    assert len(lines) == 42
    assert lines[0].endswith("101 problem(s):")
    assert lines[-1] == "  - and 61 more"
    assert max(map(len, lines)) < 700
