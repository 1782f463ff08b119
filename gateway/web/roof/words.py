"""What the page *my roof* says, in French and in English; it shares the words of charts with *history*."""

from __future__ import annotations

from gateway.web.history import words as history_words
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_SHARED = "previous next date show of_meter bad_meter bad_day store_fault bars values mark_estimated".split()

_OWN = WordTable(
    {
        "roof": "My solar roof",
        "for_roof": "Your part of a shared roof beside your consumption",
        "roof_none": "You have no shares of a solar roof here yet.",
        "roof_how": (
            "Your co-operative gives you a file for its roof. Whoever installed the gateway adds it to the"
            " configuration with the number of your shares."
        ),
        "worth": "Your shares are worth {amount} at their price.",
        "roof_now": Phrase("Right now", "a roof"),
        "roof_today": Phrase("Today", "a roof"),
        "roof_year": "This year",
        "mean_until": "the whole roof, on average until {when}",
        "no_power": "no recent reading",
        "yours": "yours: {kwh}",
        "yours_unknown": "yours: unknown",
        "since_day": "since {day}",
        "silent": "Nothing has been received for hours from: {names}. Without it the roof’s total is unknown.",
        "nothing_yet": "no reading since midnight",
        "not_from_midnight": "readings since midnight are missing",
        "nothing_received": (
            "Nothing has been received from this roof yet. Its co-operative has to say yes to your gateway; “Status”"
            " says where this stands."
        ),
        "beside": "Your part and your consumption",
        "my_part": "Your part",
        "used": "Drawn from the grid",
        "covered": "Covered by your part",
        "rest": "Not covered",
        "used_alone": "Drawn from the grid; your part is unknown",
        "said_day": "Your part made {mine}; at the same time you drew {drawn}. It covered {covered} of that: {share}.",
        "said_day_none": "Your part and your consumption are not known together for any half hour of this day.",
        "missing_half_hours": "Unknown half hours, not counted: {count}.",
        "some_estimated": "Some half hours are estimated.",
        "saved": "This energy would have cost {amount} at your tariff.",
        "saved_note": (
            "Your bill only falls by this if the roof’s energy is shared with you (collective self-consumption)."
        ),
        "saved_unknown": "Part of this energy has no price in your tariff: its value is unknown.",
        "saved_no_tariff": "To see its value in euros, enter the prices on your bill.",
        "set_tariff": "Enter my tariff",
        "half_hour": "Half hour",
        "upkeep": "Upkeep of the roof",
        "planned": "Planned in {year}: {amount}",
        "spent": "Spent: {amount}",
        "budget_left": "{amount} left",
        "budget_over": "{amount} more than planned",
        "spent_on": "What was spent",
    }
)
WORDS = _OWN.with_those_of(history_words.WORDS, _SHARED)
