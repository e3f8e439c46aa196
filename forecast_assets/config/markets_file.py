"""Edits of ``markets.yaml`` that leave everything else in it as it is: comments, order, style of each entry.

A changed file is read as every command reads it before it takes the place of the old one.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from forecast_assets.config.markets import FIELDS, STAGES, Market, MarketsError, load_markets


def add_market(path: str | Path, market: Market) -> None:
    """Append a market at the end of the list.

    Raises:
        MarketsError: If the code is in the file already, or the file cannot be used before or after the change.
    """
    if market.code in load_markets(path):
        raise MarketsError(f"{path}: market {market.code} is there already; its stage is changed by promote and retire")
    _change(Path(path), lambda text: _appended(text, entry_of(market)))


def set_stage(path: str | Path, code: str, stage: str, comment: str | None = None) -> None:
    """Change the stage of a market, with a comment line above its entry that says why.

    Raises:
        MarketsError: If there is no such market or stage, or the file cannot be used before or after the change.
    """
    markets = load_markets(path)
    if code not in markets or stage not in STAGES:
        raise MarketsError(f"{path}: no market {code} or no stage {stage}; known: {', '.join(markets)}")
    _change(Path(path), lambda text: _with_stage(text, code, stage, comment))


def entry_of(market: Market) -> str:
    """A market as one line of YAML; every text is quoted, since NO alone is a boolean."""
    values = {name: getattr(market, name) for name in FIELDS if getattr(market, name) not in (None, "")}
    words = {"stage", "missing_month"}
    parts = [f"{name}: {_written(value, quoted=name not in words)}" for name, value in values.items()]
    return "{" + ", ".join(parts) + "}"


def _written(value: object, *, quoted: bool) -> str:
    if isinstance(value, float):
        return str(value)
    if not isinstance(value, str):
        return f"{value:%Y-%m-%d}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if quoted else value


def _appended(text: str, entry: str) -> str:
    items = _items(text)
    indent = items[-1].start_mark.column - 2
    end = _end_of(items[-1])
    head = text[:end].rstrip()
    # A comment behind the last entry stays with it.
    line_end = text.find("\n", len(head))
    head = text[: line_end if line_end >= 0 else len(text)]
    return f"{head}\n{' ' * indent}- {entry}\n" + text[len(head) :].lstrip("\n")


def _with_stage(text: str, code: str, stage: str, comment: str | None) -> str:
    item = next(item for item in _items(text) if _value(item, "code").value == code)
    found = _value(item, "stage")
    if found is not None:
        text = text[: found.start_mark.index] + stage + text[found.end_mark.index :]
    else:
        last = item.value[-1][1].end_mark.index
        behind = f", stage: {stage}" if item.flow_style else f"\n{' ' * item.start_mark.column}stage: {stage}"
        text = text[:last] + behind + text[last:]
    if comment:
        line = text.rfind("\n", 0, item.start_mark.index) + 1
        text = f"{text[:line]}{' ' * (item.start_mark.column - 2)}# {' '.join(comment.split())}\n{text[line:]}"
    return text


def _items(text: str) -> list[yaml.MappingNode]:
    """The entries with their places in the text."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    listed = next(value for key, value in root.value if key.value == "markets")
    if listed.flow_style:
        raise MarketsError("markets.yaml: the list stands in brackets; write one entry a line, each behind a dash")
    return listed.value


def _end_of(item: yaml.MappingNode) -> int:
    """Where an entry ends: the mark of a block lies behind the comments and blank lines that follow it."""
    return item.end_mark.index if item.flow_style else item.value[-1][1].end_mark.index


def _value(item: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((value for key, value in item.value if key.value == name), None)


def _change(path: Path, edited: Callable[[str], str]) -> None:
    """Replace the file by its edited text, once that could be loaded and if nobody changed the file meanwhile."""
    target = path.resolve()
    before = target.read_text(encoding="utf-8")
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(edited(before))
            file.flush()
            os.fsync(file.fileno())
        try:
            load_markets(name)
        except MarketsError as error:
            raise MarketsError(f"{path} was left as it is: {str(error).replace(name, str(path))}") from error
        os.chmod(name, target.stat().st_mode & 0o777)
        if target.read_text(encoding="utf-8") != before:
            raise MarketsError(f"{path} was changed by somebody else meanwhile and left as it is; try again")
        os.replace(name, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
