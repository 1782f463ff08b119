"""What is said of a fault, in French and in English: itself, its repetition, what to do, its end."""

from __future__ import annotations

import enum
from functools import partial

from gateway.live.state import LinkKind
from gateway.words.numbers import age
from gateway.words.phrase import NOTHING, Phrase, made, same
from gateway.words.table import WordTable


class FaultKind(enum.Enum):
    """What can be wrong; the value is the kind of the link that says so, but for what goes wrong beside another."""

    MUTE = LinkKind.METER
    GARBLED = LinkKind.DECODE
    PORT = LinkKind.PORT
    CLOCK = LinkKind.CLOCK
    STORE = LinkKind.STORE
    XMPP = LinkKind.XMPP
    RECIPIENT = LinkKind.RECIPIENT
    GONE = "suspended recipient"
    DISK = LinkKind.DISK
    KEEPING = LinkKind.KEEPING
    BACKUP = LinkKind.BACKUP
    BROKER = LinkKind.MQTT
    CELL = LinkKind.CELL
    OVERLOAD = LinkKind.OVERLOAD
    BREAKER = LinkKind.BREAKER
    LINE = LinkKind.DOCTOR

    @property
    def link(self) -> LinkKind:
        """Which link says so."""
        return LinkKind.RECIPIENT if self is FaultKind.GONE else LinkKind(self.value)


class Topic(enum.Enum):
    """What is told and is no fault."""

    TEMPO = "tempo"
    OBJECTIVE = "objective"
    MODE = "mode"
    INJECTION = "injection"
    OFF_PEAK = "off-peak"
    OTHER_METER = "other-meter"
    CONTRACT = "contract"
    BASE_LOAD = "base-load"
    LEAK = "water-leak"
    BURST = "water-burst"
    GAS = "gas"
    NO_INJECTION = "injection-stopped"
    POWER_CUT = "power-cut"
    VERSION = "version"
    SUPPORT = "support"
    SHARING = "sharing"


# Of each kind: the fault, its repetition, what to do, its end.
_SAID = WordTable(
    {
        FaultKind.MUTE: (
            "The meter “{name}” has sent nothing for {time}",
            "The meter “{name}” fell silent {times} in 10 minutes",
            "check its cable at terminals I1 and I2 and the power of the adapter",
            "The meter “{name}” is sending data again, after {time} of silence",
        ),
        FaultKind.GARBLED: (
            "The data of the meter “{name}” have been unreadable for {time}",
            "The data of the meter “{name}” became unreadable {times} in 10 minutes",
            "keep its cable away from mains wires and check the adapter",
            "The data of the meter “{name}” can be read again, after {time}",
        ),
        FaultKind.PORT: (
            "The port of the meter “{name}” has been lost for {time}",
            "The port of the meter “{name}” was lost {times} in 10 minutes",
            "plug the adapter or the board in again; the “Status” page says what is missing",
            "The port of the meter “{name}” is back, after {time}",
        ),
        FaultKind.LINE: (
            "Something has been wrong on the cable of the meter “{name}” for {time}",
            "Something was wrong on the cable of the meter “{name}” {times} in 10 minutes",
            "the “Status” page says what is wrong, and what to do",
            "The cable of the meter “{name}” is working again, after {time}",
        ),
        FaultKind.CLOCK: (
            "The time of the readings of meter “{name}” has been unreliable for {time}",
            "The time of the readings of meter “{name}” was unreliable {times} in 10 minutes",
            "connect the gateway to the Internet or set its clock; if it is right, the meter’s clock is wrong, and the"
            " gateway does without it",
            "The time of the readings of meter “{name}” is reliable again, after {time}",
        ),
        FaultKind.STORE: (
            "Readings could not be stored for {time}",
            "Storing the readings failed {times} in 10 minutes",
            "check the free space and the SD card; the “Status” page says what is missing",
            "Readings are stored again, after {time}",
        ),
        FaultKind.XMPP: (
            "The gateway has not been able to connect to the sharing server for {time}",
            "The gateway lost the sharing server {times} in 10 minutes",
            "check the router and the account; readings are kept, the “Status” page says what is missing",
            "The gateway is connected to the sharing server again, after {time}",
        ),
        FaultKind.RECIPIENT: (
            "Data have been waiting for {name} for {time}",
            "Data waited for {name} {times} in 10 minutes",
            "tell this recipient, or withdraw your consent if they no longer use it",
            "The data waiting for {name} are no longer waiting, after {time}",
        ),
        FaultKind.GONE: (
            "The address of {name} is gone and nothing is sent there any more",
            "The address of {name} vanished {times} in 10 minutes",
            "what is waiting for it is kept; if it comes back, resume on the “Sharing” page; if not, withdraw your"
            " consent",
            "Sending to {name} has resumed",
        ),
        FaultKind.DISK: (
            "The card has been nearly full for {time}",
            "The card was nearly full {times} in 10 minutes",
            "make room on it, or use a larger card; once it is full, no more readings are stored",
            "There is room on the card again, after {time}",
        ),
        FaultKind.KEEPING: (
            "The gateway has not kept all readings for {time}",
            "The gateway did not keep all readings, {times} in 10 minutes",
            "indexes stay exact; the “Status” page says what is running out and what has stopped",
            "The gateway keeps all readings again, after {time}",
        ),
        FaultKind.BACKUP: (
            "No nightly backup has succeeded for {time}",
            "The nightly backup was missing {times} in 10 minutes",
            "plug the USB stick in, make room on it and check that the passphrase is there; the “Status” page says"
            " what is missing, and the next night tries again",
            "The nightly backup succeeded again, after {time}",
        ),
        FaultKind.BROKER: (
            "The MQTT broker of the house has not responded for {time}; displays and home automation receive nothing",
            "The MQTT broker of the house was lost {times} in 10 minutes",
            "check that it is running; the “Status” page says what is missing",
            "The MQTT broker of the house is responding again, after {time}",
        ),
        FaultKind.CELL: (
            "A part of the gateway has not been working for {time} ({name})",
            "A part of the gateway failed {times} in 10 minutes ({name})",
            "the rest goes on, and it is started again by itself; if it continues, the “Status” page says why",
            "A part of the gateway works again, after {time} ({name})",
        ),
        FaultKind.OVERLOAD: (
            "The subscribed power has been exceeded at the meter “{name}” for {time}",
            "The subscribed power was exceeded {times} at the meter “{name}”",
            "switch off a large appliance, or the meter will cut the power",
            "The subscribed power is no longer exceeded at the meter “{name}”, after {time}",
        ),
        FaultKind.BREAKER: (
            "The power has been cut by the meter “{name}” for {time}",
            "The meter “{name}” cut the power {times} in 10 minutes",
            "the meter’s screen says why; after an overload, switch appliances off and hold its “+” button",
            "The meter “{name}” has restored the power, after {time}",
        ),
    }
)

