"""The arguments of ``tools/flash``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.words.catalogue import LANGUAGES

_EPILOG = """
  tools/flash --list                              the serial ports, none of them opened
  tools/flash --port /dev/ttyUSB0 --firmware ESP32_GENERIC-20260406-v1.28.0.bin \\
      --id garage --role relay --broker 192.168.1.20 --broker-name raspberrypi.local --ca ca.crt --wifi Maison
  sudo tools/flash --here --role display --id kitchen --wifi Maison
                                                  on the Raspberry Pi of the gateway: finds the rest, lets the board in
  tools/flash --port /dev/ttyUSB0 --update        new files only; goes back by itself when they do not work
  tools/flash --port /dev/ttyUSB0 --erase         nothing is left: no key, no password
  tools/flash --build-set boards.zip              the files for `linky-gateway board update`, over the air

MicroPython is the official file of micropython.org/download (ESP32_GENERIC, _S2, _S3, _C3 or _C6). Secrets are asked
for or read from files, never given as arguments. Without --wifi the board opens a Wi-Fi of its own, with a page.
"""


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/flash",
        description="Put MicroPython and the project's files on an ESP32 board.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = made.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="show the serial ports and go")
    what.add_argument(
        "--update", action="store_true", help="new files only, into the spare folder of a board that runs"
    )
    what.add_argument("--erase", action="store_true", help="erase the board")
    what.add_argument("--build-set", type=Path, metavar="FILE", help="write the files for updates over the air")
    made.add_argument("--port", metavar="PORT", help="the board's serial port; no other is touched")
    made.add_argument(
        "--firmware", type=Path, metavar="FILE", help="MicroPython's .bin file (default: the one beside you)"
    )
    made.add_argument("--sha256", metavar="SUM", help="vouches for a file whose sum is not known")
    made.add_argument("--id", metavar="NAME", help="the board's name: small letters, digits, hyphens")
    made.add_argument("--role", choices=("relay", "display"), default="relay", help="what it is for (default: relay)")
    _add_place(made)
    made.add_argument("--settings", type=Path, metavar="FILE", help="tables of config.json, as JSON: a panel, pins")
    made.add_argument(
        "--cards", type=Path, default=Path("boards"), metavar="FOLDER", help="for card and label (boards/)"
    )
    made.add_argument("--baud", type=int, default=460800, metavar="N", help="speed of writing (default: 460800)")
    made.add_argument("--yes", action="store_true", help="do not ask whether to go on")
    made.add_argument("--lang", choices=LANGUAGES, help="(default: that of LANG, else fr)")
    return made


def _add_place(made: argparse.ArgumentParser) -> None:
    """Where the board finds the Raspberry Pi, and whether that is this machine."""
    made.add_argument(
        "--here",
        action="store_true",
        help="on the Raspberry Pi of the gateway: its broker, and the board is let in there; as root",
    )
    made.add_argument("--register", type=Path, metavar="CONFIG", help="register with the gateway of this machine")
    made.add_argument("--broker", metavar="HOST", help="the Raspberry Pi's address")
    made.add_argument("--broker-port", type=int, metavar="N", help="(default: 8883 with --ca, else 1883)")
    made.add_argument(
        "--broker-name",
        metavar="NAME",
        help="the name in the broker's certificate; needed with --ca when HOST is an address",
    )
    made.add_argument("--ca", type=Path, metavar="FILE", help="the broker's certificate authority; TLS is used with it")
    made.add_argument("--wifi", metavar="NAME", help="the Wi-Fi to join; its password is asked for")
    made.add_argument("--wifi-password-file", type=Path, metavar="FILE", help="its first line is the Wi-Fi password")


if __name__ == "__main__":
    parser().parse_args()
