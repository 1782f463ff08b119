"""Adapters that change their names: each line reads its own meter on, or says why it does not; never another one."""

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.errors import PortError
from gateway.links.link import port_link
from gateway.sources.line import Line
from gateway.sources.source import parse_source
from meter.process import SimulatedMeter
from tests.gateway.sources.test_line import DEADLINE_S, Reading, said, values
from tests.gateway.sources.usb_tree import CH340, FT230X

ROOT = Path(__file__).parents[3]
ONE, OTHER = "000001", "000002"


def source_of(usb, text):
    """The source that a text of the configuration names on this machine."""
    return parse_source(text, Path("/"), usb.root)


def opened(source):
    """The port in words, after opening and closing."""
    try:
        return str(asyncio.run(source.open()))
    finally:
        source.close()


def refusal(source):
    """The sentence with which it is not opened."""
    with pytest.raises(PortError) as caught:
        opened(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def pty():
    """Make ptys to stand behind names; ``pty()`` is the path of one."""
    made = []

    def make():
        made.extend(os.openpty())
        return os.ttyname(made[-1])

    yield make
    for end in made:
        os.close(end)


def addresses(read):
    """The meters whose frames a line has handed on."""
    return {values(frame)["ADSC"][-6:] for frame in read.frames if frame.whole}


def meter(tmp_path, name, serial):
    """A standard meter at twenty times its pace."""
    return SimulatedMeter(tmp_path / name, speed=20, serial=serial)


async def reading_on(lines, work):
    """Run ``work(*readings)`` while the lines are read."""
    reads = [Reading(line) for line in lines]
    try:
        async with asyncio.timeout(DEADLINE_S):
            await work(*reads)
    finally:
        for read in reads:
            await read.stop()


# An adapter by its identity


def test_the_adapter_is_found_under_whatever_name_it_has(usb, pty):
    """At every opening anew; the port is said in words."""
    usb.plug("ttyUSB0", pty(), serial="TINFO-1234", **FT230X)
    usb.plug("ttyUSB1", pty(), place="1-1.3", serial="TINFO-5678", **FT230X)
    source = source_of(usb, "usb:0403:6015:TINFO-5678")
    assert opened(source) == f"{usb.path('ttyUSB1')}, found by its USB identity"
    usb.unplug("ttyUSB1")
    usb.plug("ttyUSB7", pty(), place="1-1.4", serial="TINFO-5678", **FT230X)
    assert opened(source) == f"{usb.path('ttyUSB7')}, found by its USB identity"


def test_a_place_is_the_socket_whatever_is_in_it(usb, pty, caplog):
    """For adapters without a serial number; another adapter in the same socket is read, and that is said."""
    usb.plug("ttyUSB0", pty(), place="1-1.2", **CH340)
    usb.plug("ttyUSB1", pty(), place="1-1.3", **CH340)
    source = source_of(usb, "usb:@1-1.3")
    assert opened(source).startswith(usb.path("ttyUSB1"))
    usb.unplug("ttyUSB1")
    assert refusal(source) == "usb:@1-1.3: no such adapter: is it plugged in? `linky-gateway ports` lists what there is"
    usb.plug("ttyUSB5", pty(), place="1-1.3", **CH340)
    assert opened(source).startswith(usb.path("ttyUSB5"))
    assert not caplog.records
    usb.unplug("ttyUSB5")
    usb.plug("ttyUSB1", pty(), place="1-1.3", serial="DN04T0HA", **FT230X)
    assert opened(source).startswith(usb.path("ttyUSB1"))
    assert said(caplog, logging.WARNING) == ["usb:@1-1.3: another adapter than before answers to this, and is read"]


def test_several_adapters_that_answer_are_named_with_what_tells_them_apart(usb, pty):
    """None is opened; each is named with the source to write for it."""
    usb.plug("ttyUSB0", pty(), serial="DN04T0HA", **FT230X)
    usb.plug("ttyUSB1", pty(), place="1-1.3", **FT230X)
    assert refusal(source_of(usb, "usb:0403:6015")) == (
        "usb:0403:6015: several adapters answer to this: "
        f"{usb.path('ttyUSB0')} is usb:0403:6015:DN04T0HA, {usb.path('ttyUSB1')} is usb:@1-1.3; "
        "write one of these as the source"
    )
    usb.unplug("ttyUSB0")
    assert opened(source_of(usb, "usb:0403:6015")).startswith(usb.path("ttyUSB1"))


def test_a_serial_number_that_is_missing_is_told_with_what_is_there(usb):
    """An adapter of the kind that has another number, or none, is not opened in its place, but named."""
    usb.plug("ttyUSB0", serial="DN04T0HA", **FT230X)
    usb.plug("ttyUSB1", place="1-1.3", **FT230X)
    assert refusal(source_of(usb, "usb:0403:6015:TINFO-1234")) == (
        "usb:0403:6015:TINFO-1234: no such adapter; others of its kind: "
        f"{usb.path('ttyUSB0')} is usb:0403:6015:DN04T0HA, {usb.path('ttyUSB1')} is usb:@1-1.3; "
        "if it is one of these, write that as the source"
    )


def test_the_port_of_an_adapter_can_be_asked_for_without_opening_it(usb):
    """The path that would be opened, None while it is not there."""
    source = source_of(usb, "usb:0403:6015:TINFO-1234")
    assert source.where() is None
    usb.plug("ttyUSB3", serial="TINFO-1234", **FT230X)
    assert source.where() == Path(usb.path("ttyUSB3"))


def test_of_all_devices_only_the_one_that_is_meant_is_opened(usb, pty):
    """The others are looked up in sysfs alone: a probe resets boards and disturbs radios."""
    usb.plug("ttyUSB0", pty(), serial="TINFO-1234", **FT230X)
    usb.plug("ttyUSB1", pty(), place="1-1.3", **CH340)
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom gateway.sources.source import parse_source\n"
        "seen = []\nsys.addaudithook(lambda event, given: seen.append(given[0]) if event == 'open' else None)\n"
        "source = parse_source('usb:0403:6015', Path(), Path(sys.argv[1]))\n"
        "asyncio.run(source.open())\nsource.close()\n"
        "print(*(x for x in seen if str(x).startswith((sys.argv[1] + '/dev', '/dev', '/sys'))), sep='\\n')\n"
    )
    command = [sys.executable, "-c", script, str(usb.root)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=DEADLINE_S)
    assert done.stdout.split() == [usb.path("ttyUSB0")]


