"""Strict reading of the YAML of ``markets.yaml``: plain lists and mappings of plain values, each key once.

YAML itself allows a key twice (the last one counts), aliases and nesting without end. None of them is of use here, and
each can hide a mistake or exhaust the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

# The file, its list and an entry are three levels; a limit above lets the message about a wrong value name it.
MOST_LEVELS = 6
MOST_CHARACTERS = 1_000_000


def parse_markets(text: str) -> Any:
    """Return the content of a markets file.

    Raises:
        ValueError: If it is too large, nested deeper than 6 levels, has a tag (``!!bool``), an alias, a merge (``<<``)
            or the same key twice in one mapping, or a value that is no date. The message names the line.
        yaml.YAMLError: If it is no YAML.
    """
    import yaml

    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"{len(text):,} characters; a list of markets has at most {MOST_CHARACTERS:,}")
    # The parser of events keeps no stack of calls, so any depth is counted before the recursive loader runs.
    _check_levels(text)
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _check_keys(root)
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _check_levels(text: str) -> None:
    import yaml

    level = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = 1 + (event.start_mark.line if event.start_mark else 0)
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(  # noqa: TRY004 - of the file, not of a caller
                f"line {line}: alias *{event.anchor}; write the value itself"
            )
        if tag := getattr(event, "tag", None):
            raise ValueError(f"line {line}: tag {tag}; write a plain value")
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        if level > MOST_LEVELS:
            raise ValueError(f"line {line}: nested deeper than {MOST_LEVELS} levels")


def _check_keys(node: yaml.Node) -> None:
    import yaml

    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name == "<<":
                raise ValueError(f"line {line}: merge <<; write the keys themselves")
            if name in seen:
                raise ValueError(f"line {line}: key {name!r} is given twice (before in line {seen[name]}); keep one")
            if name is not None:
                seen[name] = line
            _check_keys(value)
