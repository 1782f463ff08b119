"""Frames of every kind, historic and standard, as a Linky sends them: order of the tables, widths as prescribed.

In: the registers (``metrology``), the contract, the meter's identity. Out: a ``SimulatedFrame`` of groups, and its
bytes. The checksum is written here a second time on purpose: the gateway's decoder is tested against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from meter import clock

if TYPE_CHECKING:
    from meter.contract import Contract, TariffMinute
    from meter.metrology import Maximum, Metrology

STX, ETX, EOT = b"\x02", b"\x03", b"\x04"
HISTORIC, STANDARD = "historic", "standard"
BAUD = {HISTORIC: 1200, STANDARD: 9600}
MESSAGE = "PAS DE          MESSAGE         "
STGE_AT_REST = 0x003A0000  # standard TIC, Euridis secured, PLC New/Lock: seen on real meters
SHORT_CIRCUIT_A = {1: 90, 3: 60}  # IMAX of a Linky, a constant


class SimulatedGroup(NamedTuple):
    """One information group: label, data, and in standard mode perhaps a horodate."""

    label: str
    data: str
    horodate: str | None = None


@dataclass(frozen=True, slots=True)
class SimulatedFrame:
    """One frame; ``kind`` is long, short (overload) or standby."""

    mode: str
    groups: tuple[SimulatedGroup, ...]
    kind: str = "long"

    def encode(self) -> tuple[bytes, ...]:
        """The bytes, a piece for each group: the first with STX, the last with ETX."""
        pieces = [encode_group(self.mode, group) for group in self.groups]
        pieces[0] = STX + pieces[0]
        pieces[-1] += ETX
        return tuple(pieces)


@dataclass(frozen=True, slots=True)
class MeterIdentity:
    """Who the meter is and what it is set to: fake numbers, subscribed kVA, number of phases."""

    serial: str = "000042"
    prm: str = "00999900000042"
    phases: int = 1
    kva: int = 6

    @property
    def address(self) -> str:
        """12 digits: maker 02, year 21, type (62 single-phase, 63 three-phase), serial."""
        return f"0221{62 if self.phases == 1 else 63}{self.serial}"

    @property
    def subscribed_a(self) -> int:
        """ISOUSC: PREF / 200 V, per phase."""
        return self.kva * 1000 // 200 // self.phases


def encode_group(mode: str, group: SimulatedGroup) -> bytes:
    """LF, the group, CR: [54E §5.3.6]; the checksum of standard mode takes in the separator before it."""
    if mode == HISTORIC:
        body = f"{group.label} {group.data}".encode("ascii")
        return b"\n" + body + b" " + checksum(body) + b"\r"
    fields = (group.label, group.data) if group.horodate is None else (group.label, group.horodate, group.data)
    body = ("\t".join(fields) + "\t").encode("ascii")
    return b"\n" + body + checksum(body) + b"\r"


def checksum(body: bytes) -> bytes:
    """The low six bits of the sum, moved to printable characters."""
    return bytes([(sum(body) & 0x3F) + 0x20])


def overloaded_phases(identity: MeterIdentity, meter: Metrology) -> list[int]:
    """Phases (from 1) whose current is over the subscribed one."""
    return [phase for phase, now in enumerate(meter.said.amperes, 1) if now > identity.subscribed_a]


def standby(identity: MeterIdentity) -> SimulatedFrame:
    """The historic frame of a meter at rest: its address alone."""
    return SimulatedFrame(HISTORIC, (SimulatedGroup("ADCO", identity.address),), "standby")


def short(identity: MeterIdentity, meter: Metrology) -> SimulatedFrame:
    """The three-phase historic frame of an overload: ADIR of the phases in excess, address, currents."""
    now = meter.said.amperes
    excess = [SimulatedGroup(f"ADIR{phase}", f"{now[phase - 1]:03d}") for phase in overloaded_phases(identity, meter)]
    currents = [SimulatedGroup(f"IINST{phase}", f"{amperes:03d}") for phase, amperes in enumerate(now, 1)]
    return SimulatedFrame(HISTORIC, (*excess, SimulatedGroup("ADCO", identity.address), *currents), "short")


def historic(identity: MeterIdentity, contract: Contract, meter: Metrology) -> SimulatedFrame:
    """The long historic frame."""
    groups = [
        SimulatedGroup("ADCO", identity.address),
        SimulatedGroup("OPTARIF", contract.option),
        SimulatedGroup("ISOUSC", f"{identity.subscribed_a:02d}"),
        *_historic_tariff(contract, meter),
    ]
    amperes, imax = meter.said.amperes, f"{SHORT_CIRCUIT_A[identity.phases]:03d}"
    if identity.phases == 1:
        groups.append(SimulatedGroup("IINST", f"{amperes[0]:03d}"))
        if overloaded_phases(identity, meter):
            groups.append(SimulatedGroup("ADPS", f"{amperes[0]:03d}"))
        groups.append(SimulatedGroup("IMAX", imax))
    else:
        groups += [SimulatedGroup(f"IINST{phase}", f"{now:03d}") for phase, now in enumerate(amperes, 1)]
        groups += [SimulatedGroup(f"IMAX{phase}", imax) for phase in (1, 2, 3)]
        groups.append(SimulatedGroup("PMAX", f"{meter.maximum.previous:05d}"))
    apparent = (meter.said.drawn_va + 5) // 10 * 10
    groups += [
        SimulatedGroup("PAPP", f"{apparent:05d}"),
        SimulatedGroup("HHPHC", "A"),
        SimulatedGroup("MOTDETAT", "000000"),
    ]
    if identity.phases == 3:
        groups.append(SimulatedGroup("PPOT", "00"))
    return SimulatedFrame(HISTORIC, tuple(groups))


def _historic_tariff(contract: Contract, meter: Metrology) -> list[SimulatedGroup]:
    tariff = meter.tariff
    # Of a contract unknown to this mode, the total.
    shown = [sum(meter.supplier)] if contract.historic_indexes == ("BASE",) else meter.supplier
    groups = [
        SimulatedGroup(label, f"{index:09d}") for label, index in zip(contract.historic_indexes, shown, strict=False)
    ]
    if contract.name == "ejp" and (tariff.notice or tariff.running):
        groups.append(SimulatedGroup("PEJP", "30"))
    groups.append(SimulatedGroup("PTEC", contract.periods[tariff.index - 1].ptec))
    if contract.name == "tempo":
        groups.append(SimulatedGroup("DEMAIN", ("----", "BLEU", "BLAN", "ROUG")[tariff.tomorrow]))
    return groups


def standard(
    identity: MeterIdentity, contract: Contract, meter: Metrology, *, degraded: bool = False, message: str | None = None
) -> SimulatedFrame:
    """The standard frame; ``message`` is sent as MSG2, in this frame only."""
    tariff = meter.tariff
    groups = [
        SimulatedGroup("ADSC", identity.address),
        SimulatedGroup("VTIC", "02"),
        SimulatedGroup("DATE", "", clock.horodate(meter.now_ms // 1000, degraded=degraded)),
        SimulatedGroup("NGTF", contract.calendar),
        SimulatedGroup("LTARF", contract.periods[tariff.index - 1].text),
        SimulatedGroup("EAST", f"{sum(meter.supplier):09d}"),
        *(SimulatedGroup(f"EASF{number:02d}", f"{index:09d}") for number, index in enumerate(meter.supplier, 1)),
        *(SimulatedGroup(f"EASD{number:02d}", f"{index:09d}") for number, index in enumerate(meter.distributor, 1)),
        *_injected_energy(meter),
        *_instant(identity, meter),
        *_maxima(identity, meter),
        *_curves(contract, meter),
        *_mean_voltages(meter),
        SimulatedGroup("STGE", f"{stge(identity, meter, degraded=degraded):08X}"),
        *_peaks(tariff),
        SimulatedGroup("MSG1", MESSAGE),
    ]
    if message is not None:
        groups.append(SimulatedGroup("MSG2", message))
    groups += [
        SimulatedGroup("PRM", identity.prm),
        SimulatedGroup("RELAIS", f"{int(tariff.contact_closed):03d}"),
        SimulatedGroup("NTARF", f"{tariff.index:02d}"),
        SimulatedGroup("NJOURF", f"{tariff.day:02d}"),
        SimulatedGroup("NJOURF+1", f"{tariff.next_day:02d}"),
        SimulatedGroup("PJOURF+1", tariff.next_profile),
    ]
    if tariff.peak_profile is not None:
        groups.append(SimulatedGroup("PPOINTE", tariff.peak_profile))
    return SimulatedFrame(STANDARD, tuple(groups))


def stge(identity: MeterIdentity, meter: Metrology, *, degraded: bool = False) -> int:
    """The status register [54E §6.2.3.14]; its contact bit is the opposite of RELAIS'."""
    tariff, now = meter.tariff, meter.said
    return (
        STGE_AT_REST
        | (not tariff.contact_closed)
        | (now.drawn_va > identity.kva * 1000) << 7
        | meter.producer << 8
        | (sum(now.watts) < 0) << 9
        | (tariff.index - 1) << 10
        | (tariff.distributor - 1) << 14
        | degraded << 16
        | tariff.today << 24
        | tariff.tomorrow << 26
        | tariff.notice << 28
        | tariff.running << 30
    )


