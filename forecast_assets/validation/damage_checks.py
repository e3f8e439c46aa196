"""Check of tables over all markets: markets that were left out because a file of theirs is damaged."""

from collections.abc import Sequence

import pandas as pd

from forecast_assets.market_state.damaged_inputs import DamagedInput
from forecast_assets.validation.table_checks import CheckDeclaration, Finding, TableCheck

INPUTS_SOUND = CheckDeclaration(
    "inputs_sound",
    "No stored file of a market is damaged. A market with a damaged one is left out of the month.",
    blocking=False,
)


def inputs_sound(damaged: Sequence[DamagedInput]) -> TableCheck:
    """Return the check over the files that a step has left out."""

    def check(_: pd.DataFrame, month: pd.Timestamp) -> Finding:
        of_month = [each for each in damaged if each.partition.month == month]
        if not of_month:
            return Finding()
        rows = [(each.partition.country, each.table, each.path) for each in of_month]
        restore = "; ".join(
            f"forecast-assets restore {each.table} {each.partition.country} {month:%Y-%m}" for each in of_month
        )
        message = (
            f"without {', '.join(sorted({str(country) for country, _, _ in rows}))}, whose stored files are damaged: "
            f"{', '.join(each.path for each in of_month)}. {restore}; then rebuild the month, as the next cycle does"
        )
        return Finding(len(of_month), pd.DataFrame(rows, columns=["market", "table", "path"]), message, is_warning=True)

    return INPUTS_SOUND.rule(check)
