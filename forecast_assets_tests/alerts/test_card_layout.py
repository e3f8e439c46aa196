"""A card as Teams draws it, element by element, and what is shown of many incidents, facts and markets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forecast_assets.alerts import card
from forecast_assets.alerts.card import CardStyle, message_payload
from forecast_assets.alerts.card_parts import links, plain, size_bytes
from forecast_assets.alerts.incidents import Incident
from forecast_assets_tests.alerts.company import CYCLE, JUNE, incident
from forecast_assets_tests.alerts.teams_server import texts

WRITTEN = datetime(2024, 7, 10, 6, tzinfo=UTC)
STYLE = CardStyle({"FR": "France"}, "https://dagster.example.com")
SMALL, SUBTLE = {"size": "Small"}, {"size": "Small", "isSubtle": True}


def drawn(*incidents: Incident, kind: str = "alert", content: Any = None, **how: Any) -> dict[str, Any]:
    message = {
        "kind": kind, "cycle_id": CYCLE, "at": WRITTEN.isoformat(), "dedupe_key": "c|default|alert|1",
        "incidents": [it.to_record() for it in incidents], "content": content or {}, "open_beside": 0,
    }  # fmt: skip
    open_beside = how.pop("open_beside", 0)
    return message_payload({**message, "open_beside": open_beside}, STYLE, **{"now": WRITTEN, **how})


def body(payload: dict[str, Any]) -> list[Any]:
    return payload["attachments"][0]["content"]["body"]


def text(words: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": words, **style}


def block(*runs: dict[str, Any], spacing: str = "Small", **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs), "spacing": spacing, **style}


def linked(title: str, address: str) -> dict[str, Any]:
    return text(title, **SMALL, color="Accent", selectAction={"type": "Action.OpenUrl", "url": address})


DOT = text(" · ", **SUBTLE)


def test_an_alert_is_drawn_element_by_element():
    critical = incident(
        "FR", severity="critical", headline="41.2% in June", facts=(("bias", "+18%"), ("new", "")), trend=(0.2, 0.4),
        trend_name="WAPE by month", top_skus=(("A", 0.182), ("B", 0.11)), run_id="6f1d",
    )  # fmt: skip
    head, late, market, others, number = body(
        drawn(critical, now=WRITTEN + timedelta(hours=2), open_beside=1, parked=1)
    )
    assert head == {
        "type": "Container", "style": "attention", "bleed": True, "items": [
            block(text("Forecast alerts · Jun 2024", size="Large", weight="Bolder")),
            block(text("1 critical in 1 market, worst first", isSubtle=True), spacing="None"),
        ],
    }  # fmt: skip
    note = "Delivered late: written 2024-07-10 06:00 UTC."
    assert late == {"type": "Container", "style": "emphasis", "items": [block(text(note, weight="Bolder"))]}
    base = "https://dagster.example.com"
    assert market == {
        "type": "Container", "separator": True, "spacing": "Medium", "items": [
            block(text("France (FR)", size="Medium", weight="Bolder")),
            block(text("WAPE", weight="Bolder", color="Attention"), text("  41.2% in June"), spacing="Default"),
            block(text("bias: +18%", **SUBTLE), DOT, text("new", **SUBTLE), spacing="None"),
            block(text("▁█", color="Attention"), text("  WAPE by month", **SUBTLE)),
            block(text("Most of the error: ", **SUBTLE), text("A 18.2%", **SMALL), DOT, text("B 11.0%", **SMALL)),
            block(
                linked("Run", f"{base}/runs/6f1d"), DOT,
                linked("Report", f"{base}/assets/market_report?view=partitions&partition=FR%7C2024-06-01"),
            ),
        ],
    }  # fmt: skip
    words = (
        "1 more incident is open since earlier. 1 earlier card could not be delivered. "
        "List them with: forecast-assets alerts"
    )
    assert others == block(text(words, **SUBTLE), separator=True, spacing="Medium")
    assert number == block(text("Card c|default|alert|1", **SUBTLE), separator=False)


def test_a_card_without_more_to_say_ends_with_its_number():
    head, _, number = body(drawn(incident("FR")))
    assert head["style"] == "warning"
    assert number == block(text("Card c|default|alert|1", **SUBTLE), separator=True)


def test_the_worst_incident_colours_the_card():
    assert body(drawn(incident("FR", severity="info"), incident("BR", severity="critical")))[0]["style"] == "attention"


def test_three_incidents_of_a_market_are_shown_and_more_are_counted():
    kinds = ("wape", "bias", "drift", "late")
    three, four = ([incident("FR", kind) for kind in kinds[:count]] for count in (3, 4))
    assert "of this market" not in texts(drawn(*three))
    market = body(drawn(*four))[1]["items"]
    assert market[-1] == block(text("and 1 more incident of this market", **SUBTLE))
    assert sum(item["spacing"] == "Default" for item in market) == 3
    assert "and 2 more incidents of this market" in texts(drawn(*four, incident("FR", "run_failed")))


def test_links_stand_once_below_incidents_of_one_run_and_asset():
    def addresses(*runs: str) -> int:
        incidents = [incident("FR", kind, run_id=run) for kind, run in zip(("wape", "bias"), runs, strict=True)]
        return str(drawn(*incidents)).count("/runs/")

    assert (addresses("r1", "r1"), addresses("r1", "r2")) == (1, 2)


def test_five_facts_five_skus_and_24_months_are_shown():
    numbered = range(30)
    shown = body(
        drawn(
            incident(
                "FR", facts=tuple((f"fact {n}", "x") for n in numbered), trend=tuple(numbered),
                top_skus=tuple((f"SKU{n}", 0.1) for n in numbered),
            )
        )
    )[1]["items"]  # fmt: skip
    facts, trend, skus = shown[2:5]
    assert [each["text"] for each in facts["inlines"][::2]] == [f"fact {n}: x" for n in range(5)]
    assert len(trend["inlines"][0]["text"]) == 24
    assert [each["text"] for each in skus["inlines"][1::2]] == [f"SKU{n} 10.0%" for n in range(5)]


def test_a_sixth_market_is_a_line_with_its_worst_incident():
    markets = [incident(f"M{number}", weight=9.0 - number) for number in range(6)]
    further = body(drawn(*markets))[6]
    assert further == {
        "type": "Container", "separator": True, "spacing": "Medium", "items": [
            block(text("Further markets", weight="Bolder")),
            block(
                text("M5", weight="Bolder", **SMALL, color="Warning"),
                text("  WAPE: wape of M5 over its limit", **SMALL),
            ),
        ],
    }  # fmt: skip
    more = body(drawn(*markets, incident("M5", "bias", severity="info"), incident("M5", "drift", severity="info")))
    assert [each["text"] for each in more[6]["items"][1]["inlines"]] == [
        "M5", "  WAPE: wape of M5 over its limit", "  +2 more",
    ]  # fmt: skip
    assert more[6]["items"][1]["inlines"][2] == text("  +2 more", **SUBTLE)


def test_an_eighteenth_market_is_only_counted():
    last = body(drawn(*(incident(f"M{number:02}") for number in range(18))))[-2]
    assert last == block(
        text("Not shown: 1 more market with 1 incident."),
        text("  List them with: forecast-assets alerts", isSubtle=True),
        spacing="Medium",
    )


def drawings(monkeypatch, count: int, *incidents: Incident, kind: str) -> list[dict[str, Any]]:
    """Return the drawings of a card, each for a byte less than the one before; shorter than the last there is none."""
    result: list[dict[str, Any]] = []
    monkeypatch.setattr(card, "MOST_BYTES", 10**6)
    for _ in range(count):
        result.append(drawn(*incidents, kind=kind))
        assert size_bytes(result[-1]) <= card.MOST_BYTES
        monkeypatch.setattr(card, "MOST_BYTES", size_bytes(result[-1]) - 1)
    with pytest.raises(ValueError, match="bytes however short it is drawn"):
        drawn(*incidents, kind=kind)
    return result


def test_a_long_alert_has_fewer_lines_and_then_fewer_markets_in_detail(monkeypatch):
    markets = [incident(f"M{number}", weight=9.0 - number, headline="x" * 80) for number in range(7)]
    plans = []
    for payload in drawings(monkeypatch, 7, *markets, kind="alert"):
        boxes = [each["items"] for each in body(payload)[1:] if each["type"] == "Container"]
        in_a_line = [len(box) - 1 for box in boxes if box[0]["inlines"][0]["text"] == "Further markets"]
        plans.append((len(boxes) - len(in_a_line), sum(in_a_line)))
        left = 7 - sum(plans[-1])
        of = "market with 1 incident" if left == 1 else f"markets with {left} incidents"
        assert (f"Not shown: {left} more {of}." in texts(payload)) == (left > 0)
    assert plans == [(5, 2), (5, 1), (5, 0), (4, 0), (3, 0), (2, 0), (1, 0)]


def test_a_long_recovery_has_fewer_lines_and_counts_the_rest(monkeypatch):
    three = [incident(code, headline="x" * 200) for code in ("FR", "DE", "BR")]
    shown = [texts(payload) for payload in drawings(monkeypatch, 3, *three, kind="recovery")]
    assert [words.count("✓") for words in shown] == [3, 2, 1]
    assert ["Not shown" in words for words in shown] == [False, True, True]
    assert "Not shown: 2 more." in shown[2]


@pytest.mark.parametrize(("count", "is_whole"), [(30, True), (31, False)])
def test_thirty_recoveries_are_shown(count, is_whole):
    words = texts(drawn(*(incident(f"M{number:02}") for number in range(count)), kind="recovery"))
    assert words.count("✓") == 30
    assert ("Not shown" not in words) == is_whole


def test_a_card_just_as_long_as_teams_takes_is_not_shortened(monkeypatch):
    payload = drawn(*(incident(f"M{number}") for number in range(7)))
    monkeypatch.setattr(card, "MOST_BYTES", size_bytes(payload))
    assert drawn(*(incident(f"M{number}") for number in range(7))) == payload


def test_twenty_facts_of_a_heartbeat_are_shown():
    facts = [[f"name {number}", "value"] for number in range(25)]
    rows = body(drawn(kind="heartbeat", content={"title": "Heartbeat", "facts": facts}))[1:-1]
    assert len(rows) == 20


def test_a_message_of_a_later_release_is_an_error():
    with pytest.raises(ValueError, match="a message of kind 'of 2031' is unknown to this release"):
        drawn(incident("FR"), kind="of 2031")


def test_a_text_is_cut_at_its_length_and_blanks_are_no_length():
    assert plain("x" * 10, 10) == "x" * 10
    assert plain("x" * 11, 10) == "x" * 9 + "…"
    # Forty characters are read: 35 blanks and five letters.
    assert plain(" " * 35 + "x" * 10, 10) == "x" * 5


@pytest.mark.parametrize(("length", "count"), [(100, 3), (101, 1)])
def test_a_name_of_more_than_a_hundred_characters_gets_no_link(length, count):
    assert len(links("https://d.example.com", "FR", JUNE, "r" * length, "a" * length)) == count
