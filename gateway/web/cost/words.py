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
        "from_grid": "Drawn from the grid",
        "energy": "Energy",
        "subscription": "Subscription",
        "income": "Sold",
        "total": "Total",
        "before": "A year before",
        "change": "Change",
        "than_year_before": "in a year",
        "days_without": "{days} days have no tariff: their cost is missing. Check their dates.",
        "without_price": "{kwh} have no price in their tariff; classes counted: {words}.",
        "offers_title": "And with another offer?",
        "offers_why": "Base, off-peak hours, Tempo: what you would have paid, by your own half hours.",
        "offers_compare": "Compare",
        "offers_of": "From {first} to {last}: {days} whole days, {kwh}, at today’s prices, subscription included.",
        "offers_short": "That is less than a year: winter and summer do not weigh alike.",
        "offers_empty": "It takes one whole day of measures at least.",
        "offers_refused": (
            "The hours of your tariff are not those by which your meter counts: nothing is compared before they agree."
        ),
        "offers_prices": (
            "Regulated prices of EDF of {since}, read on {checked}, as an example: they change, and other suppliers"
            " have others."
        ),
        "offers_old": "They are more than half a year old.",
        "offers_shared": "Much of it is shared out by time: small differences tell nothing.",
        "own_contract": "Your contract",
        "as_much": "as much as with your contract",
        "more_than_own": "{amount} more than with your contract",
        "less_than_own": "{amount} less than with your contract",
        "lacks_own": "The hours of your contract are not known on enough of these days.",
        "lacks_hours": "Your meter has not said which off-peak hours you would have.",
        "lacks_colours": "The colour of too many of these days is not known: a meter says it with Tempo alone.",
        "lacks_power": "Your meter has not said the subscribed power yet, on which the price depends.",
        "lacks_price": "It is not sold at your subscribed power, or its price is not known.",
        "suppose_title": "Off-peak hours to be tried",
        "suppose_why": "Enedis chooses them, town by town: type those of a neighbour, or try.",
        "suppose_since": Phrase("From", "time of day"),
        "suppose_until": Phrase("To", "time of day"),
        "suppose_refuted": "These are not the off-peak hours of your meter: its indexes tell others.",
        "suppose": "Reckon with these hours",
        "bad_hours": "“{said}” are no hours: write them as 22:30 and 06:30.",
        "back_to_cost": "Back to the cost",
        "tariffs": "Your tariffs",
        "from_on": "from {since}",
        "from_until": "from {since} to {until}",
        "per_month": "{price} a month",
        "per_kwh": "{price} a kWh",
        "in_force_since": "in force since {since}",
    }
)
WORDS = _OWN.with_those_of(history_words.WORDS, _SHARED)
