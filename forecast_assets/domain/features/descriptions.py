"""Descriptions of features, generated from their names: a name says how the feature is made.

The names follow the modules of this package. A name that no rule knows is described by its own words.
"""

import re
from collections.abc import Callable

from forecast_assets.domain.features.columns import ATTRIBUTE_MARK, HORIZON_SUFFIX

WORDS = {
    "abc": "ABC", "xyz": "XYZ", "adi": "mean months between sales", "cv2": "squared variation of sales sizes",
    "ses": "simple smoothing", "mae": "mean absolute error", "std": "standard deviation", "theta": "Theta",
    "damped_holt": "damped Holt", "sell_in": "sell-in", "sell_out": "sell-out",
}  # fmt: skip
STATISTICS = {"mean": "mean", "std": "standard deviation"}
Rule = tuple[str, Callable[[re.Match[str]], str]]
RULES: tuple[Rule, ...] = (
    (r"(.+)_lag_1", lambda m: f"{_words(m[1])} of the origin month"),
    (r"(.+)_lag_(\d+)", lambda m: f"{_words(m[1])}, {_months(int(m[2]) - 1)} before the origin month"),
    (
        r"(.+)_lag_(\d+)_to_mean_(\d+)",
        lambda m: f"{_words(m[1])} at lag {m[2]} / mean of the last {_months(int(m[3]))}",
    ),
    (
        r"(.+)_mean_(\d+)_to_mean_(\d+)",
        lambda m: f"{_words(m[1])}: mean of the last {_months(int(m[2]))} / mean of the last {_months(int(m[3]))}",
    ),
    (r"(.+)_to_(mean|sell_out)_(\d+)", lambda m: f"{_words(m[1])} / {_words(m[2])} of the last {_months(int(m[3]))}"),
    (r"(.+)_year_on_year_(\d+)", lambda m: f"{_words(m[1])}: last {_months(int(m[2]))} / the same of the year before"),
    (r"(.+)_growth_(\d+)_mean_(\d+)", lambda m: f"{_words(m[1])}: growth over a year, mean of {_months(int(m[3]))}"),
    (r"(.+)_growth_(\d+)", lambda m: f"{_words(m[1])}: growth over {_months(int(m[2]))}"),
    (r"(.+)_(mean|std)_(\d+)", lambda m: f"{STATISTICS[m[2]]} of {_words(m[1])} over the last {_months(int(m[3]))}"),
    (r"(.+)_change_(\d+)", lambda m: f"change of {_words(m[1])} over {_months(int(m[2]))}"),
    (
        r"same_month_(\d)_years_ago",
        lambda m: f"sell-in of the target month's calendar month {_years(int(m[1]))} before",
    ),
    (r"same_month_mean", lambda _: "mean sell-in of the target month's calendar month over the known years"),
    (r"same_month_latest", lambda _: "sell-in of the target month's calendar month in the latest known year"),
    (r"sku_share_of_category_(.+)_(\d+)", lambda m: f"share of the SKU in its category's {_words(m[1])}, "
     f"last {_months(int(m[2]))}"),
    (r"months_(since|until)_(.+)", lambda m: f"months {m[1]} {_words(m[2])}"),
    (r"(.+)_(\d+)", lambda m: f"{_words(m[1])} over the last {_months(int(m[2]))}"),
)  # fmt: skip


def feature_description(name: str) -> str:
    """Return a phrase for a feature: how it is made, and the month ahead if it differs by target month."""
    if ATTRIBUTE_MARK in name:
        attribute, _, value = name.partition(ATTRIBUTE_MARK)
        return _sentence(f"1 if {_words(attribute.removeprefix('attribute_'))} is {value.replace('_', ' ')}, else 0")
    match = HORIZON_SUFFIX.search(name)
    ahead = f", target month {_months(int(match[1]))} ahead" if match else ""
    base = HORIZON_SUFFIX.sub("", name)
    for pattern, phrase in RULES:
        found = re.fullmatch(pattern, base)
        if found:
            return _sentence(phrase(found) + ahead)
    return _sentence(_words(base) + ahead)


def _words(name: str) -> str:
    for known, words in WORDS.items():
        name = re.sub(rf"(?<![a-z]){known}(?![a-z])", words.replace("_", " "), name)
    return name.replace("_", " ")


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"


def _years(count: int) -> str:
    return "1 year" if count == 1 else f"{count} years"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
