"""Cards for people: alerts of a cycle (worst markets first), recoveries, the monthly heartbeat.

Pure: from the content of a message to the payload of a post. The size of a card is measured in bytes: it is shortened
until it fits and names what is left out.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from forecast_assets.alerts.card_parts import (
    Element,
    as_message,
    container,
    joined,
    line,
    link,
    links,
    plain,
    run,
    size_bytes,
    sparkline,
)
from forecast_assets.alerts.incidents import KINDS, SEVERITIES, Incident
from forecast_assets.domain.number_format import format_month, format_percent

# Teams rejects cards above 28 KB; the rest is for the additions of the workflow.
MOST_BYTES = 24_000
MARKETS_IN_DETAIL, MARKETS_IN_A_LINE = 5, 12
INCIDENTS_OF_A_MARKET, FACTS, TOP_SKUS = 3, 5, 5
RECOVERIES = 30
LATE = timedelta(hours=1)
COLOURS = {"critical": "Attention", "warning": "Warning", "info": "Accent"}
NAMES = {"critical": ("critical", "critical"), "warning": ("warning", "warnings"), "info": ("note", "notes")}
PLATFORM = "All markets"


@dataclass(frozen=True)
class CardStyle:
    """Facts of the company for its cards: names of markets by code, and Dagster's address (empty: no links)."""

    market_names: Mapping[str, str] = field(default_factory=dict)
    dagster_url: str = ""

    def market(self, country: str | None) -> str:
        """Return the name of a market with its code."""
        if country is None:
            return PLATFORM
        return f"{self.market_names[country]} ({country})" if country in self.market_names else country


def message_payload(
    content: Mapping[str, Any], style: CardStyle, *, now: datetime, repeat: bool = False, parked: int = 0
) -> dict[str, Any]:
    """Return the payload of a message.

    Args:
        content: As ``messages`` stores it: ``kind, cycle_id, at, dedupe_key, incidents, content, open_beside``.
        style: Facts of the company.
        now: Time of sending; a card older than an hour is marked as late.
        repeat: True if an earlier attempt may have arrived.
        parked: Number of earlier cards of the channel that could not be delivered.

    Raises:
        ValueError: If the kind of the message or of an incident is unknown to this release.
    """
    incidents = sorted((Incident.from_record(record) for record in content["incidents"]), key=lambda it: it.sort_key)
    edge = [*_notes(content, now, repeat), *_footer(content, parked)]
    match content["kind"]:
        case "alert":
            return _first_that_fits(_alerts(incidents, style, edge))
        case "recovery":
            return _first_that_fits(_recovery(incidents, style, edge, rows) for rows in range(RECOVERIES, 0, -1))
        case "heartbeat":
            return _heartbeat(content["content"], edge)
    raise ValueError(f"a message of kind {content['kind']!r} is unknown to this release")


def payload_of_test_card(now: datetime) -> dict[str, Any]:
    """Return a card that tests whether cards arrive."""
    head = _head("Test card", f"forecast-assets alerts test, {now:%Y-%m-%d %H:%M} UTC", "accent")
    return as_message([head, line(run("This channel receives the alerts of forecast_assets."))], "Test card")


def _head(title: str, subtitle: str, style: str) -> Element:
    return container(
        [
            line(run(title, 100, size="Large", weight="Bolder")),
            line(run(subtitle, 200, isSubtle=True), spacing="None"),
        ],
        style=style,
        bleed=True,
    )


def _notes(content: Mapping[str, Any], now: datetime, repeat: bool) -> list[Element]:
    notes = []
    if repeat:
        notes.append(
            "Possibly a repeat: it was sent before, but no response was recorded. If a card with the same number below "
            "is in this channel, nothing new has happened."
        )
    written = datetime.fromisoformat(content["at"])
    if now - written > LATE:
        notes.append(f"Delivered late: written {written:%Y-%m-%d %H:%M} UTC.")
    return [container([line(run(note, weight="Bolder"))], style="emphasis") for note in notes]


