"""A meter by way of a board, MicroPython, TLS and a real broker, beside the same meter on a serial port."""

import re
from datetime import datetime

import pytest

from gateway.store.recorder import PARIS
from gateway.tic.parity import strip_parity
from meter.process import SimulatedMeter
from relay_faults.board import RelayBoard
from relay_faults.broker import HOST, NAME
from relay_faults.house import RelayHouse
from relay_faults.wire import RelayWire
from servers import wait_until
from tests.mosquitto import Ear


def house_of(folder, broker, password, **options):
    """A gateway that hears the board salon."""
    folder.mkdir()
    (folder / "password").write_text(password + "\n")
    mqtt = {"host": HOST, "port": broker.port, "user": "gateway", "password_file": "password"}
    return RelayHouse(folder, "board:salon", mqtt=mqtt, **options)


def board_of(folder, broker, program, tty, **options):
    """The board salon with the meter at ``tty``."""
    table = {"host": HOST, "port": broker.tls_port, "name": NAME, "password": broker.add("salon")}
    return RelayBoard(folder, program, tty, table, ca=broker.ca, **options)


def index_of(house):
    """The last index of the house, in Wh."""
    points = house.points("reading").items()
    return max(value for (path, _), value in points if path == "consumption/energy/active/index")


def has_all(house, wire):
    """Whether the last frame of the wire is stored: by the meter's clock, or by the index of a meter without one."""
    if said := said_last(wire):
        return house.points("reading") and index_of(house) in said
    return house.query("SELECT last_time FROM meter") == [(int(wire.meter_s()),)]


def said_last(wire):
    """The indexes of the last two seconds of a meter that says no time.

    They are dated by the host, whose second has one value: at ten times the meter's pace the first of six frames, and
    of more where a busy machine reads several at once. A new index is believed when the next frame says it, too.
    """
    said = re.findall(rb"BASE (\d{9})", strip_parity(bytes(wire.heard)))
    return {int(index) for index in said[-12:]}


def later(points):
    """The points without those of the first minute, whose first frame each of two readers cuts elsewhere."""
    begin = datetime(2025, 11, 25, 14, 29, tzinfo=PARIS).timestamp()
    return {key: value for key, value in points.items() if key[1] >= begin}


@pytest.mark.parametrize("options", [{"phases": 3, "tariff": "hc"}, {"mode": "historic"}], ids=["standard", "historic"])
def test_a_relayed_meter_is_stored_as_one_on_a_wire(tmp_path, broker, program, options):
    """Every byte of every frame arrives, and the store holds what it holds of the same meter on a serial port."""
    gateway = broker.add("gateway")
    with (
        SimulatedMeter(
            tmp_path / "meter",
            tcp=f"{HOST}:0",
            speed=10,
            deliver="8n1",
            frames=120,
            start="2025-11-25T14:28",
            **options,
        ) as meter,
        RelayWire(meter.path, 2) as wire,
        house_of(tmp_path / "relayed", broker, gateway) as relayed,
        RelayHouse(tmp_path / "wired", wire.ports[1].path) as wired,
        Ear(broker.port, "linky/board/salon/frame", user="gateway", password=gateway) as ear,
        board_of(tmp_path / "board", broker, program, wire.ports[0].path) as board,
    ):
        relayed.await_link("port house", "ok", 30)
        wired.await_link("port house", "ok", 30)
        wire.begin()
        wire.await_end(120)
        # That they agree is not enough: they do so on their way.
        wait_until(lambda: has_all(wired, wire) and has_all(relayed, wire), 60, every=0.3)
        assert board.running, board.log.read_text()
        relayed.gateway.stop(20)
        wired.gateway.stop(20)
    sent = re.findall(rb"\x02[^\x02\x03]*\x03", strip_parity(bytes(wire.heard)))
    arrived = [payload.partition(b"\n")[2] for _, payload in ear.messages]
    # The first was half over when the port was opened.
    assert arrived[1:] == sent[-len(arrived) + 1 :]
    assert 100 < len(sent) <= len(arrived) + 2
    if options.get("mode") == "historic":
        assert {index_of(relayed), index_of(wired)} <= said_last(wire)
        return
    assert relayed.points("coarse") == wired.points("coarse") != {}
    for kind in ("reading", "minute"):
        assert later(relayed.points(kind)) == later(wired.points(kind)) != {}
