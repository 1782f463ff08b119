"""The texts that name a source: what each opens, and one sentence for what is not understood."""

import asyncio
from pathlib import Path

import pytest

from gateway.errors import ConfigError, PortError
from gateway.sources.replay import ReplaySource
from gateway.sources.serial_port import SPEEDS, SerialSource
from gateway.sources.source import parse_source
from gateway.sources.tcp import TcpSource

FOLDER = Path("/etc/linky-gateway")


async def refusal(source):
    """The sentence with which a source cannot be opened."""
    with pytest.raises(PortError) as caught:
        await source.open()
    return str(caught.value)


@pytest.mark.parametrize("text", ["/dev/ttyTIC", "/dev/serial/by-id/usb-TINFO-1234", "/dev/pts/3"])
def test_a_path_is_a_serial_port_with_two_speeds(text):
    """An absolute path is that port and no other; it is not opened before it is asked for."""
    source = parse_source(text, FOLDER)
    assert isinstance(source, SerialSource)
    assert source._adapter.find() == Path(text)
    assert (source.speeds, source.finite) == (SPEEDS, False)


@pytest.mark.parametrize("text", ["usb:0403:6015", "usb:0403:6015:TINFO-1234", "usb:@1-1.2"])
def test_a_usb_identity_is_a_serial_port_as_well(text):
    """It is not looked for before it is asked for: an adapter that is not plugged in is no fault of the text."""
    source = parse_source(text, FOLDER)
    assert isinstance(source, SerialSource)
    assert (source.speeds, source.finite) == (SPEEDS, False)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("socket://127.0.0.1:3333", "127.0.0.1", 3333),
        ("socket://esp.local:1", "esp.local", 1),
        ("socket://[::1]:65535", "::1", 65535),
    ],
)
def test_a_socket_is_a_host_and_a_port(text, host, port):
    """socket://HOST:PORT is a TCP sender; its speed is its own affair."""
    source = parse_source(text, FOLDER)
    assert isinstance(source, TcpSource)
    assert (source._host, source._port) == (host, port)
    assert (source.speeds, source.finite) == ((), False)
    assert source._name == text


@pytest.mark.parametrize(
    ("text", "path", "speed"),
    [
        ("replay:day.raw", FOLDER / "day.raw", 1),
        ("replay:../day.raw", FOLDER / "../day.raw", 1),
        ("replay:/var/day.raw", Path("/var/day.raw"), 1),
        ("replay:day.raw?speed=20", FOLDER / "day.raw", 20),
        ("replay:day.raw?speed=0.5", FOLDER / "day.raw", 0.5),
    ],
)
def test_a_replay_is_a_file_beside_the_configuration(text, path, speed):
    """A relative name is looked for in the configuration's folder; the pace may be given."""
    source = parse_source(text, FOLDER)
    assert isinstance(source, ReplaySource)
    assert (source._path, source._factor) == (path, speed)
    assert (source.speeds, source.finite) == ((), True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "write the path of a port (/dev/…), usb:…, board:ID, socket://HOST:PORT or replay:FILE"),
        ("dev/ttyUSB0", "write the path of a port (/dev/…), usb:…, board:ID, socket://HOST:PORT or replay:FILE"),
        ("ttyUSB0", "write the path of a port"),
        ("COM3", "write the path of a port"),
        ("/dev/tty\0S0", "a name holds no NUL character"),
        ("replay:day\0.raw", "a name holds no NUL character"),
        ("/dev/mem", "not a serial port; write /dev/tty…"),
        ("/dev/./mmcblk0p2", "not a serial port; write /dev/tty…"),
        ("/dev/serial/by-id/../../tty1", "not a serial port; write /dev/tty…"),
        ("tcp://host:1", "write the path of a port"),
        ("USB:0403:6015", "write the path of a port"),
        ("usb:", "write usb:VENDOR:PRODUCT:SERIAL or usb:@PLACE"),
        ("usb:0403", "write usb:VENDOR:PRODUCT:SERIAL or usb:@PLACE"),
        ("usb:0403:6015:TINFO\0", "a name holds no NUL character"),
        ("Replay:day.raw", "write the path of a port"),
        ("socket://", "write socket://HOST:PORT"),
        ("socket://host", "write socket://HOST:PORT"),
        ("socket://:3333", "write socket://HOST:PORT"),
        ("socket://host:0", "write socket://HOST:PORT"),
        ("socket://host:65536", "write socket://HOST:PORT"),
        ("socket://host:-1", "write socket://HOST:PORT"),
        ("socket://host:port", "write socket://HOST:PORT"),
        ("socket://host:1/", "write socket://HOST:PORT"),
        ("socket://host:1?logging=debug", "write socket://HOST:PORT"),
        ("socket://host:1#x", "write socket://HOST:PORT"),
        ("socket://user:word@host:1", "write socket://HOST:PORT"),
        ("socket://[::1", "write socket://HOST:PORT"),
        ("socket://a..b:1", "write socket://HOST:PORT"),
        (f"socket://{'x' * 64}:1", "write socket://HOST:PORT"),
        ("replay:", "write replay:FILE"),
        ("replay:?speed=2", "write replay:FILE"),
        ("replay:f?loop=1", "only ?speed=N may follow the file's name"),
        ("replay:f?loop", "only ?speed=N may follow the file's name"),
        ("replay:f?speed=2&x=1", "only ?speed=N may follow the file's name"),
        ("replay:f?speed=", "speed must be a number above 0"),
        ("replay:f?speed", "speed must be a number above 0"),
        ("replay:f?speed=fast", "speed must be a number above 0"),
        ("replay:f?speed=0", "speed must be a number above 0"),
        ("replay:f?speed=-2", "speed must be a number above 0"),
        ("replay:f?speed=inf", "speed must be a number above 0"),
        ("replay:f?speed=nan", "speed must be a number above 0"),
    ],
)
def test_what_is_not_understood_is_one_sentence(text, sentence):
    """The sentence quotes the text and says what to write."""
    with pytest.raises(ConfigError) as caught:
        parse_source(text, FOLDER)
    assert str(caught.value).startswith(f"source {text!r}: ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/nowhere/ttyUSB0", "/nowhere/ttyUSB0: no such port: is the adapter plugged in?"),
        ("replay:none.raw", "replay:{folder}/none.raw: cannot be read: No such file or directory"),
        ("replay:.", "replay:{folder}: cannot be read: Is a directory"),
    ],
)
def test_what_is_not_there_is_one_sentence_when_it_is_opened(tmp_path, text, sentence):
    """A source that does not exist (yet) is no fault of the configuration."""
    assert asyncio.run(refusal(parse_source(text, tmp_path))) == sentence.format(folder=tmp_path)


@pytest.mark.parametrize("text", ["/dev/ttyTIC", "/dev/ttyUSB0", "usb:@1-1.2", "socket://127.0.0.1:1", "replay:f"])
def test_a_source_that_was_never_opened_can_be_closed(text):
    """Closing is harmless at any time, and as often as one likes."""
    source = parse_source(text, FOLDER)
    source.close()
    source.close()
