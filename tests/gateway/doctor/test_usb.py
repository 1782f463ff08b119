"""The doctor on a USB adapter that is named by its identity: looked for, listened to, and told when it is not there."""

import asyncio
import os
from pathlib import Path

import pytest

from gateway.doctor.causes import Cause
from gateway.doctor.listen import Target, listen
from gateway.sources.source import parse_source
from meter.process import SimulatedMeter
from tests.gateway.sources.usb_tree import FT230X, UsbTree


@pytest.fixture
def usb(tmp_path):
    """A machine without USB adapters."""
    return UsbTree(tmp_path)


def target(usb, text):
    """What the command line makes of a source."""
    return Target("house", text, parse_source(text, Path(), usb.root))


def refusal(usb, text):
    """Why it cannot be listened to."""
    return listen(target(usb, text), 0.1).refusal


def test_an_adapter_is_listened_to_wherever_it_is(usb, tmp_path):
    """Found by its identity, opened, heard, and its settings looked at as those of a path."""
    with SimulatedMeter(tmp_path / "linky", speed=20) as meter:
        usb.plug("ttyUSB4", meter.path, serial="TINFO-1234", **FT230X)
        seen = target(usb, "usb:0403:6015:TINFO-1234")
        assert seen.port == Path(usb.path("ttyUSB4"))
        evidence = listen(seen, 1.0)
    assert evidence.refusal is None
    assert evidence.best.score == 100.0
    assert evidence.settings.raw


def test_an_adapter_that_is_not_there_and_one_that_is_two_are_told_apart(usb):
    """The cause says whether to plug something in or to write something else."""
    assert refusal(usb, "usb:0403:6015") is Cause.NO_SUCH_PORT
    usb.plug("ttyUSB0", serial="TINFO-1234", **FT230X)
    usb.plug("ttyUSB1", place="1-1.3", serial="TINFO-5678", **FT230X)
    assert refusal(usb, "usb:0403:6015:TINFO-9999") is Cause.NO_SUCH_PORT
    assert refusal(usb, "usb:0403:6015") is Cause.SEVERAL_PORTS
    assert target(usb, "usb:0403:6015").port is None


def test_an_adapter_that_another_program_holds_is_told_so(usb):
    """The refusal is that of the port, not of an address on the network."""
    end, device = os.openpty()
    usb.plug("ttyUSB0", os.ttyname(device), serial="TINFO-1234", **FT230X)
    holding = parse_source(os.ttyname(device), Path())
    asyncio.run(holding.open())
    assert refusal(usb, "usb:0403:6015") is Cause.PORT_HELD
    holding.close()
    os.close(device)
    os.close(end)
