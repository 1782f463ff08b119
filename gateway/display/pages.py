"""The pages of a screen: pure functions of a ``DisplayedMoment`` that draw on a ``Drawing``, of 128 x 64 or more.

``draw`` gives the picture of one page; ``available`` are the pages that have something to say, in the order of the
button. The title is in reverse when what is shown is old, too much is drawn or the breaker is open; a power of the past
is never shown large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.display.canvas import AMBER, BLACK, DARK, DRAWN, GIVEN, GREY, RED, SUN, WHITE, Ink
from gateway.display.sheet import TEMPO, DisplaySheet, PictureStyle
from gateway.display.state import DisplayedMoment, LiveMessage, percent
from gateway.display.words import age

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image


# From this part of the subscribed power on the bar warns.
MUCH, TOO_MUCH = 0.7, 0.9


def available(view: DisplayedMoment) -> tuple[str, ...]:
    """The names of the pages that have something to say."""
    frame = view.frame
    if frame is None:
        return ("now",)
    pages = ["now", "today"]
    if frame.produced_today_wh is not None or frame.produced_doubt or frame.injected_today_wh or frame.injected_va:
        pages.append("solar")
    if frame.tariff_until_local:
        pages.append("hours")
    if {frame.tempo_today, frame.tempo_tomorrow} & TEMPO.keys():
        pages.append("tempo")
    return (*pages, "links")


def draw(look: PictureStyle, view: DisplayedMoment, page: str, stamp: str = "") -> Image:
    """The picture of a page; of ``now`` where that one has nothing to say.

    ``stamp`` is the time of day, in the title, for a panel that keeps its picture.
    """
    sheet = DisplaySheet(look, stamp)
    PAGES[page if page in available(view) else "now"](sheet, view)
    return sheet.canvas.image


def draw_shutdown(look: PictureStyle, remaining_s: int, *, let_go: bool = False) -> Image:
    """While the button is held: how much longer until the machine is shut down; 0 when it is.

    ``let_go``: whoever lets go now sees where the page of the house is.
    """
    sheet = DisplaySheet(look)
    sheet.title(sheet.words["shutdown"], AMBER, BLACK)
    sheet.value(str(remaining_s) if remaining_s else "0", "s", AMBER)
    sheet.lines([sheet.words["let go" if let_go and remaining_s else "keep down" if remaining_s else "stopping"]])
    return sheet.canvas.image


def draw_welcome(
    look: PictureStyle, addresses: tuple[str, ...], code: str | None, words: str = "", time: int = 0
) -> Image:
    """Where the page of the house is, and the code that sets its first password; or ``words``, a key, instead.

    A phone's camera reads the address: that by the machine's number, which every phone finds. Where this leaves no room
    for what is typed instead, that is shown each second ``time``.
    """
    sheet = DisplaySheet(look)
    shown = [address.removeprefix("http://").rstrip("/") for address in addresses]
    if words or not shown:
        sheet.title(sheet.words["welcome"], DARK, WHITE)
        sheet.lines([sheet.words[words]])
        return sheet.canvas.image
    secret = code or sheet.words["own password"]
    if sheet.is_low and time % 2:
        sheet.title(sheet.words["welcome"], DARK, WHITE)
        sheet.value(code or shown[0], "", WHITE)
        sheet.lines(shown[:2] if code else [*shown[1:2], secret])
    else:
        sheet.welcome(sheet.words["welcome"], f"{addresses[-1].rstrip('/')}/", secret, shown)
    return sheet.canvas.image


def draw_fingerprint(look: PictureStyle, fingerprint: str, time: int = 0) -> Image:
    """That of the authority of the page, groups of four, for who is about to trust it in a phone.

    Where four rows have no room, half of it the first ``time``, the other half the second one.
    """
    sheet, groups = DisplaySheet(look), fingerprint.split()
    rows = [" ".join(groups[at : at + 4]) for at in range(0, len(groups), 4)]
    if sheet.most_lines >= len(rows):
        sheet.title("SHA-256 (HTTPS)", DARK, WHITE)
        sheet.lines(rows)
    else:
        half = time % 2
        sheet.title(f"SHA-256 {half + 1}/2", DARK, WHITE)
        sheet.lines(rows[2 * half : 2 * half + 2])
    return sheet.canvas.image


def now(sheet: DisplaySheet, view: DisplayedMoment) -> None:
    """The power of this moment, against the subscribed one."""
    frame, words = view.frame, sheet.words
    _title(sheet, view, _tariff(sheet, frame) or words["power"])
    if view.fault or frame is None:
        sheet.value("––––", "", GREY)
        if frame is not None and frame.drawn_va is not None:
            since = [words["ago"].format(age(view.age_s))] if view.age_s is not None else []
            sheet.lines([*since, f"{sheet.number(frame.drawn_va)} VA"])
        return
    lines = []
    if view.load is not None and not frame.injected_va:
        lines = [f"{view.percent} % {words['of']} {sheet.kilo(frame.subscribed_va)} kVA"]
    if view.load is not None:
        sheet.bar(0 if frame.injected_va else view.load, _load_ink(view), (MUCH, TOO_MUCH))
    if frame.injected_va:
        lines = [words["to the grid"]]
    sheet.value(*_power(sheet, frame), GIVEN if frame.injected_va else _load_ink(view))
    within = [f"± {sheet.number(frame.power_within_w)} W"] if frame.power_w is not None and frame.power_within_w else []
    sheet.lines(lines + _cost_lines(sheet, frame) + _off_peak_lines(sheet, frame) + _day_lines(sheet, frame) + within)


def today(sheet: DisplaySheet, view: DisplayedMoment) -> None:
    """What was drawn since midnight, against the whole day before."""
    frame, words = _known(view), sheet.words
    _title(sheet, view, f"{words['today']}, {words['at least']}" if "today" in frame.partial else words["today"])
    drawn, before = frame.drawn_today_wh, frame.drawn_yesterday_wh
    cost = [] if frame.cost_today_cents is None else [sheet.euros(frame.cost_today_cents)]
    if before and drawn is not None and not (sheet.is_low and cost):
        sheet.bar(drawn / before, GREY if view.fault else DRAWN)
    sheet.value("–" if drawn is None else sheet.kilo(drawn), "kWh", GREY if view.fault else WHITE, 1 + len(cost))
    sheet.lines([*cost, f"{words['yesterday']}{words['colon']}{_least(sheet, frame, 'yesterday', before)}"])


def solar(sheet: DisplaySheet, view: DisplayedMoment) -> None:
    """What was produced and injected today, and how much of it was used here."""
    frame, words = _known(view), sheet.words
    produced, injected = frame.produced_today_wh, frame.injected_today_wh
    ink = GREY if view.fault else GIVEN if produced is None else SUN
    if produced is None and frame.produced_doubt:
        # What is counted and not known is no nought, and not what left for the grid either.
        _title(sheet, view, words["produced"])
        sheet.value("?", "kWh", GREY)
        left = [] if injected is None else [f"{words['injected'].lower()}{words['colon']}{sheet.kilo(injected)} kWh"]
        sheet.lines([words[frame.produced_doubt if frame.produced_doubt in words else "unread"], *left])
        return
    _title(sheet, view, words["injected" if produced is None else "produced"])
    value = injected if produced is None else produced
    lines = [words["today"]]
    if produced and injected is not None:
        used = max(0, produced - injected)
        lines = [
            f"{percent(used, produced)} % {words['used here']}",
            f"{words['injected'].lower()}{words['colon']}{sheet.kilo(injected)} kWh",
        ]
        sheet.bar(used / produced, ink)
    sheet.value("–" if value is None else sheet.kilo(value), "kWh", ink)
    sheet.lines(lines)


def hours(sheet: DisplaySheet, view: DisplayedMoment) -> None:
    """Until when the tariff that counts does, and when the next off-peak hours begin."""
    frame, words = _known(view), sheet.words
    _title(sheet, view, words["until"].format(_tariff(sheet, frame) or words["tariff"]), coloured=False)
    off_peak, following = frame.tariff_kind == "off-peak", frame.off_peak_next_local
    lines = []
    if following and following == frame.tariff_until_local:
        lines = [words["then off-peak"]]
    elif following:
        lines = [words["then from" if off_peak else "off-peak from"].format(sheet.clock(following))]
    sheet.value(
        sheet.clock(frame.tariff_until_local) if frame.tariff_until_local else "–", "", GREY if view.fault else WHITE
    )
    sheet.lines(lines)


def tempo(sheet: DisplaySheet, view: DisplayedMoment) -> None:
    """The colours of today and tomorrow."""
    frame = _known(view)
    _title(sheet, view, "Tempo", coloured=False)
    height = (sheet.foot - sheet.body - sheet.gap) // 2
    sheet.day(sheet.words["today"], frame.tempo_today, sheet.body, height)
    sheet.day(sheet.words["tomorrow"], frame.tempo_tomorrow, sheet.body + height + sheet.gap, height)


def links(sheet: DisplaySheet, view: DisplayedMoment) -> None:
    """What does not work, or that everything does."""
    frame, words = _known(view), sheet.words
    names = [words.get("house meter" if name == "meter" else name, name) for name in frame.broken]
    _title(sheet, view, words["broken"] if names else words["links"])
    if names:
        sheet.lines(names, AMBER)
    elif frame.alert:
        sheet.lines([words["alert"]], AMBER)
    else:
        sheet.lines([words["all well"]])


PAGES: dict[str, Callable[[DisplaySheet, DisplayedMoment], None]] = {
    "now": now,
    "today": today,
    "solar": solar,
    "hours": hours,
    "tempo": tempo,
    "links": links,
}


def _known(view: DisplayedMoment) -> LiveMessage:
    """The frame of a page that ``available`` offers only where there is one."""
    assert view.frame is not None  # noqa: S101
    return view.frame


def _power(sheet: DisplaySheet, frame: LiveMessage) -> tuple[str, str]:
    """The number and its unit: watts, which are estimated, or what the meter says where they are not known."""
    if frame.power_w is not None:
        return f"~{sheet.number(abs(frame.power_w))}", "W"
    va = frame.injected_va or frame.drawn_va
    return "–" if va is None else sheet.number(va), "VA"


def _load_ink(view: DisplayedMoment) -> Ink:
    load = view.load or 0
    return RED if view.overload or load >= TOO_MUCH else AMBER if load >= MUCH else DRAWN


def _tariff(sheet: DisplaySheet, frame: LiveMessage | None) -> str:
    """The tariff that counts; with the colour of Tempo, where there is one and no ground has it."""
    if frame is None or frame.tariff_kind == "unknown":
        return ""
    words = str(sheet.words.get(frame.tariff_kind, frame.tariff_kind))
    if frame.tempo_today not in TEMPO or sheet.canvas.colour:
        return words
    return f"{words} · {sheet.words[frame.tempo_today]}"


def _cost_lines(sheet: DisplaySheet, frame: LiveMessage) -> list[str]:
    """What the day has cost so far."""
    cents = frame.cost_today_cents
    return [] if cents is None else [sheet.words["cost today"].format(sheet.euros(cents))]


def _off_peak_lines(sheet: DisplaySheet, frame: LiveMessage) -> list[str]:
    """When off-peak hours begin, or until when they are."""
    now = frame.tariff_kind == "off-peak"
    at = frame.tariff_until_local if now else frame.off_peak_next_local
    return [sheet.words["off-peak until" if now else "off-peak at"].format(sheet.clock(at))] if at else []


def _day_lines(sheet: DisplaySheet, frame: LiveMessage) -> list[str]:
    """The day, where there is room for more than one line."""
    lines = []
    days = (("day", "today", frame.drawn_today_wh), ("yesterday", "yesterday", frame.drawn_yesterday_wh))
    for word, day, wh in days:
        if wh is not None:
            lines.append(f"{sheet.words[word]}{sheet.words['colon']}{_least(sheet, frame, day, wh)}")
    return lines


def _least(sheet: DisplaySheet, frame: LiveMessage, day: str, wh: int | None) -> str:
    """What was drawn on a day; of one that is not known as a whole at least so much."""
    if wh is None:
        return "?"
    return f"{sheet.words['at least'] + ' ' if day in frame.partial else ''}{sheet.kilo(wh)} kWh"


def _title(sheet: DisplaySheet, view: DisplayedMoment, words: str, *, coloured: bool = True) -> None:
    """The first line; in reverse when something is wrong."""
    frame, warning = view.frame, view.fault
    if warning is None and frame and frame.breaker not in {None, "closed"}:
        warning = "breaker"
    elif warning is None and view.overload:
        warning = "overload"
    if warning:
        ground, letters = (RED, WHITE) if warning == "overload" else (AMBER, BLACK)
        sheet.title(sheet.words[warning], ground, letters)
        return
    ground = TEMPO.get(frame.tempo_today, DARK) if frame and coloured and sheet.canvas.colour else DARK
    sheet.title(words, ground, BLACK if ground == WHITE else WHITE)
