"""The pins of a board's configuration, held against its chip: none of its memory's, one for each thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flash.errors import FlashError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flash.chips import Chip

_I2C, _SPI = ("scl", "sda"), ("sck", "mosi", "dc", "cs", "reset", "backlight")
_LAMPS: dict[str, tuple[str, ...]] = {"bar": ("pin",), "rgb": ("red", "green", "blue"), "off-peak": ("pin",)}
_HEARING = {"relay.rx", "display.button"}


def check(config: Mapping[str, Any], chip: Chip) -> None:
    """Refuse pins that would stop the board; those of what it does not have are passed over."""
    taken: dict[int, str] = {}
    for name, pin in _used(config, chip):
        good = chip.outputs | (chip.inputs if name in _HEARING else frozenset())
        if type(pin) is not int or pin not in good:
            raise FlashError("pin", name=name, pin=pin, chip=chip.title, good=_spans(good))
        if pin in taken:
            raise FlashError("same_pin", name=name, other=taken[pin], pin=pin)
        taken[pin] = name


def _used(config: Mapping[str, Any], chip: Chip) -> Iterator[tuple[str, object]]:
    if relay := config.get("relay"):
        yield "BOOT", chip.button
        yield from _of("relay", relay, ("rx", "tx", "led"))
    display, lamp = config.get("display", {}), config.get("lamp", {})
    yield from _of("display", display, (*(_SPI if display.get("panel") == "st7789" else _I2C), "button"))
    yield from _of("lamp", lamp, _LAMPS.get(str(lamp.get("kind")), ()))


def _of(name: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    return ((f"{name}.{key}", table[key]) for key in keys if table.get(key) is not None)


def _spans(pins: frozenset[int]) -> str:
    """``{0, 1, 2, 5}`` as "0-2, 5"."""
    found: list[list[int]] = []
    for pin in sorted(pins):
        if found and pin == found[-1][-1] + 1:
            found[-1][1:] = [pin]
        else:
            found.append([pin])
    return ", ".join("-".join(map(str, span)) for span in found)
