"""What a proxy of 2019 sends: read as its two sides wrote it, kept under the name that the household gave it."""

import asyncio
from xml.etree import ElementTree as ET

import pytest

from gateway.bridges.config import BridgedHouseholdTable, Sen1Table
from gateway.bridges.core import Value
from gateway.bridges.sen1 import Sen1Sink
from gateway.errors import SenMLError
from gateway.federation.connection.session import Session
from gateway.federation.recipient.supply import Standing, SupplyRequest
from gateway.federation.wire.sen1 import ProxySeries, parse_message, series_of
from tests.gateway.federation.conftest import QUICK, START, account, eventually, running
from tests.gateway.federation.test_inbox import Receiver, Scene, receiving

NAME = "lognact@sen1.test/pv1@sen1.test/production/energy/active/index"
FORM = (
    '<Sen1Message xmlns="http://xmpp.rocks" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><username>u</username><name>pv1</name>'
    "<metaname>eait</metaname><unite>{unit}</unite><type>{kind}</type><applicationSrc>lognact</applicationSrc>"
    "<applicationDst>linky</applicationDst><Sen1Datas>{datas}</Sen1Datas></Sen1Message>"
)
DATA = '<Sen1Data><timestamp>{at}</timestamp><value xsi:type="xs:{type}">{said}</value></Sen1Data>'


def message(*rows, unit="Wh", kind="dt_numeric", java="string"):
    """A message of (timestamp, value)."""
    datas = "".join(DATA.format(at=at, said=said, type=java) for at, said in rows)
    return ET.fromstring(FORM.format(unit=unit, kind=kind, datas=datas))


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        ("2019-06-27T12:00:00.500+02:00", 1_561_629_600.5),
        ("2019-06-27T12:00:00", 1_561_629_600),
        ("2019-12-27T11:00:00", 1_577_440_800),
        ("2019-06-27T10:00:00Z", 1_561_629_600),
    ],
    ids=["Java", "Python in summer", "Python in winter", "UTC"],
)
def test_a_time_is_read_as_its_writer_meant_it(at, seconds):
    """With its offset; without one in French time."""
    read = message((at, "12.5"))
    assert series_of(read) == ProxySeries("pv1", "eait")
    (record,) = parse_message(read, NAME).records
    assert (record.name, record.time, record.value, record.unit) == (NAME, seconds, 12.5, "Wh")


def test_values_are_numbers_or_text_and_in_order():
    """A whole number is one, whatever Java's type; a unit that SenML does not know is none."""
    rows = [("2019-06-27T12:01:00+02:00", "7.0"), ("2019-06-27T12:00:00+02:00", "6")]
    assert [r.value for r in parse_message(message(*rows, java="double"), NAME).records] == [6, 7]
    (record,) = parse_message(message(rows[0], unit="kWc", kind="dt_string"), NAME).records
    assert (record.value, record.unit) == ("7.0", None)


@pytest.mark.parametrize(
    "rows", [(), [("yesterday", "1")], [("2019-06-27T12:00:00", "")], [("2019-06-27T12:00:00", "NaN")]]
)
def test_what_is_not_in_the_form_is_one_sentence(rows):
    """No values, a time or a number that is none."""
    with pytest.raises(SenMLError, match="Sen1Message"):
        parse_message(message(*rows), NAME)


def test_a_proxys_series_is_kept_once_under_its_name_here_and_nothing_else_of_it(federation, tmp_path):
    """Over two servers, in the form that bridges write: twice is once; another series, another sender: nothing."""
    scene = Scene(federation, tmp_path)
    name = f"{scene.provider}/pv1@{scene.home}/production/energy/active/index"
    wanted = SupplyRequest("roof", f"{scene.provider}/proxy", name, 0, ProxySeries("pv1", "eait"))
    household = BridgedHouseholdTable(name="pv1", gateway="gw@x.test/proxy", identifier="gw@x.test/a@x.test")
    table = Sen1Table(to=scene.own, source="lognact", destination="linky")
    stranger = account(federation, "stranger2019", scene.home)

    def told(path, count):
        return [Value(household, path, path, "raw", START + 60 * n, 1000 + n, "Wh", path) for n in range(count)]

    async def scenario():
        proxy, other = Session(scene.provider_account, QUICK), Session(stranger, QUICK)
        sink, strange = Sen1Sink(table, proxy), Sen1Sink(table, other)
        async with (
            receiving(Receiver(scene.ours, scene.own_account, [wanted])) as receiver,
            running(proxy),
            running(other),
        ):
            await eventually(lambda: all(one.acknowledges for one in (proxy, other, receiver.session)))
            assert receiver.standing() is Standing.SUBSCRIBED
            await asyncio.gather(
                strange.send(told("production/energy/active/index", 9)),
                sink.send(told("consumption/energy/active/index", 7) + told("production/energy/active/index", 3)),
            )
            await sink.send(told("production/energy/active/index", 5))
            await eventually(lambda: len(receiver.points()) == 5)
            assert receiver.points() == [(n, 1000 + n) for n in range(5)]
            assert receiver.inbox.supplies()[0].last_time == START + 240
            (series,) = scene.ours.store.received.series()
            assert (series.name, series.path, series.unit) == (name, "production/energy/active/index", "Wh")

    try:
        asyncio.run(scenario())
    finally:
        scene.close()
