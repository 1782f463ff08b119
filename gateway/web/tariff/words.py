"""What the page *tariff* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "my_tariff": "Your electricity tariff",
        "tariff_none": (
            "With your prices, you see what each day costs, what the month will come to, and what standby costs. Your"
            " prices stay in your home."
        ),
        "meter_says": "Your meter says: contract “{text}”, {power} kVA.",
        "meter_says_text": "Your meter says: contract “{text}”.",
        "meter_says_power": "Your meter says: {power} kVA.",
        "meter_says_nothing": "Your meter has not given its contract yet: it is on your bill.",
        "which_contract": "Your contract",
        "which_power": "Subscribed power",
        "power_kva": "{power} kVA",
        "power_unknown": "I do not know",
        "contract_base": "Base tariff",
        "contract_hc": "Peak and off-peak hours",
        "contract_tempo": "Tempo",
        "contract_ejp": "EJP",
        "contract_own": "Another plan",
        "about_base": "one price, day and night",
        "about_hc": "two prices",
        "about_tempo": "blue, white and red days",
        "about_ejp": "22 peak days a year",
        "about_own": "weekend, super off-peak, …: your own prices",
        "see_prices": "Continue to the prices",
        "new_contract": "I have changed contract",
        "new_prices": "The prices have changed",
        "new_tariff": "Your prices",
        "correct_tariff": "Correct a tariff",
        "changed_tariff": "New prices",
        "example_of": (
            "As an example, the “{name}” prices (EDF, regulated) as of {since}, read on {checked}. They change: enter"
            " those on your bill."
        ),
        "example_old": "These examples are old: compare each price with your bill.",
        "example_none": "No example for this contract at this power: enter the prices on your bill.",
        "own_prices": "Enter the prices on your bill.",
        "with_taxes": "All prices include taxes (TTC).",
        "not_counted": (
            "Your meter does not count these hours separately. It counts: {classes}. Only the subscription could be"
            " calculated."
        ),
        "tariff_called": "Name of the contract",
        "since_when": "These prices apply from",
        "since_hint": "Earlier consumption keeps its previous prices.",
        "since_hint_first": "The date is on your bill; costs are calculated from that day on.",
        "a_month_is": "Monthly subscription",
        "euros_a_month": "€ per month",
        "euros_a_kwh": "€ per kWh",
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
        "sell": "Do you sell your surplus?",
        "sold_at": "Selling price per kWh",
        "they_are_mine": "These are the prices on my bill",
        "wrong_name": "Give it a name of 1 to 40 characters.",
        "wrong_day": "Enter a date, for example 01/02/2026.",
        "wrong_year": "This date is not possible: from the year 2000 to a year from now.",
        "day_taken": "Another tariff starts on that day: correct that one, or choose another day.",
        "missing": "This price is missing: it is on your bill.",
        "no_number": "Enter a number, for example 0.1952.",
        "in_cents": "Enter this price in euros: 0.1952 for 19.52 cents.",
        "a_year": "This is more than a monthly subscription: divide the yearly amount by 12.",
        "tariff_saved": "Saved: your costs are now calculated with these prices.",
        "tariff_removed": "Removed.",
        "see_cost": "See my costs",
        "in_force_since": "in force since {since}",
        "in_force_from": "from {since}",
        "in_force_until": "from {since} to {until}",
        "subscription_is": Phrase("Subscription", "a month"),
        "sold_is": "Sale of the surplus",
        "per_month": "{price} per month",
        "per_kwh": "{price} per kWh",
        "correct_it": "Correct",
        "correct_named": "Correct the tariff of {since}",
        "remove_it": Phrase("Remove", "a tariff"),
        "remove_tariff": "Remove this tariff",
        "remove_named": "Remove the tariff of {since}",
        "remove_sure": (
            "What was consumed during this period will be calculated with the previous tariff, or have no price."
        ),
        "remove_needed": (
            "Your goals are in euros and need this tariff: remove them first, under “Settings”, “Goals”."
        ),
        "remove_yes": "Yes, remove it",
        "back_to_tariff": "Back to the tariff",
    }
)
TARIFF_WORDS = _OWN.with_those_of(FORM_WORDS)
