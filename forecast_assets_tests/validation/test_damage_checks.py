"""Check of tables over all markets that names the markets left out for a damaged file."""

import pandas as pd

from forecast_assets.market_state.damaged_inputs import DamagedInput
from forecast_assets.storage import PartitionKey
from forecast_assets.validation.damage_checks import inputs_sound

MAY, JUNE = pd.Timestamp("2024-05-01"), pd.Timestamp("2024-06-01")


def test_markets_with_a_damaged_file_of_the_month_are_named_with_how_to_restore_it():
    damaged = [
        DamagedInput("sell_out", PartitionKey(JUNE, "NO"), "/s/out"),
        DamagedInput("sell_in", PartitionKey(JUNE, "FR"), "/s/in"),
        DamagedInput("sell_in", PartitionKey(MAY, "ES"), "/s/may"),
    ]
    check = inputs_sound(damaged)
    finding = check.find(pd.DataFrame(), JUNE)
    assert finding.message == (
        "without FR, NO, whose stored files are damaged: /s/out, /s/in. forecast-assets restore sell_out NO 2024-06; "
        "forecast-assets restore sell_in FR 2024-06; then rebuild the month, as the next cycle does"
    )
    assert (finding.violations, finding.is_warning, check.blocking) == (2, True, False)
    assert finding.rows.to_dict("list") == {
        "market": ["NO", "FR"], "table": ["sell_out", "sell_in"], "path": ["/s/out", "/s/in"],
    }  # fmt: skip


def test_a_month_without_a_damaged_file_has_no_finding():
    damaged = [DamagedInput("sell_in", PartitionKey(MAY, "ES"), "/s/may")]
    assert inputs_sound(damaged).find(pd.DataFrame(), JUNE).violations == 0
    assert inputs_sound([]).find(pd.DataFrame(), JUNE).violations == 0
