"""The pictures and tables of this folder, made of ``pins``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pins import (
    ADAPTERS,
    BUTTONS,
    HEADER,
    LAMPS,
    PI,
    PI_MODELS,
    PORT,
    UARTS,
    WIRINGS,
    Wiring,
    shared_gpios,
)

sys.path.append(str(Path(__file__).parent.parent))
from sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable

_PITCH, _TOP = 34, 56

# What the header's pins are for in this project, by GPIO; the rest is free.
USES = {
    2: "SDA (OLED)",
    3: "SCL (OLED)",
    4: "LED",
    14: "TXD",
    15: "RXD (TIC)",
    17: "RGB R, RST, S0",
    18: "BL (LCD)",
    27: "RGB G",
    22: "RGB B",
    23: "buzzer",
    24: "DC (LCD), BUSY",
    10: "MOSI (SPI)",
    9: "MISO (SPI)",
    25: "RESET (LCD), DC",
    11: "SCLK (SPI)",
    8: "CS 0 (SPI)",
    7: "CS 1 (SPI)",
    5: "relais / relay",
    26: "bouton / button",
}
_FILLS = {"3V3": "#f7c6c5", "5V": "#ef9a9a", "GND": "#cfcfcf"}

_WORDS = {
    "fr": {
        "pi": "| modèles | `/dev/serial0` d'origine | dans `/boot/firmware/config.txt` | à écrire |\n|---|---|---|---|",
        "wires": "| élément | broche de l'élément | Raspberry Pi : broche | nom | à travers |\n|---|---|---|---|---|",
        "boards": "| carte | UART | RXD du récepteur | LED | bouton BOOT | OLED SCL, SDA | ST7789 SCK, MOSI, DC |\n"
        "|---|---|---|---|---|---|---|",
        "adapters": "| adaptateur | identité USB | numéro de série | reconnu seul | ce que `ports` propose |\n"
        "|---|---|---|---|---|",
        "shared": "| GPIO | demandée par |\n|---|---|",
        "none": "aucun",
        "yes": "**oui**",
        "no": "à choisir",
        "bouton / button": "bouton",
        "relais / relay": "module relais",
    },
    "en": {
        "pi": "| models | `/dev/serial0` as delivered | in `/boot/firmware/config.txt` | to write |\n|---|---|---|---|",
        "wires": "| part | pin of the part | Raspberry Pi: pin | name | through |\n|---|---|---|---|---|",
        "boards": "| board | UART | receiver's RXD | LED | BOOT button | OLED SCL, SDA | ST7789 SCK, MOSI, DC |\n"
        "|---|---|---|---|---|---|---|",
        "adapters": "| adapter | USB identity | serial number | known by itself | what `ports` proposes |\n"
        "|---|---|---|---|---|",
        "shared": "| GPIO | wanted by |\n|---|---|",
        "none": "none",
        "yes": "**yes**",
        "no": "choose it",
        "bouton / button": "button",
        "relais / relay": "relay module",
    },
}


def drawings() -> dict[str, Callable[[], str]]:
    """Name of a picture -> what draws it."""
    return {"pi-header": header} | {name: partial(draw, wiring) for name, wiring in WIRINGS.items()}


def tables() -> dict[str, Callable[[str], str]]:
    """Name of a block in a document -> what stands in it, in a language."""
    return {
        "pi-models": pi_models,
        "pi-wires": pi_wires,
        "pi-shared": pi_shared,
        "boards": boards,
        "adapters": adapters,
    }


def draw(wiring: Wiring) -> str:
    """A board on the left, a part on the right, and a wire for each pin."""
    rows = len(wiring.wires)
    bottom = _TOP + rows * _PITCH
    sheet = Sheet(560, bottom + 18, f"{wiring.board} - {wiring.title}")
    for x, width, fill, title in ((10, 170, "#dcedc8", wiring.board), (400, 150, "#bbdefb", wiring.title)):
        sheet.box(x, 12, width, bottom - 4, fill=fill, color="#555555", radius=8)
        sheet.text(x + width / 2, 34, title, size=13, anchor="middle", bold=True)
    for place, wire in enumerate(wiring.wires):
        y = _TOP + place * _PITCH + 10
        sheet.line((172, y), (408, y), color=wire.color, width=3.5)
        for x in (172, 408):
            sheet.dot(x, y, 6, fill=wire.color)
        if wire.through:
            sheet.box(252, y - 11, 76, 22, fill="#ffffff", color="#222222", radius=3)
            sheet.text(290, y + 4.5, wire.through, size=12, anchor="middle")
        name = wiring.name_of(wire.board)
        number = f"  ·  {wire.board}" if isinstance(wire.board, int) else ""
        sheet.text(158, y + 4.5, f"{name}{number}", size=13, anchor="end")
        sheet.text(422, y + 4.5, wire.part, size=13)
    return sheet.svg()


def header() -> str:
    """The 40 pins as they lie, with what each is for here."""
    sheet = Sheet(640, 20 * 26 + 60, "Raspberry Pi 40-pin header")
    sheet.text(320, 26, "Raspberry Pi", size=15, anchor="middle", bold=True)
    sheet.box(262, 40, 116, 20 * 26 + 8, fill="#eeeeee", color="#555555", radius=6)
    for pin, name in HEADER.items():
        left = pin % 2 == 1
        x, y = (292 if left else 348), 57 + (pin - 1) // 2 * 26
        use = USES.get(int(name[4:])) if name.startswith("GPIO") else None
        sheet.box(
            x - 24, y - 11, 48, 22, fill=_FILLS.get(name, "#c5e1a5" if use else "#ffffff"), color="#777777", radius=4
        )
        sheet.text(x, y + 4.5, str(pin), size=12, anchor="middle", bold=True)
        words = " · ".join(filter(None, (use, name) if left else (name, use)))
        sheet.text(254 if left else 386, y + 4.5, words, size=12, anchor="end" if left else "start")
    return sheet.svg()


def pi_models(language: str) -> str:
    """Which port a Raspberry Pi gives to the meter, and what that takes."""
    lines = [_WORDS[language]["pi"]]
    for family in PI_MODELS:
        code = "<br>".join(f"`{line}`" for line in family.lines)
        lines.append(f'| {", ".join(family.names)} | {family.by_default} | {code} | `source = "{PORT}"` |')
    return "\n".join(lines)


def pi_wires(language: str) -> str:
    """Each wire of a part on a Raspberry Pi."""
    words = _WORDS[language]
    lines = [words["wires"]]
    for wiring in WIRINGS.values():
        if wiring.board == PI:
            title = words.get(wiring.title, wiring.title)
            for wire in wiring.wires:
                lines.append(
                    f"| {title} | {wire.part} | {wire.board} | {wiring.name_of(wire.board)} | {wire.through} |"
                )
                title = ""
    return "\n".join(lines)


def pi_shared(language: str) -> str:
    """The GPIO that two parts have by default: of those only one can be there."""
    words = _WORDS[language]
    lines = [words["shared"]]
    for gpio, names in shared_gpios().items():
        titles = ", ".join(words.get(title, title) for title in (WIRINGS[name].title for name in names))
        lines.append(f"| {gpio} | {titles} |")
    return "\n".join(lines)


def boards(language: str) -> str:
    """The pins of ESP32 boards."""
    lines = [_WORDS[language]["boards"]]
    for board, uart in UARTS.items():
        of = {
            name.removeprefix(f"{board.lower()}-"): wiring.gpios()
            for name, wiring in WIRINGS.items()
            if wiring.board == board
        }
        oled, lcd = of["oled"], of["st7789"]
        cells = [
            board,
            str(uart),
            str(of["tic"]["RXD"]),
            str(LAMPS[board]),
            str(BUTTONS[board]),
            f"{oled['SCL']}, {oled['SDA']}",
            f"{lcd['SCK']}, {lcd['SDA / MOSI']}, {lcd['DC']}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def adapters(language: str) -> str:
    """USB adapters, and whether the gateway knows that they are made for a meter."""
    words = _WORDS[language]
    lines = [words["adapters"]]
    for adapter in ADAPTERS:
        serial = f"`{adapter.serial}`" if adapter.serial else words["none"]
        known = words["yes" if adapter.recognised else "no"]
        identity = f"`{adapter.vendor}:{adapter.product}`"
        lines.append(f'| {adapter.title} | {identity} | {serial} | {known} | `source = "{adapter.source}"` |')
    return "\n".join(lines)
