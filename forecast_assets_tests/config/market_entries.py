"""Lines of a markets file."""

ENTRY = {"code": '"FR"', "name": "France", "iso2": '"FR"', "iso3": '"FRA"', "region": "Europe", "since": "2019-01-01"}


def entry(**values: str | None) -> str:
    """A line of the file; None leaves a key out."""
    pairs = {**ENTRY, **values}
    return "  - {" + ", ".join(f"{key}: {value}" for key, value in pairs.items() if value is not None) + "}"
