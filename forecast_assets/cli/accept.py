"""Work of ``forecast-assets accept``: store that a person accepts a finding of a market's month."""

import typer

from forecast_assets.cli.console import console, countries_or_exit, month_argument, settings_or_exit
from forecast_assets.cli.folders import existing_store
from forecast_assets.market_state.delivery_findings import SOURCES, DeliveryFindings, StoredFinding
from forecast_assets.storage import PartitionKey
from forecast_assets.validation.finding_effects import acceptable_names


def run(country: str, month: str, finding: str, reason: str, author: str, source: str | None) -> None:
    """Store the acceptance and print what it changes."""
    settings = settings_or_exit()
    (code,) = countries_or_exit(settings, [country])
    if not reason.strip():
        raise typer.BadParameter("--reason is empty: it is stored for those who ask later")
    if source is not None and source not in SOURCES:
        raise typer.BadParameter(f"no source {source}; known: {', '.join(SOURCES)}")
    partition = PartitionKey(month_argument(month), code)
    findings = DeliveryFindings(existing_store(settings))
    recorded = findings.of(partition)
    of_source = source or _source_of(finding, recorded)
    acceptance = findings.accept(partition, of_source, finding, author.strip() or "unknown", reason.strip())
    console.print(f"{code} {partition.month:%Y-%m}: {finding} of {of_source} is {acceptance}", markup=False)
    if not any((each.source, each.name) == (of_source, finding) for each in recorded):
        console.print("No run has found it in this month yet; the decision counts if one does.", style="yellow")
    console.print(f"Next: forecast-assets cycle --month {partition.month:%Y-%m} --country {code}", markup=False)


def _source_of(finding: str, recorded: list[StoredFinding]) -> str:
    """Return the source that has a finding in the month, else the first that can have it."""
    able = [source for source in SOURCES if finding in acceptable_names(source)]
    if not able:
        known = ", ".join(dict.fromkeys(name for source in SOURCES for name in acceptable_names(source)))
        raise typer.BadParameter(f"no finding {finding}; findings that can be accepted: {known}")
    return next((each.source for each in recorded if each.name == finding), able[0])