def _footer(content: Mapping[str, Any], parked: int) -> list[Element]:
    parts = []
    if content["open_beside"]:
        count = content["open_beside"]
        parts.append(f"{count} more {'incident is' if count == 1 else 'incidents are'} open since earlier.")
    if parked:
        parts.append(f"{parked} earlier {'card' if parked == 1 else 'cards'} could not be delivered.")
    if parts:
        parts.append("List them with: forecast-assets alerts")
    lines = []
    if parts:
        lines.append(line(run(" ".join(parts), size="Small", isSubtle=True), separator=True, spacing="Medium"))
    card = run(f"Card {content['dedupe_key']}", 120, size="Small", isSubtle=True)
    return [*lines, line(card, separator=not parts)]


def _by_market(incidents: list[Incident]) -> dict[str | None, list[Incident]]:
    """Group incidents by market; markets in the order of their worst incident."""
    markets: dict[str | None, list[Incident]] = {}
    for incident in incidents:
        markets.setdefault(incident.country, []).append(incident)
    return markets


def _first_that_fits(drawings: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the first drawing that Teams accepts; none is larger than the one before."""
    for payload in drawings:
        if size_bytes(payload) <= MOST_BYTES:
            return payload
    raise ValueError(f"the card has more than {MOST_BYTES:,} bytes however short it is drawn")


def _alerts(incidents: list[Incident], style: CardStyle, edge: list[Element]) -> Iterator[dict[str, Any]]:
    """Return drawings of the alert card: first fewer markets in a line, then fewer in detail."""
    markets = _by_market(incidents)
    plans = [(MARKETS_IN_DETAIL, count) for count in range(MARKETS_IN_A_LINE, -1, -1)]
    plans += [(count, 0) for count in range(MARKETS_IN_DETAIL - 1, 0, -1)]
    return (_alert(markets, style, edge, detailed, in_a_line) for detailed, in_a_line in plans)


def _alert(
    markets: Mapping[str | None, list[Incident]], style: CardStyle, edge: list[Element], detailed: int, in_a_line: int
) -> dict[str, Any]:
    incidents = [incident for of_market in markets.values() for incident in of_market]
    counts = _counts(incidents, len([country for country in markets if country is not None]))
    worst = incidents[0].severity
    month = format_month(max(incident.month for incident in incidents))
    notes, footer = _split(edge)
    ordered = list(markets.items())
    body = [_head(f"Forecast alerts · {month}", counts, "attention" if worst == "critical" else "warning"), *notes]
    body += [_market(country, of_market, style) for country, of_market in ordered[:detailed]]
    rest = ordered[detailed : detailed + in_a_line]
    if rest:
        rows = [_market_line(country, of_market, style) for country, of_market in rest]
        body.append(container([line(run("Further markets", weight="Bolder")), *rows], separator=True, spacing="Medium"))
    left = ordered[detailed + in_a_line :]
    if left:
        count = sum(len(of_market) for _, of_market in left)
        text = f"Not shown: {_of(len(left), 'more market')} with {_of(count, 'incident')}."
        body.append(line(run(text), run("List them with: forecast-assets alerts", isSubtle=True), spacing="Medium"))
    return as_message([*body, *footer], f"Forecast alerts {month}: {counts}")


def _split(edge: list[Element]) -> tuple[list[Element], list[Element]]:
    notes = [element for element in edge if element["type"] == "Container"]
    return notes, [element for element in edge if element["type"] != "Container"]


def _of(count: int, thing: str) -> str:
    return f"{count} {thing}" + ("" if count == 1 else "s")


def _counts(incidents: list[Incident], markets: int) -> str:
    numbers = [(severity, sum(it.severity == severity for it in incidents)) for severity in SEVERITIES]
    text = ", ".join(f"{count} {NAMES[severity][count != 1]}" for severity, count in numbers if count)
    return f"{text} in {_of(markets, 'market')}, worst first" if markets else text


def _market(country: str | None, incidents: list[Incident], style: CardStyle) -> Element:
    items = [line(run(style.market(country), 60, size="Medium", weight="Bolder"))]
    shown = incidents[:INCIDENTS_OF_A_MARKET]
    # Links stand once, below incidents of the same run and asset.
    for linked, group in itertools.groupby(shown, key=lambda incident: _links(incident, style)):
        for incident in group:
            items += _incident(incident, style)
        items += linked
    more = len(incidents) - INCIDENTS_OF_A_MARKET
    if more > 0:
        items.append(line(run(f"and {_of(more, 'more incident')} of this market", isSubtle=True, size="Small")))
    return container(items, separator=True, spacing="Medium")


def _incident(incident: Incident, style: CardStyle) -> list[Element]:
    colour = COLOURS[incident.severity]
    title = [run(KINDS[incident.kind], weight="Bolder", color=colour), run(incident.headline, 220)]
    items = [line(*title, spacing="Default")]
    if incident.facts:
        pieces = [
            run(f"{name}: {value}" if value else name, 60, isSubtle=True, size="Small")
            for name, value in incident.facts[:FACTS]
        ]
        items.append(line(*joined(pieces), gap="", spacing="None"))
    if spark := sparkline(incident.trend[-24:]):
        name = run(incident.trend_name, 60, isSubtle=True, size="Small")
        items.append(line(run(spark, color=colour), name, spacing="Small"))
    if incident.top_skus:
        skus = [
            run(f"{plain(sku, 30)} {format_percent(share)}", 50, size="Small")
            for sku, share in incident.top_skus[:TOP_SKUS]
        ]
        label = {**run("Most of the error:", isSubtle=True, size="Small"), "text": "Most of the error: "}
        items.append(line(label, *joined(skus), gap=""))
    return items


def _links(incident: Incident, style: CardStyle) -> list[Element]:
    pieces = links(style.dagster_url, incident.country, incident.month, incident.run_id, incident.asset)
    return [line(*joined(pieces), gap="")] if pieces else []


def _market_line(country: str | None, incidents: list[Incident], style: CardStyle) -> Element:
    worst, more = incidents[0], len(incidents) - 1
    pieces = [
        run(style.market(country), 40, weight="Bolder", size="Small", color=COLOURS[worst.severity]),
        run(f"{KINDS[worst.kind]}: {worst.headline}", 90, size="Small"),
    ]
    return line(*pieces, *([run(f"+{more} more", isSubtle=True, size="Small")] if more else []))


def _recovery(incidents: list[Incident], style: CardStyle, edge: list[Element], most: int) -> dict[str, Any]:
    notes, footer = _split(edge)
    count = len(incidents)
    title = f"Recovered · {_of(count, 'incident')} closed"
    by_market = [it for of_market in _by_market(incidents).values() for it in of_market]
    rows = [
        line(
            run("✓", color="Good", weight="Bolder"),
            run(style.market(it.country), 40, weight="Bolder"),
            run(f"{KINDS[it.kind]}, open since {format_month(it.month)}. It was: {it.headline}", 160),
        )
        for it in by_market[:most]
    ]
    if count > most:
        rows.append(line(run(f"Not shown: {count - most} more.")))
    subtitle = f"in {_of(len({it.country for it in incidents if it.country}), 'market')}"
    return as_message([_head(title, subtitle, "good"), *notes, *rows, *footer], title)


def _heartbeat(content: Mapping[str, Any], edge: list[Element]) -> dict[str, Any]:
    notes, footer = _split(edge)
    rows = [line(run(name, 60, weight="Bolder"), run(value, 400)) for name, value in content["facts"][:20]]
    if content.get("report"):
        rows.append(line(*link("Report of all markets", content["report"])))
    subtitle = "Sent every month. If it is missing, alerts do not arrive either"
    head = _head(content["title"], subtitle, "accent")
    return as_message([head, *notes, *rows, *footer], content["title"])
