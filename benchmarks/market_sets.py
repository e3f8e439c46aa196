"""Markets that a benchmark over markets measures: of tidy files, of simulated companies, at which origins."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from benchmarks.pooling_markets import MarketData, markets_of_case, sample_markets
from benchmarks.protocol import cases, read_tidy
from forecast_assets.domain.calendar import HORIZON_MONTHS, add_months

YEAR = 12


def with_sets(parser: argparse.ArgumentParser, given: list[str] | None) -> argparse.Namespace:
    """Read a command line that also says which sets are measured."""
    parser.add_argument("--data", type=Path, action="append", default=[], help="a tidy file; may be given again")
    parser.add_argument(
        "--sample", type=_size, action="append", default=[], metavar="MARKETSxSKUS", help="a simulated company; again"
    )
    parser.add_argument("--months", type=int, default=84, help="months a simulated company delivers (default 84)")
    parser.add_argument("--seed", type=int, default=7, help="of simulated companies (default 7)")
    parser.add_argument("--origins", type=int, default=3, help="origins, 12 months apart (default 3)")
    parser.add_argument("--threads", type=int, default=1, help="threads of LightGBM (default 1)")
    options = parser.parse_args(given)
    if not options.data and not options.sample:
        parser.error("nothing to measure: give --data FILE or --sample MARKETSxSKUS")
    return options


def _size(text: str) -> tuple[int, int]:
    """Markets and SKUs of each."""
    markets, _, skus = text.partition("x")
    if not (markets.isdigit() and skus.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected MARKETSxSKUS, 12x25 say")
    return int(markets), int(skus)


def sets_of(options: argparse.Namespace) -> Iterator[tuple[str, list[list[MarketData]]]]:
    """A measured set: a name and the markets at each origin, the latest origin first."""
    for data in options.data:
        cut = cases(read_tidy(data), HORIZON_MONTHS, options.origins, YEAR)
        yield data.stem, [markets_of_case(case) for case in cut]
    for markets, skus in options.sample:
        company = sample_markets(markets, skus, options.months, options.seed)
        last = next(iter(company.panels.values())).months[-1]
        origins = [add_months(last, -HORIZON_MONTHS - back * YEAR) for back in range(options.origins)]
        yield f"{markets} markets of {skus} SKUs, seed {options.seed}", [company.at(origin) for origin in origins]
