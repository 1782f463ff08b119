"""Active power out of what a meter does say: apparent power in every frame, and an index that ticks each watt-hour.

No I/O and no clock: seconds are handed in, of any steady clock. VA is quick and says nothing of the power factor, the
index is right and slow; README.md has the method and its error. While VA stays where it is, watts are a share of it
that the ticks correct; when VA leaps, several guesses of what was switched on or off go on side by side (``guess``),
and the ticks choose. Watts are of the whole meter, + drawn and - injected.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import NamedTuple

from gateway.tic.guess import DRIFT, PowerGuess
from gateway.tic.tick_bounds import TickBounds

# What it says, as series; in W, W, and hundredths.
ESTIMATE = "power/active/estimate"
HALF_WIDTH = "power/active/estimate/half-width"
COS_PHI = "power/active/estimate/cos-phi"
ESTIMATES = ESTIMATE, HALF_WIDTH, COS_PHI

_HOUR_S = 3600.0
# After a longer gap nobody knows how much flowed in it; after a still longer one, what is switched on.
_GAP_S, _FORGOTTEN_S = 25.0, 120.0
# Of the part of a watt-hour since the last tick, where nothing is known of it.
_ANY_WH, _ANY_WH_VARIANCE = 0.5, 1 / 12
# Guesses of one frame; those less likely than the best by this (a logarithm) go.
_GUESSES, _UNLIKELY = 5, 7.0
# Within this share of VA (and two and a half of its steps) watts follow VA in proportion, as with the mains' voltage;
# beyond it reactive power is taken to stay. What comes at once and is larger is a load switched on or off.
_BAND, _BAND_STEPS, _LEAST_LEAP_VA = 0.03, 2.5, 20
# How much VA and watts differ from moment to moment whatever is known, as a share; and rounding, of a step.
_FLICKER, _ROUNDING = 0.007, 0.3
# Near zero an error of VA is one of watts as many times larger as VA is; so many times at most.
_STEEP = 8.0
# Three phases add with their signs, so that watts may be more than VA says.
_MOST_ONE, _MOST_THREE = 1.02, 1.3
# Levels that are remembered, how near VA must come to one (share, steps, VA), and how well it must be known.
_LEVELS, _LEVEL, _LEVEL_STEPS, _LEVEL_VA, _LEVEL_KNOWN = 16, 0.012, 0.7, 4, 0.08
# Near zero anything may be: so large a share of VA, give or take. The rest of VA is vars then; a load that is switched
# brings so many at most, as a deviation.
_ANY_SHARE, _ANY_DEVIATION, _BROUGHT_VAR = 0.45, 0.28, 500.0
# What was contradicted is not believed again for this long.
_DOUBTED_S = 60.0
# So many times the VAh between two frames, and so many Wh, an index may rise: VA may leap in between.
_MOST_RISE, _MOST_RISE_WH = 3, 5
# An index that does not tick for so long says something, too.
_STILL_S = 60.0
# What is left of the difference between VA and watts where it might be none, and how sure one must be of it.
_RATHER_ALL, _SURE = 0.35, 0.025
# How much less sure watts are after VA has glided, as a share of the change: with one phase, with three.
_GLIDED_ONE, _GLIDED_THREE = 0.06, 0.15
# A deviation either side of which 95 of 100 values lie.
_NINETY_FIVE = 1.96


class Estimate(NamedTuple):
    """``watts``, signed, and half the width of the interval that holds the truth 95 times of 100; ``va`` it is of."""

    watts: float
    half_width: float
    va: float


class ActivePower:
    """The active power of one meter.

    Args:
        three_phases: whether it has three; one is expected of a meter that does not say.
        step_va: in which steps it says VA: 1 in standard mode, 10 in historic.
    """

    def __init__(self, *, three_phases: bool = False, step_va: int = 1) -> None:
        self._three, self._step = three_phases, step_va
        self._guesses: list[PowerGuess] = []
        self._bounds = TickBounds(_MOST_THREE if three_phases else _MOST_ONE)
        # VA at which the guesses' watts are, and that of the last frame.
        self._reference = self._va = self._band = 0.0
        # VA -> watts of levels that were well known, with their variance and side; the newest last.
        self._levels: list[tuple[float, float, float, int]] = []
        self._indexes: tuple[int, int | None] = 0, None
        self._rest = _ANY_WH, _ANY_WH_VARIANCE
        self._side, self._net = 1, False
        self._at: float | None = None
        self._doubted, self._blur = float("-inf"), 0.0
        # Before the first tick nothing is known but VA.
        self._learnt, self._begun = False, 0.0

    def forget(self) -> None:
        """Another meter may be there, or its index was set."""
        self._at = None
        self._levels.clear()

    def hear(
        self,
        at: float,
        drawn_va: int,
        drawn_wh: int,
        injected_va: int = 0,
        injected_wh: int | None = None,
        blur_s: float = 0.0,
    ) -> None:
        """Take in what a frame says.

        Args:
            at: seconds, when it was sent.
            drawn_va: VA drawn, 0 while injecting.
            drawn_wh: the index of what was drawn.
            injected_va: VA injected.
            injected_wh: the index of what was injected, None for a meter that counts none.
            blur_s: by how much ``at`` may be wrong.
        """
        side, va, indexes = (-1 if injected_va else 1), float(injected_va or drawn_va), (drawn_wh, injected_wh)
        self._net = injected_wh is not None
        passed = 0.0 if self._at is None else at - self._at
        ticks = self._ticks(side, indexes, max(va, self._va) * passed / _HOUR_S)
        self._at, self._indexes = at, indexes
        if ticks is None:
            self.forget()
            self._at = at
        if ticks is None or not 0 < passed <= _FORGOTTEN_S or va < 1 or not self._guesses:
            self._begin(side, va)
            return
        other = self._cross(side) if side != self._side else None
        change = abs(va - self._va)
        if change > _LEAST_LEAP_VA + self._step and change > _BAND * va:
            self._leap(va)
        elif abs(va - self._reference) > self._band:
            self._follow(va)
        if other is not None:
            for guess in self._guesses:
                guess.begin_index(other[0], _leapt(other[1], guess.watts))
        if passed > _GAP_S:
            self._lose_count(va)
        else:
            self._learnt = self._learnt or ticks > 0 or at - self._begun > _STILL_S
            self._blur = blur_s / _HOUR_S
            self._live(ticks, passed / _HOUR_S, va, change)

    def estimate(self) -> Estimate | None:
        """What the power is now; None while nobody knows."""
        if self._at is None or self._at < self._doubted or not self._guesses or not self._learnt:
            return None
        watts, variance = self._mixed()
        if not self._net and watts <= 0.051 * self._reference:
            return None  # no house has so little of its VA as watts: VA that stands still, or is injected
        scale = self._va / self._reference
        watts *= scale
        watts = watts if self._three else min(watts, self._va)
        if not self._three and self._va - watts < scale * sqrt(variance) < _SURE * self._va:
            # As good as all of it, as of heaters and of panels: then it is rather all of it than any share.
            watts = self._va - _RATHER_ALL * (self._va - watts)
        steep = min(_STEEP, self._va / watts) if watts > 0 else _STEEP
        flicker = _FLICKER * (self._va * steep if self._net else watts)
        rounding = _ROUNDING * self._step * steep
        half = _NINETY_FIVE * sqrt(variance * scale * scale + flicker * flicker + rounding * rounding + 2)
        return Estimate(self._side * watts, half, self._va)

    def _ticks(self, side: int, indexes: tuple[int, int | None], vah: float) -> int | None:
        """By how much the index of that side rose; None where one of them was set, or is another meter's."""
        drawn = indexes[0] - self._indexes[0]
        injected = (indexes[1] or 0) - (self._indexes[1] or 0)
        same = (indexes[1] is None) == (self._indexes[1] is None)
        if not same or drawn < 0 or injected < 0 or drawn + injected > _MOST_RISE * vah + _MOST_RISE_WH:
            return None
        return drawn if side > 0 else injected

    def _begin(self, side: int, va: float) -> None:
        """Nothing is known but VA: most of it is active in most houses."""
        self._side, self._rest = side, (_ANY_WH, _ANY_WH_VARIANCE)
        self._learnt, self._begun = False, self._at or 0.0
        self._guesses = []
        if va >= 1:
            self._guesses = [
                PowerGuess(0.97 * va, 0.08 * va, _ANY_WH, _ANY_WH_VARIANCE),
                PowerGuess(0.7 * va, 0.18 * va, _ANY_WH, _ANY_WH_VARIANCE, -1.5),
            ]
        self._refer_to(va)
        self._va = va

    def _refer_to(self, va: float) -> None:
        self._reference = va
        self._band = max(_BAND_STEPS * self._step + 1, _BAND * va)
        if self._net and self._guesses and self._guesses[0].watts < 0.4 * va:
            # Near zero, where watts change several times as fast as VA.
            self._band = max(0.5, min(self._band, _BAND * self._guesses[0].watts))
        self._bounds.begin(va)

    def _cross(self, side: int) -> tuple[float, float]:
        """Energy flows the other way: what the resting index has beyond its last tick stays. That of the other one."""
        best = max(self._guesses, key=_weight)
        other, variance = self._rest, _leapt(best.wh_variance, best.watts)
        self._rest = (best.wh, variance) if variance < _ANY_WH_VARIANCE else (_ANY_WH, _ANY_WH_VARIANCE)
        self._side = side
        self._bounds.begin(self._reference)
        return other

    def _lose_count(self, va: float) -> None:
        for guess in self._guesses:
            guess.begin_index(_ANY_WH, _ANY_WH_VARIANCE)
            guess.watts_variance += (0.05 * guess.watts) ** 2
        self._rest = _ANY_WH, _ANY_WH_VARIANCE
        self._bounds.begin(self._reference)
        self._va = va
        # Of a line that is silent for so long between all frames every leap adds to the weights.
        self._weed()

    def _live(self, ticks: int, hours: float, va: float, change: float) -> None:
        reference, bounds = self._reference, self._bounds
        self._va = va
        uneven = (0.3 * change * hours) ** 2 + 1e-9
        scaled, blur = hours * va / reference, self._blur * va / reference
        bounds.live(scaled)
        astray = bool(ticks) and not bounds.tick(ticks, scaled, blur)
        if bounds.contradicted:
            self._doubted = (self._at or 0.0) + _DOUBTED_S
        least, most = bounds.inner()
        for guess in self._guesses:
            if astray:
                guess.watts_variance += (0.05 * guess.watts) ** 2
            watts = guess.watts
            if self._net and watts >= 1:
                watts = min(reference * reference / watts, _STEEP * reference)
            wh = guess.live(scaled, (DRIFT * watts) ** 2 * hours * _HOUR_S, uneven)
            if ticks:
                guess.tick(ticks, wh + blur * guess.watts)
            else:
                guess.no_tick(blur * guess.watts)
            guess.keep_within(least, most, bounds.variance)
        if len(self._guesses) > 1:
            self._weed()

    def _weed(self) -> None:
        best = max(self._guesses, key=_weight).weight
        for guess in self._guesses:
            guess.weight -= best
        self._guesses = [guess for guess in self._guesses if guess.weight > -_UNLIKELY]

    def _mixed(self) -> tuple[float, float]:
        """Watts at the reference and their variance, over all guesses."""
        guesses = self._guesses
        if len(guesses) == 1:
            return guesses[0].watts, guesses[0].watts_variance
        weights = [exp(guess.weight) for guess in guesses]
        total = sum(weights)
        watts = sum(weight * guess.watts for weight, guess in zip(weights, guesses, strict=True)) / total
        spread = sum(
            weight * (guess.watts_variance + (guess.watts - watts) ** 2)
            for weight, guess in zip(weights, guesses, strict=True)
        )
        variance = spread / total
        if variance < 1e-4 * watts * watts:
            self._guesses = [max(guesses, key=_weight)]
        return watts, variance

    def _follow(self, va: float) -> None:
        """VA has glided out of its band: reactive power stays, or on three phases what differs between VA and watts."""
        reference, unsure = self._reference, _GLIDED_THREE if self._three else _GLIDED_ONE
        for guess in self._guesses:
            before = guess.watts
            if self._three:
                guess.watts = max(0.05 * va, before + va - reference)
            else:
                self._turn(guess, va * va - reference * reference, va)
            guess.watts_variance += (unsure * (guess.watts - before)) ** 2
        self._refer_to(va)

    def _turn(self, guess: PowerGuess, more: float, va: float) -> None:
        """Watts at another VA with the same reactive power; ``more`` is by how much the square of VA is larger."""
        before = guess.watts
        square = before * before + more
        unsure = 2 * before * sqrt(guess.watts_variance)
        if square < unsure:  # so near to zero that the error is as large
            guess.watts = max(0.05 * va, sqrt(square)) if square > 0 else 0.05 * va
            guess.watts_variance = max(unsure / 4, guess.watts_variance * (guess.watts / before) ** 2)
            guess.covariance *= min(1.0, guess.watts / before)
        else:
            guess.watts = sqrt(square)
            gain = before / guess.watts
            guess.watts_variance *= gain * gain
            guess.covariance *= gain

    def _leap(self, va: float) -> None:
        """Something was switched on or off: guesses of what."""
        reference, best = self._reference, max(self._guesses, key=_weight)
        if best.watts_variance < (_LEVEL_KNOWN * best.watts) ** 2:
            self._remember(reference, best)
        new: list[PowerGuess] = []
        for guess in self._guesses:
            resistive = self._switched(guess, va, new)
            if guess is best:
                self._otherwise(guess, resistive, va, new)
        new.sort(key=_weight, reverse=True)
        self._guesses = new[:_GUESSES]
        self._refer_to(va)

    def _switched(self, guess: PowerGuess, va: float, new: list[PowerGuess]) -> PowerGuess:
        """What changed is a heater or a lamp: reactive power is what it was."""
        before, reference = guess.watts, self._reference
        change = va - reference
        if self._three:
            watts, deviation = max(0.2 * va, before + change), sqrt(guess.watts_variance + (0.04 * change) ** 2)
        else:
            square = before * before + va * va - reference * reference
            watts = sqrt(square) if square > (0.2 * va) ** 2 else before * va / reference
            known = guess.watts_variance * min(1.0, (before / watts) ** 2)
            deviation = sqrt(known + (0.03 * (watts - before)) ** 2)
        weight, wh_variance = guess.weight, _leapt(guess.wh_variance, watts - before)
        share = before * va / reference
        if change < 0 and not self._three and watts < 0.9 * share:
            # What would be left is mostly reactive: a motor has stopped, and its share with it.
            lost = 1 - watts / share
            weight -= 3 * lost
            stopped = _leapt(guess.wh_variance, share - before)
            new.append(PowerGuess(share, 0.1 * share + 2, guess.wh, stopped, guess.weight - 2 + 4 * lost))
        new.append(PowerGuess(watts, deviation, guess.wh, wh_variance, weight))
        return new[-1]

    def _otherwise(self, guess: PowerGuess, resistive: PowerGuess, va: float, new: list[PowerGuess]) -> None:
        """What else it may be: a motor, a level that was there before, and near zero anything."""
        before, change = guess.watts, resistive.watts - guess.watts
        motor = before + 0.7 * change
        if change < 0:
            motor = min(0.97 * va, motor)
        size = min(1.0, abs(va - self._reference) / 1500)
        wh_variance = resistive.wh_variance
        deviation = 0.15 * abs(change) + 2
        new.append(PowerGuess(motor, deviation, guess.wh, wh_variance, guess.weight - 0.2 - 2.5 * size))
        if self._net:
            plain = self._side > 0 and before > 0.7 * self._reference
            any_watts = _ANY_SHARE * va
            brought = max(0.0, _vars(va, any_watts) - _vars(self._reference, before)) / _BROUGHT_VAR
            weight = guess.weight - (4 if plain else 1.5) - 0.5 * brought * brought
            new.append(PowerGuess(any_watts, _ANY_DEVIATION * va, guess.wh, wh_variance + 0.02, weight))
        level = self._recall(va)
        if level:
            watts, variance = level
            deviation = sqrt((0.02 * watts) ** 2 + variance)
            new.append(PowerGuess(watts, deviation, guess.wh, wh_variance, guess.weight + 1))

    def _near(self, va: float) -> float:
        return max(_LEVEL_STEPS * self._step + _LEVEL_VA, _LEVEL * va)

    def _remember(self, va: float, guess: PowerGuess) -> None:
        near = self._near(va)
        others = [level for level in self._levels if abs(level[0] - va) > near or level[3] != self._side]
        self._levels = [*others[1 - _LEVELS :], (va, guess.watts, guess.watts_variance, self._side)]

    def _recall(self, va: float) -> tuple[float, float] | None:
        near = self._near(va)
        for level_va, watts, variance, side in reversed(self._levels):
            if side == self._side and abs(level_va - va) <= near:
                return watts * va / level_va, variance
        return None


def _weight(guess: PowerGuess) -> float:
    return guess.weight


def _vars(va: float, watts: float) -> float:
    return sqrt(max(0.0, va * va - watts * watts))


def _leapt(wh_variance: float, change: float) -> float:
    """Variance of the energy where the watts changed by so much at some moment of the frame."""
    return wh_variance + (change / 3000) ** 2 / 3
