"""For which boards an image is, and for which none is: Debian's own kernels and firmware decide that.

There are two images. ``CARD`` has the kernel of Debian 13 itself, for the boards that it knows. ``PI5`` has the newer
one of trixie-backports, with drivers for the RP1: it is apart, so that the boards that start today go on with the
kernel that Debian's security team looks after. Raspberry Pi OS with ``tools/setup`` serves all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

MIB = 1 << 20


class BoardTrial(Enum):
    """What was seen of an image on a board. Nobody has put one into a real board yet."""

    BOARD = "started in an emulated board of this kind"
    SYSTEM = "its system started in an emulated machine, with a kernel that describes this board"
    NEVER = "built, never started on one: nothing emulates it"


class Model(NamedTuple):
    """A board; ``dtb`` is its description in Debian's kernel, ``tag`` its name in Raspberry Pi Imager."""

    name: str
    dtb: str
    tag: str
    seen: BoardTrial


class DeviceOverlay(NamedTuple):
    """A change of a board's description: ``name`` on the card; ``under`` changed by it is ``gives``."""

    name: str
    under: str
    gives: str


@dataclass(frozen=True, slots=True)
class ImageKind:
    """One of the images.

    Attributes:
        word: in the names of its files.
        models: the boards that it is for.
        label_id: its partition table's identifier, by which an image is known whatever its file is called.
        firmware_bytes: the FAT partition.
        root_room: for updates, beside what is there: as much, and half of what is there at least.
        backports: patterns of the packages that come from trixie-backports; none for the kernel of Debian 13 itself.
        drivers: what its initramfs has to hold, or its kernel have built in.
        lean: path rules of dpkg, besides those of every card.
        overlays: what the boards' firmware lays over a description by itself.
    """

    word: str
    models: tuple[Model, ...]
    label_id: int
    firmware_bytes: int
    root_room: int = 0
    backports: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ("ext4", "overlay", "mmc_block", "sdhci_iproc", "bcm2835")
    lean: tuple[str, ...] = ()
    overlays: tuple[DeviceOverlay, ...] = ()

    @property
    def published(self) -> bool:
        """Whether households may be given it: it has started, on each of its boards or as their system."""
        return all(model.seen is not BoardTrial.NEVER for model in self.models)

    @property
    def names(self) -> str:
        """Its boards, for a person."""
        return ", ".join(model.name for model in self.models)

    @property
    def tags(self) -> list[str]:
        """The boards' names in Raspberry Pi Imager."""
        return sorted({model.tag for model in self.models})


CARD = ImageKind(
    "card",
    (
        Model("3 B", "bcm2837-rpi-3-b.dtb", "pi3-64bit", BoardTrial.BOARD),
        Model("3 B+", "bcm2837-rpi-3-b-plus.dtb", "pi3-64bit", BoardTrial.SYSTEM),
        Model("3 A+", "bcm2837-rpi-3-a-plus.dtb", "pi3-64bit", BoardTrial.SYSTEM),
        Model("Zero 2 W", "bcm2837-rpi-zero-2-w.dtb", "pi3-64bit", BoardTrial.SYSTEM),
        Model("4 B", "bcm2711-rpi-4-b.dtb", "pi4-64bit", BoardTrial.SYSTEM),
        Model("400", "bcm2711-rpi-400.dtb", "pi4-64bit", BoardTrial.SYSTEM),
        Model("CM4", "bcm2711-rpi-cm4-io.dtb", "pi4-64bit", BoardTrial.SYSTEM),
    ),
    label_id=0x4C494E4B,
    # Three kernels with their initramfs during an upgrade: three times 75 MB, and the firmware.
    firmware_bytes=384 * MIB,
)
PI5 = ImageKind(
    "card-pi5",
    (
        Model("5", "bcm2712-rpi-5-b.dtb", "pi5-64bit", BoardTrial.NEVER),
        # The later chip: of 2 GB, of 16 GB, and of boards made since.
        Model("5 (D0)", "bcm2712-d-rpi-5-b.dtb", "pi5-64bit", BoardTrial.NEVER),
    ),
    label_id=0x4C494E35,
    # Its kernel alone has 52 MB; three of them while an upgrade has not yet taken the oldest away.
    firmware_bytes=512 * MIB,
    # Two more of them: modules 86 MB, the kernel twice, its initramfs 39 MB.
    root_room=480 * MIB,
    backports=("linux-*", "firmware-brcm80211"),
    # "most" of initramfs-tools leaves drivers/misc and drivers/irqchip out: rp1_pci and irq-bcm2712-mip.
    drivers=(
        "ext4", "overlay", "mmc_block", "sdhci_brcmstb", "gpio_brcmstb", "gpio_regulator", "pinctrl_brcmstb_bcm2712",
        "irq_bcm2712_mip", "rp1_pci", "clk_rp1", "pinctrl_rp1", "pcie_brcmstb",
    ),
    # The descriptions of other makers' boards: 110 MB for each kernel.
    lean=("path-exclude=/usr/lib/modules/*/dtb/*", "path-include=/usr/lib/modules/*/dtb/broadcom/*"),
    overlays=(DeviceOverlay("bcm2712d0", "bcm2712-rpi-5-b.dtb", "bcm2712-d-rpi-5-b.dtb"),),
)  # fmt: skip
KINDS = (CARD, PI5)

# Board -> why not.
NOT_SERVED = {
    "500, CM5": "no kernel of Debian's describes them",
    "1, Zero, Zero W": "32-bit processors (ARMv6)",
    "2": "32-bit processor but for the latest revision; not tried",
}


def kind_of(label_id: int) -> ImageKind | None:
    """The image with that partition table; None for what is none of ours."""
    return next((kind for kind in KINDS if kind.label_id == label_id), None)


def table() -> str:
    """The boards as a document tells of them."""
    lines = ["| Raspberry Pi | image | goes into a release | seen |", "|---|---|---|---|"]
    for kind in KINDS:
        for seen in BoardTrial:
            if names := [model.name for model in kind.models if model.seen is seen]:
                published = "yes" if kind.published else "no"
                lines.append(f"| {', '.join(names)} | `{kind.word}` | {published} | {seen.value} |")
    return "\n".join(lines) + "\n"


def sentences(kind: ImageKind = CARD) -> list[str]:
    """For a person, before and after a build."""
    said = [f"for Raspberry Pi {kind.names}"]
    if not kind.published:
        said += ["nobody has seen it start on one, and nothing emulates one: no list offers it, no release takes it"]
    for other in KINDS:
        if other is not kind:
            how = "tools/image" if other is CARD else "tools/image --pi5, which is not published"
            said.append(f"NOT for Raspberry Pi {other.names}: that is another image ({how})")
    said += [f"NOT for Raspberry Pi {name}: {why}" for name, why in NOT_SERVED.items()]
    return [*said, "those take Raspberry Pi OS Lite and tools/setup"]
