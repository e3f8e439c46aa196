"""Catalogue (the products of the company) and assortments (the products that each market sells, with their dates).

Neither depends on the other markets of the simulation. The catalogue is drawn from the seed and the assortment's size,
an assortment from the seed and the market's code.
"""

from math import ceil

import numpy as np
import pandas as pd

from forecast_assets.sample import parameters as p
from forecast_assets.sample.countries import SampleMarket
from forecast_assets.sample.timeline import Timeline, stream

NEVER = 2_000  # position of an end that is not planned: 160 years ahead, still a month that pandas can hold
BRANDS = (
    *("Alvora", "Brisk", "Calyra", "Dorint", "Elvano", "Fenna", "Galdo", "Halmi", "Irida", "Jolvi", "Kestra", "Lumora"),
    *("Mirelle", "Nordal", "Ostara", "Pelino", "Quenza", "Rivola", "Solvi", "Tamaro", "Ulmera", "Velino", "Wendra"),
    "Zafiro",
)


def role_sizes(skus: int, months: int) -> dict[str, int]:
    """Return the number of SKUs of an assortment by role; predecessors and successors come in pairs."""
    scale = min(1.0, months / p.LIFECYCLE_MONTHS)
    pairs = round(p.PAIRS_SHARE * scale * skus)
    launched = round(p.LAUNCHED_SHARE * scale * skus)
    delisted = round(p.DELISTED_SHARE * scale * skus)
    regular = skus - 2 * pairs - launched - delisted
    return {"regular": regular, "predecessor": pairs, "successor": pairs, "launched": launched, "delisted": delisted}


def make_catalogue(seed: int, skus: int, timeline: Timeline) -> pd.DataFrame:
    """Draw every product of the company.

    Returns:
        One row per product with ``sku``, attributes, ``role`` and the parameters of its demand. ``partner`` is the row
        of the predecessor, else -1; ``change`` is the position of the launch, switch or end in its first market.
    """
    rng = stream(seed, "catalogue")
    sizes = {
        role: ceil(p.CATALOGUE_PER_ASSORTMENT * n)
        for role, n in role_sizes(skus, timeline.stop - timeline.start).items()
    }
    role = np.repeat(list(sizes), list(sizes.values()))
    n = len(role)
    category = rng.choice(len(p.CATEGORIES), n, p=[c.share for c in p.CATEGORIES])
    table = pd.DataFrame(
        {
            "sku": [f"{number:06d}" for number in rng.choice(np.arange(1_000, 400_000), n, replace=False)],
            "role": role,
            "partner": -1,
            "category": category,
            "brand": category * p.BRANDS_PER_CATEGORY + rng.integers(0, p.BRANDS_PER_CATEGORY, n),
            "pack": rng.integers(0, 6, n),
            "tier": rng.choice(3, n, p=[0.25, 0.5, 0.25]),
            "case_units": rng.choice(p.CASE_UNITS, n).astype(float),
            "price": np.exp(0.35 * rng.standard_normal(n)),
            "log_volume": p.PRODUCT_VOLUME_SD * rng.standard_normal(n),
            "season_strength": np.exp(p.SKU_SEASON_SD * rng.standard_normal(n)),
            "uplift": p.UPLIFT_PER_DEPTH * np.exp(p.UPLIFT_SD * rng.standard_normal(n)),
            "elasticity_extra": p.ELASTICITY_SD * rng.standard_normal(n),
            "promotion_slots": rng.choice(p.PROMOTED_MONTHS, n, p=p.PROMOTED_WEIGHTS),
            "change": timeline.start
            + np.rint(rng.uniform(0.05, 1.05, n) * (timeline.stop - timeline.start)).astype(int),
        }
    )
    return _inherit(table, rng)


