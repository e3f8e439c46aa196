"""SKU codes that a spreadsheet or an export has changed: zeros lost, exponents, another case, a unit of measure.

Codes are compared in two simplified spellings. In the strict one only characters that no code scheme uses to tell two
SKUs apart are dropped. In the loose one separators and units of measure go too.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from forecast_assets.domain.arrays import Labels
from forecast_assets.domain.deliveries.delivery import Delivery, DeliveryFinding, shown

Spelling = Callable[[Labels], pd.Series]
EXPONENT = r"^\d(?:[.,]\d+)?[eE]\+\d+$"
UNIT_OF_MEASURE = r"(?i)[\s_/.-]*(?:EA|EACH|PC|PCS|PCE|ST|STK|CS|CASE|KG|CTN|CT|BOX|BX|PAL|CAR|KAR)$"


def respelled_skus(delivery: Delivery) -> DeliveryFinding | None:
    """Find codes that are another spelling of a SKU of the months before, and codes written as floats.

    A code of the judged month that was never delivered before is found if

    - it is written with an exponent, such as ``1.23457E+11``: digits are lost for good;
    - its strict spelling (no blanks, leading zeros, ``.0``; lower case) is that of an earlier SKU;
    - its loose spelling (no separators and unit of measure either) is that of an earlier SKU that is absent now.
    """
    delivered = np.isfinite(delivery.units)
    before, now = delivered[:, :-1].any(axis=1), delivered[:, -1]
    new = delivery.skus[now & ~before]
    if not len(new):
        return None
    exponents = new[pd.Series(new, dtype=object).str.fullmatch(EXPONENT).to_numpy(dtype=bool)]
    pairs = pd.concat(
        [
            _pairs(new, delivery.skus[before], strict_spelling),
            _pairs(new, delivery.skus[before & ~now], loose_spelling),
            _twice_in_month(delivery.skus[now & ~before], strict_spelling),
        ]
    ).drop_duplicates("sku")
    if not len(exponents) and pairs.empty:
        return None
    parts = []
    if len(exponents):
        parts.append(
            f"{len(exponents)} SKU codes are written with an exponent (scientific notation): {shown(exponents)}"
        )
    if len(pairs):
        named = shown([f"{new_code!r} for {old!r}" for new_code, old in pairs.itertuples(index=False)])
        parts.append(f"{len(pairs)} new SKU codes are other spellings of known keys: {named}")
    rows = pd.concat([pairs, pd.DataFrame({"sku": exponents, "earlier_sku": ""})], ignore_index=True)
    step = "Deliver the codes as text, as in the months before (leading zeros, no exponent, the same case)"
    return DeliveryFinding(f"{'; '.join(parts)}. {step}", rows)


def strict_spelling(codes: Labels) -> pd.Series:
    """Return codes without blanks, leading zeros and a trailing ``.0``, in lower case."""
    texts = pd.Series(codes, dtype=object).astype(str).str.replace(r"\s+", "", regex=True).str.lower()
    return texts.str.replace(r"^(\d+)\.0+$", r"\1", regex=True).str.replace(r"^0+(?=.)", "", regex=True)


def loose_spelling(codes: Labels) -> pd.Series:
    """Return codes in the strict spelling, also without separators and a unit of measure at the end."""
    texts = pd.Series(codes, dtype=object).astype(str).str.strip().str.replace(UNIT_OF_MEASURE, "", regex=True)
    return strict_spelling(texts.to_numpy(dtype=object)).str.replace(r"[\s_/.-]", "", regex=True)


def _pairs(new: Labels, earlier: Labels, spelling: Spelling) -> pd.DataFrame:
    """Return new codes with the one earlier code of the same spelling; several earlier ones are SKUs of their own."""
    left = pd.DataFrame({"sku": new, "spelling": spelling(new)})
    right = pd.DataFrame({"earlier_sku": earlier, "spelling": spelling(earlier)}).drop_duplicates(
        "spelling", keep=False
    )
    return left.merge(right, on="spelling", how="inner", validate="m:1")[["sku", "earlier_sku"]]


def _twice_in_month(new: Labels, spelling: Spelling) -> pd.DataFrame:
    """Return new codes that are spelled twice in the month itself."""
    codes = pd.DataFrame({"sku": new, "spelling": spelling(new)})
    twice = codes[codes.duplicated("spelling", keep=False)].sort_values(["spelling", "sku"])
    return twice.assign(earlier_sku=twice.groupby("spelling")["sku"].transform("first"))[twice.duplicated("spelling")][
        ["sku", "earlier_sku"]
    ]
