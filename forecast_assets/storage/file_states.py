"""States of all files below a folder: what changes when a file is written, without reading it."""

import os
from typing import Any

from forecast_assets.storage.file_system import FileSystem
from forecast_assets.storage.folders import is_local

# Keys of file systems other than the local one.
STATE_KEYS = ("size", "etag", "last_modified", "mtime", "created")


def file_states(fs: FileSystem, folder: str) -> dict[str, tuple[Any, ...]]:
    """Return the state of each file by its path below the folder: size and times, elsewhere also the ETag.

    A link to a file has the state of the file; links to folders are not followed. A missing folder has no files. Of
    what cannot be read the name alone counts.
    """
    if is_local(fs):
        return _local_states(folder)
    fs.invalidate_cache()
    try:
        infos = fs.find(folder, detail=True)
    except FileNotFoundError:
        return {}
    return {path[len(folder) :].lstrip("/"): tuple(info.get(key) for key in STATE_KEYS) for path, info in infos.items()}


def _local_states(folder: str) -> dict[str, tuple[Any, ...]]:
    states: dict[str, tuple[Any, ...]] = {}
    below = [folder]
    while below:
        parent = below.pop()
        try:
            entries = list(os.scandir(parent))
        except OSError:
            states[parent[len(folder) :].lstrip("/")] = ()
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.path)
            else:
                states[entry.path[len(folder) :].lstrip("/")] = _state(entry)
    states.pop("", None)
    return states


def _state(entry: os.DirEntry[str]) -> tuple[int, ...]:
    try:
        status = entry.stat()
    except OSError:
        return ()
    # A copy may keep size and time of writing. It has another inode, or another time of change.
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
