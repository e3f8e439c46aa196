"""The page of all stored tables, from their Pandera models: key, column, type, unit and meaning."""

from pandera.api.dataframe.components import ComponentSchema

from forecast_assets.schemas import MONTH_ONLY, ON_DEMAND, TABLES, Table

HEAD = """\
<!-- Generated from the schemas by `make reference`. -->
# Tables

Every stored table with its key and columns. A partition is one month of one market, or one month of all markets.
The month and the market (`country`) of the partition stand in the path of the file, not in the file.
Columns in **bold** are the key. An unknown number is null. How files are laid out: [Storage](../storage.md).
"""
TYPES = {"str": "text", "object": "text", "float64": "number", "float32": "number", "int64": "whole number",
         "datetime64[ns]": "first of month"}  # fmt: skip
FRACTIONS = ("wape", "bias", "loss", "coverage")


def render() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *_contents(), *(line for name, model in TABLES.items() for line in _section(name, model))])


def unit_of(column: str, highest: float | None = None) -> str:
    """Return the unit of a column, as its name and the highest value allowed say; empty for text and dates.

    A share is a percentage if it may be more than 1.
    """
    words = column.split("_")
    if "units" in words:
        return "units"
    if column.endswith("_pct") or column.endswith("_share"):
        return "fraction" if highest is not None and highest <= 1 else "%"
    if column.endswith("_index"):
        return "0 to 100"
    if column.endswith("_months"):
        return "months"
    if column in ("price", "net_sales"):
        return "market's currency"
    if "ratio" in words:
        return "ratio"
    if "growth" in words or words[0] in FRACTIONS:
        return "fraction"
    return "1 or 0" if words[0] == "is" else ""


def _contents() -> list[str]:
    lines = ["| table | a row is | partition |", "|---|---|---|"]
    for name, model in TABLES.items():
        lines.append(f"| [`{name}`](#{name}) | {_grain(model)} | {_partition(name)} |")
    return [*lines, ""]


def _section(name: str, model: type[Table]) -> list[str]:
    keys = model.keys()
    lines = [f"## {name}", "", (model.__doc__ or "").strip().splitlines()[0], ""]
    lines += [f"Key: {', '.join(f'`{key}`' for key in keys)} within a {_partition(name)}.", ""]
    lines += ["| column | type | unit | may be null | meaning |", "|---|---|---|---|---|"]
    for column in model.to_schema().columns.values():
        lines.append(_row(column, str(column.name) in keys))
    further = model.further_columns()
    if further:
        prefix, dtype = further
        named = f"`{prefix}...`" if prefix else "further ones"
        lines.append(f"| {named} | {TYPES[dtype]} | | yes | {(model.further_columns.__doc__ or '').strip()} |")
    return [*lines, ""]


def _row(column: ComponentSchema, is_key: bool) -> str:
    name = f"**`{column.name}`**" if is_key else f"`{column.name}`"
    dtype = str(column.dtype)
    text = dtype in ("str", "object", "datetime64[ns]")
    unit = "" if text else unit_of(str(column.name), _highest(column))
    return f"| {name} | {TYPES[dtype]} | {unit} | {'yes' if column.nullable else ''} | {_meaning(column)} |"


def _meaning(column: ComponentSchema) -> str:
    allowed = next((check.statistics["allowed_values"] for check in column.checks if check.name == "isin"), None)
    meaning = (column.description or "").strip()
    if allowed is None or not all(isinstance(value, str) for value in allowed):
        return meaning
    values = ", ".join(f"`{value}`" for value in allowed)
    return f"{meaning}: {values}" if meaning else values


def _highest(column: ComponentSchema) -> float | None:
    limits = [check.statistics["max_value"] for check in column.checks if "max_value" in (check.statistics or {})]
    return float(limits[0]) if limits else None


def _grain(model: type[Table]) -> str:
    first = (model.__doc__ or "").strip().splitlines()[0].rstrip(".")
    return first.removeprefix("One row per ").split(":")[0].split(";")[0]


def _partition(name: str) -> str:
    partition = "month" if name in MONTH_ONLY else "month and market"
    return f"{partition}, on demand" if name in ON_DEMAND else partition
