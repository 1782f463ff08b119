"""The receiver in ngspice: can a serial port read what comes out of it, and what does the meter see?

A deck is made of the circuit and of models of a slow phototransistor and a small MOSFET; ``read`` judges the
waveform as a UART does. The models' speed is held to the data sheets by ``switching``. ``python simulation.py --grid``
tries other values of R2 and C1 (a minute).
"""

from __future__ import annotations

import cmath
import math
import subprocess
import sys
import tempfile
from bisect import bisect_right
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from circuit import PARTS, net_of

if TYPE_CHECKING:
    from collections.abc import Sequence

CARRIER_HZ = 50_000
SUPPLY_V = 3.3

AMPLITUDES_V = (1.8, 2.5, 3.6, 5.0)
TRANSFER_RATIOS = (0.3, 0.8, 2.0)
THRESHOLDS_V = (0.8, 1.5)
SPEEDS = (1200, 9600)

# A lone 0 among ones, a lone 1 among zeros, and both in turn; even parity is the eighth bit.
CHARACTERS = {1200: (0x55,), 9600: (0x55, 0x02, 0x7E)}

# What a port sees as low and as high, of its supply: an ESP32's limits, the strictest of those that are used here.
_LOW, _HIGH = 0.25, 0.75

# How far the clocks of both ends may be apart: the meter's 1 % (54E §5.3.5); a port has a crystal.
CLOCK_OFF = (-0.01, 0.0, 0.01)

# The shortest and longest that a lone bit may be, of a bit: beyond, its middle is no longer in it.
NARROWEST, WIDEST = 0.5, 1.5

# What an input passes over, in s: shorter than this a spike does not get through the pin and its filter.
_SPIKE_S = 2e-6

# A GaAs infrared diode: 1.05 V at 1 mA, 1.16 V at 10 mA. What makes the phototransistor slow is its large
# collector-base junction, which the base current alone discharges, and what it stores when saturated. These values
# give the switching times of the data sheets (``switching``).
_IS, _GAIN, _LEAK = 1e-14, 450, 4e-12
_MODELS = f"""
.model led d(is=1.6e-13 n=1.8 rs=1 cjo=30p tt=0.5u)
.model photo npn(is={_IS} bf={_GAIN} ise={_LEAK} ne=2 br=5 vaf=80 rb=100 rc=10 cje=8p cjc=27p tf=1n tr=1.6u)
"""
_LED_V = 1.1

DATA_SHEETS = {
    75: {"ton": 3.0, "tr": 2.0, "toff": 2.3, "tf": 2.0},
    1000: {"ton": 4.2, "tr": 3.0, "toff": 23.0, "tf": 14.0},
}
"""Load in ohms -> typical times in us at 10 mA and 5 V: of the SFH620A; saturated, of its sister SFH610A-3."""


@dataclass(frozen=True, slots=True)
class Case:
    """What varies: bus amplitude (peak, V), transfer ratio at that current, threshold of the MOSFET, speed, parts."""

    amplitude_v: float
    ratio: float
    threshold_v: float
    speed: int
    series: float = PARTS["R1"].value
    emitter: float = PARTS["R2"].value
    hold: float = PARTS["C1"].value

    @property
    def light(self) -> float:
        """The part of the LEDs' current that flows into the base, so that the ratio holds at this amplitude."""
        return _light(self.ratio, max(self.amplitude_v - _LED_V, 0.1) / self.series)


@dataclass(frozen=True, slots=True)
class Reading:
    """Whether every character was read, the narrowest and widest lone bit in parts of a bit, and why it is no pass."""

    narrowest: float
    widest: float
    fault: str

    @property
    def passed(self) -> bool:
        """Whether a serial port can be trusted with this."""
        return not self.fault


def cases() -> list[Case]:
    """All that the table shows: 24 for each speed."""
    return [
        Case(amplitude, ratio, threshold, speed)
        for amplitude in AMPLITUDES_V
        for ratio in TRANSFER_RATIOS
        for speed in SPEEDS
        for threshold in THRESHOLDS_V
    ]


def bits(speed: int) -> list[int]:
    """The line: an idle bit, each character with start, seven bits, even parity and stop, an idle bit."""
    line = [1]
    for character in CHARACTERS[speed]:
        data = [character >> place & 1 for place in range(7)]
        line += [0, *data, sum(data) % 2, 1]
    return [*line, 1]


def result(case: Case) -> Reading:
    """What a serial port makes of a case."""
    return read(waveform(case), case.speed)


def waveform(case: Case, signals: Sequence[str] = ("RXD",)) -> list[tuple[float, ...]]:
    """Rows of time in s and a value for each signal: a net's voltage, or ``i(source)``."""
    # Ten points of the carrier at least; a bit that is eight times as long needs no finer ones.
    step = "1u" if case.speed > 1200 else "2u"
    return run(_receiver(case), step, len(bits(case.speed)) / case.speed, signals)


