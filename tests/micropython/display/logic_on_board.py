"""Runs one line of a display's pure code and prints what it gives: micropython logic_on_board.py EXPRESSION"""

import json
import random
import sys
import time

import compact
import lamps  # noqa: F401 (for the expression)
import oled  # noqa: F401 (for the expression)
import pages  # noqa: F401 (for the expression)
import panels  # noqa: F401 (for the expression)
from button import Button
from canvas import Canvas  # noqa: F401 (for the expression)
from state import State, View

ON, OFF = b"online", b"offline"
DATA = compact.encode(compact.Compact(0, 1, None, 0, 3, None, 0, 0, 0, 6000, 3000, None, None, None, None, None))
STALE = b"\x01\x01" + DATA[2:]
# The greatest number of milliseconds before they begin anew, of this port.
LAST = time.ticks_add(0, -1)
STATUS, COMPACT = "linky/status", "linky/meter/house/compact"


def faults(*steps, now=0):
    """The fault and the age after each step: (milliseconds, topic or None, payload or whether there is a link)."""
    state, linked, seen = State("house", now), True, []
    for wait, topic, what in steps:
        now = time.ticks_add(now, wait)
        if topic is None:
            linked = what
        else:
            state.take(topic, what, now)
        view = state.view(now, linked)
        seen.append((view.fault, view.age_s))
    return seen


def values(clock, watts, number):
    """What is shown of these bytes on the topics of times, of watts, and of how far these may be off and of cents."""
    state = State("house", 0)
    state.take(COMPACT, DATA, 0)
    for topic, said in (("until", clock), ("off-peak", clock), ("value/power/active/estimate", watts)):
        state.take("linky/meter/house/" + topic, said, 0)
    for topic in ("value/power/active/estimate/half-width", "cost-today"):
        state.take("linky/meter/house/" + topic, number, 0)
    seen = state.view(0, True)
    return seen.until, seen.off_peak, seen.watts, seen.within, seen.cents


def view(beat=True, fault=None, **fields):
    """A view of a frame with these fields."""
    names = "flags sequence time age_s tariff tariff_index today tomorrow broken subscribed_va drawn_va injected_va"
    names = (names + " drawn_today_wh drawn_yesterday_wh injected_today_wh produced_today_wh").split()
    known = {"flags": 0, "tariff": 0, "today": 0, "tomorrow": 0, "broken": 0}
    known.update(fields)
    return View(compact.Compact(*[known.get(name) for name in names]), fault, 0, beat)


def presses(*levels):
    """When a button that is looked at every 10 ms was pressed: its levels as 0 and 1."""
    button = Button(0)
    return [10 * place for place, level in enumerate(levels) if button.feed(bool(level), 10 * place)]


def contrast(driver, chip, brightness):
    """What a driver sets of the contrast of an OLED's chip."""
    driver(chip, 0x3C, brightness).start()
    return chip.contrast


def random_frames(count):
    """Frames of this version whose bytes are by chance, half of the numbers unknown."""
    random.seed(7)
    for _ in range(count):
        data = bytearray(bytes([1]) + bytes([random.getrandbits(8) for _ in range(39)]))
        for place in range(16, 40, 4):
            if random.getrandbits(1):
                data[place : place + 4] = b"\xff" * 4
        yield bytes(data)


def state_of(data):
    """What is shown of these bytes."""
    state = State("house", 0)
    state.take(COMPACT, data, 0)
    return state.view(0, True)


print(json.dumps(eval(sys.argv[1])))
