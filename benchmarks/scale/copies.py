"""Copies of a measured market under other codes: deliveries, stored tables and lessons of anchor months.

A first history takes minutes of CPU time a market, and forty of them would teach nothing new: a cycle costs the same
on a copy. Holidays are those of the original, because features are stored with them.
"""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.scale.company import Company
from forecast_assets.storage import PartitionKey, Provenance, TableStore
from forecast_assets.storage.anchor_memory import FOLDER as ANCHORS
from forecast_assets.storage.table_specs import table_specs

ORIGINAL = "FR"


def add_copies(company: Company, codes: list[str]) -> None:
    """Deliver and store everything of the original under other codes, and list them in the markets file."""
    markets_file = company.base / "markets.yaml"
    lines = markets_file.read_text(encoding="utf-8").splitlines()
    (entry,) = [line for line in lines if f'code: "{ORIGINAL}"' in line]
    for code in codes:
        _deliver(company, code)
        _store(company, code)
        lines.append(entry.replace(f'code: "{ORIGINAL}", name: "France"', f'code: "{code}", name: "Copy {code}"'))
    markets_file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _deliver(company: Company, code: str) -> None:
    for file in (company.base / "landing").rglob(f"{ORIGINAL}*"):
        target = file.with_name(file.name.replace(ORIGINAL, code, 1))
        if file.suffix == ".csv":
            text = file.read_text(encoding="utf-8")
            target.write_text(text.replace(f"{ORIGINAL},", f"{code},"), encoding="utf-8")
            continue
        rows = pq.read_table(file)
        place = rows.schema.get_field_index("country")
        pq.write_table(rows.set_column(place, rows.schema.field(place), pa.array([code] * len(rows))), target)


def _store(company: Company, code: str) -> None:
    store = TableStore(f"{company.base}/store")
    for table, spec in table_specs().items():
        frames, provenances = {}, {}
        for partition in store.list_market(table, ORIGINAL):
            target, stored = PartitionKey(partition.month, code), store.provenance(table, partition)
            frames[target] = store.read(spec, [partition]).drop(columns=["country", "month"])
            inputs = {
                name: {key.replace(f"{ORIGINAL}|", f"{code}|"): content for key, content in of.items()}
                for name, of in stored.inputs.items()
            }
            provenances[target] = Provenance(
                stored.run_id, stored.cycle_id, stored.git_sha, inputs, stored.code_version, stored.configuration
            )
        store.write_all(spec, frames, provenances)
    lessons = company.base / "store" / ANCHORS
    if (lessons / f"country={ORIGINAL}").exists():
        shutil.copytree(lessons / f"country={ORIGINAL}", lessons / f"country={code}", dirs_exist_ok=True)
