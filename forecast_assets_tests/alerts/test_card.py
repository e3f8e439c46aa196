"""Content of cards, text of data that stays text, and size."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forecast_assets.alerts.card import CardStyle, message_payload, payload_of_test_card
from forecast_assets.alerts.card_parts import plain, size_bytes, sparkline
from forecast_assets_tests.alerts.company import CYCLE, incident
from forecast_assets_tests.alerts.teams_server import texts

WRITTEN = datetime(2024, 7, 10, 6, tzinfo=UTC)
STYLE = CardStyle({"FR": "France", "BR": "Brazil"}, "https://dagster.example.com/")


def content(kind: str = "alert", incidents=(), **values: Any) -> dict[str, Any]:
    return {
        "kind": kind, "cycle_id": CYCLE, "at": WRITTEN.isoformat(), "dedupe_key": f"{CYCLE}|default|{kind}|1",
        "incidents": [it.to_record() for it in incidents], "content": {}, "open_beside": 0, **values,
    }  # fmt: skip


def payload(*incidents, kind: str = "alert", style: CardStyle = STYLE, now: datetime = WRITTEN, **how: Any):
    return message_payload(content(kind, incidents), style, now=now, **how)


def urls(card: dict[str, Any]) -> list[str]:
    return [part.split('"')[0] for part in json.dumps(card).split('"url": "')[1:]]


def types(element: Any) -> set[str]:
    if isinstance(element, dict):
        return {element.get("type", "")}.union(*map(types, element.values()))
    return set().union(*map(types, element)) if isinstance(element, list) else set()


def test_a_card_is_what_a_workflow_takes():
    sent = payload(incident())
    [attachment] = sent["attachments"]
    assert sent["type"] == "message"
    assert (attachment["contentType"], attachment["contentUrl"]) == ("application/vnd.microsoft.card.adaptive", None)
    assert (attachment["content"]["type"], attachment["content"]["version"]) == ("AdaptiveCard", "1.4")


def test_the_worst_market_comes_first_with_its_figures_trend_and_skus():
    bad = incident(
        "BR", severity="critical", headline="41.2% in June, limit 30.0%", facts=(("bias", "+18.4%"),),
        trend=(0.2, None, 0.4), trend_name="WAPE by month", top_skus=(("BR-1", 0.182), ("BR-2", 0.11)),
    )  # fmt: skip
    text = texts(payload(incident("FR", weight=9.0), bad, incident("XX", severity="info")))
    assert text.startswith("Forecast alerts · Jun 2024 1 critical, 1 warning, 1 note in 3 markets, worst first")
    assert text.index("Brazil (BR)") < text.index("France (FR)") < text.index("XX")
    assert "WAPE 41.2% in June, limit 30.0% bias: +18.4% ▁·█ WAPE by month" in text
    assert "Most of the error: BR-1 18.2% · BR-2 11.0%" in text
    assert text.endswith(f"Card {CYCLE}|default|alert|1")


def test_incidents_of_one_market_stand_together():
    text = texts(payload(incident("FR", severity="critical"), incident("BR"), incident("FR", kind="bias")))
    assert text.count("France (FR)") == 1
    assert text.index("Bias bias of FR") < text.index("Brazil (BR)")


def test_links_lead_to_the_run_the_report_and_the_check():
    sent = payload(incident("FR", run_id="6f1d", asset="performance"))
    assert urls(sent) == [
        "https://dagster.example.com/runs/6f1d",
        "https://dagster.example.com/assets/market_report?view=partitions&partition=FR%7C2024-06-01",
        "https://dagster.example.com/assets/performance?view=checks",
    ]


def test_without_the_address_of_dagster_there_is_no_link():
    assert urls(payload(incident("FR", run_id="6f1d", asset="performance"), style=CardStyle())) == []


@pytest.mark.parametrize("sku", ["*A*_1_", "[x](http://y)", "# 1", "- 2", "`z`", "\\_", "<b>&amp;", '"', "漢字"])
def test_a_sku_is_shown_unchanged_in_an_element_without_markdown(sku):
    sent = payload(incident(headline=f"of {sku}", facts=((sku, sku),), top_skus=((sku, 0.5),)))
    assert f"Most of the error: {sku} 50.0%" in texts(sent)
    assert types(sent) <= {"message", "AdaptiveCard", "Container", "RichTextBlock", "TextRun", "Action.OpenUrl", ""}


def test_card_commands_and_invisible_characters_are_split_or_removed():
    assert plain("{{DATE(2017-02-14T06:00Z, SHORT)}}", 99) == "{ {DATE(2017-02-14T06:00Z, SHORT)}}"
    assert plain("{{{{TIME(x)", 99) == "{ { { {TIME(x)"
    assert plain("a\n b\t\x00c\u202ed\ud800", 99) == "a b c d"
    assert plain("x" * 50, 10) == "x" * 9 + "…"


def test_a_sparkline_spans_lowest_to_highest():
    assert sparkline((0.0, 0.5, None, 1.0)) == "▁▅·█"
    assert sparkline((-1.0, 0.0, 1.0)) == "▁▅█"
    assert sparkline((0.3, 0.3)) == "▅▅"
    assert sparkline((None,)) == sparkline(()) == ""


def verbose(number: int, kind: str = "wape"):
    text = '漢\\"é' * 500
    return incident(
        f"M{number:03}", kind, subject=text, headline=text, weight=float(number), run_id=text, asset=text,
        facts=((text, text),) * 20, trend=tuple(range(200)), trend_name=text, top_skus=((text, 0.1),) * 50,
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 6, 200])
def test_a_card_fits_whatever_the_number_of_markets_and_the_length_of_texts(count):
    names = {f"M{number:03}": "漢" * 500 for number in range(count)}
    incidents = [verbose(number, kind) for number in range(count) for kind in ("wape", "bias", "drift", "run_failed")]
    sent = payload(*incidents, style=CardStyle(names, "https://dagster.example.com"), repeat=True, parked=9)
    assert 4_000 < size_bytes(sent) <= 24_000
    assert size_bytes(sent) == len(json.dumps(sent).encode())


def test_of_two_hundred_markets_the_worst_are_shown_and_the_rest_is_counted():
    text = texts(payload(*(incident(f"M{number:03}", weight=float(number)) for number in range(200))))
    assert "200 warnings in 200 markets" in text
    positions = [text.index(f"M{number:03}") for number in range(199, 182, -1)]
    assert positions == sorted(positions)
    assert "M182" not in text
    assert "Not shown: 183 more markets with 183 incidents. List them with: forecast-assets alerts" in text


def test_a_recovery_names_the_closed_incidents():
    text = texts(payload(incident("FR"), incident("BR"), kind="recovery"))
    assert text.startswith("Recovered · 2 incidents closed in 2 markets ✓ Brazil (BR) WAPE, open since Jun 2024.")
    many = [incident(f"M{number:03}") for number in range(200)]
    assert "Not shown: 170 more." in texts(payload(*many, kind="recovery"))
    long = payload(*(incident(f"M{number:03}", headline="漢" * 500) for number in range(200)), kind="recovery")
    assert "✓ M021" in texts(long)
    assert size_bytes(long) <= 24_000


def test_a_heartbeat_shows_the_facts_of_the_publication():
    facts = [["Published", "38 of 40 markets"], ["Open incidents", "7"]]
    told = content("heartbeat", content={"title": "Heartbeat · Jun 2024", "facts": facts})
    text = texts(message_payload(told, STYLE, now=WRITTEN))
    assert "Published 38 of 40 markets Open incidents 7" in text
    assert "Report of all markets" not in text
    linked = content("heartbeat", content={"title": "Heartbeat", "facts": facts, "report": "https://r.example.com/x"})
    card = message_payload(linked, STYLE, now=WRITTEN)
    assert "Report of all markets" in texts(card)
    assert '"url": "https://r.example.com/x"' in json.dumps(card)


def test_a_possible_repeat_and_a_late_card_are_marked():
    assert "Possibly a repeat" in texts(payload(incident(), repeat=True))
    hour = timedelta(hours=1)
    assert "Delivered late" not in texts(payload(incident(), now=WRITTEN + hour))
    late = texts(payload(incident(), now=WRITTEN + hour * 2))
    assert "Delivered late: written 2024-07-10 06:00 UTC." in late


def test_other_open_incidents_and_parked_cards_are_counted():
    text = texts(message_payload(content(incidents=[incident()], open_beside=1), STYLE, now=WRITTEN, parked=2))
    assert "1 more incident is open since earlier. 2 earlier cards could not be delivered." in text


def test_the_platform_is_no_market():
    assert "1 critical" in texts(payload(incident(None, "daemon_stopped", "", severity="critical")))
    assert "All markets Daemon stopped" in texts(payload(incident(None, "daemon_stopped", "")))


def test_the_test_card_is_marked_as_one():
    assert texts(payload_of_test_card(WRITTEN)).startswith("Test card forecast-assets alerts test, 2024-07-10 06:00")
