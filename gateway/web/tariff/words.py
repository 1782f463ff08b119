"""What the page *tariff* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "my_tariff": "Your electricity tariff",
        "tariff_none": (
            "With your prices the gateway says what each day costs, what the month will come to, and what is paid for"
            " what stays on at night. They stay in your house."
        ),
        "meter_says": "Your meter says: contract “{text}”, {power} kVA.",
        "meter_says_text": "Your meter says: contract “{text}”.",
        "meter_says_power": "Your meter says: {power} kVA.",
        "meter_says_nothing": "Your meter has not said its contract yet: it is on your bill.",
        "which_contract": "Your contract",
        "which_power": "Subscribed power",
        "power_kva": "{power} kVA",
        "power_unknown": "I do not know",
        "contract_base": "Base tariff",
        "contract_hc": "Peak and off-peak hours",
        "contract_tempo": "Tempo",
        "contract_ejp": "EJP",
        "contract_own": "Another offer",
        "about_base": "one price, day and night",
        "about_hc": "two prices",
        "about_tempo": "blue, white and red days",
        "about_ejp": "22 peak days a year",
        "about_own": "week-end, super off-peak, … : prices of your own",
        "see_prices": "Go on to the prices",
        "new_contract": "I have another contract",
        "new_prices": "The prices have changed",
        "new_tariff": "Your prices",
        "correct_tariff": "Correct a tariff",
        "changed_tariff": "New prices",
        "example_of": (
            "As an example, the prices of “{name}” (EDF, regulated) of {since}, read on {checked}. They change:"
            " write those of your bill."
        ),
        "example_old": "These are old: compare each one with your bill.",
        "example_none": "No example is known for this contract at this power: write the prices of your bill.",
        "own_prices": "Write the prices of your bill.",
        "with_taxes": "All with taxes (TTC).",
        "not_counted": (
            "Your meter does not count these hours apart. It counts: {classes}. Only the subscription would be reckoned"
            " with them."
        ),
        "tariff_called": "Name of the contract",
        "since_when": "These prices are in force since",
        "since_hint": "What was consumed before keeps its former prices.",
        "since_hint_first": "The day is on your bill; costs are reckoned from then on.",
        "a_month_is": "Subscription, a month",
        "euros_a_month": "€ a month",
        "euros_a_kwh": "€ a kWh",
        "class_base": "Price of a kWh",
        "class_hc": Phrase("Off-peak hours", "price of"),
        "class_hp": Phrase("Peak hours", "price of"),
        "class_hcjb": "Blue day, off-peak hours",
        "class_hpjb": "Blue day, peak hours",
        "class_hcjw": "White day, off-peak hours",
        "class_hpjw": "White day, peak hours",
        "class_hcjr": "Red day, off-peak hours",
        "class_hpjr": "Red day, peak hours",
        "class_hn": Phrase("Normal hours", "price of"),
        "class_pm": Phrase("Mobile peak", "price of"),
        "class_named": "Hours “{name}”",
        "class_other": "Hours “{word}”",
        "sell": "You sell your surplus?",
        "sold_at": "Price at which you sell a kWh",
        "they_are_mine": "These are the prices of my bill",
        "wrong_name": "Give it a name of 1 to 40 characters.",
        "wrong_day": "Write a date, such as 01/02/2026.",
        "wrong_year": "This date cannot be: from the year 2000 to a year from now.",
        "day_taken": "Another tariff begins on that day: correct that one, or choose another day.",
        "missing": "This price is missing: it is on your bill.",
        "no_number": "Write a number, such as 0.1952.",
        "in_cents": "Write this price in euros: 0.1952 for 19.52 cents.",
        "a_year": "This is more than a month’s subscription: divide that of a year by 12.",
        "tariff_saved": "Saved: what your house costs is reckoned with these prices from now on.",
        "tariff_removed": "Removed.",
        "see_cost": "See what it costs",
        "in_force_since": "in force since {since}",
        "in_force_from": "from {since}",
        "in_force_until": "from {since} to {until}",
        "subscription_is": Phrase("Subscription", "a month"),
        "sold_is": "Surplus sold",
        "per_month": "{price} a month",
        "per_kwh": "{price} a kWh",
        "correct_it": "Correct",
        "correct_named": "Correct the tariff of {since}",
        "remove_it": Phrase("Remove", "a tariff"),
        "remove_tariff": "Remove this tariff",
        "remove_named": "Remove the tariff of {since}",
        "remove_sure": "What was consumed in its time is reckoned with the tariff before it, or has no price.",
        "remove_needed": (
            "Your objectives are in euros, and need this tariff: take them away first, under “Settings”, “Objectives”."
        ),
        "remove_yes": "Yes, remove it",
        "back_to_tariff": "Back to the tariff",
    }
)
TARIFF_WORDS = _OWN.with_those_of(FORM_WORDS)
