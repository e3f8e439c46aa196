"""Sentences of reasons in the languages of the markets: the one place where they are translated.

A sentence is a template with facts: months, units, names. Not here: the choice of a sentence (``forecast_reasons.py``,
``rule_sentences.py``).
"""

from collections.abc import Mapping

import pandas as pd

from forecast_assets.domain.languages import LANGUAGES
from forecast_assets.domain.number_format import format_units

MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "de": ("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
    "es": ("ene.", "feb.", "mar.", "abr.", "may.", "jun.", "jul.", "ago.", "sept.", "oct.", "nov.", "dic."),
}
# By key: one sentence per language, in the order of LANGUAGES.
TEMPLATES: dict[str, tuple[str, str, str, str]] = {
    "model": (
        "Model: {forecast} units; {then} had {last}.",
        "Modèle : {forecast} unités ; {last} en {then}.",
        "Modell: {forecast} Stück; {then} hatte {last}.",
        "Modelo: {forecast} unidades; {then} tuvo {last}.",
    ),
    "model_alone": (
        "Model: {forecast} units; the same month of last year is not known.",
        "Modèle : {forecast} unités ; le même mois de l'an dernier n'est pas connu.",
        "Modell: {forecast} Stück; der gleiche Monat des Vorjahres ist nicht bekannt.",
        "Modelo: {forecast} unidades; no se conoce el mismo mes del año pasado.",
    ),
    "champion": (
        "Model by the recipe in force: {reason}.",
        "Modèle de la recette en vigueur : {reason}.",
        "Modell nach dem geltenden Rezept: {reason}.",
        "Modelo según la receta vigente: {reason}.",
    ),
    "baseline": (
        "Holt-Winters instead of the model: {reason}.",
        "Holt-Winters au lieu du modèle : {reason}.",
        "Holt-Winters statt des Modells: {reason}.",
        "Holt-Winters en lugar del modelo: {reason}.",
    ),
    "last published": (
        "The last published forecast again: {reason}.",
        "De nouveau la dernière prévision publiée : {reason}.",
        "Noch einmal die letzte veröffentlichte Prognose: {reason}.",
        "De nuevo la última previsión publicada: {reason}.",
    ),
    "override": (
        "Override by {author}: {number} instead of {before} units, reason: {reason}.",
        "Correction de {author} : {number} au lieu de {before} unités, raison : {reason}.",
        "Korrektur von {author}: {number} statt {before} Stück, Grund: {reason}.",
        "Corrección de {author}: {number} en lugar de {before} unidades, motivo: {reason}.",
    ),
    "end_of_life": (
        "Ends {end} (products, known since {since}): zero from {after}.",
        "S'arrête en {end} (products, connu depuis {since}) : zéro à partir de {after}.",
        "Endet {end} (products, bekannt seit {since}): null ab {after}.",
        "Termina en {end} (products, conocido desde {since}): cero desde {after}.",
    ),
    "end_before_window": (
        "Ends {end} (products): zero from {after}.",
        "S'arrête en {end} (products) : zéro à partir de {after}.",
        "Endet {end} (products): null ab {after}.",
        "Termina en {end} (products): cero desde {after}.",
    ),
    "end_of_last_published": (
        "Its end was known to the last published forecast: zero after it.",
        "Sa fin était connue de la dernière prévision publiée : zéro ensuite.",
        "Das Ende war der letzten veröffentlichten Prognose bekannt: danach null.",
        "Su fin constaba en la última previsión publicada: cero después.",
    ),
    "seasonal": (
        "Sold in a few months of each year: the mean of earlier seasons.",
        "Vendu quelques mois par an : la moyenne des saisons passées.",
        "Verkauf nur in wenigen Monaten des Jahres: das Mittel früherer Saisons.",
        "Se vende pocos meses al año: la media de temporadas anteriores.",
    ),
    "all_zero": (
        "No sale in the last 12 months: zero.",
        "Aucune vente ces 12 derniers mois : zéro.",
        "Kein Verkauf in den letzten 12 Monaten: null.",
        "Ninguna venta en los últimos 12 meses: cero.",
    ),
    "new_with_reference": (
        "Launch: level of {reference}{curve} x season.",
        "Lancement : niveau de {reference}{curve} x saison.",
        "Einführung: Niveau von {reference}{curve} x Saison.",
        "Lanzamiento: nivel de {reference}{curve} x temporada.",
    ),
    "new_with_like_items": (
        "Launch: level of {relatives} similar products{curve} x season.",
        "Lancement : niveau de {relatives} produits similaires{curve} x saison.",
        "Einführung: Niveau von {relatives} ähnlichen Produkten{curve} x Saison.",
        "Lanzamiento: nivel de {relatives} productos similares{curve} x temporada.",
    ),
    "new_without_relative": (
        "Launch without a similar product: own level{curve} x season.",
        "Lancement sans produit similaire : niveau propre{curve} x saison.",
        "Einführung ohne ähnliches Produkt: eigenes Niveau{curve} x Saison.",
        "Lanzamiento sin producto similar: nivel propio{curve} x temporada.",
    ),
    "curve": (
        " x curve of {launches} launches",
        " x courbe de {launches} lancements",
        " x Kurve von {launches} Einführungen",
        " x curva de {launches} lanzamientos",
    ),
    "new": (
        "Launch: forecast by the rule of new products.",
        "Lancement : prévu par la règle des nouveaux produits.",
        "Einführung: nach der Regel für neue Produkte prognostiziert.",
        "Lanzamiento: previsto por la regla de productos nuevos.",
    ),
    "returned": (
        "Back after at least 12 months without a sale: the level since then.",
        "De retour après au moins 12 mois sans vente : le niveau depuis.",
        "Zurück nach mindestens 12 Monaten ohne Verkauf: das Niveau seither.",
        "De vuelta tras al menos 12 meses sin ventas: el nivel desde entonces.",
    ),
    "dying": (
        "Sales are fading: 10 % less with every month.",
        "Les ventes s'éteignent : 10 % de moins chaque mois.",
        "Der Verkauf läuft aus: jeden Monat 10 % weniger.",
        "Las ventas se apagan: un 10 % menos cada mes.",
    ),
    "level": (
        "Level: {signed} units, {level_now} a month instead of {level_then}.",
        "Niveau : {signed} unités, {level_now} par mois au lieu de {level_then}.",
        "Niveau: {signed} Stück, {level_now} im Monat statt {level_then}.",
        "Nivel: {signed} unidades, {level_now} al mes en lugar de {level_then}.",
    ),
    "season": (
        "Season: {signed} units against the usual season of the month.",
        "Saison : {signed} unités par rapport à la saison habituelle du mois.",
        "Saison: {signed} Stück gegenüber der üblichen Saison des Monats.",
        "Temporada: {signed} unidades frente a la temporada habitual del mes.",
    ),
    "one_off_above": (
        "{then} was above its usual level and season: {signed} units.",
        "{then} était au-dessus de son niveau et de sa saison habituels : {signed} unités.",
        "{then} lag über dem üblichen Niveau und der Saison: {signed} Stück.",
        "{then} estuvo por encima de su nivel y temporada habituales: {signed} unidades.",
    ),
    "one_off_below": (
        "{then} was below its usual level and season: {signed} units.",
        "{then} était au-dessous de son niveau et de sa saison habituels : {signed} unités.",
        "{then} lag unter dem üblichen Niveau und der Saison: {signed} Stück.",
        "{then} estuvo por debajo de su nivel y temporada habituales: {signed} unidades.",
    ),
    "promotion_planned": (
        "Promotion planned: {signed} units.",
        "Promotion prévue : {signed} unités.",
        "Aktion geplant: {signed} Stück.",
        "Promoción planificada: {signed} unidades.",
    ),
    "promotion_expected": (
        "Promotions expected from earlier years: {signed} units.",
        "Promotions attendues d'après les années passées : {signed} unités.",
        "Aktionen nach früheren Jahren erwartet: {signed} Stück.",
        "Promociones esperadas según años anteriores: {signed} unidades.",
    ),
    "promotion_not_repeated": (
        "Promotion of {then} not repeated: {signed} units.",
        "Promotion de {then} non répétée : {signed} unités.",
        "Aktion von {then} nicht wiederholt: {signed} Stück.",
        "Promoción de {then} no repetida: {signed} unidades.",
    ),
    "promotion_changed": (
        "Promotions: {signed} units, an effect of {promotion_now} instead of {promotion_then} in {then}.",
        "Promotions : {signed} unités, un effet de {promotion_now} au lieu de {promotion_then} en {then}.",
        "Aktionen: {signed} Stück, eine Wirkung von {promotion_now} statt {promotion_then} im {then}.",
        "Promociones: {signed} unidades, un efecto de {promotion_now} en lugar de {promotion_then} en {then}.",
    ),
    "price": (
        "Price and distribution: {signed} units.",
        "Prix et distribution : {signed} unités.",
        "Preis und Distribution: {signed} Stück.",
        "Precio y distribución: {signed} unidades.",
    ),
    "stock": (
        "Stock and orders of the trade: {signed} units.",
        "Stock et commandes du commerce : {signed} unités.",
        "Bestand und Bestellungen des Handels: {signed} Stück.",
        "Existencias y pedidos del comercio: {signed} unidades.",
    ),
    "rest": (
        "Other causes: {signed} units.",
        "Autres causes : {signed} unités.",
        "Andere Ursachen: {signed} Stück.",
        "Otras causas: {signed} unidades.",
    ),
}  # fmt: skip


def sentence(language: str, key: str, **facts: object) -> str:
    """Return a sentence with its facts: months and numbers are written as people read them.

    Raises:
        ValueError: If there are no sentences in the language.
    """
    return filled(language, TEMPLATES[key], facts)


def filled(language: str, templates: tuple[str, str, str, str], facts: Mapping[str, object]) -> str:
    """Return the template of a language with its facts; months and numbers are written as people read them.

    Raises:
        ValueError: If there are no sentences in the language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no sentences in {language!r}; languages: {', '.join(LANGUAGES)}")
    written = {name: _written(language, name, value) for name, value in facts.items()}
    text = templates[LANGUAGES.index(language)].format(**written)
    return text[:1].upper() + text[1:]


def _written(language: str, name: str, value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{MONTHS[language][value.month - 1]} {value.year}"
    if isinstance(value, float):
        text = format_units(round(value, 1))
        return f"+{text}" if name == "signed" and value > 0 else text
    return str(value)
