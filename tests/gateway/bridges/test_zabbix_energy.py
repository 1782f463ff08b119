"""Energy by the hour and by the day in a real Zabbix: what is between two indexes that are known, and nothing else."""

import random
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from gateway.bridges.config import BridgedHouseholdTable
from gateway.bridges.core import Value

pytest.importorskip("zabbix_utils")
from gateway.bridges.zabbix import ZabbixSink
from tests.gateway.bridges.test_zabbix import INDEX, _send, settings, token

pytestmark = pytest.mark.slow

HOUR, DAY = "linky[consumption/energy/active/hour,PT1H]", "linky[consumption/energy/active/day,P1D]"
PARIS = ZoneInfo("Europe/Paris")
# The night in which France's clocks go forward: a day of 23 hours.
MIDNIGHT = int(datetime(2026, 3, 29, tzinfo=PARIS).timestamp())
HALF = 1800


def indexes(name, readings, granularity="PT30M", path=INDEX):
    """Values of an index, of what it was at which time."""
    home = BridgedHouseholdTable(name=name, gateway=f"{name}@x.test/proxy", identifier=f"{name}@x.test/a@x.test")
    return [Value(home, path, path, granularity, at, value, "Wh", path) for at, value in readings]


def had(zabbix, host, key=HOUR):
    """What Zabbix has of one item: value by time; twice the same is a fault."""
    rows = [(clock, float(value)) for name, clock, _, value in zabbix.history(host) if name == key]
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def sink(zabbix, **more):
    """A bridge that has just been started."""
    return ZabbixSink(settings(zabbix, **more), token(zabbix))


def drawn(rng, count, start=MIDNIGHT):
    """(time, index) each half hour."""
    readings, index = [], 40_000
    for n in range(count):
        readings.append((start + n * HALF, index))
        index += rng.randrange(20, 3000)
    return readings


def test_each_hour_and_day_that_is_known_is_there_and_a_gap_is_nobody_s(zabbix):
    """Two days of half hours with a hole of five hours, its end in a new process; then the hole is filled."""
    readings = drawn(random.Random(5), 2 * 48 - 2 + 1)
    index = dict(readings)
    first, missing, last = readings[:31], readings[31:41], readings[41:]
    bridge = sink(zabbix)
    for place in range(0, len(first), 11):
        _send(bridge, indexes("halves", first[place : place + 11]))
    _send(sink(zabbix), indexes("halves", last))
    known = {at: (index[at + 3600] - value) / 1000 for at, value in readings[:-2] if at % 3600 == 0}
    times = dict(first + last)
    seen = {at: energy for at, energy in known.items() if at in times and at + 3600 in times}
    assert len(known) - len(seen) == 6
    assert had(zabbix, "halves") == pytest.approx(seen)
    # The day with the hole is known from midnight to midnight; the one of 23 hours as well.
    ends = [MIDNIGHT, MIDNIGHT + 23 * 3600, MIDNIGHT + 47 * 3600]
    days = {start: (index[end] - index[start]) / 1000 for start, end in pairwise(ends)}
    assert had(zabbix, "halves", DAY) == pytest.approx(days)
    # What was late comes after what is of today.
    _send(bridge, indexes("halves", missing))
    assert had(zabbix, "halves") == pytest.approx(known)
    (item,) = zabbix.api("item.get", {"filter": {"host": "halves", "key_": HOUR}, "selectTags": "extend"})
    assert (item["units"], item["name"]) == ("!kWh", "Énergie active soutirée totale, par heure")
    assert {"tag": "granularity", "value": "PT1H"} in item["tags"]


