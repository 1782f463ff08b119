"""What another reader makes of the same frames: watts by the rule of Nicolas Bernaerts' Tasmota firmware.

Written anew from its description, not from its source: between two ticks of an index VA x time is added up; cos phi of
a tick is its watt-hours by those VAh; what counts is the mean of the last eight, one at most, and of fewer after VA has
changed by a share of the contract.
"""

from __future__ import annotations

_REMEMBERED = 8
# Share of the contract by which VA changed -> how many values are kept.
_CUTS = ((0.05, 1), (0.02, 3))


class TickRule:
    """Watts, signed, of one meter with a contract of so many VA."""

    def __init__(self, contract_va: int) -> None:
        self._registers = _Register(contract_va), _Register(contract_va)
        self._at: float | None = None

    def hear(
        self, at: float, drawn_va: int, drawn_wh: int, injected_va: int = 0, injected_wh: int | None = None
    ) -> float:
        """Take in a frame, as ``gateway.tic.active_power`` does; the watts after it."""
        hours = 0.0 if self._at is None else (at - self._at) / 3600
        self._at = at
        drawn, injected = self._registers
        watts = drawn.hear(hours, drawn_va, drawn_wh)
        return watts if injected_wh is None else watts - injected.hear(hours, injected_va, injected_wh)


class _Register:
    def __init__(self, contract_va: int) -> None:
        self._contract = contract_va
        self._vah, self._index, self._va = 0.0, -1, -1
        self._factors: list[float] = []
        self._rose = False

    def hear(self, hours: float, va: int, index: int) -> float:
        if self._va >= 0:
            self._see_change((va - self._va) / self._contract)
        self._va = va
        self._vah += va * hours
        if 0 <= self._index < index:
            if self._vah > 0 and not self._rose:
                self._factors = [*self._factors, (index - self._index) / self._vah][-_REMEMBERED:]
            self._vah, self._rose = 0.0, False
        self._index = index
        factor = sum(self._factors) / len(self._factors) if self._factors else 1.0
        return va * min(1.0, factor)

    def _see_change(self, share: float) -> None:
        largest, _ = _CUTS[0]
        self._rose = self._rose or share >= largest
        for least, kept in _CUTS:
            if abs(share) >= least:
                self._factors = self._factors[-kept:]
                return