# The parts by the first word of their names.
_PARTS = {
    "meter": Phrase("reading the meter “{name}”"),
    "counter": Phrase("counting “{name}”"),
    "tee": Phrase("the copy of what the meter “{name}” says"),
    "doctor": Phrase("meter line monitoring"),
    "commit": Phrase("storing the readings"),
    "watch": Phrase("fault monitoring"),
    "broker": Phrase("the MQTT messages"),
    "feed": Phrase("the live display"),
    "home": same("Home Assistant"),
    "relays": Phrase("the answers to the boards"),
    "boards": Phrase("the programs of the boards"),
    "page": Phrase("the page"),
    "notices": Phrase("the alerts"),
    "federation": Phrase("the connection to the sharing server"),
}


def _about(kind: FaultKind, name: str) -> Phrase:
    """What the fault is about."""
    if kind is not FaultKind.CELL:
        return same(name)
    first, _, rest = name.partition(" ")
    part = _PARTS.get(first)
    return part.filled(name=rest) if part else same(name)


def texts(
    kind: FaultKind, name: str, lasted: float, count: int, *, active: bool, advice: Phrase = NOTHING
) -> tuple[Phrase, str]:
    """The sentence, and for the log the same in English without the name of a recipient.

    ``advice`` is what the doctor says of it, where he knows: the cause, and what to do about that one.
    """
    broken, again, remedy, back = (made(partial(_part, kind, place)) for place in range(4))
    if count > 1 or (count == 1 and not active):
        form = _SINCE.filled(what=again if active else again + _WORKS, remedy=remedy)
    elif active:
        form = _KNOWN.filled(what=broken) if advice else _SINCE.filled(what=broken, remedy=remedy)
    else:
        form = _OVER.filled(what=back)
    facts = {"name": _about(kind, name), "time": age(lasted, spelt=True), "times": _times(count), "advice": advice}
    logged = facts | ({"name": same("a recipient")} if kind in (FaultKind.RECIPIENT, FaultKind.GONE) else {})
    return form.filled(**facts), str(form.filled(**logged))


def _part(kind: FaultKind, place: int, lang: str) -> str:
    return str(_SAID[lang][kind][place])


_SINCE, _OVER = Phrase("{what}: {remedy}."), Phrase("{what}; there is nothing to do.")
# What the doctor says names ports and programs, and they may have any characters: it is filled in last.
_KNOWN = same("{what}. {{advice}}")
_WORKS = Phrase(", it works for now")


def _times(count: int) -> Phrase:
    return Phrase("once") if count == 1 else Phrase("{count} times").filled(count=count)