# A name that the kernel counts through


def test_a_numbered_name_is_remembered_by_its_adapter(usb, pty):
    """Under its own name it is the path; under another it is found by its serial number, in whatever socket."""
    usb.plug("ttyUSB0", pty(), serial="DN04T0HA", **FT230X)
    source = source_of(usb, usb.path("ttyUSB0"))
    assert opened(source) == usb.path("ttyUSB0")
    usb.unplug("ttyUSB0")
    usb.plug("ttyUSB1", pty(), place="1-1.4", serial="DN04T0HA", **FT230X)
    assert opened(source) == f"{usb.path('ttyUSB1')}, found by its USB identity"
    usb.unplug("ttyUSB1")
    usb.plug("ttyUSB0", pty(), serial="DN04T0HA", **FT230X)
    assert opened(source) == usb.path("ttyUSB0")


@pytest.mark.parametrize("serial", ["", "0001"])
def test_an_adapter_without_a_serial_number_is_remembered_by_its_socket(usb, pty, serial):
    """A number that all adapters of a kind have is none; one of them in another socket is not taken for it."""
    usb.plug("ttyUSB0", pty(), place="1-1.2", serial=serial, **CH340)
    source = source_of(usb, usb.path("ttyUSB0"))
    opened(source)
    usb.unplug("ttyUSB0")
    usb.plug("ttyUSB1", pty(), place="1-1.3", serial=serial, **CH340)
    assert refusal(source) == f"{usb.path('ttyUSB0')}: no such port: is the adapter plugged in?"
    usb.plug("ttyUSB2", pty(), place="1-1.2", serial=serial, **CH340)
    assert opened(source) == f"{usb.path('ttyUSB2')}, found by its USB identity"


BESIDE = (
    ": its adapter is gone, and one that was plugged in beside it has this name now, which is not read: "
    "plug the first one in again, or start the gateway again to read this one"
)
NEW = (
    ": its adapter is gone, and another one has this name now: it is read if the first one does not come back "
    "within 20 s"
)


