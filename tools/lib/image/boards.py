"""Boards that the emulator knows, started from a card: with their own description, card slot, USB and serial port.

A Raspberry Pi 3 B is seen until the gateway runs; its network, an adapter on its USB, had no address from the emulator
when it was tried. Of a 4 B neither USB nor network is emulated, of a Pi 5 nothing is. What the board's own firmware
does before the kernel is not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from image.guest import ADAPTER, Guest

if TYPE_CHECKING:
    from pathlib import Path

    from image.machine import CardImage

# Graphics that are not emulated are waited for without end, as are radios; a watchdog that is set resets at once there.
_ADDED = (
    "console=ttyAMA0,115200 dwc_otg.lpm_enable=0 deferred_probe_timeout=1 "
    "modprobe.blacklist=vc4,v3d,bcm2835_v4l2,snd_bcm2835,brcmfmac,hci_uart,bcm2835_wdt "
    "systemd.journald.forward_to_console=1 systemd.log_color=0 systemd.default_device_timeout_sec=900"
)


class EmulatedBoard(NamedTuple):
    """One that qemu has, with its USB: its name there, the file that describes it on the card."""

    machine: str
    dtb: str


BOARDS = (EmulatedBoard("raspi3b", "bcm2837-rpi-3-b.dtb"),)


class StartedBoard(Guest):
    """One start of a card in such a board.

    Args:
        meter: HOST:PORT where a meter's bytes are served, for a USB adapter.
    """

    def __init__(self, board: EmulatedBoard, card: CardImage, work: Path, meter: str) -> None:
        super().__init__(work)
        self._board, self._card, self._meter = board, card, meter

    def command(self) -> list[str]:
        """With the kernel and the description that the board's firmware would take."""
        kernel, initrd, line = self._card.starts()
        command = ["qemu-system-aarch64", "-M", self._board.machine, "-display", "none", "-no-reboot"]
        for option, name in (("kernel", kernel), ("initrd", initrd), ("dtb", self._board.dtb)):
            command += [f"-{option}", str(self._card.get(name, self._work / option))]
        command += ["-append", f"{line} {_ADDED}", *self.ports()]
        command += ["-drive", f"file={self._card.file},format=raw,if=sd,cache=unsafe"]
        host, _, port = self._meter.rpartition(":")
        command += ["-chardev", f"socket,id=meter,host={host},port={port}"]
        command += ["-device", f"usb-serial,chardev=meter,id=tic,serial={ADAPTER}"]
        # No way out of the house.
        return [*command, "-netdev", "user,id=net,restrict=on", "-device", "usb-net,netdev=net"]
