"""The page of messages about bad deliveries: the cases that the tests hold against the reader, word for word."""

import textwrap

from forecast_assets_tests.sources.landing.delivery_problems import CASES

WIDTH = 100
HEAD = """\
<!-- Generated from the tests of the delivery contract by `make reference`. -->
# Delivery messages

What is reported about each kind of bad file, word for word.
Every message names the file, then what was found, what was expected and the next step.
The rules behind them: [What to deliver](../landing.md).
"""


def render() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *(line for case, (_, text) in CASES.items() for line in _section(case, text))])


def _section(case: str, text: str) -> list[str]:
    title = case[0].upper() + case[1:]
    message = "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))
    return [f"## {title}", "", f"`{message}`", ""]
