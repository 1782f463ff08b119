"""What lamps show: pure functions of a ``View`` to colours (red, green, blue, each 0 to 255).

A bar of addressable LEDs is the power as a part of the subscribed one; a single lamp has the colour of what matters
most, or tells off-peak hours alone.
"""

import compact

OFF, WHITE, GREEN, AMBER, RED, BLUE = (0, 0, 0), (160, 160, 160), (0, 200, 0), (220, 110, 0), (255, 0, 0), (0, 40, 255)
_FAINT, _FULL = (12, 12, 12), (255, 255, 255)
# The tariff of ``compact``.
_UNKNOWN, _OFF_PEAK = 0, 2

_TEMPO = {1: BLUE, 2: WHITE, 3: RED}


def single(view):
    """One lamp.

    Old: faint white, blinking. Overload: red, blinking. Injection: green, and nothing else is. A Tempo contract: the
    colour that counts now. Otherwise blue, amber or red by the power.
    """
    if view.fault:
        return _FAINT if view.beat else OFF
    if view.overload:
        return RED if view.beat else OFF
    if view.has(compact.INJECTING):
        return GREEN
    if view.frame.today:
        return _TEMPO[view.frame.today]
    return OFF if view.load is None else _by_load(view.load)


def off_peak(view):
    """One lamp that tells one thing: lit in off-peak hours, dark in others; old or not known: faint, blinking."""
    if view.fault or view.frame.tariff == _UNKNOWN:
        return _FAINT if view.beat else OFF
    return _FULL if view.frame.tariff == _OFF_PEAK else OFF


def bar(view, count):
    """``count`` lamps, the first at the foot: lit as far as the power goes, blue, then amber, then red."""
    if view.fault:
        return [_FAINT if view.beat else OFF] + [OFF] * (count - 1)
    if view.overload:
        return [RED if view.beat else OFF] * count
    if view.has(compact.INJECTING):
        return [GREEN] + [OFF] * (count - 1)
    lit = 0 if view.load is None else min(count, int(view.load * count + 0.999))
    return [_by_load((place + 1) / count) if place < lit else OFF for place in range(count)]


def dimmed(colour, percent):
    """A colour at that brightness."""
    return tuple([part * percent // 100 for part in colour])


def _by_load(load):
    return BLUE if load <= 0.7 else AMBER if load <= 0.9 else RED
