"""Evidence to causes, the likeliest first. Pure: what was heard and seen in, a closed set of causes out.

A cause that explains the silence of everything else (no port, no permission) stands alone. Otherwise each rule gives
the cause it knows with a confidence from 0 to 1, and they are put in order; nothing found is ALL_WELL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gateway.doctor.heard import Reception  # noqa: TC001 (msgspec reads the annotation)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Cause(Enum):
    """What can be wrong between a meter and this program."""

    NO_SUCH_PORT = "no-such-port"
    SEVERAL_PORTS = "several-ports"
    UART_OFF = "uart-off"
    NO_HEADER_PORT = "no-header-port"
    NOT_A_PORT = "not-a-port"
    PERMISSION_DENIED = "permission-denied"
    PORT_NOT_ALLOWED = "port-not-allowed"
    PORT_HELD = "port-held"
    NO_ANSWER = "no-answer"
    PORT_LOST = "port-lost"
    BOARD_AWAY = "board-away"
    BROKER_AWAY = "broker-away"
    GATEWAY_OFF = "gateway-off"
    SERIAL_CONSOLE = "serial-console"
    BLUETOOTH_ON_UART = "bluetooth-on-uart"
    SILENT = "silent"
    WRONG_SPEED = "wrong-speed"
    OTHER_MODE = "other-mode"
    EIGHT_N_ONE = "8n1"
    COOKED_TTY = "cooked-tty"
    WEAK_SIGNAL = "weak-signal"
    LOOSE_WIRE = "loose-wire"
    FRAME_MARKS = "frame-marks"
    LINE_STARTS = "line-starts"
    OVERRUN = "overrun"
    LONG_SILENCES = "long-silences"
    STANDBY = "standby"
    NOT_A_METER = "not-a-meter"
    OTHER_CABLE = "other-cable"
    MUTE = "mute"
    METER_CLOCK = "meter-clock"
    HOST_CLOCK = "host-clock"
    NOT_YET = "not-yet"
    UNKNOWN = "unknown"
    ALL_WELL = "all-well"


# The causes with which nothing can be listened to.
CANNOT_LISTEN = frozenset(
    (
        Cause.NO_SUCH_PORT,
        Cause.SEVERAL_PORTS,
        Cause.UART_OFF,
        Cause.NO_HEADER_PORT,
        Cause.NOT_A_PORT,
        Cause.PERMISSION_DENIED,
        Cause.PORT_NOT_ALLOWED,
        Cause.PORT_HELD,
        Cause.NO_ANSWER,
        Cause.GATEWAY_OFF,
    )
)


# Nothing is lost by these: whatever else is found is what a household has to know first.
HARMLESS = frozenset((Cause.EIGHT_N_ONE,))


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause and how sure it is, 0 to 1."""

    cause: Cause
    confidence: float


@dataclass(frozen=True, slots=True)
class PortSettings:
    """How the port is set.

    ``raw`` when nothing is translated, ``speed`` in Bd (0: not one we know), ``checked`` when a wrong parity is looked
    for, as this program asks.
    """

    raw: bool
    speed: int
    checked: bool = True


@dataclass(frozen=True, slots=True)
class KernelCounts:
    """Errors, and bytes, that the kernel counted on the port while it was listened to."""

    parity: int = 0
    framing: int = 0
    overrun: int = 0
    breaks: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True)
class PiFacts:
    """A Raspberry Pi's serial port on its header.

    ``bluetooth``: the good serial port serves Bluetooth, and this port is that one or the lesser one left over;
    ``console``: the system writes its messages to this port; ``off``: the port is not switched on; ``absent``: this
    kernel knows no serial port on the pins at all.
    """

    bluetooth: bool = False
    console: bool = False
    off: bool = False
    absent: bool = False


@dataclass(frozen=True, slots=True)
class PortEvidence:
    """All that is known of one port.

    Attributes:
        refusal: why the port could not be opened; None when it could.
        lost: it vanished while it was listened to.
        holders: names of other programs that have it open.
        stolen: bytes that the port received and this program was not given: another one read them.
        owner: the meter that is heard here, where it is another than the one that belongs here.
        mode: the configured one, or ``auto``.
        heard: what came in, one for each speed that was tried; one has speed None for what has no speed to set.
        settings: the port's after listening; None where there are none.
        kernel: the kernel's error counts; None where it keeps none.
        pi: facts of a Raspberry Pi's own port.
    """

    refusal: Cause | None = None
    lost: bool = False
    holders: tuple[str, ...] = ()
    stolen: int = 0
    owner: str = ""
    mode: str = "auto"
    heard: tuple[Reception, ...] = ()
    settings: PortSettings | None = None
    kernel: KernelCounts | None = None
    pi: PiFacts = PiFacts()

    @property
    def best(self) -> Reception | None:
        """What made most sense of all that was heard."""
        if not self.heard:
            return None
        return max(self.heard, key=lambda heard: (heard.good, heard.looks_like_text, heard.received))


