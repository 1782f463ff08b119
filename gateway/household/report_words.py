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
        "estimated": "~ an index was not read at midnight: the energy is split in proportion to time.",
        "imported": "° wholly or partly from an imported file (`linky-gateway history list`).",
        "self": "Self-cons.: the share of the production that is used at home. Self-suff.: the share of what is"
        " used at home that is produced.",
        "base-load": "Standby consumption (the lowest hour of the night, median of 7 nights): {watts} W.",
        "like": "These {kwh} kWh are as much as {things}.",
        "and": "or",
        "now": "Right now: {cost} € per hour ({watts} W on average over five minutes, {word}).",
        "month": "Month {label}",
        "year": "Year {label}",
        "projected": "{period}: {kwh} kWh and {cost} € so far; {kwh_end} kWh and {cost_end} € expected by the end,"
        " {method}.",
        "projected-kwh": "{period}: {kwh} kWh so far; {kwh_end} kWh expected by the end, {method}.",
        "year-before": "based on the same days last year and the trend of the last 28 days",
        "recent-days": "based on the average of the last 28 days",
        "too-new": "Forecast: it takes at least three whole days.",
        "goal": "Goal of {goal} {unit} ({period}): {state}.",
        "exceeded": "exceeded",
        "will-exceed": "it will be exceeded if nothing changes",
        "kept": "on track",
        "unpriced": "part of it has no price, there is no telling whether it will be met",
        "without": "{days} day(s) without a [[tariff]]: their cost is missing.",
        "without-price": "{kwh} kWh have no price in their [[tariff]] (classes seen: {words}).",
    }
)
