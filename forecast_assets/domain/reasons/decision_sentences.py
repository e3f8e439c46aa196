"""Reasons of a publication, and of a planner's number, in the languages of the markets.

They are stored in English, for every reader of the table. A sentence of a market has them in its language: each part
that the code writes is replaced by its translation; what a person has written stays as it is.
"""

import re

from forecast_assets.domain.languages import LANGUAGES
from forecast_assets.domain.publication.override_entries import OVERRIDE_REASONS

# Part as a pattern, with French, German and Spanish, in the order of LANGUAGES.
DECISIONS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"no backtest: too little history",
        "pas de backtest : historique trop court",
        "kein Backtest: zu kurze Historie",
        "sin backtest: historial demasiado corto",
    ),
    (
        r"no WAPE in the backtest: nothing was sold in the months scored",
        "pas de WAPE au backtest : rien ne s'est vendu pendant ses mois",
        "kein WAPE im Backtest: in seinen Monaten wurde nichts verkauft",
        "sin WAPE en el backtest: no se vendió nada en sus meses",
    ),
    (
        r"no recipe is left that may forecast",
        "il ne reste aucune recette autorisée",
        "kein zugelassenes Rezept ist übrig",
        "no queda ninguna receta permitida",
    ),
    (
        r"no recipe was decided on",
        "aucune recette n'a été décidée",
        "über kein Rezept wurde entschieden",
        "no se decidió ninguna receta",
    ),
    (
        r"no forecasts of this month were made",
        "aucune prévision de ce mois n'a été faite",
        "für diesen Monat wurden keine Prognosen erstellt",
        "no se hicieron previsiones de este mes",
    ),
    (
        r" and no baseline; stale since (\S+)",
        r" ni de référence ; la dernière date de \1",
        r", auch keine Vergleichsprognose; die letzte ist von \1",
        r" ni de referencia; la última es de \1",
    ),
    (
        r"(model|champion) worse than seasonal naive; ",
        "moins bon que le naïf saisonnier ; ",
        "schlechter als die saisonale naive Prognose; ",
        "peor que el ingenuo estacional; ",
    ),
    (
        r"backtest WAPE model (\S+), baseline (\S+), naive (\S+);",
        r"WAPE au backtest : modèle \1, Holt-Winters \2, naïf \3 ;",
        r"WAPE im Backtest: Modell \1, Holt-Winters \2, naiv \3;",
        r"WAPE en el backtest: modelo \1, Holt-Winters \2, ingenuo \3;",
    ),
    (
        r"backtest WAPE champion (\S+), baseline (\S+), naive (\S+);",
        r"WAPE au backtest : recette en vigueur \1, Holt-Winters \2, naïf \3 ;",
        r"WAPE im Backtest: geltendes Rezept \1, Holt-Winters \2, naiv \3;",
        r"WAPE en el backtest: receta vigente \1, Holt-Winters \2, ingenuo \3;",
    ),
    (
        r"(model|champion) against baseline:",
        "contre Holt-Winters :",
        "gegen Holt-Winters:",
        "frente a Holt-Winters:",
    ),
    (r"\bnot decidable\b", "pas décidable", "nicht entscheidbar", "no decidible"),
    (r"\bindistinguishable\b", "pas de différence", "kein Unterschied", "sin diferencia"),
    (r"\bbetter\b", "meilleur", "besser", "mejor"),
    (r"\bworse\b", "moins bon", "schlechter", "peor"),
    (
        r"\((\d+) origins, (\d+) SKUs; needs (\d+) origins and (\d+) SKUs\)",
        r"(\1 origines, \2 SKU ; il faut \3 origines et \4 SKU)",
        r"(\1 Ursprünge, \2 SKUs; nötig sind \3 Ursprünge und \4 SKUs)",
        r"(\1 orígenes, \2 SKU; hacen falta \3 orígenes y \4 SKU)",
    ),
    (
        r"\(WAPE ratio (\S+), 90 % interval (\S+) to (\S+)\)",
        r"(rapport des WAPE \1, intervalle à 90 % de \2 à \3)",
        r"(Verhältnis der WAPE \1, 90-%-Intervall \2 bis \3)",
        r"(cociente de WAPE \1, intervalo del 90 % de \2 a \3)",
    ),
)
OVERRIDES: dict[str, tuple[str, str, str]] = {
    "promotion": ("promotion", "Aktion", "promoción"),
    "listing": ("référencement", "Listung", "alta en surtido"),
    "delisting": ("déréférencement", "Auslistung", "baja de surtido"),
    "price": ("prix", "Preis", "precio"),
    "supply": ("approvisionnement", "Versorgung", "suministro"),
    "event": ("événement", "Ereignis", "evento"),
    "customer information": ("information client", "Kundeninformation", "información del cliente"),
    "correction": ("correction", "Korrektur", "corrección"),
}
# What an import adds behind the comment: the number that was replaced, the total it came from, the approver.
ADDED: tuple[tuple[str, str, str, str], ...] = (
    (r"\(replaces (\S+) by ", r"(remplace \1 de ", r"(ersetzt \1 von ", r"(sustituye \1 de "),
    (r"\(total of ", "(total de ", "(Summe von ", "(total de "),
    (r"\(approved by ", "(approuvé par ", "(genehmigt von ", "(aprobado por "),
    (r"\(self-declared\)", "(selon ses dires)", "(nach eigener Angabe)", "(según declara)"),
    (r"\(signed in\)", "(connecté)", "(angemeldet)", "(identificado)"),
)


def decision_in(language: str, reason: str) -> str:
    """Return the reason of a published source in a language."""
    return _translated(language, reason, DECISIONS)


def override_reason_in(language: str, reason: str) -> str:
    """Return the reason of a planner's number in a language; the comment stays as it was written."""
    kind, colon, rest = reason.partition(":")
    if language != LANGUAGES[0] and kind in OVERRIDE_REASONS:
        reason = OVERRIDES[kind][_place(language)] + colon + rest
    return _translated(language, reason, ADDED)


def _translated(language: str, text: str, parts: tuple[tuple[str, str, str, str], ...]) -> str:
    if language == LANGUAGES[0]:
        return text
    for pattern, *translations in parts:
        text = re.sub(pattern, translations[_place(language)], text)
    return text


def _place(language: str) -> int:
    return LANGUAGES.index(language) - 1
