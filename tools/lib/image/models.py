"""For which boards the image is, and for which it is not: Debian 13's own kernel and firmware decide that.

Raspberry Pi OS with ``tools/setup`` serves all of them; the image names it where it does not serve itself.
"""

from __future__ import annotations

from typing import NamedTuple


class Model(NamedTuple):
    """A board; ``dtb`` is its description in Debian's kernel, ``tag`` its name in Raspberry Pi Imager."""

    name: str
    dtb: str
    tag: str


SERVED = (
    Model("3 B", "bcm2837-rpi-3-b.dtb", "pi3-64bit"),
    Model("3 B+", "bcm2837-rpi-3-b-plus.dtb", "pi3-64bit"),
    Model("3 A+", "bcm2837-rpi-3-a-plus.dtb", "pi3-64bit"),
    Model("Zero 2 W", "bcm2837-rpi-zero-2-w.dtb", "pi3-64bit"),
    Model("4 B", "bcm2711-rpi-4-b.dtb", "pi4-64bit"),
    Model("400", "bcm2711-rpi-400.dtb", "pi4-64bit"),
    Model("CM4", "bcm2711-rpi-cm4-io.dtb", "pi4-64bit"),
)

# Board -> why not.
NOT_SERVED = {
    "5, 500, CM5": "Debian 13's kernel has no driver for their RP1: no USB, no Ethernet, no pins",
    "1, Zero, Zero W": "32-bit processors (ARMv6)",
    "2": "32-bit processor but for the latest revision; not tried",
}


def tags() -> list[str]:
    """The boards' names in Raspberry Pi Imager."""
    return sorted({model.tag for model in SERVED})


def sentences() -> list[str]:
    """For a person, before and after a build."""
    served = ", ".join(model.name for model in SERVED)
    return [
        f"for Raspberry Pi {served}",
        *(f"NOT for Raspberry Pi {name}: {why}" for name, why in NOT_SERVED.items()),
        "those take Raspberry Pi OS Lite and tools/setup",
    ]
