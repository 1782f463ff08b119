"""The words of ``balance`` and ``cost`` in French and English, key by key the same."""

from __future__ import annotations

from gateway.words.table import WordTable

TEXTS = WordTable(
    {
        "energy": "{meter}: energy in kWh",
        "classes": "Drawn by tariff class, in kWh",
        "costs": "{meter}: cost in euros, taxes included as in your [[tariff]]",
        "class-costs": "Energy by tariff class, in euros",
        "period": "Period",
        "drawn": "Drawn",
        "before": "Year bef.",
        "change": "Change",
        "injected": "Injected",
        "produced": "Produced",
        "self-consumed": "Self-cons.",
        "self-sufficient": "Self-suff.",
        "energy-cost": "Energy",
        "subscription": "Subscription",
        "income": "Sold",
        "total": "Total",
        "nothing": "{meter}: nothing is stored yet for these dates.",
        "partly": "* not every day of the period is known as a whole; the year before ends at the same moment.",
        "estimated": "~ an index was not read at midnight: the energy is shared out by time.",
        "imported": "° wholly or partly from an imported file (`linky-gateway history list`).",
        "self": "Self-cons.: the share of the production that is used at home. Self-suff.: the share of what is"
        " used at home that is produced.",
        "base-load": "Base load (at night, the lowest hour, median of 7 nights): {watts} W.",
        "like": "These {kwh} kWh are {things}.",
        "and": "or",
        "now": "At the moment: {cost} € an hour ({watts} W on average over five minutes, {word}).",
        "month": "Month {label}",
        "year": "Year {label}",
        "projected": "{period}: {kwh} kWh and {cost} € until today; {kwh_end} kWh and {cost_end} € expected at its end,"
        " {method}.",
        "projected-kwh": "{period}: {kwh} kWh until today; {kwh_end} kWh expected at its end, {method}.",
        "year-before": "by the same days of last year and the trend of the last 28 days",
        "recent-days": "by the mean of the last 28 days",
        "too-new": "Projection: it takes three whole days at least.",
        "goal": "Objective of {goal} {unit} ({period}): {state}.",
        "exceeded": "exceeded",
        "will-exceed": "it will be exceeded if nothing changes",
        "kept": "on the way to be kept",
        "unpriced": "a part has no price, nobody knows whether it will be kept",
        "without": "{days} day(s) without a [[tariff]]: their cost is missing.",
        "without-price": "{kwh} kWh have no price in their [[tariff]] (classes seen: {words}).",
    }
)