# One group that is damaged now and then is nobody's fault (a lamp that is switched on next to the wire).
FEW_BAD_GROUPS = 2

# More of them than this, and values are missing often enough to be seen; see quality.GOOD_SCORE.
BAD_SHARE = 0.01

# Fewer bytes a second than this is the odd noise of a wire that carries nothing.
SILENT_BYTES_S = 2.0

# With this share of the frames not whole although their groups are good, the marks of the frames are damaged.
CUT_SHARE = 0.5

# A meter is read from afar now and then; more interruptions than this in so short a time are worth a word.
FEW_INTERRUPTIONS = 1

# Frames with nothing but an address: two of them are no chance.
FEW_BARE = 2

# A meter pauses for 33 ms; a reader that is held up comes round within this.
QUIET_S = 5.0

# With this share of the lines without their first character, it is not chance that destroys just that one.
UNFED_SHARE, _MIN_LINES = 0.3, 20

# Programs that belong to a console on the port: what getty asks for and starts.
_CONSOLE_PROGRAMS = ("agetty", "getty", "login")


def causes(evidence: PortEvidence) -> list[Finding]:
    """The causes that explain the evidence, the likeliest first, a harmless one last; never empty."""
    if evidence.refusal is not None:
        return _refused(evidence, evidence.refusal)
    found: dict[Cause, float] = {}
    for finding in _all(evidence):
        found[finding.cause] = max(finding.confidence, found.get(finding.cause, 0.0))
    if not found:
        return [Finding(Cause.ALL_WELL, 1.0)]
    ordered = sorted(found.items(), key=lambda item: (item[0] in HARMLESS, -item[1]))
    return [Finding(cause, confidence) for cause, confidence in ordered]


def _refused(evidence: PortEvidence, refusal: Cause) -> list[Finding]:
    if refusal is Cause.NO_SUCH_PORT and evidence.pi.absent:
        return [Finding(Cause.NO_HEADER_PORT, 0.95), Finding(refusal, 0.5)]
    if refusal is Cause.NO_SUCH_PORT and evidence.pi.off:
        return [Finding(Cause.UART_OFF, 0.9), Finding(refusal, 0.5)]
    if refusal is Cause.PORT_HELD and (evidence.pi.console or _has_console(evidence.holders)):
        return [Finding(Cause.SERIAL_CONSOLE, 0.95), Finding(refusal, 0.9)]
    return [Finding(refusal, 1.0)]


def _has_console(holders: Sequence[str]) -> bool:
    return any(holder in _CONSOLE_PROGRAMS for holder in holders)


def _all(evidence: PortEvidence) -> Iterator[Finding]:
    best = evidence.best
    if evidence.lost:
        # Without a speed to set it is a device on the network.
        yield Finding(Cause.NO_ANSWER if best and best.speed is None else Cause.PORT_LOST, 0.97)
    yield from _port(evidence)
    received = sum(heard.received for heard in evidence.heard)
    seconds = sum(heard.seconds for heard in evidence.heard)
    if best is None or received <= SILENT_BYTES_S * seconds:
        if not evidence.lost:
            yield from _silence(evidence)
    elif best.makes_sense:
        yield from _mode(evidence, best)
        yield from _damage(evidence, best)
    else:
        yield from _senseless(evidence, best)


def _port(evidence: PortEvidence) -> Iterator[Finding]:
    """What others do with the port."""
    if evidence.holders:
        console = _has_console(evidence.holders)
        yield Finding(Cause.SERIAL_CONSOLE if console else Cause.PORT_HELD, 0.9)
    elif evidence.stolen:
        yield Finding(Cause.PORT_HELD, 0.89)
    settings = evidence.settings
    if settings is None:
        return
    if not settings.raw:
        yield Finding(Cause.COOKED_TTY, 0.95)
    last = evidence.heard[-1].speed if evidence.heard else None
    if last is not None and settings.speed != last:
        yield Finding(Cause.WRONG_SPEED, 0.94)
    if not settings.checked:
        yield Finding(Cause.EIGHT_N_ONE, 0.85)


