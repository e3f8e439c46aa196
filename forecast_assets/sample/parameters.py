"""Numbers that shape the sample company, each with its reason; frozen, because benchmarks are measured on them.

Only constants and the category table; the modules that use them have the formulas. ``make reference`` writes the same
list to docs/reference/sample-parameters.md. Effects called ``log`` add to the logarithm of expected sell-out, so 0.10
is about +10 %.
"""

from dataclasses import dataclass

# --- Time line -------------------------------------------------------------------------------------------------------
BURN_IN_MONTHS = 18  # the stock policy forgets its starting stock in under a year; half a year is added for safety
AHEAD_MONTHS = 8  # longest plan ahead: launches are announced 6 months before, retailers plan 2 more
REPLICAS = 100  # Monte Carlo error of the truth is a tenth of a SKU's own noise: adds 0.5 % to its WAPE

# --- Assortment ------------------------------------------------------------------------------------------------------
CATALOGUE_PER_ASSORTMENT = 1.5  # a market lists two thirds of the company's products, so most are shared
PAIRS_SHARE = 0.13  # share of SKUs replaced within 72 months by a new pack or recipe; as many more are the successors
LAUNCHED_SHARE = 0.13  # real novelties; with the successors 26 % of SKUs start in six years, 4-5 % a year
DELISTED_SHARE = 0.06  # ends without a successor; with the predecessors 19 % of SKUs end in six years
LIFECYCLE_MONTHS = 72  # the window the three shares refer to; shorter histories see proportionally fewer changes
INTERMITTENT_SHARE = 0.15  # the tail that sells in some months only
ROLL_OUT_LAG_MONTHS = 6  # markets follow an international launch within half a year
LAUNCH_NOTICE_MONTHS = 6  # retailers' listing rounds close about half a year ahead
DELISTING_NOTICE_MONTHS = 6  # ends are announced in the same rounds, since another product gets the shelf
POSTPONED_SHARE = 0.2  # launches that slip by two months, announced one month before the first date
POSTPONED_MONTHS = 2  # the usual slip: the next delivery window

# --- Volume and level ------------------------------------------------------------------------------------------------
MEDIAN_UNITS = 900.0  # a median SKU in France; head SKUs reach tens of thousands
PRODUCT_VOLUME_SD = 1.40  # log: with the next line 1.64, where 20 % of SKUs make 80 % of volume (Phi(1.64-0.84)=0.79)
MARKET_VOLUME_SD = 0.85  # log: products strong in one market are mostly strong in the next, not always
INTERMITTENT_VOLUME = 0.2  # the tail's volume relative to the lognormal draw: a handful of cases a month
CATEGORY_GROWTH = 0.015  # per year: FMCG volumes grow with population, 1-2 %
CATEGORY_GROWTH_SD = 0.02  # between categories and markets
SKU_GROWTH_SD = 0.04  # between SKUs of a category: shares shift by a few percent a year
LEVEL_WALK_SD = 0.006  # per month, persistent: 2.5 % after 18 months, small against season and plan
CATEGORY_WALK_SD = 0.003  # shared by the category in the market
SUCCESSOR_VOLUME_SD = 0.10  # a successor takes over its predecessor's volume within about 10 %

# --- Season, festivities ---------------------------------------------------------------------------------------------
SKU_SEASON_SD = 0.25  # log of the strength of a product's season against its category's (same in all markets)
EASTER_DAYS = 14  # festive shopping falls into the two weeks before Easter, in March or April
RAMADAN_DAYS = 29  # the fasting month before Eid al-Fitr moves by 11 days a year

