"""What the page *cost* says, in French and in English; it shares the words of charts and periods with *history*."""

from __future__ import annotations

from gateway.web.history import words as history_words
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

# Of the history's those that stand on this page, too.
_SHARED = (
    "period day month year of_meter show bad_period bad_meter store_fault bars values mark_partly mark_estimated"
    " is_estimated in_part"
).split()


_OWN = WordTable(
    {
        "cost": "Cost",
        "by_day": "By day",
        "by_month": "By month",
        "by_year": "By year",
        "cost_empty": "Nothing is stored yet: costs come with the first whole days.",
        "no_tariff": "What your house costs in euros takes the prices of your bill. It is a matter of two minutes.",
        "set_tariff": "Choose my tariff",
        "change_tariffs": "Change the tariff, add new prices",
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
        "too_new": Phrase("Projection: it takes three whole days at least.", "too new"),
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
        "days_without": "{days} days have no tariff: their cost is missing. Check their dates.",
        "unpriced": "{kwh} have no price in their tariff; classes counted: {words}.",
        "tariffs": "Your tariffs",
        "tariff_name": "Tariff",
        "from": Phrase("From", "from"),
        "until": "To",
        "a_month": "Subscription a month",
        "a_kwh": "Price of a kWh",
        "sold_kwh": "kWh sold",
        "in_force": Phrase("in force", "in force"),
    }
)
WORDS = _OWN.with_those_of(history_words.WORDS, _SHARED)
