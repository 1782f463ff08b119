"""What the page *cost* says, in French and in English; it shares the words of charts and periods with *history*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.web.history import words as history_words
from gateway.web.words import ENGLISH, FRENCH, tied

if TYPE_CHECKING:
    from gateway.web.words import Words

# Of the history's those that stand on this page, too.
_SHARED = (
    "period day month year of_meter show bad_period bad_meter store_fault chart zoom_in zoom_out zoom_left zoom_right"
    " zoom_all zoom_hint loading no_chart chart_script values mark_partly mark_estimated tariff_word"
).split()

_FR: Words = {
    "cost": "Coût",
    "by_day": "Par jour",
    "by_month": "Par mois",
    "by_year": "Par an",
    "cost_empty": "Rien n’est encore enregistré : les coûts viennent avec les premiers jours entiers.",
    "no_tariff": (
        "Aucun tarif n’est écrit dans la configuration : ajoutez à gateway.toml une table [[tariff]] avec les prix de"
        " votre facture, taxes comprises, et redémarrez la passerelle. Par exemple :"
    ),
    "now_and_ahead": "Maintenant et à venir",
    "hour_now": "En ce moment",
    "an_hour": "{cost} par heure",
    "at_power": "{power} W en moyenne depuis cinq minutes, {word}",
    "not_now": "La consommation des dernières minutes n’est pas connue, ou n’a pas de prix.",
    "base_load_now": "Talon",
    "base_load_is": "ce que la maison tire la nuit, quand personne ne fait rien (médiane de 7 nuits)",
    "base_load_costs": "environ {cost} par an",
    "month_end": "Fin {when}, prévu",
    "until_today": "{euros} et {kwh} à ce jour ; {kwh_end} prévus",
    "until_today_kwh": "{kwh} à ce jour",
    "by_year_before": "D’après les mêmes jours de l’an passé et l’évolution des 28 derniers jours.",
    "by_recent_days": "D’après la moyenne des 28 derniers jours.",
    "too_new": "Prévision : il faut au moins trois jours entiers.",
    "objectives": "Objectifs",
    "no_objective": "Pas d’objectif : vous en fixez, en kWh ou en euros, sous « Réglages ».",
    "aim_month": "Ce mois : {goal}",
    "aim_year": "Cette année : {goal}",
    "aim_state": "{measured} à ce jour, {expected} prévus :",
    "kept": "en bonne voie",
    "will-exceed": "il sera dépassé si rien ne change",
    "exceeded": "dépassé",
    "costs": "Ce que cela a coûté",
    "said_last": "{when} : {total}",
    "said_part": "{when}, à ce jour : {total}",
    "said_against": "{change} par rapport à la même période un an avant",
    "said_against_now": "{change} par rapport à l’an passé à cette heure-ci",
    "energy": "Énergie",
    "subscription": "Abonnement",
    "income": "Vente",
    "total": "Total",
    "before": "Un an avant",
    "change": "Écart",
    "bar_cost": "Coût (€)",
    "bar_cost_before": "Un an avant (€)",
    "days_without": "{days} jours n’ont pas de tarif : leur coût manque. Vérifiez « from » et « until ».",
    "unpriced": "{kwh} n’ont pas de prix dans leur tarif ; classes comptées : {words}.",
    "tariffs": "Vos tarifs",
    "tariff_name": "Tarif",
    "from": "Du",
    "until": "Au",
    "a_month": "Abonnement par mois",
    "a_kwh": "Prix du kWh",
    "sold_kwh": "kWh vendu",
    "in_force": "en vigueur",
    "where_tariffs": "Ils sont écrits dans gateway.toml ([[tariff]]), taxes comprises.",
}

_EN: Words = {
    "cost": "Cost",
    "by_day": "By day",
    "by_month": "By month",
    "by_year": "By year",
    "cost_empty": "Nothing is stored yet: costs come with the first whole days.",
    "no_tariff": (
        "The configuration has no tariff: add a table [[tariff]] with the prices of your bill, taxes included, to"
        " gateway.toml, and start the gateway again. For example:"
    ),
    "now_and_ahead": "Now and ahead",
    "hour_now": "At the moment",
    "an_hour": "{cost} an hour",
    "at_power": "{power} W on average over five minutes, {word}",
    "not_now": "What was drawn in the last minutes is not known, or has no price.",
    "base_load_now": "Base load",
    "base_load_is": "what the house draws at night, when nobody does anything (median of 7 nights)",
    "base_load_costs": "about {cost} a year",
    "month_end": "End of {when}, expected",
    "until_today": "{euros} and {kwh} until today; {kwh_end} expected",
    "until_today_kwh": "{kwh} until today",
    "by_year_before": "By the same days of last year and the trend of the last 28 days.",
    "by_recent_days": "By the mean of the last 28 days.",
    "too_new": "Projection: it takes three whole days at least.",
    "objectives": "Objectives",
    "no_objective": "No objective: you set them, in kWh or in euros, under “Settings”.",
    "aim_month": "This month: {goal}",
    "aim_year": "This year: {goal}",
    "aim_state": "{measured} until today, {expected} expected:",
    "kept": "on the way to be kept",
    "will-exceed": "it will be exceeded if nothing changes",
    "exceeded": "exceeded",
    "costs": "What it has cost",
    "said_last": "{when}: {total}",
    "said_part": "{when}, until today: {total}",
    "said_against": "{change} against the same period a year before",
    "said_against_now": "{change} against last year by this time",
    "energy": "Energy",
    "subscription": "Subscription",
    "income": "Sold",
    "total": "Total",
    "before": "A year before",
    "change": "Change",
    "bar_cost": "Cost (€)",
    "bar_cost_before": "A year before (€)",
    "days_without": "{days} days have no tariff: their cost is missing. Check “from” and “until”.",
    "unpriced": "{kwh} have no price in their tariff; classes counted: {words}.",
    "tariffs": "Your tariffs",
    "tariff_name": "Tariff",
    "from": "From",
    "until": "To",
    "a_month": "Subscription a month",
    "a_kwh": "Price of a kWh",
    "sold_kwh": "kWh sold",
    "in_force": "in force",
    "where_tariffs": "They are written in gateway.toml ([[tariff]]), taxes included.",
}

WORDS = {
    lang: {key: history_words.WORDS[lang][key] for key in _SHARED} | {key: write(text) for key, text in own.items()}
    for lang, own, write in ((FRENCH, _FR, tied), (ENGLISH, _EN, str))
}
