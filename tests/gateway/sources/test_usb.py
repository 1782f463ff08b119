"""USB adapters in sysfs: what is read of them, what an identity means, what is written to name one of several."""

import pytest

from gateway.errors import ConfigError
from gateway.sources.usb import UsbIdentity, parse_identity, source_text, tty_names, usb_port, usb_ports
from tests.gateway.sources.usb_tree import CH340, FT230X, HUB


def texts(root):
    """What names each port: tty -> source."""
    ports = usb_ports(root)
    return {port.path.name: source_text(port, ports) for port in ports}


def answers(text, root):
    """The names of the ports that a source's text means."""
    return [port.path.name for port in usb_ports(root) if parse_identity(text).matches(port)]


def test_an_adapter_is_read_with_all_that_tells_it_apart(usb):
    """Vendor, product, serial number, place, interface: its own, not those of the hub that it is plugged into."""
    usb.plug("ttyUSB0", serial="TINFO-1234", **FT230X)
    usb.plug("ttyACM0", place="1-1.4", vendor="303A", product="1001", serial="7C:DF:A1:00:00:01", interface="1.2")
    acm, ftdi = usb_ports(usb.root)
    assert str(ftdi.path) == usb.path("ttyUSB0")
    assert (ftdi.vendor, ftdi.product, ftdi.serial, ftdi.title) == ("0403", "6015", "TINFO-1234", "FT230X Basic UART")
    assert ftdi.places == ("1-1.2", "1-1.2:1.0", "1-1.2:1.0-port0")
    assert (acm.vendor, acm.serial, acm.places[1]) == ("303a", "7C:DF:A1:00:00:01", "1-1.4:1.2")


def test_ports_of_the_board_and_consoles_are_no_usb_adapters(usb):
    """A tty that no USB device stands behind has no identity; neither has one that does not exist."""
    usb.board_port("ttyAMA0")
    usb.console("tty1")
    assert tty_names(usb.root) == ["ttyAMA0"]
    assert usb_ports(usb.root) == []
    assert [usb_port(name, usb.root) for name in ("ttyAMA0", "tty1", "ttyUSB0")] == [None] * 3


def test_a_machine_without_sysfs_has_no_adapters(tmp_path):
    """Nothing to read is nothing there, and no error."""
    assert usb_ports(tmp_path) == []


def test_an_adapter_that_goes_while_it_is_read_is_not_there(usb):
    """Files vanish one by one; what is left of them is no adapter, and no error."""
    usb.plug("ttyUSB0", serial="TINFO-1234")
    (usb.root / HUB / "1-1.2/idProduct").unlink()
    assert usb_port("ttyUSB0", usb.root) is None
    (usb.root / "sys/class/tty/ttyUSB0/device").unlink()
    assert usb_port("ttyUSB0", usb.root) is None


def test_what_a_device_says_of_itself_is_shown_only_if_it_can_be(usb):
    """Control characters and broken text in a serial number are no serial number: they would reach a terminal."""
    usb.plug("ttyUSB0", serial="EVIL\x1b[2J", title="\x07bell")
    (usb.root / HUB / "1-1.3").mkdir()
    usb.plug("ttyUSB1", place="1-1.3")
    (usb.root / HUB / "1-1.3/serial").write_bytes(b"\xff\xfe12345")
    assert [(port.serial, port.title) for port in usb_ports(usb.root)] == [("", ""), ("", "")]


def test_ports_are_listed_as_a_person_counts(usb):
    """ttyUSB2 comes before ttyUSB10."""
    for number in (10, 2, 0):
        usb.plug(f"ttyUSB{number}", place=f"1-1.{number}")
    assert [port.path.name for port in usb_ports(usb.root)] == ["ttyUSB0", "ttyUSB2", "ttyUSB10"]


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("usb:0403:6001", UsbIdentity("0403", "6001")),
        ("usb:1A86:55D4", UsbIdentity("1a86", "55d4")),
        ("usb:0403:6015:TINFO-1234", UsbIdentity("0403", "6015", "TINFO-1234")),
        ("usb:303a:1001:7C:DF:A1:00:00:01", UsbIdentity("303a", "1001", "7C:DF:A1:00:00:01")),
        ("usb:0403:6001:with a space", UsbIdentity("0403", "6001", "with a space")),
        ("usb:@1-1", UsbIdentity(place="1-1")),
        ("usb:@1-1.2.4", UsbIdentity(place="1-1.2.4")),
        ("usb:@10-1.2:1.0", UsbIdentity(place="10-1.2:1.0")),
        ("usb:@1-1.2:1.0-port1", UsbIdentity(place="1-1.2:1.0-port1")),
    ],
)
def test_an_identity_is_a_kind_a_kind_with_a_number_or_a_place(text, identity):
    """The forms that the configuration may have."""
    assert parse_identity(text) == identity