# --- Price -----------------------------------------------------------------------------------------------------------
INFLATION = {2021: 0.03, 2022: 0.07, 2023: 0.06, 2024: 0.03}  # consumer food prices, roughly Europe and Latin America
USUAL_INFLATION = 0.02  # all other years: what central banks aim at
PRICE_RISE_PROBABILITY = 0.7  # per SKU and year: list prices move about once a year
PRICE_RISE_MONTHS = (1, 2, 4, 9)  # negotiation rounds: January to February mainly
PRICE_RISE_WEIGHTS = (0.45, 0.2, 0.2, 0.15)  # share of the rises in each of these months
ELASTICITY_SD = 0.3  # between products, around the category's elasticity

# --- Promotions ------------------------------------------------------------------------------------------------------
PROMOTED_MONTHS = (0, 1, 2, 3, 4)  # fixed slots a year in a SKU's promotion calendar
PROMOTED_WEIGHTS = (0.2, 0.1, 0.25, 0.25, 0.2)  # with the next two lines 17-18 % of SKU-months are promoted
SLOT_KEPT = 0.9  # retailers mostly repeat last year's leaflet slot
EXTRA_PROMOTION = 0.02  # per SKU and month: promotions outside the calendar
DEPTHS_PCT = (10.0, 15.0, 20.0, 25.0, 30.0)  # leaflet discounts
UPLIFT_PER_DEPTH = 2.6  # log, of the month: 25 % off nearly triples two leaflet weeks, +90 % in the month
UPLIFT_SD = 0.4  # between products
POST_PROMOTION_DIP = 0.20  # share of the log uplift that is missing a month later: households stocked up
PROMOTION_NOTICE_MONTHS = (2, 3, 4)  # leaflets are agreed a quarter ahead
PROMOTED_SHARE_OF_MONTH = 0.5  # a leaflet runs two weeks: the mean price of the month falls by half the depth

# --- COVID -----------------------------------------------------------------------------------------------------------
COVID_FADE = {2020: 1.0, 2021: 0.75, 2022: 0.5}  # households and shops adapt: same stringency, smaller effect
PANIC_LOG = 0.30  # log, per rise in stringency, in categories that gain: stockpiling in March 2020

# --- Launches and ends -----------------------------------------------------------------------------------------------
LAUNCH_START, LAUNCH_MONTHS = 0.25, 4.0  # share of the mature volume in month 0, time constant of the ramp
SUCCESSOR_START, SUCCESSOR_MONTHS = 0.6, 2.0  # a successor takes the shelf of its predecessor, so it ramps up faster
PHASE_OUT = (0.25, 0.5, 0.75, 0.9)  # share of volume 0, 1, 2, 3 months before the end

# --- Noise -----------------------------------------------------------------------------------------------------------
HEAD_NOISE, TAIL_NOISE = 0.11, 0.25  # lognormal sd of a SKU-month by volume rank: head CV 10-15 % after season and plan
MARKET_SHOCK_SD, MARKET_SHOCK_AR = 0.02, 0.6  # weather and economy move a whole market by 2-3 % for some months
OCCURRENCE = (0.25, 0.6)  # probability that an intermittent SKU sells in a month
SIZE_SHAPE = 4.0  # gamma shape of its sales when it sells: CV 0.5

# --- Retailers' stock policy -----------------------------------------------------------------------------------------
COVER_MONTHS = (1.2, 1.8)  # target stock in months of expected sell-out: central and store warehouses together
NEXT_MONTH_WEIGHT = 0.6  # share of the target set by next month's expectation; the month after sets the rest
STOCK_CORRECTION = (0.4, 0.6)  # share of the gap to the target stock that is ordered at once, by market
PROMOTION_LOADING = 0.35  # share of a promotion's extra volume in stock at the end of the month before
FORWARD_BUYING = 0.25  # share of the extra volume ordered in addition at the promotion's terms, missing afterwards
LEVEL_RESPONSE = 0.20  # share of last month's surprise that enters the retailer's expectation (exponential smoothing)
INTERMITTENT_RESPONSE = 0.03  # one sale of a rare item is weak evidence
ORDER_NOISE = 0.09  # lognormal: deliveries slip over month ends
QUARTER_END_PUSH = 0.03  # share ordered in addition in the last month of a quarter
PRICE_RISE_LOADING = 5.0  # months of cover per unit of log price rise, ordered in the month before: 3 % gives 0.15
MAX_LOADING = 0.35  # months of cover: warehouses are finite
RETURN_PROBABILITY = 0.02  # per SKU and month: damaged or overstocked goods
RETURNED_SHARE = (0.02, 0.08)  # share of the retailer's stock that a return takes
RETURNED_AT_END = 0.3  # share of the remaining stock when a SKU ends
NET_PRICE_SHARE = 0.65  # share of the shelf price that reaches the company