def _inherit(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give each successor the properties of its predecessor: a new recipe, not a new product."""
    old = np.flatnonzero(table["role"] == "predecessor")
    new = np.flatnonzero(table["role"] == "successor")
    inherited = [column for column in table.columns if column not in ("sku", "role", "partner", "pack")]
    table.loc[new, inherited] = table.loc[old, inherited].to_numpy()
    table.loc[new, "partner"] = old
    table.loc[new, "log_volume"] += p.SUCCESSOR_VOLUME_SD * rng.standard_normal(len(new))
    return table.infer_objects()


def make_assortment(
    catalogue: pd.DataFrame, market: SampleMarket, seed: int, skus: int, timeline: Timeline
) -> pd.DataFrame:
    """Choose the products that a market sells, with their dates there.

    Returns:
        Rows of the catalogue sorted by sku, with further columns:

        - ``launch`` and ``end``: positions of the first and last month; negative before the time line, ``NEVER``
          without an end
        - ``first_launch``: position of the launch that was announced first
        - ``reference_sku``: text or None
        - ``base_units``, ``volume_rank`` (share of SKUs at least as large) and ``occurrence`` (1 except in the tail)
        - ``list_price``: EUR at the start of the simulation
    """
    rng = stream(seed, "assortment", market.code)
    table = _listed(catalogue, rng, role_sizes(skus, timeline.stop - timeline.start))
    table = _with_dates(table, rng)
    table = _with_volume(table, market, rng)
    return _with_references(table, rng).sort_values("sku", ignore_index=True)


def _listed(catalogue: pd.DataFrame, rng: np.random.Generator, sizes: dict[str, int]) -> pd.DataFrame:
    """Choose products, the large ones more often; a successor comes with its predecessor."""
    chosen = []
    for role in ("regular", "predecessor", "launched", "delisted"):
        rows = np.flatnonzero(catalogue["role"] == role)
        weight = np.exp(0.5 * catalogue["log_volume"].to_numpy()[rows])
        chosen.append(
            rng.choice(rows, sizes[role], replace=False, p=weight / weight.sum()) if sizes[role] else rows[:0]
        )
    chosen.append(np.flatnonzero(catalogue["partner"].isin(chosen[1]) & (catalogue["role"] == "successor")))
    rows = np.sort(np.concatenate(chosen))
    return catalogue.iloc[rows].assign(product=rows).reset_index(drop=True)


def _with_dates(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add launch and end in this market: the international date plus a roll-out lag, which a pair shares."""
    n = len(table)
    pair = table["partner"].where(table["role"] == "successor", table["product"])
    lag = dict(zip(table["product"], rng.integers(0, p.ROLL_OUT_LAG_MONTHS, n), strict=True))
    change = table["change"].to_numpy() + pair.map(lag).to_numpy()
    novel, ends = table["role"].isin(["launched", "successor"]), table["role"].isin(["predecessor", "delisted"])
    # A successor reaches the shelf one month before its predecessor leaves it.
    first_launch = np.where(novel, change - (table["role"] == "successor"), -rng.integers(1, 120, n))
    slips = (table["role"] == "launched") & (rng.random(n) < p.POSTPONED_SHARE)
    launch = first_launch + p.POSTPONED_MONTHS * slips
    return table.assign(first_launch=first_launch, launch=launch, end=np.where(ends, change, NEVER))


def _with_volume(table: pd.DataFrame, market: SampleMarket, rng: np.random.Generator) -> pd.DataFrame:
    n = len(table)
    pair = table["partner"].where(table["role"] == "successor", table["product"])
    local = dict(zip(table["product"], p.MARKET_VOLUME_SD * rng.standard_normal(n), strict=True))
    log_volume = table["log_volume"] + pair.map(local)
    regular = (table["role"] == "regular").to_numpy()
    tail = regular & (
        log_volume.rank() <= _tail_rank(log_volume.rank().to_numpy(), regular, round(p.INTERMITTENT_SHARE * n))
    )
    base = p.MEDIAN_UNITS * market.size * np.exp(log_volume) * np.where(tail, p.INTERMITTENT_VOLUME, 1.0)
    return table.assign(
        base_units=np.maximum(base, 0.5),
        volume_rank=log_volume.rank(ascending=False, pct=True),
        occurrence=np.where(tail, rng.uniform(*p.OCCURRENCE, n), 1.0),
        list_price=np.take([c.price for c in p.CATEGORIES], table["category"])
        * np.take(p.TIER_PRICE, table["tier"])
        * table["price"],
    )


def _tail_rank(rank: np.ndarray, regular: np.ndarray, size: int) -> float:
    """Return the rank of the largest SKU of the tail: the smallest SKUs on sale all the time are intermittent."""
    among = np.sort(rank[regular])
    return float(among[min(size, len(among)) - 1]) if size and len(among) else 0.0


def _with_references(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add the reference SKU: a predecessor, or for half of the novelties the largest steady SKU of the category."""
    by_product = table.set_index("product")["sku"]
    reference = table["partner"].map(by_product)
    steady = table[table["role"] == "regular"].sort_values("log_volume").groupby("category")["sku"].last()
    like = table["category"].map(steady)
    named = (table["role"] == "launched") & (rng.random(len(table)) < 0.5)
    reference = reference.where(~named, like)
    skus = [None if missing else sku for sku, missing in zip(reference, reference.isna(), strict=True)]
    return table.assign(reference_sku=pd.Series(skus, index=table.index, dtype=object))


def product_rows(table: pd.DataFrame, market: SampleMarket, timeline: Timeline) -> pd.DataFrame:
    """Return the rows of the products file: one per SKU and announcement about it.

    Returns:
        Landing columns of ``products``. Rows announced after the last delivered month are left out.
    """
    categories = [p.CATEGORIES[i] for i in table["category"]]
    rows = pd.DataFrame(
        {
            "country": market.code,
            "sku": table["sku"],
            "category": [c.name for c in categories],
            "brand": [BRANDS[i] for i in table["brand"]],
            "pack": [c.packs[i % len(c.packs)] for c, i in zip(categories, table["pack"], strict=True)],
            "price_tier": [p.PRICE_TIERS[i] for i in table["tier"]],
            "channel": [c.channel for c in categories],
            "case_units": table["case_units"],
            "list_price": table["list_price"].round(2),
            "launch": table["first_launch"],
            "end": NEVER,
            "reference_sku": table["reference_sku"],
            "known": table["first_launch"] - p.LAUNCH_NOTICE_MONTHS,
        }
    )
    slipped = (table["launch"] > table["first_launch"]).to_numpy()
    ending = (table["end"] < NEVER).to_numpy()
    postponed = rows[slipped].assign(launch=table["launch"][slipped], known=table["first_launch"][slipped] - 1)
    ended = rows[ending].assign(
        launch=table["launch"][ending], end=table["end"][ending], known=table["end"][ending] - p.DELISTING_NOTICE_MONTHS
    )
    every = pd.concat([rows, postponed, ended])
    every = every[every["known"] < timeline.stop].sort_values(["sku", "known"], ignore_index=True)
    return every.assign(
        launch_month=timeline.month_at(every["launch"]),
        end_month=pd.Series(timeline.month_at(every["end"])).where(every["end"] < NEVER),
        known_from=timeline.month_at(every["known"]),
    ).drop(columns=["launch", "end", "known"])
