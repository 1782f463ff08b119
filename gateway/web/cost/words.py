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
        "cost_empty": "Nothing is stored yet: costs appear after the first whole days.",
        "no_tariff": "To see your costs in euros, enter the prices on your bill: it takes two minutes.",
        "set_tariff": "Enter my tariff",
        "change_tariffs": "Change the tariff or add new prices",
        "hour_now": "Right now",
        "an_hour": "{cost} per hour",
        "at_power": "{power} W on average over five minutes, {word}",
        "not_now": "Consumption over the last minutes is unknown, or has no price in your tariff.",
        "base_load_now": "Standby consumption",
        "base_load_is": "what the house uses at night, when everybody is asleep (measured over 7 nights)",
        "base_load_costs": "about {cost} per year",
        "until_today": "so far, {kwh}",
        "until_now": Phrase("so far", "so far"),
        "month_end": "Expected at the end of {when}:",
        "by_year_before": "Based on the same days last year and the trend of the last 28 days.",
        "by_recent_days": "Based on the average of the last 28 days.",
        "counted_since": "Counted since {day}.",
        "too_new": Phrase("A forecast is available after three whole days.", "too new"),
        "partly_priced": "Incomplete amount: part of your consumption has no price in your tariff.",
        "partly_known": "Part of this month is unknown or estimated.",
        "set_budget": "Set a monthly budget",
        "budget_is": "Budget: {goal}",
        "aim_is": "Goal: {goal}",
        "left_days": "{amount} left for {days} days",
        "left_today": "{amount} left for today",
        "over": "{amount} over",
        "kept": "On track",
        "will-exceed": "At this rate, it will be exceeded",
        "exceeded": "Exceeded",
        "unpriced": Phrase(
            ("Part of this period has no price: there is no telling whether the goal will be met."), "goal"
        ),
        "costs": "What it has cost",
        "said_last": "{when}: {total}",
        "said_part": "{when}, so far: {total}",
        "said_against": "{change} compared with the same period a year before",
        "said_against_now": "{change} compared with last year at this point",
        "consumed": Phrase("Consumption", "kWh of a bill"),
        "from_grid": "Drawn from the grid",
        "energy": "Energy",
        "subscription": "Subscription",
        "income": "Sold",
        "total": "Total",
        "before": "A year before",
        "change": "Change",
        "than_year_before": "in a year",
        "without_price": "{kwh} have no price in your tariff; price periods concerned: {words}.",
        "offers_title": "Would another plan be cheaper?",
        "offers_why": "Base, off-peak hours, Tempo: what you would have paid, based on your own half hours.",
        "offers_compare": "Compare",
        "offers_of": "From {first} to {last}: {days} whole days, {kwh}, at today’s prices, subscription included.",
        "offers_short": "Less than a year of readings: winter and summer do not count equally.",
        "offers_empty": "It takes at least one whole day of readings.",
        "offers_refused": "The hours in your tariff do not match your meter’s: no comparison until they do.",
        "offers_prices": (
            "EDF’s regulated prices as of {since}, read on {checked}, as an example: they change, and other suppliers"
            " have their own."
        ),
        "offers_old": "They are more than six months old.",
        "offers_shared": "Much of it is estimated: small differences mean nothing.",
        "own_contract": "Your contract",
        "as_much": "the same as with your contract",
        "more_than_own": "{amount} more than with your contract",
        "less_than_own": "{amount} less than with your contract",
        "lacks_own": "The hours of your contract are unknown for too many of these days.",
        "lacks_hours": "Your meter has not said which off-peak hours you would have.",
        "lacks_colours": "The colour of too many of these days is unknown: the meter only gives it with Tempo.",
        "lacks_power": "Your meter has not given your subscribed power yet, and the price depends on it.",
        "lacks_price": "This plan is not sold at your subscribed power, or its price is not known.",
        "suppose_title": "Off-peak hours to try",
        "suppose_why": "Enedis sets them, town by town: enter a neighbour’s, or experiment.",
        "suppose_since": Phrase("From", "time of day"),
        "suppose_until": Phrase("To", "time of day"),
        "suppose_refuted": "These are not your meter’s off-peak hours: its indexes show different ones.",
        "suppose": "Calculate with these hours",
        "bad_hours": "“{said}” are not valid times: write them as 22:30 and 06:30.",
        "back_to_cost": "Back to Cost",
        "tariffs": "Your tariffs",
        "from_on": "from {since}",
        "from_until": "from {since} to {until}",
        "per_month": "{price} per month",
        "per_kwh": "{price} per kWh",
        "in_force_since": "in force since {since}",
    }
)
WORDS = _OWN.with_those_of(history_words.WORDS, _SHARED)
