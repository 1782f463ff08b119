"""The house now as lines of text for a terminal, in French or English: the object of ``state`` in, lines out."""

from __future__ import annotations

from typing import Any

from gateway.live.meter import percent
from gateway.live.state import STATES, HouseNow, LinkNow, MeterNow, link_in_words
from gateway.live.words import WORDS
from gateway.words.numbers import age, grouped

MARKS = {"ok": "✓", "waiting": "…", "broken": "✗"}

_BAR = 40
_NARROW_SPACE = "\u202f"


def picture(house: HouseNow, lang: str, width: int, height: int, fault: str = "") -> list[str]:
    """As many lines as fit, the most important first.

    ``fault`` is why the house cannot be asked any more; what is shown is then what was last known.
    """
    words = WORDS[lang]
    lines = [f"linky-gateway {house['version']} · {words['end']}"]
    if fault:
        lines += ["", f"✗ {words['lost']}: {fault}"]
    for meter in house["meters"]:
        lines += ["", *_meter(meter, lang, old=bool(fault))]
    if house["alerts"]:
        lines += ["", words["alerts"], *(f"✗ {alert['fr' if lang == 'fr' else 'en']}" for alert in house["alerts"])]
    if not fault:
        # How they stand now nobody knows.
        lines += ["", words["links"], *_links(house["links"], lang)]
    return [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines[:height]]


def _meter(meter: MeterNow, lang: str, *, old: bool) -> list[str]:
    words, now, values = WORDS[lang], meter["now"], meter["values"]
    now = now | {"stale": old or now["stale"]}
    rows = [
        (words["tariff"], _tariff(now, lang)),
        (words["tempo"], _tempo(now, lang)),
        (words["injection"], _power(now["injected_va"], lang) if now["injecting"] or now["injected_va"] else ""),
        (words["phases"], _phases(values, lang)),
        (words["today"], _energies(now, lang)),
        (words["yesterday"], _yesterday(now, lang)),
        (words["frame"], _frame(now, lang)),
    ]
    wide = max(len(name) for name, _ in rows)
    shown = [f"  {name:<{wide}}  {text}" for name, text in rows if text]
    return [_title(now, lang), *_bar(now), *shown]


def _title(now: dict[str, Any], lang: str) -> str:
    words = WORDS[lang]
    if now["drawn_va"] is None:
        return f"{now['meter']}   {words['nothing']}"
    title = f"{now['meter']}   {_watts(now, lang)}{_power(now['drawn_va'], lang)}"
    if subscribed := now["subscribed_va"]:
        share = percent(now["drawn_va"], subscribed)
        title += f" / {_power(subscribed, lang)}   {share}{words['percent']}"
    notes = [words[key] for key in ("stale", "overload") if now[key]]
    if now["breaker"] not in (None, "closed"):
        notes.append(words["open"])
    return "   ".join([title, *notes])


def _bar(now: dict[str, Any]) -> list[str]:
    drawn, subscribed = now["drawn_va"], now["subscribed_va"]
    if drawn is None or not subscribed:
        return []
    full = min(_BAR, round(_BAR * drawn / subscribed))
    return [f"  {'█' * full}{'░' * (_BAR - full)}"]


def _tariff(now: dict[str, Any], lang: str) -> str:
    if not now["tariff"]:
        return ""
    kind = WORDS[lang]["kinds"].get(now["tariff_kind"], "")
    said = " ".join(str(now["tariff"]).split())
    return f"{kind} ({said})" if kind else said


def _tempo(now: dict[str, Any], lang: str) -> str:
    words, colours = WORDS[lang], WORDS[lang]["colours"]
    if now["tempo_today"] == now["tempo_tomorrow"] == "unknown":
        return ""
    today, tomorrow = colours[now["tempo_today"]], colours[now["tempo_tomorrow"]]
    return f"{words['today'].lower()} {today}, {words['tomorrow']} {tomorrow}"


def _phases(values: dict[str, Any], lang: str) -> str:
    shown = []
    for phase in ("", "/phase/1", "/phase/2", "/phase/3"):
        series = (("power/apparent", "VA"), ("voltage", "V"), ("current", "A"))
        # One phase has its power in the title already.
        known = [(values.get(f"consumption/{name}/raw{phase}"), unit) for name, unit in series if phase or unit != "VA"]
        text = ", ".join(f"{_whole(value, lang)} {unit}" for value, unit in known if value is not None)
        if text:
            shown.append(f"{phase[-1:]}: {text}" if phase else text)
    # A meter of one phase numbers it in standard mode.
    return shown[0].removeprefix("1: ") if len(shown) == 1 else "   ".join(shown)


def _energies(now: dict[str, Any], lang: str) -> str:
    words, names = WORDS[lang], ("drawn_today_wh", "injected_today_wh", "produced_today_wh", "self_consumed_today_wh")
    known = [f"{_kwh(now[name], lang)} kWh {words['energies'][name]}" for name in names if _known(now, name)]
    if known and "today" in now["partial"]:
        known[0] = words["at_least"].format(known[0])
    doubt = [words["doubts"][now["produced_doubt"]]] if now["produced_doubt"] else []
    return ", ".join([*known, *doubt])


def _yesterday(now: dict[str, Any], lang: str) -> str:
    if not _known(now, "drawn_yesterday_wh"):
        return ""
    text = f"{_kwh(now['drawn_yesterday_wh'], lang)} kWh"
    return str(WORDS[lang]["at_least"].format(text)) if "yesterday" in now["partial"] else text


def _frame(now: dict[str, Any], lang: str) -> str:
    words = WORDS[lang]
    if now["age_s"] is None:
        return str(words["never"])
    return f"{words['ago'].format(age(now['age_s']).in_language(lang))}, {words['modes'][now['mode']]}"


def _links(links: list[LinkNow], lang: str) -> list[str]:
    said = [(link, *link_in_words(link, lang)) for link in links]
    wide = max((len(name) for _, name, _ in said), default=0)
    wider = max(len(word.in_language(lang)) for word in STATES.values())
    lines = []
    for link, name, detail in said:
        state, since = STATES[link["state"]].in_language(lang), age(link["age_s"]).in_language(lang)
        lines.append(f"{MARKS[link['state']]} {name:<{wide}}  {state:<{wider}}  {since:>8}  {detail}".rstrip())
    return lines


def _known(now: dict[str, Any], name: str) -> bool:
    return now[name] is not None


def _power(va: object, lang: str) -> str:
    return f"{_whole(va, lang)} VA"


def _watts(now: dict[str, Any], lang: str) -> str:
    """The active power with its uncertainty, before what the contract counts; an earlier daemon does not say it."""
    if now.get("power_w") is None:
        return ""
    return f"~ {_whole(now['power_w'], lang)} W ± {_whole(now['power_within_w'], lang)}   "


def _whole(value: object, lang: str) -> str:
    if not isinstance(value, int):
        return str(value)
    return grouped(f"{value:,}", lang)


def _kwh(wh: int, lang: str) -> str:
    # As everywhere to a tenth, a half goes up.
    tenths = (wh + 50) // 100
    return grouped(f"{tenths // 10:,}.{tenths % 10}", lang)
