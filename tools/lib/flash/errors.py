"""What can go wrong on the way to a board, each said in French and in English: where, what, and what to do."""

from __future__ import annotations

from gateway.words.phrase import Phrase

SENTENCES = {
    "no_boards": Phrase(
        "there is no serial port here: plug the board in with a USB cable that carries data (many only charge), "
        "then run tools/flash --list again"
    ),
    "which_port": Phrase("which port? Name it with --port; tools/flash --list shows them. No other is touched"),
    "no_port": Phrase("{port} does not exist: is the board plugged in? tools/flash --list shows the ports"),
    "no_permission": Phrase(
        "{port}: you may not open it. Do: sudo usermod -a -G {group} $USER, then log out and in again"
    ),
    "busy": Phrase("{port} is in use{by}: close that program (gateway, serial monitor, Thonny), then try again"),
    "not_serial": Phrase("{port} is no serial port: {said}"),
    "no_answer": Phrase(
        "no ESP32 board answers on {port}. Hold the BOOT button, press EN (RST) briefly, release BOOT, then try again; "
        "try another cable as well ({said})"
    ),
    "unknown_chip": Phrase("the board on {port} is an {found}; those that will do: {known}"),
    "wrong_chip": Phrase(
        "the board on {port} is an {found}, but this is for {wanted}: take the file for {found}, or the other board"
    ),
    "write_failed": Phrase(
        "writing to {port} stopped ({said}). The board is not harmed: try again, with a shorter cable or --baud 115200"
    ),
    "not_written": Phrase(
        "what is read back on {port} is not what was written: this board’s memory is faulty, take another"
    ),
    "no_firmware": Phrase(
        "which MicroPython? Download your chip’s file from micropython.org/download ({names}) into this folder, or give it "
        "with --firmware"
    ),
    "unreadable": Phrase("{path} cannot be read: {said}"),
    "damaged_firmware": Phrase(
        "{path} has the name of an official file but not its content (SHA-256 {found}): download it again"
    ),
    "unknown_firmware": Phrase(
        "{path} is not a known file. If you know where it comes from, compare its sum, then add --sha256 {found}"
    ),
    "wrong_sum": Phrase("{path} does not have the given sum, but {found}: download it again"),
    "not_firmware": Phrase(
        "{path} is no whole MicroPython for an ESP32: {said}. What is needed is the .bin file of micropython.org"
    ),
    "small_flash": Phrase("this board’s flash has {size} MB; at least {least} are needed: take another board"),
    "unknown_flash": Phrase(
        "the board on {port} does not say how much flash it has: nothing was written, take another board"
    ),
    "large_firmware": Phrase(
        "{path} is made for {wanted} MB of flash, and this board has {size}: take MicroPython 1.26 or later, which fits "
        "any board"
    ),
    "pin": Phrase(
        "{name} = {pin}: this pin of the {chip} will not do (it carries the flash or USB, cannot be an output, or does not "
        "exist). Those that will do: {good}"
    ),
    "same_pin": Phrase("{name} and {other} are on the same pin, {pin}: give each its own"),
    "no_identity": Phrase(
        "what is this board’s name? --id NAME: 1 to 32 small letters, digits or hyphens, for example --id garage"
    ),
    "no_broker": Phrase("where is the Raspberry Pi? --broker ADDRESS, for example --broker 192.168.1.20"),
    "no_broker_name": Phrase(
        "the broker’s certificate has a name, not the address {host}: add that of the Raspberry Pi, for example "
        "--broker-name raspberrypi.local (on the Pi: hostname, followed by .local)"
    ),
    "no_ca": Phrase(
        "{path} is no certificate (PEM or DER): give that of the broker’s authority, /etc/mosquitto/linky/ca.crt"
    ),
    "no_settings": Phrase(
        "{path}: tables of config.json are expected, without broker and wifi (see micropython/README.md): {said}"
    ),
    "wifi_password": Phrase("a Wi-Fi password has 8 to 63 characters; this one has {length}"),
    "no_terminal": Phrase("there is no terminal to answer on: {instead}"),
    "exists": Phrase(
        "{path} exists: this board already has a key. A new one voids it; remove the file first, or take another --id"
    ),
    "cannot_write": Phrase("{path} cannot be written: {said}"),
    "not_confirmed": Phrase("nothing was done"),
    "no_prompt": Phrase(
        "the board on {port} does not answer as MicroPython does ({said}). Is it the right one? Else flash it without --update"
    ),
    "not_ours": Phrase("the board on {port} has MicroPython but not our files: flash it without --update"),
    "board_failed": Phrase("the board on {port} could not do what it was asked: {said}"),
    "wifi_wrong_password": Phrase(
        "the board is flashed, but “{ssid}” refuses the password. Try again with the right one; or flash without --wifi "
        "and use the board’s own page (see the label)"
    ),
    "wifi_not_found": Phrase(
        "the board is flashed, but does not see “{ssid}” here: it hears 2.4 GHz only. If it will live elsewhere, that is fine"
    ),
    "wifi_no_answer": Phrase(
        "the board is flashed, but could not join “{ssid}” ({said}): move it closer to the router"
    ),
    "broker_refused": Phrase(
        "the Wi-Fi works, but the broker does not know the board yet: on the Raspberry Pi, {line}"
    ),
    "broker_clock": Phrase(
        "the Wi-Fi works, but the certificate of {host} is not valid at the board’s date ({said}): run tools/setup again "
        "on the Raspberry Pi, which renews it"
    ),
    "broker_certificate": Phrase(
        "the Wi-Fi works, but {host} does not show the certificate that is expected ({said}): is it the right Raspberry "
        "Pi? Try again with its /etc/mosquitto/linky/ca.crt (--ca) and the name in its certificate (--broker-name)"
    ),
    "broker_no_answer": Phrase(
        "the Wi-Fi works, but {host} does not answer ({said}): check the address, the certificate, and that mosquitto runs"
    ),
    "here_root": Phrase("with --here: sudo tools/flash {words}"),
    "here_none": Phrase(
        "no gateway is installed here ({path} is missing): run this on its Raspberry Pi, or leave out --here and give "
        "--broker and --ca"
    ),
    "here_closed": Phrase(
        "the broker answers this machine alone: add a listener on 8883 to {path} (see systemd/mosquitto/README.md)"
    ),
    "here_failed": Phrase("{command} did not work: {said}"),
    "compile": Phrase("{path} does not compile: {said}"),
    "too_large": Phrase("the files do not fit the board: {size} bytes for {room}"),
    "register": Phrase("the board could not be registered here: {said}"),
}


class FlashError(Exception):
    """Something a person has to know; ``say(language)`` is the sentence."""

    def __init__(self, key: str, **values: object) -> None:
        self.key, self.values = key, values
        super().__init__(self.say("en"))

    def say(self, language: str) -> str:
        """The sentence in a language."""
        return SENTENCES[self.key].filled(**self.values).in_language(language)


def first_line(error: Exception) -> str:
    """Of what another program's error says; what it is called, where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