def _injected_energy(meter: Metrology) -> list[SimulatedGroup]:
    if not meter.producer:
        return []
    reactive = [SimulatedGroup(f"ERQ{number}", f"{energy.wh:09d}") for number, energy in enumerate(meter.reactive, 1)]
    return [SimulatedGroup("EAIT", f"{meter.injected.wh:09d}"), *reactive]


def _instant(identity: MeterIdentity, meter: Metrology) -> list[SimulatedGroup]:
    now = meter.said
    groups = [SimulatedGroup(f"IRMS{phase}", f"{value:03d}") for phase, value in enumerate(now.amperes, 1)]
    groups += [SimulatedGroup(f"URMS{phase}", f"{value:03d}") for phase, value in enumerate(now.volts, 1)]
    groups += [SimulatedGroup("PREF", f"{identity.kva:02d}"), SimulatedGroup("PCOUP", f"{identity.kva:02d}")]
    groups.append(SimulatedGroup("SINSTS", f"{now.drawn_va:05d}"))
    if identity.phases == 3:
        for phase, (va, watts) in enumerate(zip(now.va, now.watts, strict=True), 1):
            groups.append(SimulatedGroup(f"SINSTS{phase}", f"{va if watts >= 0 else 0:05d}"))
    return groups


def _maxima(identity: MeterIdentity, meter: Metrology) -> list[SimulatedGroup]:
    named = [("SMAXSN", meter.maximum)]
    if identity.phases == 3:
        named += [(f"SMAXSN{phase}", maximum) for phase, maximum in enumerate(meter.maximum_phase, 1)]
    groups = [_today(label, maximum) for label, maximum in named]
    groups += [_yesterday(label, maximum) for label, maximum in named]
    if meter.producer:
        groups.append(SimulatedGroup("SINSTI", f"{meter.said.injected_va:05d}"))
        groups += [_today("SMAXIN", meter.maximum_injected), _yesterday("SMAXIN", meter.maximum_injected)]
    return groups