@pytest.fixture
def seconds(monkeypatch):
    """The seconds that have passed for whoever waits for an adapter, in a list of one."""
    passed = [0.0]
    monkeypatch.setattr("gateway.sources.adapter.time", SimpleNamespace(monotonic=lambda: passed[0]))
    return passed


@pytest.mark.parametrize("stranger", [CH340, FT230X | {"serial": "TINFO-1234"}, FT230X])
def test_an_adapter_that_was_beside_is_not_read_under_the_name(usb, pty, seconds, stranger):
    """A radio, another meter: it has the name because that is free, however long; what to do is said."""
    usb.plug("ttyUSB0", pty(), serial="DN04T0HA", **FT230X)
    usb.plug("ttyUSB1", pty(), place="1-1.3", **stranger)
    name = usb.path("ttyUSB0")
    source = source_of(usb, name)
    opened(source)
    for old in ("ttyUSB0", "ttyUSB1"):
        usb.unplug(old)
    usb.plug("ttyUSB0", pty(), place="1-1.3", **stranger)
    for seconds[0] in (0.0, 20.0, 3600.0):
        assert refusal(source) == name + BESIDE
    assert opened(source_of(usb, name)) == name


@pytest.mark.parametrize("new", [CH340, FT230X | {"serial": "TINFO-1234"}, FT230X | {"place": "1-1.4"}])
def test_an_adapter_that_was_replaced_is_read_without_a_restart(usb, pty, seconds, caplog, new):
    """When the first one stays away for twenty seconds; told once, and from then on the new one is meant."""
    usb.plug("ttyUSB0", pty(), serial="DN04T0HA", **FT230X)
    name = usb.path("ttyUSB0")
    source = source_of(usb, name)
    opened(source)
    usb.unplug("ttyUSB0")
    usb.plug("ttyUSB0", pty(), **new)
    for seconds[0] in (100.0, 119.9):
        assert refusal(source) == name + NEW
    seconds[0] = 120.0
    assert opened(source) == opened(source) == name
    assert said(caplog, logging.WARNING) == [f"{name}: its adapter was replaced by another one, which is read"]
    usb.unplug("ttyUSB0")
    usb.plug("ttyUSB3", pty(), **new)
    assert opened(source) == f"{usb.path('ttyUSB3')}, found by its USB identity"


def test_the_first_adapter_is_read_when_it_comes_back_in_time(usb, pty, seconds, caplog):
    """A hub without power brings both back in any order; one that came and went is waited for anew."""
    usb.plug("ttyUSB0", pty(), serial="DN04T0HA", **FT230X)
    name = usb.path("ttyUSB0")
    source = source_of(usb, name)
    opened(source)
    usb.unplug("ttyUSB0")
    usb.plug("ttyUSB0", pty(), place="1-1.3", **CH340)
    assert refusal(source) == name + NEW
    usb.unplug("ttyUSB0")
    assert refusal(source) == f"{name}: no such port: is the adapter plugged in?"
    usb.plug("ttyUSB0", pty(), place="1-1.3", **CH340)
    seconds[0] = 50.0
    assert refusal(source) == name + NEW
    usb.plug("ttyUSB1", pty(), serial="DN04T0HA", **FT230X)
    seconds[0] = 100.0
    assert opened(source) == f"{usb.path('ttyUSB1')}, found by its USB identity"
    usb.unplug("ttyUSB1")
    assert refusal(source) == name + BESIDE
    assert not caplog.records


def test_twins_with_one_serial_number_are_told_apart_by_their_sockets(usb, pty):
    """Copied chips have copied numbers: when one of two is gone the other is not read in its place."""
    usb.plug("ttyUSB0", pty(), place="1-1.2", serial="A50285BI", **FT230X)
    usb.plug("ttyUSB1", pty(), place="1-1.3", serial="A50285BI", **FT230X)
    source = source_of(usb, usb.path("ttyUSB0"))
    opened(source)
    usb.unplug("ttyUSB0")
    assert "no such port" in refusal(source)
    usb.plug("ttyUSB2", pty(), place="1-1.2", serial="A50285BI", **FT230X)
    assert opened(source) == f"{usb.path('ttyUSB2')}, found by its USB identity"


