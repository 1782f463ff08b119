"""The list of serial ports: what is there, what to write for it, and that looking opens nothing."""

import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gateway.commands.ports import show
from gateway.sources.source import parse_source
from tests.gateway.sources.usb_tree import CH340, FT230X, UsbTree

ROOT = Path(__file__).parents[3]


@pytest.fixture
def usb(tmp_path):
    """A machine without USB adapters."""
    return UsbTree(tmp_path)


def listed(usb, *, as_json=False):
    """What the command writes on this machine."""
    out = io.StringIO()
    show(lang="en", as_json=as_json, out=out, root=usb.root)
    return json.loads(out.getvalue()) if as_json else out.getvalue()


def by_id(usb, name, tty):
    """A link as udev makes it."""
    folder = usb.root / "dev/serial/by-id"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(f"../../{tty}")
    return str(folder / name)


def test_each_port_is_told_with_the_line_to_write(usb):
    """Path, maker's name, identity, by-id name, source; the adapters that are made for a meter are marked."""
    usb.plug("ttyUSB0", serial="TINFO-1234", **FT230X)
    usb.plug("ttyUSB1", place="1-1.3", **CH340)
    usb.board_port("ttyAMA0")
    link = by_id(usb, "usb-FTDI_FT230X_Basic_UART_TINFO-1234-if00-port0", "ttyUSB0")
    assert listed(usb) == (
        f'{usb.path("ttyAMA0")}\n  source = "{usb.path("ttyAMA0")}"\n\n'
        f"{usb.path('ttyUSB0')} (FT230X Basic UART) ← TIC adapter\n"
        "  USB 0403:6015, serial number TINFO-1234, in socket 1-1.2\n"
        f"  {link}\n"
        '  source = "usb:0403:6015:TINFO-1234"\n\n'
        f"{usb.path('ttyUSB1')} (USB Serial)\n"
        "  USB 1a86:7523, no serial number, in socket 1-1.3\n"
        '  source = "usb:@1-1.3"\n'
    )


def test_the_same_as_values(usb):
    """The form of --json; a port of the board has no identity."""
    usb.plug("ttyUSB0", serial="TINFO-1234", **FT230X)
    usb.board_port("ttyAMA0")
    board, adapter = listed(usb, as_json=True)
    assert adapter == {
        "path": usb.path("ttyUSB0"),
        "by_id": None,
        "title": "FT230X Basic UART",
        "usb": {"vendor": "0403", "product": "6015", "serial": "TINFO-1234", "place": "1-1.2"},
        "tic": True,
        "source": "usb:0403:6015:TINFO-1234",
    }
    assert (board["usb"], board["tic"], board["source"]) == (None, False, usb.path("ttyAMA0"))


def test_the_line_can_be_copied_as_it_stands(usb):
    """It is TOML, whatever the serial number has in it, and the gateway finds that port by it."""
    usb.plug("ttyUSB0", serial='a "quoted\\ é😀 one"', **FT230X)
    usb.plug("ttyUSB1", place="1-1.3", serial="DN04T0HA", **FT230X)
    lines = [line for line in listed(usb).splitlines() if line.startswith("  source")]
    for name, line in zip(("ttyUSB0", "ttyUSB1"), lines, strict=True):
        source = parse_source(tomllib.loads(line)["source"], Path(), usb.root)
        assert source.where() == Path(usb.path(name))


def test_what_is_no_serial_port_is_not_listed(usb):
    """Consoles, and ports that the kernel has room for but the board has not."""
    usb.console("tty1")
    usb.board_port("ttyS1", kind="0")
    assert listed(usb) == "no serial port is there: plug the adapter in\n"
    assert listed(usb, as_json=True) == []


def test_no_port_is_opened_to_be_listed():
    """On this machine: nothing below /dev is opened, and the command ends well."""
    script = (
        "import sys\nfrom gateway.commands.main import main\nseen = []\n"
        "sys.addaudithook(lambda event, given: seen.append(str(given[0])) if event == 'open' else None)\n"
        "code = main(['ports', '--json'])\n"
        "print(*(name for name in seen if name.startswith('/dev')), file=sys.stderr)\nsys.exit(code)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=20)
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert isinstance(json.loads(done.stdout), list)
