"""The pages of a screen: pure functions of a ``DisplayedMoment`` that draw on a ``Drawing``, of 128 x 64 or more.

``draw`` gives the picture of one page; ``available`` are the pages that have something to say, in the order of the
button. The title is in reverse when what is shown is old, too much is drawn or the breaker is open; a power of the past
is never shown large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.display.canvas import AMBER, BLACK, BLUE, DARK, GREEN, GREY, RED, WHITE, Drawing, Ink, text_width
from gateway.display.state import DisplayedMoment, LiveMessage, percent
from gateway.display.words import WORDS, age, kilo, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image


# From this part of the subscribed power on the bar warns.
MUCH, TOO_MUCH = 0.7, 0.9

_TEMPO = {"blue": BLUE, "white": WHITE, "red": RED}


class PictureStyle(NamedTuple):
    """What a picture is made for: pixels, colours or one bit, ``fr`` or ``en``."""

    width: int
    height: int
    colour: bool
    language: str = "fr"


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
    if {frame.tempo_today, frame.tempo_tomorrow} & _TEMPO.keys():
        pages.append("tempo")
    return (*pages, "links")


def draw(look: PictureStyle, view: DisplayedMoment, page: str, stamp: str = "") -> Image:
    """The picture of a page; of ``now`` where that one has nothing to say.

    ``stamp`` is the time of day, in the title, for a panel that keeps its picture.
    """
    sheet = _Sheet(look, stamp)
    PAGES[page if page in available(view) else "now"](sheet, view)
    return sheet.canvas.image


def draw_shutdown(look: PictureStyle, remaining_s: int, *, let_go: bool = False) -> Image:
    """While the button is held: how much longer until the machine is shut down; 0 when it is.

    ``let_go``: whoever lets go now sees where the page of the house is.
    """
    sheet = _Sheet(look)
    sheet.title(sheet.words["shutdown"], AMBER, BLACK)
    sheet.value(str(remaining_s) if remaining_s else "0", "s", AMBER)
    sheet.lines([sheet.words["let go" if let_go and remaining_s else "keep down" if remaining_s else "stopping"]])
    return sheet.canvas.image


def draw_welcome(look: PictureStyle, addresses: tuple[str, ...], code: str | None, words: str = "") -> Image:
    """Where the page of the house is, and the code that sets its first password; or ``words``, a key, instead."""
    sheet = _Sheet(look)
    sheet.title(sheet.words["welcome"], DARK, WHITE)
    shown = [address.removeprefix("http://").rstrip("/") for address in addresses]
    if words or not shown:
        sheet.lines([sheet.words[words]])
    elif code is None:
        sheet.value(shown[0], "", WHITE)
        sheet.lines([*shown[1:2], sheet.words["own password"]])
    else:
        sheet.value(code, "", WHITE)
        sheet.lines(shown[:2])
    return sheet.canvas.image


def draw_fingerprint(look: PictureStyle, fingerprint: str, time: int = 0) -> Image:
    """That of the authority of the page, groups of four, for who is about to trust it in a phone.

    Where four rows have no room, half of it the first ``time``, the other half the second one.
    """
    sheet, groups = _Sheet(look), fingerprint.split()
    rows = [" ".join(groups[at : at + 4]) for at in range(0, len(groups), 4)]
    if sheet.most_lines >= len(rows):
        sheet.title("SHA-256 (HTTPS)", DARK, WHITE)
        sheet.lines(rows)
    else:
        half = time % 2
        sheet.title(f"SHA-256 {half + 1}/2", DARK, WHITE)
        sheet.lines(rows[2 * half : 2 * half + 2])
    return sheet.canvas.image


def now(sheet: _Sheet, view: DisplayedMoment) -> None:
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
    sheet.value(*_power(sheet, frame), GREEN if frame.injected_va else _load_ink(view))
    within = [f"± {sheet.number(frame.power_within_w)} W"] if frame.power_w is not None and frame.power_within_w else []
    sheet.lines(lines + within + _day_lines(sheet, frame))


def today(sheet: _Sheet, view: DisplayedMoment) -> None:
    """What was drawn since midnight, against the whole day before."""
    frame, words = _known(view), sheet.words
    _title(sheet, view, f"{words['today']}, {words['at least']}" if "today" in frame.partial else words["today"])
    drawn, before = frame.drawn_today_wh, frame.drawn_yesterday_wh
    if before and drawn is not None:
        sheet.bar(drawn / before, GREY if view.fault else AMBER if drawn > before else GREEN)
    sheet.value("–" if drawn is None else sheet.kilo(drawn), "kWh", GREY if view.fault else WHITE)
    sheet.lines([f"{words['yesterday']}{words['colon']}{_least(sheet, frame, 'yesterday', before)}"])


def solar(sheet: _Sheet, view: DisplayedMoment) -> None:
    """What was produced and injected today, and how much of it was used here."""
    frame, words = _known(view), sheet.words
    produced, injected = frame.produced_today_wh, frame.injected_today_wh
    ink = GREY if view.fault else GREEN
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


def hours(sheet: _Sheet, view: DisplayedMoment) -> None:
    """Until when the tariff that counts does, and when the next off-peak hours begin."""
    frame, words = _known(view), sheet.words
    _title(sheet, view, words["until"].format(_tariff(sheet, frame) or words["tariff"]), coloured=False)
    off_peak, following = frame.tariff_kind == "off-peak", frame.off_peak_next_local
    lines = []
    if following and following == frame.tariff_until_local:
        lines = [words["then off-peak"]]
    elif following:
        lines = [words["then from" if off_peak else "off-peak from"].format(following)]
    sheet.value(frame.tariff_until_local or "–", "", GREY if view.fault else GREEN if off_peak else WHITE)
    sheet.lines(lines)


def tempo(sheet: _Sheet, view: DisplayedMoment) -> None:
    """The colours of today and tomorrow."""
    frame = _known(view)
    _title(sheet, view, "Tempo", coloured=False)
    height = (sheet.foot - sheet.body - sheet.gap) // 2
    sheet.day(sheet.words["today"], frame.tempo_today, sheet.body, height)
    sheet.day(sheet.words["tomorrow"], frame.tempo_tomorrow, sheet.body + height + sheet.gap, height)


def links(sheet: _Sheet, view: DisplayedMoment) -> None:
    """What does not work, or that everything does."""
    frame, words = _known(view), sheet.words
    names = [words.get("house meter" if name == "meter" else name, name) for name in frame.broken]
    _title(sheet, view, words["broken"] if names else words["links"])
    if names:
        sheet.lines(names, RED)
    elif frame.alert:
        sheet.lines([words["alert"]], AMBER)
    else:
        sheet.lines([words["all well"]], GREEN)


PAGES: dict[str, Callable[[_Sheet, DisplayedMoment], None]] = {
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


def _power(sheet: _Sheet, frame: LiveMessage) -> tuple[str, str]:
    """The number and its unit: watts, which are estimated, or what the meter says where they are not known."""
    if frame.power_w is not None:
        return f"~{sheet.number(abs(frame.power_w))}", "W"
    va = frame.injected_va or frame.drawn_va
    return "–" if va is None else sheet.number(va), "VA"


def _load_ink(view: DisplayedMoment) -> Ink:
    load = view.load or 0
    return RED if view.overload or load >= TOO_MUCH else AMBER if load >= MUCH else GREEN


def _tariff(sheet: _Sheet, frame: LiveMessage | None) -> str:
    """The tariff that counts; with the colour of Tempo, where there is one and no ground has it."""
    if frame is None or frame.tariff_kind == "unknown":
        return ""
    words = str(sheet.words.get(frame.tariff_kind, frame.tariff_kind))
    if frame.tempo_today not in _TEMPO or sheet.canvas.colour:
        return words
    return f"{words} · {sheet.words[frame.tempo_today]}"


def _day_lines(sheet: _Sheet, frame: LiveMessage) -> list[str]:
    """The day, where there is room for more than one line."""
    lines = []
    days = (("day", "today", frame.drawn_today_wh), ("yesterday", "yesterday", frame.drawn_yesterday_wh))
    for word, day, wh in days:
        if wh is not None:
            lines.append(f"{sheet.words[word]}{sheet.words['colon']}{_least(sheet, frame, day, wh)}")
    return lines


def _least(sheet: _Sheet, frame: LiveMessage, day: str, wh: int | None) -> str:
    """What was drawn on a day; of one that is not known as a whole at least so much."""
    if wh is None:
        return "?"
    return f"{sheet.words['at least'] + ' ' if day in frame.partial else ''}{sheet.kilo(wh)} kWh"


def _title(sheet: _Sheet, view: DisplayedMoment, words: str, *, coloured: bool = True) -> None:
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
    ground = _TEMPO.get(frame.tempo_today, DARK) if frame and coloured and sheet.canvas.colour else DARK
    sheet.title(words, ground, BLACK if ground == WHITE else WHITE)


class _Sheet:
    """Where things stand, whatever the size: a title, a great value, lines, and a bar at the foot.

    ``body`` is where what follows the title begins, ``foot`` where the room for it ends.
    """

    def __init__(self, look: PictureStyle, stamp: str = "") -> None:
        self.canvas = Drawing(look.width, look.height, colour=look.colour)
        self.words = WORDS[look.language]
        self._language, self._stamp = look.language, stamp
        low = look.height <= 64
        self.gap = 3 if low else max(6, look.height // 26)
        self.small = 11 if low else max(13, look.height // 10)
        self._head = 14 if low else look.height // 6
        self.body = self._head + self.gap
        self.foot = look.height
        self._below = self.body

    def number(self, value: int) -> str:
        """A number as people write it."""
        return number(value, self._language)

    def kilo(self, value: int | None) -> str:
        """A number in thousands."""
        return "?" if value is None else kilo(value, self._language)

    def title(self, words: str, ground: Ink, letters: Ink) -> None:
        """The first line, on a ground of its own; with one bit a pixel, black on white is what warns."""
        canvas = self.canvas
        if not canvas.colour:
            letters = WHITE if ground == DARK else BLACK
        canvas.fill((0, 0, canvas.width, self._head), ground)
        words = f"{words} · {self._stamp}" if self._stamp else words
        size = canvas.fit(words, canvas.width - 2 * self.gap, self._head * 7 // 9, bold=True)
        canvas.text((canvas.width // 2, self._head // 2), words, size, letters, "mm", bold=True)

    def value(self, text: str, unit: str, ink: Ink) -> None:
        """The great value, its unit at its foot."""
        canvas = self.canvas
        room = (self.foot - self.body) * (6 if canvas.height <= 64 else 5) // 10
        beside = text_width(unit, self.small) + self.gap if unit else 0
        size = canvas.fit(text, canvas.width - beside - 2 * self.gap, room * 12 // 10, bold=True)
        left = (canvas.width - text_width(text, size, bold=True) - beside) // 2
        # Digits of DejaVu are 73 % of its size high.
        line = self.body + (room + size * 73 // 100) // 2
        canvas.text((left, line), text, size, ink, bold=True)
        if unit:
            canvas.text((left + text_width(text, size, bold=True) + self.gap, line), unit, self.small, GREY)
        self._below = self.body + room + self.gap // 2

    @property
    def most_lines(self) -> int:
        """How many fit below what is there."""
        return max(1, (self.foot - self._below + self.gap) // (self.small + self.gap))

    def lines(self, texts: list[str], ink: Ink = WHITE) -> None:
        """As many lines as fit below what is there, in the middle."""
        canvas, step = self.canvas, self.small + self.gap
        count = min(len(texts), self.most_lines)
        top = self._below + max(0, self.foot - self._below - count * step + self.gap) // 2
        for place, text in enumerate(texts[:count]):
            size = canvas.fit(text, canvas.width - 2 * self.gap, self.small)
            canvas.text((canvas.width // 2, top + place * step + self.small // 2), text, size, ink, "mm")

    def bar(self, part: float, ink: Ink, marks: tuple[float, ...] = ()) -> None:
        """A bar at the foot, full at 1; called before what stands above it."""
        canvas = self.canvas
        height = 8 if canvas.height <= 64 else canvas.height // 12
        left, top = self.gap, canvas.height - height - (0 if canvas.height <= 64 else self.gap)
        room = canvas.width - 2 * left
        width = max(0, min(room - 4, round((room - 4) * part)))
        canvas.frame((left, top, room, height), GREY)
        canvas.fill((left + 2, top + 2, width, height - 4), ink)
        for mark in marks:
            x = left + 2 + round((room - 4) * mark)
            canvas.fill((x, top, 1, height), BLACK if x < left + 2 + width else GREY)
        self.foot = top - self.gap // 2

    def day(self, word: str, colour: str, top: int, height: int) -> None:
        """The colour of a day, filled where there are colours, and its name."""
        canvas, name = self.canvas, self.words[colour if colour in _TEMPO else "unknown"]
        letters = WHITE
        if canvas.colour and colour in _TEMPO:
            canvas.fill((0, top, canvas.width, height), _TEMPO[colour])
            letters = BLACK if colour == "white" else WHITE
        else:
            canvas.frame((0, top, canvas.width, height), WHITE)
        longest = max((self.words[one] for one in _TEMPO), key=len)
        if height >= 60:
            size = canvas.fit(longest, canvas.width - 4 * self.gap, height // 2, bold=True)
            canvas.text((canvas.width // 2, top + self.gap + self.small // 2), word, self.small, letters, "mm")
            canvas.text((canvas.width // 2, top + height - size // 2 - self.gap), name, size, letters, "mm", bold=True)
            return
        middle, half = top + height // 2, canvas.width // 2 - 2 * self.gap
        canvas.text((2 * self.gap, middle), word, canvas.fit(word, half, self.small), letters, "lm")
        size = canvas.fit(longest, half, height * 2 // 3, bold=True)
        canvas.text((canvas.width - 2 * self.gap, middle), name, size, letters, "rm", bold=True)
