"""Sentences of a review in the languages of the markets. Not here: the choice of a sentence."""

from forecast_assets.domain.languages import LANGUAGES
from forecast_assets.domain.number_format import format_percent
from forecast_assets.domain.reasons.sentences import filled

# By key: one sentence per language, in the order of LANGUAGES.
TEMPLATES: dict[str, tuple[str, str, str, str]] = {
    "ends": (
        "Ends {end}: zero from {after}.",
        "S'arrête en {end} : zéro à partir de {after}.",
        "Endet {end}: null ab {after}.",
        "Termina en {end}: cero desde {after}.",
    ),
    "no_longer_forecast": (
        "Forecast last month, and no longer.",
        "Prévu le mois dernier, plus maintenant.",
        "Im letzten Monat prognostiziert, jetzt nicht mehr.",
        "Previsto el mes pasado, ya no.",
    ),
    "launch_in": (
        "Launch in {launch}.",
        "Lancement en {launch}.",
        "Einführung {launch}.",
        "Lanzamiento en {launch}.",
    ),
    "launch": ("Launch.", "Lancement.", "Einführung.", "Lanzamiento."),
    "override_due": (
        "Override of {month} not entered again: {then} then, {current} now.",
        "Correction de {month} non ressaisie : {then} alors, {current} maintenant.",
        "Korrektur für {month} nicht wieder eingegeben: damals {then}, jetzt {current}.",
        "Corrección de {month} no introducida de nuevo: {then} entonces, {current} ahora.",
    ),
    "unusual_month": (
        "{month} is unusual: {units} units; {cleaned} are learned from.",
        "{month} est inhabituel : {units} unités ; {cleaned} sont retenues.",
        "{month} ist ungewöhnlich: {units} Stück; gelernt wird aus {cleaned}.",
        "{month} es inusual: {units} unidades; se aprende de {cleaned}.",
    ),
    "restated_month": (
        "Sell-in of {month} was restated.",
        "Le sell-in de {month} a été corrigé.",
        "Der Sell-in von {month} wurde berichtigt.",
        "El sell-in de {month} se ha corregido.",
    ),
    "outside_last_band": (
        "{month} sold {units}, outside last month's band of {low} to {high}.",
        "{month} : {units} vendues, hors de la fourchette de {low} à {high}.",
        "{month}: {units} verkauft, außerhalb des Bands von {low} bis {high}.",
        "{month}: {units} vendidas, fuera de la banda de {low} a {high}.",
    ),
    "bias_high": (
        "Forecast too high in each of {months} months: {signed} units.",
        "Prévision trop haute chacun des {months} mois : {signed} unités.",
        "Prognose in jedem von {months} Monaten zu hoch: {signed} Stück.",
        "Previsión demasiado alta en cada uno de {months} meses: {signed} unidades.",
    ),
    "bias_low": (
        "Forecast too low in each of {months} months: {signed} units.",
        "Prévision trop basse chacun des {months} mois : {signed} unités.",
        "Prognose in jedem von {months} Monaten zu niedrig: {signed} Stück.",
        "Previsión demasiado baja en cada uno de {months} meses: {signed} unidades.",
    ),
    "holt_winters_better": (
        "Holt-Winters has {share} less error on the backtest.",
        "Holt-Winters a {share} d'erreur en moins au backtest.",
        "Holt-Winters hat im Backtest {share} weniger Fehler.",
        "Holt-Winters tiene {share} menos de error en el backtest.",
    ),
    "changed": (
        "{signed} units against last month's forecast, most by {cause}.",
        "{signed} unités par rapport à la prévision du mois dernier, surtout : {cause}.",
        "{signed} Stück gegenüber der Prognose des letzten Monats, vor allem: {cause}.",
        "{signed} unidades frente a la previsión del mes pasado, sobre todo: {cause}.",
    ),
    "differs_from_holt_winters": (
        "{signed} units against Holt-Winters; there is no earlier forecast.",
        "{signed} unités par rapport à Holt-Winters ; pas de prévision antérieure.",
        "{signed} Stück gegenüber Holt-Winters; keine frühere Prognose.",
        "{signed} unidades frente a Holt-Winters; sin previsión anterior.",
    ),
    "unchanged": ("As before.", "Comme avant.", "Wie zuvor.", "Como antes."),
}
CAUSES: dict[str, tuple[str, str, str, str]] = {
    "new_actuals": ("new actuals", "nouvelles ventes", "neue Ist-Werte", "nuevas ventas reales"),
    "promotion_plan": ("promotion plan", "plan promotionnel", "Aktionsplan", "plan de promociones"),
    "launch_or_end": ("launch or end", "lancement ou arrêt", "Einführung oder Ende", "lanzamiento o fin"),
    "override": ("override", "correction", "Korrektur", "corrección"),
    "recipe": ("recipe", "recette", "Rezept", "receta"),
    "restated": ("restated data", "données corrigées", "berichtigte Daten", "datos corregidos"),
    "rest": ("other causes", "autres causes", "andere Ursachen", "otras causas"),
}


def review_sentence(language: str, key: str, **facts: object) -> str:
    """Return a sentence of a review with its facts.

    Raises:
        ValueError: If there are no sentences in the language.
    """
    written = dict(facts)
    if "share" in written:
        written["share"] = format_percent(float(str(written["share"])))
    if "cause" in written and language in LANGUAGES:
        written["cause"] = CAUSES[str(written["cause"])][LANGUAGES.index(language)]
    return filled(language, TEMPLATES[key], written)
