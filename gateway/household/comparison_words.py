"""The words of ``compare`` in French and English, key by key the same."""

from __future__ import annotations

from gateway.words.table import WordTable

COMPARISON_TEXTS = WordTable(
    {
        "head": "{meter}: what your own days cost under other offers, in euros, taxes included",
        "days": "From {first} to {last}, on the same {days} days for all ({known} of {all} are known): {kwh} kWh.",
        "nothing": "{meter}: no whole day is stored yet for these dates.",
        "month": "Month",
        "kwh": "kWh",
        "total": "Total",
        "difference": "Apart",
        "own": "yours",
        "own-line": "yours: {name}, by its hours",
        "own-checked": "yours: {name}, by its hours (prices checked {checked})",
        "offer-line": "{letter}: {name}, prices from {since} on ({source}; checked {checked})",
        "dated-line": "{letter}: {name} ({source}; checked {checked})",
        "class": "Offer, class",
        "euros": "Euros",
        "subscription": "subscription",
        "by-class": "By class",
        "not-computable": "{name}: not computable: {why}.",
        "old": "{names}: nobody has checked these prices for more than six months; look at a price sheet or your bill.",
        "example": "{names}: examples that came with this program; their prices need not be those of today.",
        "today": "Today's prices on past energy: what these days would cost now, with your habits as they were. It is"
        " no bill: `linky-gateway cost` says what was paid.",
        "dated": "Each day at the prices of its time: what would have been paid, with your habits as they were.",
        "incomplete": "Not a whole year: nothing is projected. An offer with seasons, or with red days, may look better"
        " or worse than it is.",
        "left-out": "{name}: {days} known days are left out of all offers, as it does not know their class or price.",
        "shared": "{name}: {kwh} kWh lie across its hours' ends and are shared out by time.",
        "much-shared": "{name}: {percent} of the energy is shared out by time, too much to believe the difference.",
        "tempo": "Of {days} days the colour is known: {red} are red, {white} white. A whole year has 22 and 43.",
        "outside": "What you inject, your part of a shared roof, aids: in none of these offers, so not counted here.",
        "check": "The check: your contract by its hours, and by the indexes of your meter, in kWh",
        "by-hours": "By hours",
        "by-index": "By index",
        "apart": "Apart",
        "good": "Your contract by its hours comes to what your meter counted.",
        "refused": "Nothing is compared: in {month} {word} is {hours} kWh by the hours of your contract and {index} kWh"
        " by your meter's index. These cannot be its hours. Compare them with your bill: [[off_peak]] for hours that"
        " moved, [[tariff]] for a contract that changed.",
        "heard": "Your off-peak hours are those that your meter was heard to have from {day} on; [[off_peak]] would say"
        " other ones.",
        "imported": "{days} of these days are from imported files: nothing checks their hours against an index.",
        "unchecked": "Your contract could not be checked: {why}.",
        "no-tariff": "Without a [[tariff]] there is nothing to compare with, and nothing is checked: write yours.",
        "no-index": "your meter says no index by class",
        "shift": "Moving {kwh} kWh a day from {hours} to the cheapest hours of the day, where as much was drawn",
        "saved": "Saved",
        "moved": "Moved, kWh",
        "largest": "Power: at most {va} VA were drawn, on {day} ({days} days known).",
        "least": "{kva} kVA would have done; you have {power} kVA.",
        "least-alone": "{kva} kVA would have done.",
        "least-caveat": "A smaller power trips the breaker as soon as one use more runs at the same time: leave some"
        " room, and think of what did not run on these days.",
        "by-minutes": "These are values that were heard; the meter's own maximum is said in standard mode alone.",
        "examples": "Examples: {names}. `linky-gateway compare --show NAME` shows one, to be copied and corrected.",
    }
)
