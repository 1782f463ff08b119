"""Two boots: one with the unit's rules as they were, in which the trial must fail; one as the package is.

Rules by name alone, no list of drivers: refused, for as long as the service runs; read after the restart that the
sentence tells. As shipped: read, by the rules' numbers alone as well.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from image.errors import ImageError
from image.guest import Guest, until

if TYPE_CHECKING:
    from pathlib import Path

    from image.progress import ImageProgress
    from late_adapter.disk import EmulatorDisk

_LINE = (
    "root=/dev/vda rw console=ttyS0 systemd.debug_shell=ttyS1 systemd.journald.forward_to_console=1 "
    "systemd.log_color=0 systemd.default_device_timeout_sec=600 {more}"
)
# As the unit was: names alone, which are looked up when it starts; and no list of drivers.
_FORMER = r"""mkdir -p /run/systemd/system/linky-gateway.service.d &&
printf '[Service]\nDeviceAllow=\n' >/run/systemd/system/linky-gateway.service.d/former.conf &&
for name in ttyAMA ttyS ttyUSB ttyACM gpiochip; do
  echo "DeviceAllow=char-$name rw" >>/run/systemd/system/linky-gateway.service.d/former.conf
done &&
systemctl daemon-reload && systemctl restart linky-gateway"""
_DRIVERS = "ftdi_sio ch341 cp210x pl2303 usbserial cdc_acm"


class EmulatedPc(Guest):
    """A PC with that disk and a socket for USB.

    Args:
        disk: its disk; what is written is forgotten.
        work: a folder for what belongs to this boot.
        meter: HOST:PORT where a meter's bytes are served, for the adapter that is plugged in.
        more: words for its kernel and systemd.
    """

    def __init__(self, disk: EmulatorDisk, work: Path, meter: str, more: str = "") -> None:
        super().__init__(work)
        self._disk, self._meter, self._more = disk, meter, more

    def command(self) -> list[str]:
        """A small one."""
        host, _, port = self._meter.rpartition(":")
        command = "qemu-system-x86_64 -M q35 -smp 2 -m 1024 -display none -no-reboot -snapshot".split()
        command += self.network()
        command += ["-kernel", str(self._disk.kernel), "-initrd", str(self._disk.initrd)]
        command += ["-append", _LINE.format(more=self._more)]
        command += ["-drive", f"file={self._disk.image},format=raw,if=virtio,cache=unsafe", "-device", "virtio-rng-pci"]
        command += [*self.ports(), "-serial", "chardev:shell", "-device", "qemu-xhci"]
        return [*command, "-chardev", f"socket,id=meter,host={host},port={port}"]

    def network(self) -> list[str]:
        """Its socket for a cable: none."""
        return ["-nic", "none"]


class LateAdapterTrial:
    """Two boots; ImageError at the first thing that is not as it should be."""

    def __init__(self, disk: EmulatorDisk, work: Path, meter: str, progress: ImageProgress) -> None:
        self._disk, self._work, self._meter, self._progress = disk, work, meter, progress

    def expect(self, condition: object, what: str, seen: object = "") -> None:
        """A promise."""
        if not condition:
            raise ImageError(f"not so: {what}: {seen}")
        self._progress.say(what)

    def former(self) -> None:
        """Names alone and no driver: the adapter is refused until a restart. So this machine enforces rules."""
        without = "systemd.mask=systemd-modules-load.service"
        with EmulatedPc(self._disk, self._work / "former", self._meter, without) as machine:
            _must(machine, _FORMER)
            self.expect(not _has_driver(machine), "the gateway has started, without an adapter and without its driver")
            machine.plug(into=True)
            until("the refusal", lambda: "service's rules" in _link(machine, "port")["detail"], alive=machine)
            self.expect(_has_driver(machine), "by names alone it is refused (EPERM), its driver is there by now")
            _, said = machine.do("linky-gateway doctor --lang en")
            self.expect("may not use this port" in said, "the doctor says why, and what to do", said)
            _must(machine, "systemctl restart linky-gateway")
            self._wait_for_frames(machine, "what the sentence says to do helps")
            machine.do("systemctl poweroff --force")

    def shipped(self) -> None:
        """The package as it is: list of drivers and numbers; then numbers alone."""
        with EmulatedPc(self._disk, self._work / "shipped", self._meter) as machine:
            until("the gateway", lambda: machine.do("systemctl is-active linky-gateway", 600)[1] == "active")
            self.expect(
                _has_driver(machine), "the gateway has started by itself; drivers are loaded, no adapter is there"
            )
            before = machine.do("systemctl show -P MainPID linky-gateway")
            machine.plug(into=True)
            self._wait_for_frames(machine, "an adapter that is plugged in is read")
            machine.plug(into=False)
            until("the loss", lambda: _link(machine, "port")["state"] == "broken", alive=machine)
            self.expect(machine.do("systemctl show -P MainPID linky-gateway") == before, "by the same process")
            _must(machine, f"systemctl stop linky-gateway && modprobe -r {_DRIVERS} && systemctl start linky-gateway")
            self.expect(not _has_driver(machine), "once more without any driver, by the rules' numbers alone")
            machine.plug(into=True)
            self._wait_for_frames(machine, "plugged in, its driver comes, and it is read")
            machine.do("systemctl poweroff --force")

    def _wait_for_frames(self, machine: EmulatedPc, what: str) -> None:
        begun = self._progress.seconds
        until("frames", lambda: _link(machine, "meter")["state"] == "ok", alive=machine)
        self._progress.say(f"{what} ({self._progress.seconds - begun:.0f} s)")


def _has_driver(machine: EmulatedPc) -> bool:
    return machine.do("grep -q ttyUSB /proc/devices")[0] == 0


def _must(machine: EmulatedPc, command: str) -> None:
    code, said = machine.do(command, 600)
    if code:
        raise ImageError(f"{command}: {said}")


def _link(machine: EmulatedPc, kind: str) -> dict[str, str]:
    code, said = machine.do("linky-gateway status --json")
    rows = json.loads(said)["links"] if code in (0, 1) and said.startswith("{") else []
    return next((row for row in rows if row["link"].startswith(kind)), {"state": "", "detail": ""})
