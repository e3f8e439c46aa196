"""Faulty deliveries that the checks must catch; each changes one market's last month only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecast_assets.sample.files import month_file

FAULTY_ROWS = 3
DUPLICATED_ROWS = 20
SPIKE_UNITS = -1_000_000.0

FAULTS: dict[str, str] = {
    "duplicate_rows": f"the first {DUPLICATED_ROWS} rows of the last month's sell-in file are delivered twice",
    "missing_file": "the last month's sell-in file is absent, while its sell-out file is there",
    "wrong_type": f"units of the last month's sell-in file are text, {FAULTY_ROWS} of them 'n/a'",
    "negative_spike": f"one SKU of the last month has a sell-in of {SPIKE_UNITS:,.0f} units",
    "unknown_sku": f"{FAULTY_ROWS} more rows in the last month's sell-in file, of SKUs that products does not have",
    "late_month": "the last month's sell-in and sell-out files are in the folder 'late' beside the landing folder",
}


@dataclass(frozen=True)
class Fault:
    """A fault by name and the market whose files it changes."""

    name: str
    code: str


def parse_faults(faults: Sequence[str], codes: Sequence[str]) -> list[Fault]:
    """Parse ``fault`` or ``fault:CODE``; without a code, the fault changes the second market, or the only one.

    Returns:
        The faults in an order in which all can be applied: changed files before moved and removed ones.

    Raises:
        ValueError: If a fault or market is unknown (the message lists the known ones), or if ``missing_file`` removes
            the file that another fault changes.
    """
    parsed = []
    for text in faults:
        name, _, code = text.partition(":")
        code = code or codes[min(1, len(codes) - 1)]
        if name not in FAULTS:
            raise ValueError(f"fault {text!r}: unknown fault {name!r}; known: {', '.join(FAULTS)}")
        if code not in codes:
            raise ValueError(f"fault {text!r}: market {code!r} is not simulated; simulated: {', '.join(codes)}")
        parsed.append(Fault(name, code))
    moved = {fault.code for fault in parsed if fault.name == "missing_file"}
    lost = [fault for fault in parsed if fault.code in moved and fault.name != "missing_file"]
    if lost:
        raise ValueError(
            f"fault {lost[0].name}:{lost[0].code}: its file is removed by missing_file; choose one of them"
        )
    return sorted(parsed, key=lambda fault: fault.name == "late_month")


def apply_faults(landing: Path, faults: Sequence[Fault], last_month: pd.Timestamp) -> Path | None:
    """Apply the faults to the landing files; return the folder of late files if there is one."""
    late = landing.resolve().parent / "late"
    for fault in faults:
        file = month_file(landing, "sell_in", fault.code, last_month)
        if fault.name == "missing_file":
            file.unlink()
        elif fault.name == "late_month":
            _move_late(landing, late, fault.code, last_month)
        else:
            pq.write_table(_CHANGES[fault.name](pq.read_table(file)), file)
    return late if any(fault.name == "late_month" for fault in faults) else None


def _move_late(landing: Path, late: Path, code: str, last_month: pd.Timestamp) -> None:
    for source in ("sell_in", "sell_out"):
        file = month_file(landing, source, code, last_month)
        target = late / source / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
        file.unlink()


def _duplicate_rows(rows: pa.Table) -> pa.Table:
    return pa.concat_tables([rows, rows.slice(0, DUPLICATED_ROWS)])


def _wrong_type(rows: pa.Table) -> pa.Table:
    text = ["n/a" if number < FAULTY_ROWS else str(value) for number, value in enumerate(rows["units"].to_pylist())]
    return rows.set_column(rows.schema.get_field_index("units"), "units", pa.array(text, pa.string()))


def _negative_spike(rows: pa.Table) -> pa.Table:
    units = [SPIKE_UNITS, *rows["units"].to_pylist()[1:]]
    return rows.set_column(rows.schema.get_field_index("units"), "units", pa.array(units, pa.float64()))


def _unknown_sku(rows: pa.Table) -> pa.Table:
    extra = rows.slice(0, FAULTY_ROWS)
    names = pa.array([f"UNKNOWN-{sku}" for sku in extra["sku"].to_pylist()], pa.string())
    return pa.concat_tables([rows, extra.set_column(extra.schema.get_field_index("sku"), "sku", names)])


_CHANGES: dict[str, Callable[[pa.Table], pa.Table]] = {
    "duplicate_rows": _duplicate_rows,
    "wrong_type": _wrong_type,
    "negative_spike": _negative_spike,
    "unknown_sku": _unknown_sku,
}
