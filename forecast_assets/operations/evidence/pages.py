"""Files of the evidence: one JSON a principle with every row, and a page that shows them with their queries."""

import dataclasses
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from forecast_assets.operations.evidence import code_and_data, runs_and_results
from forecast_assets.operations.evidence.proof import Live, Principle, Proof

PRINCIPLES = (
    code_and_data.automation, runs_and_results.orchestration, code_and_data.reproducibility, code_and_data.versioning,
    code_and_data.collaboration, runs_and_results.training, runs_and_results.metadata, runs_and_results.monitoring,
    runs_and_results.feedback,
)  # fmt: skip
SHOWN = 12
STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #bbb;padding:.2rem .5rem;"
    "text-align:left;vertical-align:top}code{background:#eee;padding:0 .2rem}"
)


def collect(live: Live) -> list[Principle]:
    """Ask the instance for the proofs of every principle."""
    return [principle(live) for principle in PRINCIPLES]


def write_pages(principles: Sequence[Principle], folder: Path, asked_at: str, commit: str) -> list[Path]:
    """Write one file a principle and ``index.html``; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for each in principles:
        content = {"asked_at": asked_at, "git_sha": commit, "state": each.state, **dataclasses.asdict(each)}
        content["proofs"] = [{**dataclasses.asdict(proof), "state": proof.state} for proof in each.proofs]
        paths.append(folder / each.file)
        text = json.dumps(content, indent=1, ensure_ascii=False, default=str)
        paths[-1].write_text(text + "\n", encoding="utf-8")
    paths.append(folder / "index.html")
    paths[-1].write_text(_page(principles, asked_at, commit), encoding="utf-8")
    return paths


def _page(principles: Sequence[Principle], asked_at: str, commit: str) -> str:
    sections = "".join(_section(each) for each in principles)
    overview = _table([{"principle": f"{each.number}. {each.name}", "state": each.state} for each in principles])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Evidence</title><style>{STYLE}</style>'
        f"<h1>Evidence for the nine principles of MLOps</h1><p>Asked at {escape(asked_at)} by commit "
        f"<code>{escape(commit)}</code>. A state is computed from the rows: <em>partly</em> means that a query "
        f"returned none.</p>{overview}{sections}</html>\n"
    )


def _section(principle: Principle) -> str:
    served = ", ".join(escape(each) for each in principle.served_by)
    proofs = "".join(_proof(each) for each in principle.proofs)
    return (
        f"<h2>{principle.number}. {escape(principle.name)}: {principle.state}</h2><p>Served by {served}. "
        f'All rows: <a href="{escape(principle.file)}">{escape(principle.file)}</a>.</p>{proofs}'
    )


def _proof(proof: Proof) -> str:
    more = f"<p>and {len(proof.rows) - SHOWN} more rows</p>" if len(proof.rows) > SHOWN else ""
    return (
        f"<h3>{escape(proof.title)}: {proof.state}</h3><p>Query: <code>{escape(proof.query)}</code></p>"
        f"{_table(list(proof.rows)[:SHOWN])}{more}"
    )


def _table(rows: Sequence[Any]) -> str:
    if not rows:
        return "<p>no row</p>"
    names = list(rows[0])
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_text(row.get(name)))}</td>" for name in names) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
