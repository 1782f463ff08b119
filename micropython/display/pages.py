"""The pages of a display: pure functions of a ``View`` that draw on a ``Canvas`` of any size from 128 x 64 up.

French, in words that a household uses. ``draw`` shows one page and says by a title in reverse when it is old or too
much is drawn; ``available`` are the pages that have something to say, in the order of the button.
"""

import compact
from canvas import AMBER, BLACK, BLUE, DARK, DRAWN, GIVEN, GLYPH, GREY, RED, SUN, WHITE, digits_width
from state import percent

TARIFFS = ("", "Base", "Heures creuses", "Heures pleines", "H. normales", "Pointe mobile")
SHORT_TARIFFS = ("", "Base", "HC", "HP", "HN", "Pointe")
_OFF_PEAK = 2
COLOURS = ("?", "Bleu", "Blanc", "Rouge")
_INKS = (GREY, BLUE, WHITE, RED)

# Links of ``compact``, in the household's words.
LINKS = ("Port", "Compteur", "Lecture", "Horloge", "Stockage", "XMPP", "Destinataire", "Autre")

# From this part of the subscribed power on the bar warns.
_MUCH, _TOO_MUCH = 0.7, 0.9


def available(view):
    """The pages that have something to say."""
    frame = view.frame
    if frame is None:
        return (now,)
    pages = [now, today]
    if frame.produced_today_wh is not None or frame.injected_today_wh or frame.injected_va:
        pages.append(solar)
    if view.until:
        pages.append(hours)
    if frame.today or frame.tomorrow:
        pages.append(tempo)
    pages.append(links)
    return tuple(pages)


def draw(canvas, view, number):
    """Show a page; any number is one (the button only counts)."""
    pages = available(view)
    canvas.clear()
    pages[number % len(pages)](canvas, view)


def now(canvas, view):
    """The power of this moment, against the subscribed one."""
    frame = view.frame
    layout = _Layout(canvas)
    _title(layout, view, _tariff(frame, layout.columns()) or "Puissance")
    if view.fault:
        layout.number("----", "", GREY)
        if frame is None or frame.drawn_va is None:
            return
        layout.lines(("il y a " + age(view.age_s) if view.age_s is not None else "", "%d VA" % frame.drawn_va))
        return
    lines = []
    if view.load is not None:
        lines.append("%d %% de %s kVA" % (view.percent, kilo(frame.subscribed_va)))
    if frame.injected_va:
        lines = ["vers le réseau"]
    layout.number(*_power(view), GIVEN if frame.injected_va else _load_ink(view))
    if view.cents is not None:
        lines.append("coût : %s" % euros(view.cents))
    lines += _off_peak_lines(view) + _today_lines(view)
    if view.watts is not None and view.within:
        lines.append("à %d W près" % view.within)
    layout.lines(lines)
    if view.load is not None:
        layout.bar(0 if frame.injected_va else view.load, _load_ink(view), (_MUCH, _TOO_MUCH))


def today(canvas, view):
    """What was drawn since midnight, against the whole day before."""
    frame = view.frame
    layout = _Layout(canvas)
    _title(layout, view, "Auj., au moins" if view.has(compact.TODAY_PARTIAL) else "Aujourd'hui")
    drawn, before = frame.drawn_today_wh, frame.drawn_yesterday_wh
    layout.number("-" if drawn is None else kilo(drawn), "kWh", GREY if view.fault else WHITE)
    lines = [] if view.cents is None else [euros(view.cents)]
    barred = before and drawn is not None and not (layout.low and lines)
    lines.append("hier : " + ("?" if before is None else _least(view, compact.YESTERDAY_PARTIAL, before)))
    layout.lines(lines, barred)
    if barred:
        layout.bar(drawn / before, GREY if view.fault else DRAWN)


def solar(canvas, view):
    """What was produced and injected today, and how much of it was used here."""
    frame = view.frame
    layout = _Layout(canvas)
    produced, injected = frame.produced_today_wh, frame.injected_today_wh
    ink = GREY if view.fault else GIVEN if produced is None else SUN
    if produced is None:
        _title(layout, view, "Injecté")
        layout.number("-" if injected is None else kilo(injected), "kWh", ink)
        layout.lines(["aujourd'hui"])
        return
    _title(layout, view, "Production")
    layout.number(kilo(produced), "kWh", ink)
    if injected is None or not produced:
        layout.lines(["aujourd'hui"])
        return
    used = max(0, produced - injected)
    layout.lines(["utilisé : %d %%" % percent(used, produced), "injecté %s kWh" % kilo(injected)])
    layout.bar(used / produced, ink)


