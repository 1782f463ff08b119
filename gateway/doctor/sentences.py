"""The causes in words for a household, in French and in English: what is seen, the likely cause, what to do.

Placeholders: {port}, {holder} another program, {group} of the system's users, {heard} and {wanted} modes, {owner}
another meter. Commands to type stand between ` marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.doctor.causes import Cause
from gateway.tic.frame import HISTORIC, STANDARD
from gateway.tic.quality import FAIR_SCORE, GOOD_SCORE, Fault
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class CauseSentences:
    """One cause in one language."""

    title: str
    seen: str
    likely: str
    remedy: str


def words(cause: Cause, lang: str, places: Mapping[str, str]) -> CauseSentences:
    """The cause in words, with the placeholders filled in."""
    return CauseSentences(*(text.format_map(places) for text in _WORDS[lang][cause]))


_MODES = WordTable({HISTORIC: "historic", STANDARD: "standard"})
_GRADES = WordTable((Phrase("good", "signal"), Phrase("fair", "signal"), Phrase("poor", "signal")))


def mode_name(mode: str, lang: str) -> str:
    """A mode's name as a household reads it on the meter's screen."""
    return str(_MODES[lang].get(mode, mode))


def grade(score: float, lang: str) -> str:
    """A score in one word."""
    good, fair, poor = _GRADES[lang]
    return str(good if score >= GOOD_SCORE else fair if score >= FAIR_SCORE else poor)


_WORDS = WordTable(
    {
        Cause.NO_SUCH_PORT: (
            "The port does not exist",
            "{port} cannot be found.",
            "The adapter is not plugged in, or its name has changed.",
            "Plug the adapter in again, then type `linky-gateway ports` and write the line source = … that it"
            " gives for "
            "it into the configuration.",
        ),
        Cause.SEVERAL_PORTS: (
            "Several adapters look alike",
            "More than one adapter that is plugged in answers to {port}.",
            "They are of the same model, and the configuration does not say which one is meant.",
            "Type `linky-gateway ports` and write the line source = … that it gives for the right one into the "
            "configuration: it names it by its serial number or by its socket.",
        ),
        Cause.UART_OFF: (
            "The Raspberry Pi's port is not switched on",
            "{port} cannot be found, and the Raspberry Pi's settings do not switch it on.",
            "The serial port of the pins is off by default.",
            "Switch it on with `sudo raspi-config nonint do_serial_hw 0`, then restart.",
        ),
        Cause.NO_HEADER_PORT: (
            "This system has no serial port on the Raspberry Pi's pins",
            "{port} cannot be found: the system of this Raspberry Pi 5 does not serve the serial port of the pins.",
            "It is plain Debian; for this board only Raspberry Pi OS has what that port needs.",
            "Connect the meter by a USB adapter, or install Raspberry Pi OS.",
        ),
        Cause.NOT_A_PORT: (
            "This is not a port",
            "{port} exists, but no meter can be connected to it.",
            "The name in the configuration is that of something else.",
            "Choose one of the names that `ls -l /dev/serial/by-id` gives.",
        ),
        Cause.PERMISSION_DENIED: (
            Phrase("Permission denied", "permission denied"),
            "The system refuses access to {port}.",
            "The user whom this program runs as is not in the group {group}.",
            "Type `sudo usermod -aG {group} linky-gateway`, then `sudo systemctl restart linky-gateway`. Where you "
            "start the program yourself, type `sudo usermod -aG {group} $USER`, then log out and in again.",
        ),
        Cause.PORT_NOT_ALLOWED: (
            "The service may not use this port",
            "{port} is there, but the service's rules forbid it to the gateway.",
            "These rules are made when the gateway starts: the adapter came later, with its driver, or it is a"
            " port of a "
            "kind that they do not know.",
            "Type `sudo systemctl restart linky-gateway`. If nothing changes, type `sudo systemctl edit"
            " linky-gateway`, "
            "write two lines there, `[Service]` and `DeviceAllow=/dev/ttySC0 rw` with your port's name, and restart it "
            "again. In a container (Docker, LXC) it is the container that must be given the port.",
        ),
        Cause.PORT_HELD: (
            "The port is already in use",
            "Another program uses {port}: {holder}.",
            "Two programs cannot read the same meter: each would only get pieces.",
            "Close the other program. If it is linky-gateway itself, that is normal: ask it with "
            "`sudo linky-gateway doctor`.",
        ),
        Cause.NO_ANSWER: (
            "The device does not answer",
            "Nothing answers at {port}.",
            "The device that passes the meter's data on is off, not on the network, or has another address now.",
            "Check that it is on and on the same network, then compare its address with that in the configuration.",
        ),
        Cause.PORT_LOST: (
            "The adapter vanished while it was listened to",
            "{port} vanished while the doctor was listening.",
            "The USB plug or its cable has a bad contact, or the power supply is too weak.",
            (
                "Push the plug in firmly, try another cable or another USB port, and avoid USB hubs without a power"
                " supply."
            ),
        ),
        Cause.BOARD_AWAY: (
            "The board is not responding",
            "The board ({port}) is not responding.",
            "It is unplugged, out of reach of the Wi-Fi, or its password has changed.",
            "Look at its light: dark, plug it in again; blinking, bring it nearer to the Wi-Fi. It connects again by "
            "itself, and sends what it has kept.",
        ),
        Cause.BROKER_AWAY: (
            "The message broker does not answer",
            "The MQTT broker, by way of which the board ({port}) is heard, does not answer.",
            "The service mosquitto has stopped, or its address is not the one of the configuration.",
            "Type `sudo systemctl restart mosquitto`, then `sudo linky-gateway status`. The board keeps what it"
            " could not "
            "send.",
        ),
        Cause.GATEWAY_OFF: (
            "The gateway is not running",
            "Only the running gateway hears the board ({port}).",
            "The doctor cannot listen to a board by itself.",
            "Type `sudo systemctl start linky-gateway`, then ask the doctor again.",
        ),
        Cause.SERIAL_CONSOLE: (
            "The system talks on this port",
            "{port} also serves the system as its emergency screen.",
            "The system writes its messages there and waits for a password, which gets mixed up with the meter's data.",
            "Type `sudo raspi-config nonint do_serial_cons 1`, then restart.",
        ),
        Cause.BLUETOOTH_ON_UART: (
            "Bluetooth occupies the good port",
            "On this Raspberry Pi the good serial port is reserved for Bluetooth.",
            "What is left for the meter is a port that does not check what it receives, or no port at all.",
            "Add the line `dtoverlay=disable-bt` at the end of /boot/firmware/config.txt, type "
            "`sudo systemctl disable hciuart`, restart, and use /dev/serial0.",
        ),
        Cause.SILENT: (
            "No signal",
            "Nothing arrives at {port}.",
            "The wire is not connected, it is on the wrong terminals, or the meter sends nothing.",
            "Check that the two wires are on the meter's terminals I1 and I2 and tight, and that the other end"
            " is on the "
            "adapter. If all is in place, ask Enedis whether the meter's customer output works.",
        ),
        Cause.WRONG_SPEED: (
            "Wrong speed",
            "Characters arrive, but they make no sense.",
            "The port does not listen at the meter's speed, or another program changes it.",
            "Set the device that passes the data on to 1200 (meter in historic mode) or 9600 (standard mode),"
            " and close "
            "the other programs that use the port.",
        ),
        Cause.OTHER_MODE: (
            "The meter is in the other mode",
            "The meter speaks in {heard} mode, the configuration expects {wanted} mode.",
            "The supplier or Enedis has changed the meter's mode, or the configuration is wrong.",
            'Write mode = "auto" into the configuration: the mode will be found by itself.',
        ),
        Cause.EIGHT_N_ONE: (
            "The port is set to 8N1",
            "The data arrive, but the port does not check the characters.",
            'The port (or the device that passes the data on) is set to "8N1" in place of "7E1", or can do no better.',
            "The gateway checks in its place, nothing is lost. To do better, set the device that passes the data on to "
            "7E1.",
        ),
        Cause.COOKED_TTY: (
            "The port is treated like a keyboard",
            "The ends of the meter's lines are changed on the way.",
            'Another program, or the device that passes the data on, has set the port to "terminal" mode.',
            'Close the other programs that use the port; on the device that passes the data on, choose "raw" mode.',
        ),
        Cause.WEAK_SIGNAL: (
            "The signal is too weak",
            "Part of the data arrives damaged, character by character.",
            "The adapter's resistor is too high for this meter, the wire is too long, or it runs beside something that "
            "disturbs it.",
            "Move the wire away from power cables and shorten it; otherwise replace the input resistor by a"
            " smaller one "
            "(470 ohms suits both modes), or use another adapter.",
        ),
        Cause.LOOSE_WIRE: (
            "Bad contact",
            "Pieces of the data are missing, or the signal stops and comes back.",
            "A wire moves in its terminal, or a wire is damaged.",
            "Tighten both wires on I1 and I2 and on the adapter, strip them again if needed, and push the plugs in.",
        ),
        Cause.FRAME_MARKS: (
            "Beginning and end of the messages damaged",
            "The data are good, but the messages have no beginning or no end.",
            "A device or a program between the meter and the gateway takes characters away.",
            'Set the device that passes the data on to "raw" mode, without any conversion, and close other programs.',
        ),
        Cause.LINE_STARTS: (
            "The beginning of each line is damaged",
            "The first character of the lines arrives wrong; the gateway finds the data all the same.",
            "After each pause the adapter needs a moment before it reads well: its circuit is too slow for this meter, "
            "or a program reads the signal in place of a real serial port.",
            "Connect the meter to a real serial port; replace the input resistor by a smaller one (470 ohms suits both "
            "modes), or use another adapter.",
        ),
        Cause.OVERRUN: (
            "The computer does not keep up",
            "Characters that had arrived at the port were lost before they were read.",
            "The computer is too busy, or too many devices share one USB plug.",
            "Stop heavy programs, and plug the adapter into the computer itself, without a USB hub.",
        ),
        Cause.LONG_SILENCES: (
            "The meter interrupts itself",
            "The meter announces that it falls silent, and begins again later.",
            "Somebody reads or sets the meter from afar: this is normal, and it passes.",
            "Wait for an hour and try again. If it continues for more than a day, call Enedis.",
        ),
        Cause.STANDBY: (
            "The meter is in standby",
            "The meter gives its number and nothing else: no index, no power.",
            "Its customer output is in standby: so it is before a contract begins, and after one has ended.",
            "Nothing is wrong at home. If your contract is running, tell your electricity supplier that the customer "
            "output (TIC) of the meter gives its number alone.",
        ),
        Cause.NOT_A_METER: (
            "This is not a meter",
            "What arrives at {port} is text, and none of it is a meter's.",
            "Another device is connected there (a GPS, a board, a modem), or the configuration names another device's "
            "port.",
            "Type `linky-gateway ports` to see what is plugged in where, and write the line source = … that it gives "
            "for the meter's adapter into the configuration.",
        ),
        Cause.OTHER_CABLE: (
            "This is another meter's cable",
            "At {port} the meter {owner} is heard.",
            "The cables of two meters are swapped, or their two lines source = … in the configuration are.",
            "Nothing is lost: each meter's data are kept under its own name. To put it right, swap the two cables, or "
            "the two lines source = … in the configuration.",
        ),
        Cause.MUTE: (
            "The gateway receives nothing useful any more",
            "The board answers, but brings no data of the meter.",
            "A wire between the board and the meter is off, or the signal is too weak for the board.",
            "Check that the two wires are on the meter's terminals I1 and I2 and tight, and that the other end is on "
            "the board.",
        ),
        Cause.METER_CLOCK: (
            "The meter's clock is wrong",
            "The meter's time and the gateway's do not agree.",
            "The meter was without power for long, or the grid operator no longer reaches it.",
            "Check the gateway's time (type `timedatectl`). If it is right there is nothing to do: the gateway uses "
            "its own; tell Enedis of the meter's.",
        ),
        Cause.HOST_CLOCK: (
            "The gateway does not know the time",
            "Readings are kept and wait for their date.",
            "A Raspberry Pi has no battery: it learns the time from the Internet, and is not connected to it.",
            'Connect the gateway to the Internet, or set its time: `sudo timedatectl set-time "2026-01-31 12:00"`.',
        ),
        Cause.NOT_YET: (
            "Too early to say",
            "The gateway has just opened the port and has received nothing yet.",
            "It looks for the speed at which the meter speaks, which takes up to half a minute.",
            "Start the doctor again in a minute.",
        ),
        Cause.UNKNOWN: (
            "Unknown cause",
            "Something arrives at {port}, but the doctor does not understand it.",
            "Perhaps it is not a meter, or several faults mix.",
            "Check that it is the meter that is connected there, then send whoever helps you the file "
            "that `sudo linky-gateway doctor --bundle support.zip` makes.",
        ),
        Cause.ALL_WELL: ("All is well", "The data arrive without a fault.", "Nothing to report.", "Nothing to do."),
    }
)

FAULT_NAMES = WordTable(
    {
        Fault.PARITY: "damaged characters",
        Fault.FRAMING: "badly cut lines",
        Fault.CHECKSUM: "wrong sums",
        Fault.WIDTH: "wrong lengths",
        Fault.PLAUSIBILITY: "impossible values",
        Fault.EOT: "interruptions by the meter",
        Fault.SILENCE: "silences",
        Fault.OVERRUN: "characters not read in time",
    }
)
