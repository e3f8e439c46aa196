"""Error of a stored file whose content is not what was written; it names the path and the next step."""

import re

_PARTITION = re.compile(
    r"/(?P<table>[^/]+)/(?:country=(?P<country>[A-Z0-9_]{2,10})/)?month=(?P<month>\d{4}-\d{2})-01/(?:[^/]+/)?[^/]+$"
)


class DamagedFile(ValueError):
    """A stored file that is empty, cut off, changed, of another kind, or of another partition.

    Attributes:
        path: Path of the file.
        problem: The difference that was found.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path} is damaged: {problem}. {next_step(path)}")

    def __reduce__(self) -> tuple[type["DamagedFile"], tuple[str, str]]:
        """Pickle by the arguments: the error passes from worker processes to the command."""
        return type(self), (self.path, self.problem)


def next_step(path: str) -> str:
    """Return how to get the content of a path back."""
    match = _PARTITION.search(path)
    if match is None:
        return "forecast-assets doctor --verify lists every damaged file."
    partition = " ".join(part for part in (match["table"], match["country"], match["month"]) if part)
    return f"forecast-assets restore {partition} brings back the last good version; or materialize the partition again."
