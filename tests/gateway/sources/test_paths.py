"""Which paths can be a serial port's: one rule for a gateway's file, a card's, a fleet's, and for setup's question."""

from pathlib import Path

import pytest

from gateway.config.tables import load
from gateway.errors import ConfigError
from gateway.first_boot import checks
from gateway.sources.paths import PathKind, kind_of

SERIAL = (
    "/dev/ttyUSB0 /dev/ttyACM1 /dev/ttyAMA10 /dev/ttyS0 /dev/ttymxc2 /dev/ttyTIC /dev/serial0 /dev/pts/4 "
    "/dev/rfcomm0 /dev/linky-TINFO-1 /dev/serial/by-id/usb-FTDI_DN04T0HA-if00 "
    "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0 //dev/ttyS0"
)
OTHER = (
    "/dev/mem /dev/kmem /dev/port /dev/null /dev/zero /dev/random /dev/kmsg /dev/console /dev/ptmx /dev/tty "
    "/dev/tty0 /dev/tty63 /dev/ttyprintk /dev/sda /dev/sda1 /dev/mmcblk0 /dev/mmcblk0p2 /dev/nvme0n1p1 "
    "/dev/loop0 /dev/dm-0 /dev/vcsa1 /dev/watchdog0 /dev/gpiochip0 /dev/gpiomem /dev/i2c-1 /dev/spidev0.0 "
    "/dev/hidraw0 /dev/input/event0 /dev/disk/by-id/x /dev/fd/0 /dev/shm/x /dev/./mem //dev/mem "
    "/dev/serial/by-id/../../mem /dev/../etc/passwd /dev /dev/ /dev/video0 /dev/rtc0 /dev/vchiq /dev/uinput"
)
# A link that a household's own rule of udev makes, the far end of a simulator.
OWN = "/dev/meter /dev/teleinfo /tmp/ttyTIC /nowhere/tty"


@pytest.mark.parametrize(
    ("path", "kind"),
    [(path, kind) for kind, paths in zip(PathKind, (SERIAL, OTHER, OWN), strict=True) for path in paths.split()],
)
def test_a_path_is_known_by_its_name(path: str, kind: PathKind, tmp_path: Path) -> None:
    """The kernel's other devices are refused everywhere, own names on a fresh card, which has none."""
    assert kind_of(path) is kind
    assert (checks.port(path) is None) == (kind is PathKind.SERIAL)
    file = tmp_path / "gateway.toml"
    file.write_text(f'[[meter]]\nsource = "{path}"\n')
    if kind is not PathKind.OTHER:
        assert load(file).meter[0].source == path
        return
    with pytest.raises(ConfigError) as caught:
        load(file)
    said = caught.value.phrase.in_language("fr")
    where = f"{file}, ligne 2 : [[meter]] 1, source : {path!r}"
    assert said.startswith(f"{where} : ce n’est pas un port série ; écrivez /dev/tty…")