def _silence(evidence: PortEvidence) -> Iterator[Finding]:
    yield Finding(Cause.SILENT, 0.8)
    if evidence.pi.bluetooth:
        yield Finding(Cause.BLUETOOTH_ON_UART, 0.85)
    if evidence.pi.console:
        yield Finding(Cause.SERIAL_CONSOLE, 0.7)


def _senseless(evidence: PortEvidence, best: Reception) -> Iterator[Finding]:
    """Bytes came, and not one group could be understood."""
    if any(heard.translated for heard in evidence.heard):
        yield Finding(Cause.COOKED_TTY, 0.9)
    elif any(heard.looks_foreign for heard in evidence.heard) and not evidence.pi.console:
        yield Finding(Cause.NOT_A_METER, 0.8)
    elif any(heard.looks_like_text for heard in evidence.heard):
        lost = best.shortened > best.altered
        yield Finding(Cause.LOOSE_WIRE if lost else Cause.WEAK_SIGNAL, 0.7)
    elif evidence.pi.console:
        yield Finding(Cause.SERIAL_CONSOLE, 0.8)
    elif evidence.pi.bluetooth:
        yield Finding(Cause.BLUETOOTH_ON_UART, 0.8)
    elif any(heard.looks_slow for heard in evidence.heard):
        yield Finding(Cause.WRONG_SPEED, 0.9)
    elif all(heard.received >= 16 for heard in evidence.heard):
        yield Finding(Cause.WRONG_SPEED, 0.6)
    yield Finding(Cause.UNKNOWN, 0.2)


def _mode(evidence: PortEvidence, best: Reception) -> Iterator[Finding]:
    if evidence.mode not in ("auto", best.mode):
        yield Finding(Cause.OTHER_MODE, 0.96)
    if evidence.owner:
        yield Finding(Cause.OTHER_CABLE, 0.86)
    if best.bare >= FEW_BARE and best.bare == best.whole:
        yield Finding(Cause.STANDBY, 0.9)
    if best.eight_bits:
        yield Finding(Cause.EIGHT_N_ONE, 0.8)
        if evidence.pi.bluetooth:
            yield Finding(Cause.BLUETOOTH_ON_UART, 0.9)


def _damage(evidence: PortEvidence, best: Reception) -> Iterator[Finding]:
    """What was understood has holes in it."""
    kernel = evidence.kernel
    if kernel and kernel.overrun:
        yield Finding(Cause.OVERRUN, 0.93)
    if best.quiet_s > QUIET_S:
        yield Finding(Cause.SILENT, 0.84)
    # Noise makes an EOT of anything; where the meter cuts a frame the groups before are good.
    if best.interrupted > max(FEW_INTERRUPTIONS, best.bad):
        yield Finding(Cause.LONG_SILENCES, 0.75)
    if best.dropouts:
        yield Finding(Cause.LOOSE_WIRE, 0.8)
    yield from _damaged_text(evidence, best)


def _damaged_text(evidence: PortEvidence, best: Reception) -> Iterator[Finding]:
    """Which characters are damaged: the first of each line, any of them, those around the frames."""
    unfed = best.lines - best.feeds > UNFED_SHARE * best.lines
    if best.lines >= _MIN_LINES and unfed and best.bad < best.good:
        yield Finding(Cause.LINE_STARTS, 0.86)
    elif best.bad > max(FEW_BAD_GROUPS, BAD_SHARE * (best.good + best.bad)):
        yield from _bad_groups(evidence, best)
    elif best.cut > max(FEW_BAD_GROUPS + best.interrupted, CUT_SHARE * (best.whole + best.cut)):
        yield Finding(Cause.FRAME_MARKS, 0.7)


def _bad_groups(evidence: PortEvidence, best: Reception) -> Iterator[Finding]:
    """Bits that flip are too weak a signal; characters that are missing, a wire that has a bad contact."""
    judged = best.shortened + best.altered
    share = best.shortened / judged if judged else 0.0
    # A console's messages between the meter's damage groups as well; on the port of a console it is the likelier cause.
    if evidence.pi.console:
        yield Finding(Cause.SERIAL_CONSOLE, 0.88)
    if share > 0.5:
        yield Finding(Cause.LOOSE_WIRE, 0.5 + share / 3)
    else:
        yield Finding(Cause.WEAK_SIGNAL, 0.5 + (1 - share) / 3)