@pytest.mark.parametrize("ports", [({"interface": "1.0"}, {"interface": "1.1"}), ({"number": 0}, {"number": 1})])
def test_the_two_ports_of_one_adapter_do_not_pass_for_each_other(usb, pty, ports):
    """An adapter for two meters comes back under two new names, in the other order."""
    for number, port in enumerate(ports):
        usb.plug(f"ttyUSB{number}", pty(), serial="CARTEL-1", **port)
    first, second = (source_of(usb, usb.path(f"ttyUSB{number}")) for number in (0, 1))
    assert [opened(first), opened(second)] == [usb.path("ttyUSB0"), usb.path("ttyUSB1")]
    usb.unplug("ttyUSB0")
    for name in ("sys/class/tty/ttyUSB1", "dev/ttyUSB1"):
        (usb.root / name).unlink()
    usb.plug("ttyUSB2", pty(), serial="CARTEL-1", **ports[1])
    usb.plug("ttyUSB3", pty(), serial="CARTEL-1", **ports[0])
    assert opened(first).startswith(usb.path("ttyUSB3"))
    assert opened(second).startswith(usb.path("ttyUSB2"))


def test_a_name_that_changes_hands_while_it_is_opened_is_given_back(usb, pty, monkeypatch):
    """The look before the opening is not enough: the adapter is looked at again, and the wrong one is closed."""
    usb.plug("ttyUSB0", pty(), serial="DN04T0HA", **FT230X)
    stranger = pty()
    for text in (usb.path("ttyUSB0"), "usb:0403:6015"):
        source = source_of(usb, text)
        really = source._adapter.find

        def find(really=really):
            path = really()
            usb.unplug("ttyUSB0")
            usb.plug("ttyUSB0", stranger, **CH340)
            return path

        with monkeypatch.context() as patch:
            patch.setattr(source._adapter, "find", find)
            with pytest.raises(PortError) as caught:
                asyncio.run(source.open())
        assert str(caught.value) == f"{text}: lost: the adapter was changed while it was being opened"
        assert source._port is None
        usb.unplug("ttyUSB0")
        usb.plug("ttyUSB0", pty(), serial="DN04T0HA", **FT230X)
        # Nothing was remembered of the one that came between.
        assert opened(source).startswith(usb.path("ttyUSB0"))


def test_ports_without_a_usb_identity_are_their_paths(usb, pty):
    """A port of the board, a link that a rule keeps, a pty: nothing is remembered, whatever is behind them is meant."""
    usb.board_port("ttyAMA0")
    (usb.root / "dev/ttyAMA0").symlink_to(pty())
    (usb.root / "dev/ttyTIC").symlink_to(pty())
    for name in ("ttyAMA0", "ttyTIC"):
        source = source_of(usb, usb.path(name))
        assert opened(source) == usb.path(name)
        (usb.root / "dev" / name).unlink()
        assert refusal(source) == f"{usb.path(name)}: no such port: is the adapter plugged in?"
        (usb.root / "dev" / name).symlink_to(pty())
        assert opened(source) == usb.path(name)


def test_a_numbered_name_of_a_machine_without_sysfs_is_its_path(tmp_path, pty):
    """What cannot be known is not remembered: it behaves as any path."""
    (tmp_path / "dev").mkdir()
    path = tmp_path / "dev/ttyUSB0"
    source = parse_source(str(path), tmp_path, tmp_path)
    for _ in range(2):
        path.symlink_to(pty())
        assert opened(source) == str(path)
        path.unlink()


# Lines on real meters


@pytest.mark.parametrize("text", ["/dev/ttyUSB0", "usb:0403:6015:DN04T0HA", "usb:@1-1.2"])
def test_a_meter_is_read_on_when_its_adapter_comes_back_under_another_name(usb, tmp_path, caplog, text):
    """Unplugged and plugged in again as ttyUSB1: found, said in the state, and told once in the log."""
    caplog.set_level(logging.INFO)
    line = Line("house", source_of(usb, usb.path("ttyUSB0") if text.startswith("/") else text))

    async def work(read):
        with meter(tmp_path, "one", ONE) as first:
            usb.plug("ttyUSB0", first.path, serial="DN04T0HA", **FT230X)
            await read.whole(3)
        usb.unplug("ttyUSB0")
        await read.until(lambda: not line.state.open)
        with meter(tmp_path, "again", ONE) as second:
            usb.plug("ttyUSB1", second.path, serial="DN04T0HA", **FT230X)
            await read.whole(3)
            assert addresses(read) == {ONE}

    asyncio.run(reading_on([line], work))
    device = f"{usb.path('ttyUSB1')}, found by its USB identity"
    assert str(port_link("house", line.state, line.state.changed).detail) == f"open at 9600 Bd ({device})"
    told = [text for text in said(caplog, logging.INFO) if "is now" in text]
    assert told == [f"meter house: its port is now {device}"]