def run(deck: str, step: str, until_s: float, signals: Sequence[str]) -> list[tuple[float, ...]]:
    """Run a deck in batch mode; RuntimeError with ngspice's own words when it does not get to the end."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.txt"
        vectors = " ".join(signal if "(" in signal else f"v({signal})" for signal in signals)
        control = f".control\nset wr_singlescale\ntran {step} {until_s:.9g} 0 {step}\nlinearize\n"
        text = f"{deck}\n{control}wrdata {out} {vectors}\nquit\n.endc\n.end\n"
        netlist = Path(folder) / "deck.cir"
        netlist.write_text(text, encoding="utf-8")
        done = subprocess.run(
            ["ngspice", "-b", "-n", netlist], capture_output=True, text=True, check=False, timeout=120
        )
        if not out.exists():
            raise RuntimeError(f"ngspice: {done.stderr.strip() or done.stdout.strip()}")
        return [tuple(map(float, line.split())) for line in out.read_text(encoding="utf-8").splitlines()]


def _receiver(case: Case) -> str:
    """The circuit with a meter on its bus and a port on its output."""
    return "\n".join(
        (
            "the receiver of a meter",
            _MODELS.strip(),
            f".model small nmos(level=1 vto={case.threshold_v} kp=0.2 rd=1)",
            *_bus(case),
            f"R1 {net_of('R1.1')} {net_of('R1.2')} {case.series}",
            *_optocoupler(case.light, net_of("OK1.1"), net_of("OK1.2"), net_of("OK1.4"), net_of("OK1.3")),
            f"R2 {net_of('R2.1')} {net_of('R2.2')} {case.emitter}",
            f"M1 {net_of('Q1.D')} {net_of('Q1.G')} {net_of('Q1.S')} {net_of('Q1.S')} small",
            # A BS170's or BSS138's capacitances, and a short cable to the port.
            f"Cgs {net_of('Q1.G')} {net_of('Q1.S')} 30p",
            f"Cgd {net_of('Q1.G')} {net_of('Q1.D')} 6p",
            f"Cport {net_of('J2.2')} {net_of('J2.3')} 50p",
            # No capacitor is written as one that is too small to matter.
            f"C1 {net_of('C1.1')} {net_of('C1.2')} {case.hold or 1e-15}",
            f"R3 {net_of('R3.1')} {net_of('R3.2')} {PARTS['R3'].value}",
            f"Vsupply {net_of('J2.1')} {net_of('J2.3')} {SUPPLY_V}",
        )
    )


def _bus(case: Case) -> list[str]:
    """A carrier while the line is 0, with edges of 2 us; nodes of the meter's side float beside ours."""
    points, level = ["0 0"], 0
    for place, bit in enumerate(bits(case.speed)):
        if (carrier := 1 - bit) != level:
            at = place / case.speed
            points += [f"{at:.9g} {level}", f"{at + 2e-6:.9g} {carrier}"]
            level = carrier
    return [
        f"Vkeyed keyed 0 pwl({' '.join(points)})",
        f"Bbus {net_of('J1.1')} bus v=v(keyed)*{case.amplitude_v}*sin({2 * math.pi * CARRIER_HZ}*time)",
        f"Vbus bus {net_of('J1.2')} 0",
        f"Rfloat {net_of('J1.2')} 0 100meg",
    ]


def _optocoupler(light: float, one: str, two: str, collector: str, emitter: str) -> list[str]:
    """Two diodes back to back; their light is a current into the base of a transistor."""
    return [
        f"Vpair {one} pair 0",
        f"Dthere pair {two} led",
        f"Dback {two} pair led",
        f"Flight {collector} base vlight {light}",
        "Blight 0 light i=abs(i(Vpair))",
        "Vlight light 0 0",
        f"Qphoto {collector} base {emitter} photo",
    ]


def _light(ratio: float, led_a: float) -> float:
    """Base current over the LED's, for a transfer ratio at that current: the gain falls when there is little of it."""
    collector = ratio * led_a
    return (collector / _GAIN + _LEAK * math.sqrt(collector / _IS)) / led_a


def read(rows: Sequence[tuple[float, ...]], speed: int) -> Reading:
    """Read a waveform as a UART does, with clocks that are right and 1 % off; how long its lone bits are."""
    times = [row[0] for row in rows]
    levels = _levels(times, [row[1] for row in rows])
    lone = _lone_bits(times, levels, speed)
    for off in CLOCK_OFF:
        if _characters(times, levels, speed * (1 + off)) != list(CHARACTERS[speed]):
            return Reading(*(lone or (0.0, 0.0)), "uneven" if lone else "silent" if min(levels) else "flickers")
    if lone is None:
        return Reading(0.0, 0.0, "flickers")
    narrowest, widest = lone
    return Reading(narrowest, widest, "uneven" if narrowest < NARROWEST or widest > WIDEST else "")