def _today(label: str, maximum: Maximum) -> SimulatedGroup:
    return SimulatedGroup(label, f"{maximum.value:05d}", clock.horodate(maximum.at))


def _yesterday(label: str, maximum: Maximum) -> SimulatedGroup:
    return SimulatedGroup(f"{label}-1", f"{maximum.previous:05d}", clock.horodate(maximum.previous_at))


def _curves(contract: Contract, meter: Metrology) -> list[SimulatedGroup]:
    named = [("CCASN", meter.curve_drawn)]
    if meter.producer and contract.name != "producer":  # no pure producer seen sends CCAIN
        named.append(("CCAIN", meter.curve_injected))
    return [
        SimulatedGroup(name, f"{watts:05d}", clock.horodate(end))
        for label, mean in named
        for name, (end, watts) in zip((label, f"{label}-1"), mean.points, strict=False)
    ]


def _mean_voltages(meter: Metrology) -> list[SimulatedGroup]:
    points = [(phase, mean.points[0]) for phase, mean in enumerate(meter.voltage, 1) if mean.points]
    return [SimulatedGroup(f"UMOY{phase}", f"{volts:03d}", clock.horodate(end)) for phase, (end, volts) in points]


def _peaks(tariff: TariffMinute) -> list[SimulatedGroup]:
    return [
        SimulatedGroup(f"{label}{peak.slot}", "00", clock.horodate_without_season(at))
        for peak in tariff.peaks
        for label, at in (("DPM", peak.begin), ("FPM", peak.end))
    ]
