"""What is said of each link, in French and in English; the figures and names stand in their places."""

from __future__ import annotations

from gateway.live.state import LinkKind
from gateway.tic.frame import HISTORIC, STANDARD
from gateway.tic.quality import Fault, Window
from gateway.words.phrase import Phrase, same

# What a link is.
KINDS: dict[str, Phrase] = {
    LinkKind.METER: Phrase("Meter"),
    LinkKind.PORT: Phrase("Port"),
    LinkKind.DECODE: Phrase("Decoding"),
    LinkKind.DOCTOR: Phrase("Line"),
    LinkKind.CLOCK: Phrase("Clock"),
    LinkKind.TEE: Phrase("Copy of the frames"),
    LinkKind.COUNTER: Phrase("Pulse meter"),
    LinkKind.STORE: Phrase("Storage"),
    LinkKind.DISK: Phrase("Room on the card"),
    LinkKind.KEEPING: Phrase("Readings kept"),
    LinkKind.BACKUP: Phrase("Nightly backup"),
    LinkKind.XMPP: Phrase("Federation"),
    LinkKind.RECIPIENT: Phrase("Recipient"),
    LinkKind.PROVIDER: Phrase("Provider"),
    LinkKind.WATCHER: Phrase("Live viewer"),
    LinkKind.MQTT: Phrase("MQTT broker"),
    LinkKind.PAGE: Phrase("Page of the house"),
    LinkKind.NOTICE: Phrase("Alerts"),
    LinkKind.CELL: Phrase("Part of the program"),
    LinkKind.RELEASE: Phrase("Version"),
}

ENDED = Phrase("the replayed file has ended")
OPEN = Phrase("open")
SPEED, DEVICE = Phrase(" at {speed} Bd"), same(" ({device})")
REFUSED = Phrase("; messages refused: {count}")
TEE = Phrase("open at {where}, clients: {count}")
BEING_OPENED = Phrase("being opened")
READ = Phrase("{mode} mode; {signal}")
FAILED = Phrase("failures within an hour: {count}; {cause}")
STUCK = Phrase("{cause}, and cannot be ended; restart the gateway")
LATE = Phrase("it made no progress for {seconds} s")
NO_BYTES = Phrase("no data arrive")
UNREADABLE = Phrase("data arrive but cannot be decoded")
NOT_YET_READ = Phrase("data arrive, no frame yet")
WINDOW = same(" % ({window})")
UNKNOWN = Phrase("unknown")
WINDOWS = {
    Window.MINUTE: Phrase("minute"),
    Window.HOUR: Phrase("hour"),
    Window.DAY: Phrase("day"),
}
FAULTS = {
    Fault.PARITY: Phrase("{count} parity"),
    Fault.FRAMING: Phrase("{count} framing"),
    Fault.CHECKSUM: Phrase("{count} checksum"),
    Fault.WIDTH: Phrase("{count} width"),
    Fault.PLAUSIBILITY: Phrase("{count} plausibility"),
    Fault.EOT: Phrase("{count} eot"),
    Fault.SILENCE: Phrase("{count} silence"),
    Fault.OVERRUN: Phrase("{count} overrun"),
}
NO_FRAME = Phrase("no frame yet")
COUNTS = Phrase("{mode} mode, {whole} whole frames, {partial} partial, {bad} bad groups")
OTHER_CABLE = Phrase("this port has the cable of meter {heard}; {counts}")
MUTE = Phrase("silent; {counts}")
MODES = {STANDARD: Phrase("standard"), HISTORIC: Phrase("historic")}
UNDATED = Phrase("the host's clock is not set: {count} frames wait for their date")
METER_ALONE = Phrase("the meter's; the host's is not set")
HOST, METER = Phrase("the host's"), Phrase("the meter's")
WRONG = Phrase("the meter's is {drift} the host's, which is used instead")
WHOSE = Phrase("{whose}; the meter's is {drift} the host's")
AHEAD = Phrase("{amount} ahead of")
BEHIND = Phrase("{amount} behind")
PULSES = Phrase("{count} pulses since the start, {bounces} bounces ignored")
PIN_OPEN = Phrase("its pin is open; {counts}")
SUSPENDED = Phrase("suspended: its address is gone; {count} readings waiting; see `consent resume`")
HAS_ALL = Phrase("has everything")
WAITS = Phrase("{count} readings waiting")
SEES = Phrase("sees {what} live, every {interval} s, until {until}")
EVERYTHING = Phrase("everything it is allowed to see")