def _levels(times: Sequence[float], volts: Sequence[float]) -> list[int]:
    """1 or 0 with the hysteresis of an input: between the limits it stays as it was; spikes are gone."""
    found: list[int] = []
    level, since = 1, 0
    for place, value in enumerate(volts):
        now = 1 if value > _HIGH * SUPPLY_V else 0 if value < _LOW * SUPPLY_V else level
        if now != level:
            if times[place] - times[since] < _SPIKE_S:
                found[since:] = [now] * (place - since)
            level, since = now, place
        found.append(level)
    return found


def _characters(times: Sequence[float], levels: Sequence[int], speed: float) -> list[int] | None:
    """The characters; None where a start, parity or stop bit is wrong."""
    found: list[int] = []
    at = 0
    while True:
        start = next((place for place in range(at, len(levels)) if levels[place] == 0), None)
        if start is None:
            return found
        begin, *data, parity, stop = _frame(times, levels, times[start], speed)
        if begin or not stop or sum(data) % 2 != parity:
            return None
        found.append(sum(bit << place for place, bit in enumerate(data)))
        at = bisect_right(times, times[start] + 9.5 / speed)


def _frame(times: Sequence[float], levels: Sequence[int], start_s: float, speed: float) -> list[int]:
    """Ten bits, each what two of three samples around its middle say."""

    def sample(bit: int) -> int:
        return sum(levels[_index(times, start_s + (bit + part / 16) / speed)] for part in (7, 8, 9)) >= 2

    return [int(sample(bit)) for bit in range(10)]


def _index(times: Sequence[float], at_s: float) -> int:
    return min(bisect_right(times, at_s), len(times)) - 1


def _lone_bits(times: Sequence[float], levels: Sequence[int], speed: int) -> tuple[float, float] | None:
    """The shortest and longest level that is to last one bit, in bits; None with more or fewer edges than were sent."""
    line = bits(speed)
    edges = [times[n] for n in range(1, len(levels)) if levels[n] != levels[n - 1]]
    sent = [n for n in range(1, len(line)) if line[n] != line[n - 1]]
    if len(edges) != len(sent):
        return None
    lone = [n for n in range(len(sent) - 1) if sent[n + 1] - sent[n] == 1]
    lasted = [(edges[n + 1] - edges[n]) * speed for n in lone]
    return min(lasted), max(lasted)


def impedance(amplitude_v: float, series: float = PARTS["R1"].value) -> complex:
    """What the meter sees of the receiver at 50 kHz: amplitude over the fundamental of the current."""
    case = Case(amplitude_v, TRANSFER_RATIOS[1], THRESHOLDS_V[0], 9600, series)
    deck = _receiver(case).replace("v=v(keyed)*", "v=")
    rows = run(deck, "0.1u", 200e-6, ("i(Vbus)",))
    whole = [row for row in rows if 100e-6 <= row[0] < 199.95e-6]
    turns = [cmath.exp(-2j * math.pi * CARRIER_HZ * row[0]) for row in whole]
    current = sum(-row[1] * turn for row, turn in zip(whole, turns, strict=True)) * 2 / len(whole)
    # A sine is -j times a cosine: its phase is taken out.
    return amplitude_v / (current * 1j)


def switching(load_ohms: int, ratio: float) -> dict[str, float]:
    """Turn-on, rise, turn-off and fall time of the model in the data sheet's circuit (10 mA, 5 V), in us."""
    deck = "\n".join(
        (
            "the data sheet's circuit",
            _MODELS.strip(),
            "Ipulse 0 one pulse(0 10m 20u 10n 10n 100u 1)",
            *_optocoupler(_light(ratio, 10e-3), "one", "0", "collector", "0"),
            f"Rload supply collector {load_ohms}",
            "Vsupply supply 0 5",
        )
    )
    rows = run(deck, "0.05u", 250e-6, ("collector",))
    low = min(row[1] for row in rows)
    parts = [(row[0] * 1e6, (row[1] - low) / (5 - low)) for row in rows]
    falls = {part: next(at for at, value in parts if value < part) for part in (0.9, 0.1)}
    rises = {part: next(at for at, value in parts if at > 120 and value > part) for part in (0.1, 0.9)}
    return {
        "ton": falls[0.1] - 20,
        "tr": falls[0.1] - falls[0.9],
        "toff": rises[0.9] - 120,
        "tf": rises[0.9] - rises[0.1],
    }


def grid() -> str:
    """How many of the 24 cases at 9600 Bd pass with other values, as the rows of a table."""
    holds = (0.0, 390e-12, 470e-12, 680e-12, 1e-9)
    rows = []
    for emitter in (1500, 2400, 3300, 4700, 10_000):
        counts = [sum(result(case).passed for case in _with(emitter, hold)) for hold in holds]
        rows.append(f"| {emitter / 1000:g} kΩ | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(rows)


def _with(emitter: float, hold: float) -> list[Case]:
    return [replace(case, emitter=emitter, hold=hold) for case in cases() if case.speed == 9600]


if __name__ == "__main__":
    if sys.argv[1:] != ["--grid"]:
        sys.exit("usage: simulation.py --grid")
    print(grid())