@pytest.mark.parametrize(
    "text",
    [
        *("usb:", "usb:@", "usb:0403", "usb:0403:", "usb:0403:600", "usb:0403:6001:", "usb:0403:6001: x"),
        *("usb:403:6001", "usb:xyzw:6001", "usb:@1", "usb:@1-", "usb:@1-1.", "usb:@1-1.2:", "usb:@1-1.2:1"),
        *("usb:@ttyUSB0", "usb: @1-1", "usb:@../../1-1", "usb:TINFO-1234", "usb:@1-1.2:1.0-port", "usb:0403:6001\n"),
    ],
)
def test_an_identity_that_is_not_understood_is_one_sentence(text):
    """It quotes the text and says what to write."""
    with pytest.raises(ConfigError) as caught:
        parse_identity(text)
    assert str(caught.value) == (
        f"source {text!r}: write usb:VENDOR:PRODUCT:SERIAL or usb:@PLACE as `linky-gateway ports` shows them, "
        "for example usb:0403:6015:TINFO-1234 or usb:@1-1.2"
    )


def test_an_identity_means_what_it_says_and_no_more(usb):
    """Every word of it has to be right: kind, serial number, place."""
    usb.plug("ttyUSB0", serial="TINFO-1234", **FT230X)
    usb.plug("ttyUSB1", serial="DN04T0HA", place="1-1.3", **FT230X)
    usb.plug("ttyUSB2", place="1-1.4", **CH340)
    usb.plug("ttyUSB3", place="1-1.4.1", **CH340)
    assert answers("usb:0403:6015", usb.root) == ["ttyUSB0", "ttyUSB1"]
    assert answers("usb:0403:6015:DN04T0HA", usb.root) == ["ttyUSB1"]
    assert answers("usb:0403:6015:DN04T0", usb.root) == []
    assert answers("usb:0403:6001:DN04T0HA", usb.root) == []
    assert answers("usb:1a86:7523:none", usb.root) == []
    assert answers("usb:@1-1.4", usb.root) == ["ttyUSB2"]
    assert answers("usb:@1-1", usb.root) == []


def test_the_line_to_write_names_one_port_alone(usb):
    """The serial number where it is one, else the place; what is written means that port and no other."""
    usb.plug("ttyUSB0", serial="TINFO-1234", **FT230X)
    usb.plug("ttyUSB1", place="1-1.3", **CH340)
    usb.plug("ttyUSB2", place="1-1.4", vendor="10c4", product="ea60", serial="0001")
    usb.plug("ttyUSB3", place="1-1.5", vendor="0403", product="6001", serial="A50285BI")
    usb.plug("ttyUSB4", place="1-1.6", vendor="0403", product="6001", serial="A50285BI")
    assert texts(usb.root) == {
        "ttyUSB0": "usb:0403:6015:TINFO-1234",
        "ttyUSB1": "usb:@1-1.3",
        "ttyUSB2": "usb:@1-1.4",
        "ttyUSB3": "usb:@1-1.5",
        "ttyUSB4": "usb:@1-1.6",
    }
    for name, text in texts(usb.root).items():
        assert answers(text, usb.root) == [name]


def test_the_ports_of_one_adapter_are_told_apart(usb):
    """By interface, or by their number in it: an adapter for two meters has one serial number and one place."""
    usb.plug("ttyUSB0", serial="CARTEL-1", vendor="0403", product="6010", interface="1.0")
    usb.plug("ttyUSB1", serial="CARTEL-1", vendor="0403", product="6010", interface="1.1")
    usb.plug("ttyUSB2", place="1-1.3", vendor="1a86", product="55d9", number=0)
    usb.plug("ttyUSB3", place="1-1.3", vendor="1a86", product="55d9", number=1)
    assert texts(usb.root) == {
        "ttyUSB0": "usb:@1-1.2:1.0",
        "ttyUSB1": "usb:@1-1.2:1.1",
        "ttyUSB2": "usb:@1-1.3:1.0-port0",
        "ttyUSB3": "usb:@1-1.3:1.0-port1",
    }
