"""The receiver as values: its parts and which pins hang together.

Schematic, strip board, bill of materials and simulation are all made of, or held to, what stands here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its reference, what is printed beside it, its value in ohms or farads where it has one."""

    reference: str
    title: str
    value: float = 0.0


PARTS = {
    part.reference: part
    for part in (
        Part("J1", "TIC"),
        Part("R1", "470 Ω", 470),
        Part("OK1", "SFH620A-3"),
        Part("R2", "2.4 kΩ", 2400),
        Part("Q1", "BS170 / BSS138"),
        Part("R3", "10 kΩ", 10_000),
        Part("C1", "470 pF", 470e-12),
        Part("J2", "UART"),
    )
}

# Optocoupler: 1 and 2 the two ends of its pair of LEDs, 3 emitter, 4 collector (Vishay 83675). J2: 1 3V3, 2 RXD, 3 GND.
NETS: dict[str, frozenset[str]] = {
    "I1": frozenset({"J1.1", "R1.1"}),
    "LED": frozenset({"R1.2", "OK1.1"}),
    "I2": frozenset({"J1.2", "OK1.2"}),
    "3V3": frozenset({"OK1.4", "R3.1", "J2.1"}),
    "GATE": frozenset({"OK1.3", "R2.1", "Q1.G"}),
    "RXD": frozenset({"Q1.D", "R3.2", "C1.1", "J2.2"}),
    "GND": frozenset({"R2.2", "Q1.S", "C1.2", "J2.3"}),
}

METER_SIDE = frozenset({"I1", "LED", "I2"})
"""The nets that nothing of the house's side may touch."""

# The two ends of these are alike: turned round they are the same circuit.
_ALIKE = ("R1", "R2", "R3", "C1")


def net_of(pin: str) -> str:
    """The net that a pin is on."""
    return next(name for name, pins in NETS.items() if pin in pins)


def same_nets(found: set[frozenset[str]]) -> bool:
    """Whether these pins that hang together are those of this circuit; parts with two like ends may be turned."""
    turned = {f"{part}.{end}": f"{part}.{3 - end}" for part in _ALIKE for end in (1, 2)}
    wanted = set(NETS.values())
    for part in _ALIKE:
        if found != wanted and not _has_ends(found, wanted, part):
            found = {frozenset(turned[pin] if pin.startswith(f"{part}.") else pin for pin in net) for net in found}
    return found == wanted


def _has_ends(found: set[frozenset[str]], wanted: set[frozenset[str]], part: str) -> bool:
    """Whether the first end of a part hangs on what it should, other parts with two like ends left aside."""

    def around(nets: set[frozenset[str]]) -> frozenset[str]:
        net = next((net for net in nets if f"{part}.1" in net), frozenset())
        return frozenset(pin for pin in net if pin.partition(".")[0] not in _ALIKE)

    return around(found) == around(wanted)