@pytest.mark.parametrize("by", ["name", "serial"])
def test_two_meters_whose_adapters_swap_their_names_are_not_mixed_up(usb, tmp_path, by):
    """Each line reads its own meter on, under the name that was the other's."""
    texts = {
        "name": [usb.path("ttyUSB0"), usb.path("ttyUSB1")],
        "serial": ["usb:0403:6015:DN04T0HA", "usb:0403:6015:DN04T0HB"],
    }[by]
    lines = [Line(name, source_of(usb, text)) for name, text in zip(("house", "shed"), texts, strict=True)]

    async def work(house, shed):
        with meter(tmp_path, "one", ONE) as one, meter(tmp_path, "other", OTHER) as other:
            usb.plug("ttyUSB0", one.path, serial="DN04T0HA", **FT230X)
            usb.plug("ttyUSB1", other.path, place="1-1.3", serial="DN04T0HB", **FT230X)
            await asyncio.gather(house.whole(3), shed.whole(3))
        for name in ("ttyUSB0", "ttyUSB1"):
            usb.unplug(name)
        await asyncio.gather(*(read.until(lambda read=read: not read.line.state.open) for read in (house, shed)))
        with meter(tmp_path, "one-again", ONE) as one, meter(tmp_path, "other-again", OTHER) as other:
            usb.plug("ttyUSB0", other.path, place="1-1.3", serial="DN04T0HB", **FT230X)
            usb.plug("ttyUSB1", one.path, serial="DN04T0HA", **FT230X)
            await asyncio.gather(house.whole(3), shed.whole(3))
        assert addresses(house) == {ONE}
        assert addresses(shed) == {OTHER}

    asyncio.run(reading_on(lines, work))


def test_a_line_whose_adapter_was_taken_away_says_so_and_reads_nothing(usb, tmp_path, caplog):
    """The other meter's adapter gets the free name: its frames are never handed on as the first one's."""
    usb.plug("ttyUSB1", place="1-1.3", serial="DN04T0HB", **FT230X)
    line = Line("house", source_of(usb, usb.path("ttyUSB0")))

    async def work(read):
        with meter(tmp_path, "one", ONE) as one:
            usb.plug("ttyUSB0", one.path, serial="DN04T0HA", **FT230X)
            await read.whole(2)
        for name in ("ttyUSB0", "ttyUSB1"):
            usb.unplug(name)
        with meter(tmp_path, "other", OTHER) as other:
            usb.plug("ttyUSB0", other.path, place="1-1.3", serial="DN04T0HB", **FT230X)
            await read.until(lambda: BESIDE in str(line.state.error))
        assert addresses(read) == {ONE}

    asyncio.run(reading_on([line], work))
    assert not line.state.open
    assert sum(BESIDE in text for text in said(caplog, logging.WARNING)) == 1


def test_a_line_whose_adapter_was_replaced_reads_on(usb, tmp_path, monkeypatch):
    """A new adapter on the same meter, under the same name."""
    monkeypatch.setattr("gateway.sources.adapter._REPLACED_AFTER_S", 0.0)
    line = Line("house", source_of(usb, usb.path("ttyUSB0")))

    async def work(read):
        with meter(tmp_path, "one", ONE) as first:
            usb.plug("ttyUSB0", first.path, serial="DN04T0HA", **FT230X)
            await read.whole(3)
        usb.unplug("ttyUSB0")
        await read.until(lambda: not line.state.open)
        with meter(tmp_path, "again", ONE) as second:
            usb.plug("ttyUSB0", second.path, **CH340)
            await read.whole(3)
        assert addresses(read) == {ONE}

    asyncio.run(reading_on([line], work))