def hours(canvas, view):
    """Until when the tariff that counts does, and when off-peak hours come next, as the gateway expects it."""
    frame = view.frame
    layout = _Layout(canvas)
    _title(layout, view, (SHORT_TARIFFS[frame.tariff] or "Tarif") + " jusqu'à", coloured=False)
    layout.number(view.until, "", GREY if view.fault else WHITE)
    if view.off_peak == view.until:
        layout.lines(["puis HC"])
    elif view.off_peak:
        layout.lines([("puis à " if frame.tariff == _OFF_PEAK else "HC à ") + view.off_peak])


def tempo(canvas, view):
    """The colours of today and tomorrow."""
    frame = view.frame
    layout = _Layout(canvas)
    _title(layout, view, "Tempo", coloured=False)
    height = (canvas.height - layout.body - layout.gap) // 2
    _day(layout, "Auj.", frame.today, layout.body, height)
    _day(layout, "Demain", frame.tomorrow, layout.body + height + layout.gap, height)


def links(canvas, view):
    """What does not work, or that everything does."""
    layout = _Layout(canvas)
    broken = [word for bit, word in enumerate(LINKS) if view.frame.broken >> bit & 1]
    _title(layout, view, "En panne :" if broken else "Liaisons")
    if not broken:
        scale = canvas.fit("tout va bien", canvas.width, 3)
        canvas.centred("tout va bien", (canvas.height + layout.body - GLYPH * scale) // 2, scale)
        return
    step = min(layout.line, (canvas.height - layout.body) // len(broken))
    scale = max(1, min([canvas.fit(word, canvas.width, step // GLYPH) for word in broken]))
    for place, word in enumerate(broken):
        canvas.text(word, layout.gap, layout.body + place * step, min(scale, layout.small), AMBER)


def _power(view):
    """The number and its unit: watts, which are estimated, or what the meter says where they are not known."""
    if view.watts is not None:
        return str(abs(view.watts)), "~W"
    va = view.frame.injected_va or view.frame.drawn_va
    return "-" if va is None else str(va), "VA"


def kilo(number):
    """A number in thousands as it is written in French: 9,1; no tenths where there are none, or from a hundred on."""
    tenths = (number + 50) // 100
    if tenths >= 1000 or number % 1000 == 0:
        return "%d" % ((number + 500) // 1000)
    return "%d,%d" % (tenths // 10, tenths % 10)


def euros(cents):
    """An amount as it is written in French; a minus is what the house has earned."""
    return "%s%d,%02d €" % ("-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100)


def age(seconds):
    """How long ago, in the unit that says it best."""
    if seconds < 120:
        return "%d s" % seconds
    return "%d min" % (seconds // 60) if seconds < 7200 else "%d h" % (seconds // 3600)


def _tariff(frame, columns):
    """The tariff that counts, with the colours of Tempo where there are any."""
    if frame is None:
        return ""
    if not frame.today:
        return TARIFFS[frame.tariff]
    words = "%s %s" % (SHORT_TARIFFS[frame.tariff], COLOURS[frame.today])
    longer = "%s > %s" % (words, COLOURS[frame.tomorrow])
    return longer if frame.tomorrow and len(longer) <= columns else words


def _off_peak_lines(view):
    """When off-peak hours begin, or when those that run end."""
    if view.frame.tariff == _OFF_PEAK:
        return ["fin HC : " + view.until] if view.until else []
    return ["HC à " + view.off_peak] if view.off_peak else []


def _today_lines(view):
    """The day, where there is room for more than one line."""
    frame = view.frame
    if frame.drawn_today_wh is None:
        return []
    lines = ["jour : " + _least(view, compact.TODAY_PARTIAL, frame.drawn_today_wh)]
    if frame.drawn_yesterday_wh is not None:
        lines.append("hier : " + _least(view, compact.YESTERDAY_PARTIAL, frame.drawn_yesterday_wh))
    return lines


def _least(view, flag, wh):
    """What was drawn on a day; more than that where a part of it is not known."""
    return "%s%s kWh" % (">" if view.has(flag) else "", kilo(wh))


def _day(layout, word, colour, y, height):
    """The colour of a day, filled on colour panels, and its name; one above the other where there is room."""
    canvas, name = layout.canvas, COLOURS[colour]
    letters = WHITE
    if canvas.colour and colour:
        canvas.fill(0, y, canvas.width, height, _INKS[colour])
        letters = BLACK if _INKS[colour] == WHITE else WHITE
    else:
        canvas.frame(0, y, canvas.width, height, WHITE)
    if height >= 60:
        scale = canvas.fit(COLOURS[2], canvas.width - 8, 4)
        canvas.centred(word, y + layout.gap, min(layout.small, canvas.fit(word, canvas.width, 2)), letters)
        canvas.centred(name, y + (height + GLYPH * 2 - GLYPH * scale) // 2, scale, letters)
        return
    # Of both days alike: "Demain" is the longer word.
    room = canvas.width - len("Demain") * GLYPH * layout.small - 4 * layout.gap
    scale = canvas.fit(COLOURS[2], room, height // (GLYPH + 2))
    canvas.text(word, layout.gap + 3, y + (height - GLYPH * layout.small) // 2, layout.small, letters)
    x = canvas.width - len(name) * GLYPH * scale - layout.gap - 3
    canvas.text(name, x, y + (height - GLYPH * scale) // 2, scale, letters)


def _load_ink(view):
    if view.overload or (view.load or 0) >= _TOO_MUCH:
        return RED
    return AMBER if (view.load or 0) >= _MUCH else DRAWN


def _title(layout, view, words, coloured=True):
    """The first line; in reverse when what follows is old, too much is drawn or the breaker is open."""
    canvas = layout.canvas
    frame = view.frame
    warning = view.fault
    if warning is None and view.has(compact.BREAKER_OPEN):
        warning = "Disjoncteur"
    elif view.overload:
        warning = "Dépassement !"
    ground, letters = DARK, WHITE
    if warning:
        words, ground, letters = warning, RED if view.overload else AMBER, WHITE if view.overload else BLACK
    elif coloured and frame and frame.today and canvas.colour:
        ground = _INKS[frame.today]
        letters = BLACK if ground == WHITE else WHITE
    scale = canvas.fit(words, canvas.width, layout.small)
    canvas.fill(0, 0, canvas.width, layout.head, ground)
    if not canvas.colour:
        letters = BLACK if warning else WHITE
    canvas.centred(words, (layout.head - GLYPH * scale) // 2, scale, letters)


class _Layout:
    """Where things stand, whatever the size: a title, a great number, a bar, lines.

    ``small`` is the scale of its text, ``head`` the height of the title, ``body`` where the rest begins, ``line`` from
    one line to the next; ``narrow`` panels are higher than wide.
    """

    def __init__(self, canvas):
        self.canvas = canvas
        self.low = canvas.height <= 64
        self.narrow = canvas.width < canvas.height
        self.small = 1 if self.low else 2
        self.gap = 3 if self.low else 8
        self.head = GLYPH + 2 if self.low else (GLYPH + 8) * 2
        self.body = self.head + self.gap
        self.line = GLYPH * self.small + self.gap
        self._bar = 8 if self.low else canvas.height // 12
        self._below = self.body

    def columns(self):
        """How many letters a title has at its size."""
        return self.canvas.width // (GLYPH * self.small)

    def number(self, text, unit, ink):
        """The great number, and its unit at its foot, or below it where the panel is narrow."""
        canvas = self.canvas
        height = 28 if self.low else canvas.height * 3 // (10 if self.narrow else 8)
        beside = 0 if self.narrow or not unit else len(unit) * GLYPH * self.small + self.gap
        while digits_width(text, height) > canvas.width - beside - self.gap:
            height -= 1
        wide = digits_width(text, height)
        x = (canvas.width - wide - beside) // 2
        canvas.digits(text, x, self.body, height, ink)
        foot = self.body + height
        if self.narrow:
            foot += self.gap
            canvas.text(unit, canvas.width - len(unit) * GLYPH * self.small - self.gap, foot, self.small, GREY)
            foot += GLYPH * self.small
        else:
            canvas.text(unit, x + wide + self.gap, foot - GLYPH * self.small, self.small, GREY)
        self._below = foot + self.gap

    def bar(self, part, ink, marks=()):
        """A bar of which that part is full, below the number; a mark at each limit."""
        canvas, y = self.canvas, self._below
        canvas.frame(0, y, canvas.width, self._bar, GREY)
        canvas.fill(2, y + 2, int((canvas.width - 4) * min(1, part)), self._bar - 4, ink)
        for mark in marks:
            canvas.fill(int(canvas.width * mark), y, 1, self._bar, GREY)

    def lines(self, lines, barred=True):
        """As many lines as there is room for, the most important first; below the bar, where there is one."""
        canvas = self.canvas
        y = self._below + (self._bar + self.gap if barred else 0)
        if self.low and barred:
            y = canvas.height - GLYPH
        for place, text in enumerate(lines):
            # Where it is narrow, what it is stands above how much it is.
            word, line = text.split(" : ") if self.narrow and " : " in text else ("", text)
            scale = canvas.fit(line, canvas.width, self.small)
            above = GLYPH + 2 if word else 0
            if y + above + GLYPH * scale > canvas.height:
                return
            canvas.centred(word, y, 1, GREY)
            canvas.centred(line, y + above, scale, GREY if place else WHITE)
            y += above + GLYPH * scale + self.gap
