"""Write the generated pages of ``docs/reference``: ``python -m tools.reference``, or ``make reference``."""

from collections.abc import Callable
from pathlib import Path

from tools import (
    asset_graph,
    reference_commands,
    reference_messages,
    reference_sample,
    reference_settings,
    reference_tables,
)

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "asset-graph.md": asset_graph.render,
    "commands.md": reference_commands.render,
    "delivery-messages.md": reference_messages.render,
    "sample-parameters.md": reference_sample.render,
    "settings.md": reference_settings.render,
    "tables.md": reference_tables.render,
}


def write_pages(folder: Path = FOLDER) -> None:
    """Write every generated page into a folder."""
    for name, render in PAGES.items():
        (folder / name).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
