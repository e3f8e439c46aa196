"""Two hundred countries of the sample company, in the order in which a smaller company takes them.

Codes are real, sizes invented; effects on demand are in ``demand.py``. The first four countries lie in two regions. The
fifth and sixth have codes (NO, NA) that careless parsers turn into a boolean and a missing value.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from forecast_assets.sample.more_countries import GROUPS, SIZES


@dataclass(frozen=True)
class SampleMarket:
    """A country of the sample company.

    Attributes:
        code: Market code, equal to ``iso2`` here.
        size: Volume relative to France.
        summer: Climate: 1 is a full northern summer in July, -1 a full southern one in January, near 0 the tropics.
        easter: Strength of Easter and Christmas in demand, 0 to 1.
        ramadan: Strength of Ramadan in demand, 0 to 1.
    """

    code: str
    name: str
    iso2: str
    iso3: str
    region: str
    size: float
    summer: float
    easter: float
    ramadan: float


_EUROPE, _LATIN = "Europe", "Latin America"
_NORTH, _AFRICA, _ASIA = "North America", "Middle East and Africa", "Asia Pacific"


def _market(
    code: str, name: str, iso3: str, region: str, size: float, summer: float, easter: float, ramadan: float = 0.0
) -> SampleMarket:
    return SampleMarket(code, name, code, iso3, region, size, summer, easter, ramadan)


FIRST_MARKETS: tuple[SampleMarket, ...] = (
    _market("FR", "France", "FRA", _EUROPE, 1.00, 0.9, 1.0),
    _market("DE", "Germany", "DEU", _EUROPE, 1.20, 1.0, 1.0),
    _market("BR", "Brazil", "BRA", _LATIN, 1.10, -0.4, 1.0),
    _market("MX", "Mexico", "MEX", _LATIN, 0.90, 0.4, 0.9),
    _market("NO", "Norway", "NOR", _EUROPE, 0.15, 1.0, 1.0),
    _market("NA", "Namibia", "NAM", _AFRICA, 0.08, -0.7, 0.8),
    _market("ES", "Spain", "ESP", _EUROPE, 0.80, 1.0, 1.0),
    _market("IT", "Italy", "ITA", _EUROPE, 0.90, 1.0, 1.0),
    _market("PL", "Poland", "POL", _EUROPE, 0.60, 1.0, 1.0),
    _market("GB", "United Kingdom", "GBR", _EUROPE, 1.00, 0.8, 1.0),
    _market("NL", "Netherlands", "NLD", _EUROPE, 0.40, 0.9, 0.8),
    _market("BE", "Belgium", "BEL", _EUROPE, 0.30, 0.9, 1.0),
    _market("SE", "Sweden", "SWE", _EUROPE, 0.25, 1.0, 0.9),
    _market("DK", "Denmark", "DNK", _EUROPE, 0.20, 1.0, 0.9),
    _market("FI", "Finland", "FIN", _EUROPE, 0.18, 1.0, 0.9),
    _market("AT", "Austria", "AUT", _EUROPE, 0.25, 1.0, 1.0),
    _market("CH", "Switzerland", "CHE", _EUROPE, 0.25, 0.9, 1.0),
    _market("PT", "Portugal", "PRT", _EUROPE, 0.22, 1.0, 1.0),
    _market("CZ", "Czechia", "CZE", _EUROPE, 0.25, 1.0, 0.9),
    _market("RO", "Romania", "ROU", _EUROPE, 0.30, 1.0, 0.9),
    _market("GR", "Greece", "GRC", _EUROPE, 0.22, 1.0, 0.9),
    _market("US", "United States", "USA", _NORTH, 2.50, 0.9, 0.8),
    _market("CA", "Canada", "CAN", _NORTH, 0.60, 1.0, 0.8),
    _market("AR", "Argentina", "ARG", _LATIN, 0.50, -0.9, 1.0),
    _market("CL", "Chile", "CHL", _LATIN, 0.25, -0.9, 1.0),
    _market("CO", "Colombia", "COL", _LATIN, 0.40, 0.1, 0.9),
    _market("PE", "Peru", "PER", _LATIN, 0.30, -0.5, 0.9),
    _market("ZA", "South Africa", "ZAF", _AFRICA, 0.50, -0.8, 0.9),
    _market("NG", "Nigeria", "NGA", _AFRICA, 0.60, 0.1, 0.6, 0.4),
    _market("KE", "Kenya", "KEN", _AFRICA, 0.25, 0.1, 0.8, 0.1),
    _market("EG", "Egypt", "EGY", _AFRICA, 0.50, 0.8, 0.1, 0.9),
    _market("TR", "Türkiye", "TUR", _AFRICA, 0.70, 1.0, 0.0, 0.8),
    _market("SA", "Saudi Arabia", "SAU", _AFRICA, 0.40, 0.8, 0.0, 1.0),
    _market("AE", "United Arab Emirates", "ARE", _AFRICA, 0.20, 0.8, 0.1, 0.9),
    _market("IN", "India", "IND", _ASIA, 1.50, 0.5, 0.1, 0.2),
    _market("ID", "Indonesia", "IDN", _ASIA, 0.90, 0.0, 0.1, 1.0),
    _market("TH", "Thailand", "THA", _ASIA, 0.50, 0.2, 0.0),
    _market("JP", "Japan", "JPN", _ASIA, 1.10, 1.0, 0.1),
    _market("AU", "Australia", "AUS", _ASIA, 0.40, -0.9, 1.0),
    _market("NZ", "New Zealand", "NZL", _ASIA, 0.15, -0.9, 1.0),
)


def _more_markets() -> Iterator[SampleMarket]:
    """Generate the markets after the first forty, the regions in turn."""
    groups = [[entry.split(" ", 2) for entry in group[-1].split(", ")] for group in GROUPS]
    for number in range(max(map(len, groups))):
        for (region, summer, easter, ramadan, _), entries in zip(GROUPS, groups, strict=True):
            for code, iso3, name in entries[number : number + 1]:
                yield _market(code, name, iso3, region, SIZES[number % len(SIZES)], summer, easter, ramadan)


SAMPLE_MARKETS: tuple[SampleMarket, ...] = (*FIRST_MARKETS, *_more_markets())
