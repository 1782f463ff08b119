"""The house now as lines of text for a terminal, in French or English: the object of ``state`` in, lines out.

A wide terminal has alerts and links beside the meters, a narrow one below them. What does not fit into a line goes on
in the next; what does not fit into the terminal is the least important, and how much it is stands in the last line.
"""

from __future__ import annotations

import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from gateway.live.curve import STEP_S, drawn
from gateway.live.meter import percent
from gateway.live.state import STATES, HouseNow, LinkNow, MeterNow, link_in_words
from gateway.live.words import WORDS
from gateway.words.numbers import age, euros, grouped, read_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARKS = {"ok": "✓", "waiting": "…", "broken": "✗"}
_WORST = ("broken", "waiting", "ok")
_LEAST_COLUMNS, _LEAST_DETAIL = 2, 12

BESIDE = " │ "

_BAR = 40
# From this width on there are two columns, of which the first has so many per cent.
_WIDE, _FIRST = 116, 58
_HIGHEST_CURVE = 10


def picture(
    house: HouseNow,
    lang: str,
    width: int,
    height: int,
    fault: str = "",
    powers: Mapping[str, Sequence[int | None]] | None = None,
) -> list[str]:
    """As many lines as fit, the most important first.

    ``fault`` is why the house cannot be asked any more; what is shown is then what was last known. ``powers`` are those
    of the last minutes by meter (``PowerCurve.powers``).
    """
    words = WORDS[lang]
    head = [f"linky-gateway {house['version']} · {words['end']}"]
    head += ["", *_hanging(f"✗ {words['lost']}: {fault}", width)] if fault else []
    wide = width >= _WIDE
    room = width * _FIRST // 100 if wide else width
    left = width - room - len(BESIDE) if wide else width
    side = _side(house, lang, left, old=bool(fault))
    blocks = [_meter(meter, lang, room, old=bool(fault)) for meter in house["meters"]]
    # What is left of the height is the curves'.
    used = len(head) + sum(len(above) + len(below) + 1 for above, below in blocks) + (0 if wide else len(side))
    rows = max(1, min(_HIGHEST_CURVE, (height - used) // max(1, len(blocks))))
    meters: list[str] = []
    for meter, (above, below) in zip(house["meters"], blocks, strict=True):
        known = (powers or {}).get(meter["now"]["meter"], ())
        meters += ["", *above, *_curve(known, rows, room, lang), *below]
    body = [_beside(*pair, room, left) for pair in zip_longest(meters, side, fillvalue="")] if wide else meters + side
    return [_cut(line, width) for line in _fitting([*head, *body], height, lang)]


def _side(house: HouseNow, lang: str, width: int, *, old: bool) -> list[str]:
    """Alerts and links; how these stand now nobody knows of a house that does not answer."""
    words, lines = WORDS[lang], []
    if house["alerts"]:
        said = [_hanging(f"✗ {alert['fr' if lang == 'fr' else 'en']}", width) for alert in house["alerts"]]
        lines += ["", words["alerts"], *(line for one in said for line in one)]
    return lines if old else [*lines, "", words["links"], *_links(house["links"], lang, width)]


def _beside(first: str, second: str, room: int, left: int) -> str:
    return f"{_cut(first, room):<{room}}{BESIDE}{_cut(second, left)}".rstrip() if first or second else ""


def _fitting(lines: list[str], height: int, lang: str) -> list[str]:
    if len(lines) <= height:
        return lines
    return [*lines[: height - 1], WORDS[lang]["more"].format(len(lines) - height + 1)]


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _hanging(text: str, width: int) -> list[str]:
    """A sentence behind its mark."""
    return _wrapped(text, width, "  ")


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _meter(meter: MeterNow, lang: str, width: int, *, old: bool) -> tuple[list[str], list[str]]:
    """The lines before its curve and those behind it."""
    words, now, values = WORDS[lang], meter["now"], meter["values"]
    now = now | {"stale": old or now["stale"]}
    rows = [
        (words["cost"], [_cost(now, lang)]),
        (words["tariff"], [_tariff(now, lang)]),
        (words["tempo"], [_tempo(now, lang)]),
        (words["injection"], [_power(now["injected_va"], lang) if now["injecting"] or now["injected_va"] else ""]),
        (words["phases"], _phases(values, lang)),
        (words["today"], [_energies(now, lang)]),
        (words["yesterday"], [_yesterday(now, lang)]),
        (words["frame"], [_frame(now, lang)]),
    ]
    wide = max(len(name) for name, _ in rows)
    below = [line for name, texts in rows for line in _row(name, texts, wide, width)]
    return [_title(now, lang), *_bar(now)], below


def _row(name: str, texts: list[str], wide: int, width: int) -> list[str]:
    """A name and what it is: in one line if that is enough, else each text in its own, or in several."""
    room = max(1, width - wide - 4)
    joined = "   ".join(texts)
    if not joined:
        return []
    pieces = [joined]
    if len(joined) > room:
        pieces = [line for one in texts for line in _wrapped(one, room)]
    return [f"  {'' if place else name:<{wide}}  {text}" for place, text in enumerate(pieces)]


def _curve(powers: Sequence[int | None], rows: int, width: int, lang: str) -> list[str]:
    """The last minutes; nothing before there are some, or where nothing was drawn."""
    known = [one for one in powers if one is not None]
    if len(powers) < _LEAST_COLUMNS or not any(known):
        return []
    minutes = max(1, len(powers) * STEP_S // 60)
    said = WORDS[lang]["curve"].format(minutes=minutes, power=_power(max(known), lang))
    *above, foot = drawn(powers, rows)
    last = f"  {foot:<{_BAR}}   {said}"
    below = [last] if len(last) <= width else [f"  {foot}", f"  {said}"]
    return [*(f"  {line}".rstrip() for line in above), *below]


def _cost(now: dict[str, Any], lang: str) -> str:
    """What the day has cost; an earlier daemon does not say it."""
    cents = now.get("cost_today_cents")
    if cents is None:
        return ""
    said = str(WORDS[lang]["cost_today"].format(euros(cents, lang)))
    return str(WORDS[lang]["at_least"].format(said)) if "today" in now["partial"] else said


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
    return ", ".join([f"{kind} ({said})" if kind else said, *_hours(now, lang)])


def _hours(now: dict[str, Any], lang: str) -> list[str]:
    """Until when off-peak hours are, and when the next begin."""
    words, told = WORDS[lang], (now.get("tariff_until_local"), now.get("off_peak_next_local"))
    until, following = (read_time(text).in_language(lang) if text else None for text in told)
    if now["tariff_kind"] != "off-peak":
        return [words["off_peak_at"].format(following)] if following else []
    said = [words["until"].format(until)] if until else []
    return [*said, words["then_from"].format(following)] if following else said


def _tempo(now: dict[str, Any], lang: str) -> str:
    words, colours = WORDS[lang], WORDS[lang]["colours"]
    if now["tempo_today"] == now["tempo_tomorrow"] == "unknown":
        return ""
    today, tomorrow = colours[now["tempo_today"]], colours[now["tempo_tomorrow"]]
    return f"{words['today'].lower()} {today}, {words['tomorrow']} {tomorrow}"


def _phases(values: dict[str, Any], lang: str) -> list[str]:
    shown = []
    for phase in ("", "/phase/1", "/phase/2", "/phase/3"):
        series = (("power/apparent", "VA"), ("voltage", "V"), ("current", "A"))
        # One phase has its power in the title already.
        known = [(values.get(f"consumption/{name}/raw{phase}"), unit) for name, unit in series if phase or unit != "VA"]
        text = ", ".join(f"{_whole(value, lang)} {unit}" for value, unit in known if value is not None)
        if text:
            shown.append(f"{phase[-1:]}: {text}" if phase else text)
    # A meter of one phase numbers it in standard mode.
    return [shown[0].removeprefix("1: ")] if len(shown) == 1 else shown


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


def _links(links: list[LinkNow], lang: str, width: int) -> list[str]:
    """Those that are broken first; of what is in order no more than fits into a line."""
    said = [(link, *link_in_words(link, lang)) for link in sorted(links, key=lambda one: _WORST.index(one["state"]))]
    wide = max((len(name) for _, name, _ in said), default=0)
    wider = max(len(word.in_language(lang)) for word in STATES.values())
    lines = []
    for link, name, detail in said:
        state, since = STATES[link["state"]].in_language(lang), age(link["age_s"]).in_language(lang)
        line = f"{MARKS[link['state']]} {name:<{wide}}  {state:<{wider}}  {since:>8}"
        room = width - len(line) - 2
        if len(detail) <= room:
            lines.append(f"{line}  {detail}".rstrip())
        elif link["state"] == "ok":
            # A few letters say nothing.
            lines.append(f"{line}  {_cut(detail, room)}" if room >= _LEAST_DETAIL else line)
        else:
            lines += [line, *(f"    {one}" for one in _wrapped(detail, max(1, width - 4)))]
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
