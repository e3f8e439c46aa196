"""Deliveries that changed since a cycle: of what the cycle published, and of nothing else."""

import dataclasses
from types import SimpleNamespace

import pandas as pd
import pytest

from forecast_assets.operations.history.source_changes import source_changes
from forecast_assets.storage import PartitionKey

JUNE = pd.Timestamp("2024-06-01")
NODES = {
    "overrides": SimpleNamespace(is_source=True), "features": SimpleNamespace(is_source=False),
    "sell_in": SimpleNamespace(is_source=True), "sell_out": SimpleNamespace(is_source=True),
}  # fmt: skip


def version(content_hash: str, *, cycle_id: str = "dev-2024-06", was_published: bool = True) -> SimpleNamespace:
    provenance = SimpleNamespace(cycle_id=cycle_id, content_hash=content_hash)
    return SimpleNamespace(provenance=provenance, was_published=was_published)


@dataclasses.dataclass
class Delivered:
    """Today's delivery of every source."""

    content: str = "new"
    error: Exception | None = None
    problems: str = ""

    def read(self, table: str, country: str, months: list[pd.Timestamp]) -> None:
        assert table in ("sell_in", "sell_out")
        assert months == [JUNE]
        if self.error:
            raise self.error

    def problem(self, table: str, country: str, month: pd.Timestamp) -> str:
        return self.problems

    def content_hash(self, table: str, country: str, month: pd.Timestamp) -> str:
        return self.content


def changes(delivered: Delivered, *versions: SimpleNamespace, countries=("FR",), tables=("sell_in",)) -> list[str]:
    def of(table: str, partition: PartitionKey) -> list[SimpleNamespace]:
        return list(versions) if table in tables and partition == PartitionKey(JUNE, "FR") else []

    return source_changes(SimpleNamespace(of=of), delivered, NODES, "dev-2024-06", JUNE, countries)


@pytest.mark.parametrize(
    ("delivered", "line"),
    [
        (Delivered(), "sell_in of FR: today's delivery differs from the stored one"),
        (Delivered(problems="no rows"), "sell_in of FR: today's delivery cannot be used: no rows"),
        (Delivered(error=OSError("gone\nat once")), "sell_in of FR: deliveries cannot be read now: gone"),
        (Delivered(error=OSError()), "sell_in of FR: deliveries cannot be read now: OSError"),
    ],
)
def test_a_delivery_that_is_another_one_or_cannot_be_used_is_named(delivered, line):
    assert changes(delivered, version("old")) == [line]


def test_the_last_version_that_the_cycle_published_counts():
    assert changes(Delivered("b"), version("a"), version("b")) == []
    assert len(changes(Delivered("a"), version("a"), version("b"))) == 1
    assert changes(Delivered("a"), version("a"), version("b", was_published=False)) == []
    assert changes(Delivered("a"), version("a"), version("b", cycle_id="dev-2024-06.r2")) == []


def test_a_source_without_a_published_version_has_no_change_and_hides_no_other():
    assert changes(Delivered()) == []
    assert len(changes(Delivered(), version("old"), countries=("DE", "FR"))) == 1
    assert len(changes(Delivered(error=OSError("x")), version("old"), countries=("FR", "FR"))) == 2
    assert len(changes(Delivered(problems="x"), version("old"), countries=("FR", "FR"))) == 2


def test_a_source_that_cannot_be_read_hides_no_other():
    lines = changes(Delivered(error=OSError("x")), version("old"), tables=("sell_in", "sell_out"))
    assert [line.split()[0] for line in lines] == ["sell_in", "sell_out"]
