"""One guess of the active power behind a reading of VA, and how sure it is: a Kalman filter of two numbers.

No I/O and no clock. The numbers are the watts at a reference VA, and the part of a watt-hour that has flowed since the
index ticked last. Time carries the watts into the energy; each tick, and each frame that brings none, corrects both.
Variances are in W² and Wh².
"""

from __future__ import annotations

from math import erf, exp, log, sqrt

# How fast watts may drift away from VA while VA stays as it is: a share of them for each square root of a second.
DRIFT = 0.0008
# Of the energy between two frames so much is not known, as its VA was measured at one moment of it.
_UNEVEN = 0.02
# A guess that a tick contradicts by more than three deviations is wrong about the watts, and says so.
_CONTRADICTED, _WORST = 9.0, 25.0
# So much more is not known then, as a share of the watts.
_ASTRAY = 0.05
# A frame without a tick says something where one might have been expected, within so many deviations.
_EXPECTED_SQUARED = 6.25
_LEAST_WATTS_VARIANCE, _LEAST_ENERGY_VARIANCE = 0.25, 1e-6
_LEAST_LIKELY = 1e-9


class PowerGuess:
    """A guess: ``watts`` at the reference VA, ``wh`` since the last tick, ``weight``: its likelihood's logarithm."""

    __slots__ = ("covariance", "watts", "watts_variance", "weight", "wh", "wh_variance")

    def __init__(self, watts: float, deviation: float, wh: float, wh_variance: float, weight: float = 0.0) -> None:
        self.watts, self.watts_variance = watts, deviation * deviation + 4.0
        self.wh, self.wh_variance, self.covariance = wh, wh_variance, 0.0
        self.weight = weight

    def live(self, hours: float, drift: float, uneven: float) -> float:
        """Let time pass, in hours at the reference VA.

        Args:
            hours: as said.
            drift: variance by which the watts may have drifted meanwhile.
            uneven: variance of the energy, because VA changed meanwhile.

        Returns:
            The energy of that time in Wh.
        """
        wh = hours * self.watts
        carried = hours * self.watts_variance
        self.wh += wh
        self.wh_variance += hours * (2 * self.covariance + carried) + (_UNEVEN * wh) ** 2 + uneven
        self.covariance += carried
        self.watts_variance += drift
        return wh

    def tick(self, ticks: int, wh: float) -> None:
        """The index rose by so many Wh; the last of them within the last ``wh`` of energy."""
        left = self.wh - ticks
        within = wh if wh < 1 else 1.0
        surprise = within / 2 - left
        variance = self.wh_variance + within * within / 12 + 1e-5
        how_far = surprise * surprise / variance
        if how_far > _CONTRADICTED:
            self.watts_variance += (_ASTRAY * self.watts) ** 2
            how_far = min(how_far, _WORST)
        self.weight -= 0.5 * (how_far + log(variance))
        gain, gain_watts = self.wh_variance / variance, self.covariance / variance
        self.wh = left + gain * surprise
        self.watts += gain_watts * surprise
        self.watts_variance -= gain_watts * self.covariance
        self.covariance -= gain * self.covariance
        self.wh_variance -= gain * self.wh_variance

    def no_tick(self, blur: float) -> None:
        """The index has not risen: less than a watt-hour has flowed since it did (a normal law, cut off there).

        ``blur`` is the energy, in Wh, of the time by which the moment may be wrong.
        """
        room = 1 + blur - self.wh
        if room >= 0 and room * room >= _EXPECTED_SQUARED * self.wh_variance:
            return
        deviation = sqrt(self.wh_variance)
        room /= deviation
        if room < -3:
            self.watts_variance += (_ASTRAY * self.watts) ** 2
            room = max(room, -5.0)
        likely = 0.5 * (1 + erf(room * 0.70711)) + _LEAST_LIKELY
        shift = 0.39894 * exp(-0.5 * room * room) / likely
        share = min(0.999, shift * (shift + room))
        self.weight += log(likely)
        self.watts -= self.covariance / deviation * shift
        self.watts_variance -= self.covariance * self.covariance / self.wh_variance * share
        self.wh = min(1 + blur, self.wh - deviation * shift)
        self.covariance *= 1 - share
        self.wh_variance *= 1 - share

    def keep_within(self, least: float, most: float, variance: float) -> None:
        """Hold the watts between two bounds, and no less sure than those are."""
        if self.watts > most:
            self.watts = most
        elif self.watts < least:
            self.watts = least
        if self.watts_variance > variance:
            self.watts_variance = variance
            self.covariance *= 0.5
        if self.watts_variance < _LEAST_WATTS_VARIANCE:
            self.watts_variance, self.covariance = _LEAST_WATTS_VARIANCE, 0.0
        if self.wh_variance < _LEAST_ENERGY_VARIANCE:
            self.wh_variance, self.covariance = _LEAST_ENERGY_VARIANCE, 0.0

    def begin_index(self, wh: float, variance: float) -> None:
        """Another index counts from now on, or what it has beyond its last tick is not known."""
        self.wh, self.wh_variance, self.covariance = wh, variance, 0.0
