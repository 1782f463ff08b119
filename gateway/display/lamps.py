"""What lamps and the buzzer do: pure functions of a ``DisplayedMoment`` to rhythms, and what plays a rhythm on a pin.

No clock: monotonic seconds are handed in. ``Player.update`` says when it wants to be called again; a pin changes only
then, so that an idle lamp costs nothing. A program that has died plays nothing: dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from gateway.display.pages import MUCH, TOO_MUCH

if TYPE_CHECKING:
    from gateway.display.state import DisplayedMoment

# Never.
FOR_EVER = float("inf")

Colour = tuple[int, int, int]
DARK, WHITE, RED, GREEN, BLUE, YELLOW = (0, 0, 0), (1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)
_TEMPO = {"blue": BLUE, "white": WHITE, "red": RED}


class Rhythm(NamedTuple):
    """On and off in turn, seconds; ``off_s`` 0 is on, ``on_s`` 0 is off."""

    on_s: float
    off_s: float


OFF, ON = Rhythm(0, 1), Rhythm(1, 0)

# Enedis-NOI-CPT_54E §9.3: frames come, or none does (start, waiting, bad frames, ten seconds of silence).
SLOW, FAST = Rhythm(0.1, 2.9), Rhythm(0.1, 0.9)
BLINK = Rhythm(0.5, 0.5)


class Light(Protocol):
    """A lamp of one colour or three, or a buzzer."""

    def show(self, colour: Colour) -> None:
        """Take this colour; a device of one colour is on with any but DARK."""


def led(view: DisplayedMoment) -> Rhythm:
    """The lamp of Enedis's rule."""
    return SLOW if view.live else FAST


def one_thing(view: DisplayedMoment, follows: str) -> Rhythm:
    """A lamp that tells one thing (``[[lamp]]``): on while it is so, dark while not; fast when old, or not known."""
    frame = view.frame
    if view.fault or frame is None or (follows == "off-peak" and frame.tariff_kind == "unknown"):
        return FAST
    so = {"off-peak": frame.tariff_kind == "off-peak", "injection": frame.injecting, "overload": view.overload}
    return ON if so[follows] else OFF


def rgb(view: DisplayedMoment) -> tuple[Colour, Rhythm]:
    """The colour of what matters most, and its rhythm.

    Old: white, as the fast rhythm. Overload: red, blinking. Injection: green, and nothing else is. A Tempo contract:
    the colour that counts. Otherwise blue, yellow or red by the power.
    """
    frame = view.frame
    if view.fault or frame is None:
        return WHITE, FAST
    if view.overload:
        return RED, BLINK
    if frame.injecting:
        return GREEN, ON
    if frame.tempo_today in _TEMPO:
        return _TEMPO[frame.tempo_today], ON
    if view.load is None:
        return DARK, OFF
    return RED if view.load >= TOO_MUCH else YELLOW if view.load >= MUCH else BLUE, ON


class Player:
    """Plays a rhythm in a colour on one light; a new one begins with its first beat."""

    def __init__(self, light: Light) -> None:
        self._light = light
        self._rhythm, self._colour = OFF, DARK
        self._began = 0.0
        self._shown: Colour | None = None

    def update(self, rhythm: Rhythm, colour: Colour, now: float) -> float:
        """Show what is due; when to be called again, in monotonic seconds."""
        if (rhythm, colour) != (self._rhythm, self._colour):
            self._rhythm, self._colour, self._began = rhythm, colour, now
        if not rhythm.on_s or not rhythm.off_s:
            self._show(colour if rhythm.on_s else DARK)
            return FOR_EVER
        period = rhythm.on_s + rhythm.off_s
        turn, within = divmod(now - self._began + 1e-6, period)
        lit = within < rhythm.on_s
        self._show(colour if lit else DARK)
        return self._began + turn * period + (rhythm.on_s if lit else period)

    def _show(self, colour: Colour) -> None:
        if colour != self._shown:
            self._light.show(colour)
            self._shown = colour


class Alarm:
    """Three beeps at an overload, again each minute while it lasts; silent from ``mute`` to its end."""

    _BEEPS, _BEEP_S, _PAUSE_S, _SILENCE_S = 3, 0.15, 0.15, 60.0

    def __init__(self, light: Light) -> None:
        self._player = Player(light)
        self._since: float | None = None
        self._muted = False

    @property
    def sounding(self) -> bool:
        """Whether there is something to mute."""
        return self._since is not None and not self._muted

    def mute(self) -> None:
        """Be silent until this overload has ended."""
        self._muted = True

    def update(self, view: DisplayedMoment, now: float) -> float:
        """Beep when it is due; when to be called again."""
        if not view.overload:
            self._since, self._muted = None, False
        elif self._since is None:
            self._since = now
        if self._since is None or self._muted:
            return self._player.update(OFF, WHITE, now)
        beeping_s = self._BEEPS * (self._BEEP_S + self._PAUSE_S)
        turn, within = divmod(now - self._since + 1e-6, beeping_s + self._SILENCE_S)
        if within < beeping_s:
            return self._player.update(Rhythm(self._BEEP_S, self._PAUSE_S), WHITE, now)
        self._player.update(OFF, WHITE, now)
        return self._since + (turn + 1) * (beeping_s + self._SILENCE_S)
