"""Edits of ``markets.yaml`` that keep comments, order and the style of each entry.

A changed file is loaded as every command loads it before it replaces the old one.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast_assets.config.markets import FIELDS, STAGES, Market, MarketsError, load_markets

if TYPE_CHECKING:
    from collections.abc import Callable

    from ruamel.yaml.comments import CommentedMap, CommentedSeq

# Values of these fields are one of a few words; every other text is quoted, since NO alone is a boolean.
WORDS = ("stage", "missing_month", "language")
# Left out of a new entry if it has the default: most files never name it.
USUALLY_LEFT_OUT = ("language",)
# Entries are one line each, however long.
NO_WRAPPING = 100_000


def add_market(path: str | Path, market: Market) -> None:
    """Append a market at the end of the list.

    Raises:
        MarketsError: If the code is in the file already, or the file cannot be used before or after the change.
    """
    if market.code in load_markets(path):
        raise MarketsError(f"{path}: market {market.code} is there already; its stage is changed by promote and retire")
    _change(Path(path), lambda entries: _append(entries, market))


def set_stage(path: str | Path, code: str, stage: str, comment: str | None = None) -> None:
    """Change the stage of a market; a comment above its entry gives the reason.

    Raises:
        MarketsError: If there is no such market or stage, or the file cannot be used before or after the change.
    """
    markets = load_markets(path)
    if code not in markets or stage not in STAGES:
        raise MarketsError(f"{path}: no market {code} or no stage {stage}; known: {', '.join(markets)}")
    _change(Path(path), lambda entries: _put_stage(entries, list(markets).index(code), stage, comment))


def rename_market(path: str | Path, code: str, new_code: str) -> None:
    """Change the code of a market; its place, comments and other keys stay.

    Raises:
        MarketsError: If there is no such market, the new code is taken or not allowed, or the file cannot be used.
    """
    markets = load_markets(path)
    if code not in markets or new_code in markets:
        raise MarketsError(f"{path}: no market {code}, or {new_code} is there already; known: {', '.join(markets)}")
    _change(Path(path), lambda entries: _put_code(entries, list(markets).index(code), new_code))


def _yaml(text: str = "") -> Any:
    """Return a reader and writer that indents lists as the text does."""
    from ruamel.yaml import YAML
    from ruamel.yaml.util import load_yaml_guess_indent

    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, NO_WRAPPING
    _, indent, offset = load_yaml_guess_indent(text) if text else (None, None, None)
    yaml.indent(sequence=indent or 2, offset=offset or 0)
    return yaml


def _entry(market: Market) -> CommentedMap:
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    entry = CommentedMap()
    entry.fa.set_flow_style()
    for name in FIELDS:
        value = getattr(market, name)
        if value in (None, "") or (name in USUALLY_LEFT_OUT and value == FIELDS[name].default):
            continue
        if isinstance(value, str):
            entry[name] = value if name in WORDS else DoubleQuotedScalarString(value)
        else:
            entry[name] = value if isinstance(value, float) else value.date()
    return entry


def _append(entries: CommentedSeq, market: Market) -> None:
    last = len(entries) - 1
    below = _cut_comment_below(entries, last)
    entries.append(_entry(market))
    if below:
        _put_comment(entries.ca.items, last + 1, 0, f"\n{below}")


def _put_stage(entries: CommentedSeq, index: int, stage: str, comment: str | None) -> None:
    entry = entries[index]
    is_new = "stage" not in entry and not entry.fa.flow_style()
    below = _cut_comment_below(entries, index) if is_new else ""
    wider = len(stage) - len(entry["stage"]) if "stage" in entry else len(f", stage: {stage}")
    entry["stage"] = stage
    if entry.fa.flow_style():
        _shift_comment(entries.ca.items.get(index), 0, wider)
    else:
        _shift_comment(entry.ca.items.get("stage"), 2, wider)
    if below:
        _put_comment(entry.ca.items, "stage", 2, f"\n{below}")
    if comment:
        _put_comment_above(entries, index, " ".join(comment.split()))


def _put_code(entries: CommentedSeq, index: int, code: str) -> None:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    entries[index]["code"] = DoubleQuotedScalarString(code)


def _put_comment_above(entries: CommentedSeq, index: int, comment: str) -> None:
    entries.yaml_set_comment_before_after_key(index, before=comment, indent=entries.lc.col)


def _cut_comment_below(entries: CommentedSeq, index: int) -> str:
    """Remove the comment lines below an entry and return them; a comment behind the entry stays."""
    comments, key, position = _trailing_comment(entries, index)
    tokens = comments.get(key)
    if not tokens or tokens[position] is None:
        return ""
    behind, _, below = tokens[position].value.partition("\n")
    tokens[position].value = f"{behind}\n"
    if not behind:
        tokens[position] = None
    return str(below)


def _trailing_comment(entries: CommentedSeq, index: int) -> tuple[dict[Any, Any], Any, int]:
    """Return the comments that ruamel keeps for an entry, with key and position of those after its last character."""
    entry = entries[index]
    if entry.fa.flow_style():
        return entries.ca.items, index, 0
    return entry.ca.items, list(entry)[-1], 2


def _put_comment(comments: dict[Any, Any], key: Any, position: int, text: str) -> None:
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    tokens = comments.setdefault(key, [None, None, None, None])
    tokens[position] = CommentToken(text, CommentMark(0))


def _shift_comment(tokens: list[Any] | None, position: int, columns: int) -> None:
    """Move the comment behind a value that became wider or narrower, so that their distance stays."""
    from ruamel.yaml.error import CommentMark

    if tokens and tokens[position] is not None:
        tokens[position].start_mark = CommentMark(tokens[position].start_mark.column + columns)


def _change(path: Path, edit: Callable[[CommentedSeq], None]) -> None:
    """Replace the file by its edited text, if that can be loaded and the file has not changed meanwhile."""
    target = path.resolve()
    before = target.read_text(encoding="utf-8")
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    written = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_edited(before, edit))
            file.flush()
            os.fsync(file.fileno())
        try:
            load_markets(written)
        except MarketsError as error:
            raise MarketsError(f"{path} was left as it is: {str(error).replace(name, str(path))}") from error
        written.chmod(target.stat().st_mode & 0o777)
        if target.read_text(encoding="utf-8") != before:
            raise MarketsError(f"{path} has been changed by another process meanwhile and is left as it is; try again")
        written.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            written.unlink()


def _edited(text: str, edit: Callable[[CommentedSeq], None]) -> str:
    yaml, stream = _yaml(text), io.StringIO()
    document = yaml.load(text)
    entries: CommentedSeq = document["markets"]
    if entries.fa.flow_style():
        raise MarketsError("markets.yaml: the list stands in brackets; write one entry a line, each behind a dash")
    edit(entries)
    yaml.dump(document, stream)
    return stream.getvalue()
