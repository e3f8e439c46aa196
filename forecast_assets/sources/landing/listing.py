"""Files in the folder of a source: those that are read, those that cannot be, and those left out with a reason.

Belongs here: names, kinds and links, and the markets that a file concerns by its name. Not here: content (files.py).
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import pandas as pd

from forecast_assets.sources.contract.problems import EVERY_MARKET, LandingError, LandingProblem
from forecast_assets.sources.contract.stated_notation import NOTATION_FILE
from forecast_assets.sources.landing.delivered_file import LandingFile, UnreadFile

FORMATS = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv.gz", ".csv.zst": "csv.zst", ".xlsx": "xlsx"}
"""Ending of a name -> format that is read."""
READ = ".parquet, .csv, .csv.gz, .csv.zst and .xlsx"
MARKER = "_SUCCESS"
TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".crdownload", ".swp", "~")
FOLDER = "folder"
# Spark and Hive write it in the path for a null.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
# Keys of file systems: the local one, Azure, and the change of a name on a local disk.
TIMES = ("mtime", "last_modified", "created")
Details = dict[str, Any]


@dataclass(frozen=True)
class FileState:
    """Size and time of a delivered file; ``changed_at`` is UTC."""

    relative: str
    size: int
    changed_at: pd.Timestamp


@dataclass
class Listing:
    """The files of one source.

    Attributes:
        delivered: By path, size, times and ETag.
        unread: Files that are no delivery, with the reason.
        states: Size and time of the delivered files, the markers and the stated notation.
        notation: Path of the file that states the notation of numbers; empty without one.
    """

    delivered: dict[tuple[Any, ...], LandingFile] = field(default_factory=dict)
    unread: list[UnreadFile] = field(default_factory=list)
    states: list[FileState] = field(default_factory=list)
    notation: str = ""


def require_folder(root: str, source: str) -> None:
    """Raise LandingError if the local landing folder is missing: an empty one would read as nothing delivered."""
    if not Path(root).is_dir():
        step = "set FORECAST_LANDING, or create or mount the folder"
        raise LandingError(source, EVERY_MARKET, [LandingProblem(root, "the landing folder", "no such folder", step)])


def list_source(fs: Any, root: str, source: str, *, is_local: bool) -> Listing:
    """List the folder of a source below ``root``; ``fs`` is an fsspec filesystem."""
    fs.invalidate_cache()
    listing, folder = Listing(), f"{root}/{source}"
    if not fs.exists(folder):
        return listing
    infos, closed = _walk(fs, folder) if is_local else (fs.find(folder, detail=True), {})
    parents = {path.rpartition("/")[0] for path in infos if not path.endswith(f"/{MARKER}")}
    inside = _real_paths(root, folder) if is_local else ()
    for path in sorted(infos):
        relative = shown_name(path[len(root) :].lstrip("/"))
        if infos[path]["type"] == "directory":
            if path not in parents:
                _add_empty_folder(listing, path, relative)
            continue
        details = _followed(path, infos[path]) if is_local else infos[path]
        if path == f"{folder}/{NOTATION_FILE}":
            listing.notation = path
            listing.states.append(FileState(relative, int(details.get("size") or 0), _changed_at(details)))
            continue
        if infos[path].get("islink") and Path(path).is_dir() and format_of(relative) is None:
            listing.unread.append(UnreadFile(relative, "a link to a folder: links to files alone are read"))
            continue
        _add(listing, path, relative, details, _link_problem(path, relative, infos[path], inside))
    for path, error in closed.items():
        relative = shown_name(path[len(root) :].lstrip("/"))
        listing.delivered[(path, None, "closed")] = LandingFile(path, relative, FOLDER, problem=denied(relative, error))
    return listing


def format_of(relative: str) -> str | None:
    """Return the format of a delivered file; None if the name is not that of a delivery."""
    if _left_out(relative):
        return None
    lower = relative.lower()
    return next((kind for ending, kind in FORMATS.items() if lower.endswith(ending)), None)


def concerns(relative: str, source: str, market: str, known_codes: Iterable[str]) -> bool:
    """Return True if an unreadable file concerns a market: its path names the market's code, or no code.

    A folder ``country=FR`` decides. Else codes are compared as written (``sell_in`` does not name India's ``IN``) and
    the longest wins: ``AU_NSW_2024.csv`` names AU_NSW, not AU.
    """
    keyed = path_keys(relative).get("country")
    if keyed is not None:
        return keyed[1] == market
    text = re.sub(re.escape(source), "", relative, flags=re.IGNORECASE)
    codes = sorted({market, *known_codes}, key=len, reverse=True)
    named = set()
    for code in codes:
        pattern = rf"(?<![A-Za-z0-9]){re.escape(code)}(?![A-Za-z0-9])"
        if re.search(pattern, text):
            named.add(code)
            text = re.sub(pattern, "|", text)
    return not named or market in named


def path_keys(relative: str) -> Mapping[str, tuple[str, str]]:
    """Return the keys in a path (``country=FR/``) in lower case, with the key as written and the decoded value.

    Keys without a value are left out; blanks around a value do not count.
    """
    pairs = [part.split("=", 1) for part in PurePosixPath(relative).parts[:-1] if "=" in part]
    filled = {key: unquote(value).strip() for key, value in pairs if value != NO_VALUE}
    return {key.strip().lower(): (key, value) for key, value in filled.items() if value}


def shown_name(relative: str) -> str:
    """Return a name as text; bytes that are not UTF-8 are escaped."""
    return os.fsencode(relative).decode("utf-8", "backslashreplace")


def denied(relative: str, error: OSError) -> LandingProblem:
    """Return the problem of a file or folder that this process may not open."""
    return LandingProblem(
        relative,
        "a file that this process may read",
        f"no access ({error.strerror or type(error).__name__})",
        "give the user of this process the right to read it, or close the program that has it open",
        may_pass=True,
    )


def _walk(fs: Any, folder: str) -> tuple[dict[str, Details], dict[str, OSError]]:
    """Return all files and folders below a folder, and the folders without access: fsspec takes those for empty."""
    infos: dict[str, Details] = {}
    closed: dict[str, OSError] = {}
    pending = [folder]
    while pending:
        path = pending.pop()
        try:
            entries = fs.ls(path, detail=True)
        except FileNotFoundError:
            continue
        except PermissionError as error:
            closed[path] = error
            continue
        for info in entries:
            name = info["name"].rstrip("/")
            infos[name] = info
            if info["type"] == "directory":
                pending.append(name)
    return infos, closed


def _add(listing: Listing, path: str, relative: str, details: Details, problem: LandingProblem | None) -> None:
    name = PurePosixPath(relative).name
    file_format = format_of(relative)
    if name == MARKER:
        listing.states.append(FileState(relative, int(details.get("size") or 0), _changed_at(details)))
    elif file_format is None:
        listing.unread.append(UnreadFile(relative, _left_out(relative) or f"only {READ} are read"))
    else:
        if problem is None and not _is_text(path):
            problem = LandingProblem(
                relative, "a file name in UTF-8", "a name in another encoding", "rename the file, and deliver it again"
            )
        stamps = [str(details.get(name)) for name in (*TIMES, "etag")]
        file = LandingFile(path, relative, file_format, problem=problem)
        listing.delivered[(path, details.get("size"), *stamps)] = file
        listing.states.append(FileState(relative, int(details.get("size") or 0), _changed_at(details)))


def _add_empty_folder(listing: Listing, path: str, relative: str) -> None:
    if format_of(relative) is not None:
        problem = LandingProblem(relative, "a file", "an empty folder of that name", "deliver the file, or remove it")
        listing.delivered[(path, None, FOLDER)] = LandingFile(path, relative, FOLDER, problem=problem)


def _left_out(relative: str) -> str:
    """Return why a name is no delivery whatever its ending; empty for others."""
    parts = PurePosixPath(relative).parts
    name = parts[-1].lower()
    if name.endswith(TEMPORARY) or name.startswith("~$"):
        return "a temporary file: rename it when it is complete"
    hidden = [part for part in parts if part.startswith(("_", "."))]
    return f"hidden: {hidden[0]} starts with {hidden[0][0]!r}" if hidden else ""


def _real_paths(root: str, folder: str) -> tuple[str, ...]:
    """Return the folders that links may lead to: a company may mount or link the folder of a source."""
    return tuple(f"{os.path.realpath(path)}{os.sep}" for path in (root, folder))


def _followed(path: str, info: Details) -> Details:
    """Return the details of a link's target: the link keeps its time when the file behind it changes."""
    if not info.get("islink"):
        return info
    try:
        target = Path(path).stat()
    except OSError:
        return info
    return info | {"size": target.st_size, "mtime": target.st_mtime, "created": target.st_ctime}


def _link_problem(path: str, relative: str, info: Details, inside: tuple[str, ...]) -> LandingProblem | None:
    """Return the problem of what is no file of the landing folder: a pipe, a device, a link out of it or to nothing."""
    if not inside or info["type"] == "file":
        return None
    step = "deliver the file itself"
    if info.get("islink") and not os.path.realpath(path).startswith(inside):
        return LandingProblem(relative, "a file of the landing folder", "a link out of the folder", step)
    if not Path(path).is_file():
        found = "a link to no file" if info.get("islink") else "a pipe or device"
        return LandingProblem(relative, "a file", found, step)
    return None


def _changed_at(info: dict[str, Any]) -> pd.Timestamp:
    """Return when a file changed: the later of its time and, on a local disk, its name's; a move keeps the former."""
    times = [info.get(name) for name in TIMES]
    moments = [
        datetime.fromtimestamp(time, UTC) if isinstance(time, int | float) else pd.Timestamp(time)
        for time in times
        if time is not None
    ]
    aware = [pd.Timestamp(moment) for moment in moments] or [pd.Timestamp(0, tz="UTC")]
    return max(moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC") for moment in aware)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
