"""Caches of two things that Dagster computes anew for each instance and each input.

Neither depends on anything but its arguments. An instance stamps its databases with the latest revision and reads the
files of all revisions for it: half of its 0.3 to 0.6 s. An input of 120 months is found by stepping back 119 times:
a twentieth of the time of a run of the graph.
"""

import functools

from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.definitions.partitions.mapping import time_window

_read_revisions = ScriptDirectory.from_config
_revisions: dict[str | None, ScriptDirectory] = {}


def keep_what_does_not_change() -> None:
    """Keep revisions and months that lie a number of months apart."""
    ScriptDirectory.from_config = staticmethod(_revisions_of)
    time_window._offsetted_datetime = functools.cache(time_window._offsetted_datetime)


def _revisions_of(config: Config) -> ScriptDirectory:
    location = config.get_main_option("script_location")
    if location not in _revisions:
        _revisions[location] = _read_revisions(config)
    return _revisions[location]