# --- Overrides -------------------------------------------------------------------------------------------------------
OVERRIDES = 6  # per market: planners override rarely
OVERRIDE_ERROR_SD = 0.15  # log: overrides are not much better than the forecast


@dataclass(frozen=True)
class Category:
    """A product category: effects are logs at full strength (climate, Easter or stringency of 1).

    Attributes:
        share: Share of the catalogue's products.
        summer: Amplitude of the climate season; negative = winter goods.
        christmas: Effect in December; half of it in November, when shelves fill.
        easter: Effect in the two weeks before Easter.
        ramadan: Effect in the month of Ramadan.
        holiday: Effect of each public holiday above the calendar month's mean.
        covid: Effect at stringency 100 in 2020.
        elasticity: Elasticity of volume to the price relative to inflation.
        price: Median shelf price in EUR.
    """

    name: str
    share: float
    summer: float
    christmas: float
    easter: float
    ramadan: float
    holiday: float
    covid: float
    elasticity: float
    price: float
    channel: str
    packs: tuple[str, ...]


# Drinks and ice cream sell in summer, hot drinks in winter, chocolate at Easter and Christmas; during COVID people at
# home eat and clean more and go out and dress up less; necessities react less to price than treats.
CATEGORIES: tuple[Category, ...] = (
    Category(
        "Soft drinks", 0.18, 0.28, 0.08, 0.03, 0.15, 0.010, -0.10, -1.3, 1.6, "grocery", ("0.5 l", "1 l", "6x1 l")
    ),
    Category(
        "On-the-go drinks", 0.10, 0.35, 0.00, 0.00, -0.10, 0.010, -0.45, -1.5, 1.2, "on the go", ("0.33 l", "0.5 l")
    ),
    Category("Ice cream", 0.10, 0.60, 0.05, 0.03, 0.05, 0.012, -0.10, -1.4, 3.2, "grocery", ("0.9 l", "4 pieces")),
    Category(
        "Confectionery", 0.14, -0.12, 0.30, 0.40, 0.20, 0.008, -0.15, -1.6, 2.1, "grocery", ("100 g", "250 g", "500 g")
    ),
    Category("Pantry", 0.16, -0.10, 0.05, 0.04, 0.12, 0.003, 0.28, -1.0, 1.9, "grocery", ("400 g", "500 g", "1 kg")),
    Category(
        "Hot drinks", 0.10, -0.22, 0.08, 0.02, 0.08, 0.002, 0.12, -1.1, 4.5, "grocery", ("20 bags", "250 g", "500 g")
    ),
    Category(
        "Hygiene", 0.12, 0.00, 0.00, 0.00, 0.00, 0.000, 0.35, -1.0, 2.8, "drugstore", ("1 piece", "3 pieces", "750 ml")
    ),
    Category("Beauty", 0.10, 0.10, 0.25, 0.02, 0.06, 0.002, -0.35, -1.7, 7.5, "drugstore", ("50 ml", "200 ml")),
)

# --- Products --------------------------------------------------------------------------------------------------------
CASE_UNITS = (6, 12, 24)  # shrink packs
BRANDS_PER_CATEGORY = 3  # a leader and two others
PRICE_TIERS = ("value", "mainstream", "premium")  # a quarter, a half and a quarter of the products
TIER_PRICE = (0.75, 1.0, 1.5)  # relative to the category's median
