"""The words of answers in a chat, in French and English, key by key the same."""

from __future__ import annotations

from gateway.words.table import WordTable

WORDS = WordTable(
    {
        "help": "I answer to: usage (this month), day, power, tariff, cost, tempo, state, help.\nEn français : conso,"
        " jour, puissance, creuses, coût, tempo, état, aide.",
        "not-understood": "I did not understand. Write “help” to see what I can tell.",
        "too-often": "One question at a time: I answer again in a minute.",
        "cannot": "I cannot read the readings at the moment; ask for “state”.",
        "nothing": "Nothing is known yet.",
        "stale": "The meter has said nothing for {age}. Last values:",
        "power": "{va} VA at the moment",
        "share": ", {percent} of the {kva} kVA subscribed",
        "injected-now": "{va} VA go to the grid.",
        "uncounted-now": "About {va} VA leave for the grid and are counted by nobody (estimated, give or take 115 VA a "
        "phase).",
        "tariff": "Tariff: {tariff}.",
        "overload": "More than the subscribed power is drawn!",
        "today": "Today: {kwh} kWh",
        "yesterday": " (yesterday, whole day: {kwh} kWh)",
        "at-least": "at least ",
        "doubts": {
            "unread": "Production unknown: its counter does not answer.",
            "too-little": "Production unknown: its counter counts less than what is sent to the grid.",
        },
        "like": "That is like {things}.",
        "or": "or",
        "injected": "Sent to the grid: {kwh} kWh.",
        "produced": "Produced: {kwh} kWh.",
        "self_consumed": "Self-consumed: {kwh} kWh.",
        "tempo": "Tempo: {today} today, {tomorrow} tomorrow.",
        "no-tempo": "The meter tells no colour of Tempo.",
        "well": "Everything works.",
        "broken": "Broken: {links}. “linky-gateway status” says why.",
        "heard": "Meter “{meter}” heard {age} ago.",
        "never": "Meter “{meter}”: never heard yet.",
        "so-far": "This month: {kwh} kWh",
        "month-end": "End of the month: {end} expected.",
        "month": "This month",
        "year-before": " ({change} against last year by this time, {kwh} kWh)",
        "foreseen": "{period}: {measured} until today, {end} expected at its end.",
        "year": "This year",
        "base-load": "Base load at night: {watts} W.",
        "goal": "Objective of {goal}: {state}.",
        "states": {
            "kept": "on the way to be kept",
            "will-exceed": "it will be exceeded if nothing changes",
            "exceeded": "exceeded",
        },
        "no-tariff": "Without a [[tariff]] in the configuration nothing has a price.",
        "per-hour": "At the moment: {cost} € an hour ({watts} W on average over five minutes).",
        "too-new": "Projection: it takes three whole days at least.",
        "kinds": {
            "base": "base",
            "off-peak": "off-peak",
            "peak": "peak",
            "normal": "normal hours",
            "mobile-peak": "mobile peak",
        },
        "colours": {"blue": "blue", "white": "white", "red": "red", "unknown": "not known yet"},
    }
)
