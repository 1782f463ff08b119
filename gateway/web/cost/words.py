"""What the page *cost* says, in French and in English; it shares the words of charts and periods with *history*."""

from __future__ import annotations

from gateway.web.history import words as history_words
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

# Of the history's those that stand on this page, too.
_SHARED = (
    "period day month year of_meter show bad_period bad_meter store_fault bars values mark_partly mark_estimated"
    " is_estimated in_part mark_unpriced"
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
        "hour_now": "At the moment",
        "an_hour": "{cost} an hour",
        "at_power": "{power} W on average over five minutes, {word}",
        "not_now": "What was drawn in the last minutes is not known, or has no price.",
        "base_load_now": "Standby consumption",
        "base_load_is": "what the house draws at night, when nobody does anything (median of 7 nights)",
        "base_load_costs": "about {cost} a year",
        "until_today": "until today, {kwh}",
        "until_now": Phrase("until today", "so far"),
        "month_end": "End of {when}, expected:",
        "by_year_before": "By the same days of last year and the trend of the last 28 days.",
        "by_recent_days": "By the mean of the last 28 days.",
        "counted_since": "Counted from {day} on.",
        "too_new": Phrase("The forecast comes after three whole days.", "too new"),
        "partly_priced": "Without what has no price in your tariff.",
        "partly_known": "A part of this month is not known, or is estimated.",
        "set_budget": "Set a budget for the month",
        "budget_is": "Budget: {goal}",
        "aim_is": "Goal: {goal}",
        "left_days": "{amount} left for {days} days",
        "left_today": "{amount} left for today",
        "over": "{amount} too much",
        "kept": "On the way to be kept",
        "will-exceed": "It will be exceeded at this pace",
        "exceeded": "Exceeded",
        "unpriced": Phrase("A part of this period has no price: nobody knows whether it is kept.", "goal"),
        "costs": "What it has cost",
        "said_last": "{when}: {total}",
        "said_part": "{when}, until today: {total}",
        "said_against": "{change} against the same period a year before",
        "said_against_now": "{change} against last year by this time",
        "consumed": Phrase("Consumption", "kWh of a bill"),
        "energy": "Energy",
        "subscription": "Subscription",
        "income": "Sold",
        "total": "Total",
        "before": "A year before",
        "change": "Change",
        "days_without": "{days} days have no tariff: their cost is missing. Check their dates.",
        "without_price": "{kwh} have no price in their tariff; classes counted: {words}.",
        "tariffs": "Your tariffs",
        "from_on": "from {since}",
        "from_until": "from {since} to {until}",
        "per_month": "{price} a month",
        "per_kwh": "{price} a kWh",
        "in_force_since": "in force since {since}",
    }
)
WORDS = _OWN.with_those_of(history_words.WORDS, _SHARED)