def test_an_index_by_the_minute_is_read_at_the_minute_s_end_and_may_rest(zabbix):
    """A home that draws 5 W sends a minute now and then: hours are known to the watt-hour, those of a hole are not."""
    start = MIDNIGHT + 6 * 3600
    # The index moves each 12 minutes; what was read at the end of a minute stands at its beginning.
    sent = [(start + 720 * n - 60, 500 + n) for n in range(5 * 6)]
    hole = [one for one in sent if not start + 2 * 3600 + 900 <= one[0] < start + 3 * 3600 + 900]
    bridge = sink(zabbix)
    for place in range(0, len(hole), 4):
        _send(bridge, indexes("idle", hole[place : place + 4], "PT1M"))
    assert had(zabbix, "idle") == {start: 0.005, start + 3600: 0.005, start + 4 * 3600: 0.005}


def test_a_bridge_that_died_between_the_index_and_its_energy_finds_what_is_missing(zabbix, monkeypatch):
    """The index is in the history, the hour is not: it is asked for, and sent."""
    readings = drawn(random.Random(6), 6, MIDNIGHT + 12 * 3600)
    dying = sink(zabbix)
    monkeypatch.setattr(dying, "_energy", lambda _: [])
    sent = indexes("died", readings)
    _send(dying, sent)
    assert had(zabbix, "died") == {}
    after = sink(zabbix)
    assert after.missing(sent) == sent
    _send(after, sent)
    assert sorted(had(zabbix, "died")) == [MIDNIGHT + 12 * 3600, MIDNIGHT + 13 * 3600]
    assert sink(zabbix).missing(sent) == []


def test_what_was_taken_and_seen_late_is_continued(zabbix):
    """Sent, but not to be seen in time: it is asked for again and found there; the hour that follows is no gap."""
    readings = drawn(random.Random(8), 13, MIDNIGHT + 9 * 3600)
    bridge = sink(zabbix)
    _send(bridge, indexes("late", readings[:1]))
    _send(sink(zabbix), indexes("late", readings[:-1]))
    assert bridge.missing(indexes("late", readings[1:-1])) == []
    # The forwarder asks again only what failed.
    bridge.send(indexes("late", readings[-1:]))
    index = dict(readings)
    known = {at: (index[at + 3600] - value) / 1000 for at, value in readings[:-2] if at % 3600 == 0}
    assert had(zabbix, "late") == pytest.approx(known)


def test_an_index_that_falls_is_another_s(zabbix):
    """A meter was changed: the hour in which it was has no value, those after it have theirs."""
    start = MIDNIGHT + 8 * 3600
    readings = [(start, 9000), (start + 3600, 9500), (start + 7200, 40), (start + 10_800, 90)]
    _send(sink(zabbix), indexes("changed", readings))
    assert had(zabbix, "changed") == {start: 0.5, start + 7200: 0.05}


def test_an_operator_may_switch_an_item_off(zabbix, caplog):
    """Its values are left out, said once; nothing else is held up."""
    start = MIDNIGHT + 8 * 3600
    _send(sink(zabbix), indexes("off", [(start, 100), (start + 3600, 300)]))
    (item,) = zabbix.api("item.get", {"filter": {"host": "off", "key_": HOUR}, "output": ["itemid"]})
    zabbix.api("item.update", {**item, "status": 1})
    later = indexes("off", [(start + 7200, 500), (start + 10_800, 700)])
    with caplog.at_level("WARNING"):
        _send(sink(zabbix), later)
    assert had(zabbix, "off") == {start: 0.2}
    assert caplog.text.count("is disabled") == 1


def test_a_day_s_index_gives_days(zabbix):
    """A household that gives a value a day: its days, and no hours."""
    ends = [int((datetime(2026, 3, 28, tzinfo=PARIS) + timedelta(days=n)).timestamp()) for n in range(4)]
    readings = [(at, 1000 * n * n) for n, at in enumerate(ends)]
    _send(sink(zabbix), indexes("daily", [readings[0], readings[1], readings[3]], "P1D"))
    assert had(zabbix, "daily", DAY) == {ends[0]: 1.0}
    assert had(zabbix, "daily") == {}
