"""Sampled stacks as a flame graph in SVG and as shares of the work; paths relative to the project or the library.

python -m benchmarks.scale.flame var/bench_platform/profile.txt benchmarks/PLATFORM_profile.svg
"""

import html
import re
import sys
from collections.abc import Iterator
from pathlib import Path

WIDTH, ROW, SMALLEST_PX, DEEPEST = 1_400, 16, 2.0, 60
PREFIX = re.compile(r"\(.*/(?:site-packages|python3\.\d+)/|\(.*/(?=forecast_assets/|benchmarks/|dbt_like_sql/)")
LINE = re.compile(r":\d+\)$")
IMPORT = "<frozen importlib"
# The first that a stack holds decides.
KINDS = (
    ("imports of modules", (IMPORT,)),
    ("boosters (LightGBM)", ("lightgbm/",)),
    ("statistical methods, features, selection", ("forecast_assets/domain/",)),
    ("report and workbook", ("forecast_assets/reports/",)),
    ("MLflow", ("forecast_assets/tracking/", "mlflow/")),
    ("deliveries", ("forecast_assets/sources/", "dbt_like_sql/", "duckdb/")),
    ("checks", ("forecast_assets/validation/", "forecast_assets/schemas/", "pandera/")),
    ("store", ("forecast_assets/storage/", "forecast_assets/market_state/", "forecast_assets/defs/io_managers/")),
    ("Dagster", ("dagster/", "dagster_shared/", "sqlalchemy/")),
)
OTHER = "everything else"
# Work that remains if the same functions are called directly on the same frames.
WORK = ("boosters (LightGBM)", "statistical methods, features, selection", "report and workbook")


class Frame:
    """A function in the graph with the samples of all stacks through it."""

    def __init__(self, name: str) -> None:
        self.name, self.samples = name, 0
        self.called: dict[str, Frame] = {}


def stacks(file: Path) -> Iterator[tuple[list[str], int]]:
    """Yield each stack from the outermost function on, and its number of samples."""
    for line in file.read_text(encoding="utf-8").splitlines():
        text, _, count = line.rpartition(" ")
        frames = [LINE.sub(")", PREFIX.sub("(", frame)) for frame in text.split(";")]
        yield [frame for frame in frames if not frame.startswith(("process ", "thread "))], int(count)


def shares(file: Path) -> dict[str, float]:
    """Return the share of the samples by kind of work."""
    samples = {name: 0 for name, _ in KINDS} | {OTHER: 0}
    for frames, count in stacks(file):
        text = ";".join(frames)
        kind = next((name for name, marks in KINDS if any(mark in text for mark in marks)), OTHER)
        samples[kind] += count
    total = sum(samples.values())
    return {name: count / total for name, count in samples.items()}


def tree(file: Path) -> Frame:
    """Return the graph; modules that are being imported are one frame."""
    root = Frame("all")
    for frames, count in stacks(file):
        root.samples += count
        node = root
        for name in frames[:DEEPEST]:
            if IMPORT in name:
                name = "imports of modules"
            node = node.called.setdefault(name, Frame(name))
            node.samples += count
            if name == "imports of modules":
                break
    return root


def rectangles(node: Frame, left: float, depth: int, scale: float) -> Iterator[tuple[float, int, float, Frame]]:
    """Yield left edge, depth, width and frame of everything wide enough to be seen."""
    for child in sorted(node.called.values(), key=lambda each: each.name):
        width = child.samples * scale
        if width >= SMALLEST_PX:
            yield left, depth, width, child
            yield from rectangles(child, left, depth + 1, scale)
        left += width


def svg(file: Path) -> str:
    """Return the flame graph; each rectangle's title has the function and its share."""
    root = tree(file)
    drawn = list(rectangles(root, 0.0, 0, WIDTH / root.samples))
    height = (max(depth for _, depth, _, _ in drawn) + 1) * ROW
    box = f'viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {box}>']
    for left, depth, width, frame in drawn:
        title = html.escape(f"{frame.name}: {frame.samples / root.samples:.1%}")
        label = html.escape(frame.name[: int(width / 6.7)]) if width > 40 else ""
        parts.append(
            f'<g><title>{title}</title><rect x="{left:.1f}" y="{depth * ROW}" width="{width:.1f}" height="{ROW - 1}" '
            f'fill="{_colour(frame.name)}"/><text x="{left + 2:.1f}" y="{depth * ROW + 12}">{label}</text></g>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _colour(name: str) -> str:
    if name == "imports of modules":
        return "#c9c9c9"
    if "lightgbm/" in name:
        return "#7fb87f"
    return "#f4a259" if "forecast_assets/" in name else "#9cc3e6"


def main() -> None:
    """Write the picture and print the shares."""
    source, target = map(Path, sys.argv[1:3])
    target.write_text(svg(source), encoding="utf-8")
    for name, share in shares(source).items():
        print(f"{share:6.1%}  {name}")


if __name__ == "__main__":
    main()
