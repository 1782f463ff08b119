"""Pulses to a stored index: exact, over restarts, with the half hours while nothing flows."""

import asyncio
import random
from contextlib import closing, suppress
from fractions import Fraction

import pytest

from gateway.daemon.counters import counter_link
from gateway.errors import PortError
from gateway.pulses.counter import Counted, PulseCounter
from gateway.pulses.quantity import find_quantity, parse_amount
from gateway.store.points import Granularity
from gateway.store.store import Store
from tests.gateway.store.conftest import START

WATER, POWER = find_quantity("water"), find_quantity("electricity-consumed")
FOR_EVER = 2**40


class Wire:
    """Stands for an open pin: the test puts pulses in."""

    bounces = 0

    def __init__(self):
        self.waiting = 0

    def take(self):
        taken, self.waiting = self.waiting, 0
        return taken

    close = take


class House:
    """One counter on a real database, with a clock that the test moves."""

    def __init__(self, directory, quantity, per_pulse, start="0"):
        self.path = quantity.path
        self.now = float(START)
        self.wire = Wire()
        counted = Counted(quantity, parse_amount(per_pulse, quantity), Fraction(start))
        self.store = Store(directory)
        self.counter = PulseCounter(counted, lambda: self.wire, lambda: self.now)
        info = self.store.meters.add("tap")
        self.counter.resume(info, self.store.readings.last_values("tap"), self.store.readings.totals("tap"))

    def run(self, pulses, seconds=1.0):
        """So many pulses, then a tick, then time goes on."""
        self.wire.waiting += pulses
        self.counter.tick(self.wire)
        self.now += seconds

    def commit(self):
        self.store.batches.write([self.counter.recorder.take()], self.now)

    def points(self, granularity=Granularity.RAW):
        found = self.store.readings.page("tap", self.path, granularity, 0, FOR_EVER, 99_999)
        return [(p.time - START, p.value) for p in found]


def test_pulses_become_an_index_of_changes(directory):
    """It begins with what the meter's face says, and a second without a pulse is no row."""
    with closing((house := House(directory, WATER, "0.01 m3", "12.345")).store):
        for pulses in (0, 1, 0, 0, 3):
            house.run(pulses)
        house.commit()
        assert house.points() == [(0, 12), (1, 22), (4, 52)]


@pytest.mark.parametrize(("quantity", "per_pulse"), [(POWER, "0.5 Wh"), (POWER, "1/600 kWh"), (WATER, "0.0003 m3")])
def test_no_fraction_is_lost_in_any_number_of_restarts(directory, quantity, per_pulse):
    """Two hundred runs of a few pulses each add up to what one run would have counted."""
    chance, all_pulses = random.Random(11), 0
    for run in range(200):
        with closing((house := House(directory, quantity, per_pulse)).store):
            house.now += 10 * run
            pulses = chance.randrange(4)
            all_pulses += pulses
            house.run(pulses)
            house.commit()
            total = Fraction(house.store.readings.totals("tap")[house.path])
            assert total == all_pulses * parse_amount(per_pulse, quantity)
            assert house.points()[-1][1] == int(total)


def test_what_was_not_committed_is_all_that_a_power_cut_costs(directory):
    """The index and the exact total come back as they were committed together."""
    with closing((house := House(directory, POWER, "0.5 Wh")).store):
        house.run(3)
        house.commit()
        house.run(4)
    with closing((house := House(directory, POWER, "0.5 Wh")).store):
        house.now += 60
        house.run(1)
        house.commit()
        assert house.points() == [(0, 1), (60, 2)]
        assert house.store.readings.totals("tap") == {house.path: "2"}


def test_pulses_in_the_second_of_the_last_tick_are_there_after_a_restart(directory):
    """A stop may fall into a second that has its reading: the next start says what came after."""
    with closing((house := House(directory, WATER, "1 l")).store):
        house.run(1, seconds=0.2)
        house.run(1)
        house.commit()
    with closing((house := House(directory, WATER, "1 l")).store):
        house.now += 5
        house.run(0)
        house.commit()
        assert house.points() == [(0, 1), (5, 2)]


def test_half_hours_are_known_while_nothing_flows(directory):
    """A tap that is closed all night has its index at every half hour, and its minutes only where it ran."""
    with closing((house := House(directory, WATER, "1 l")).store):
        for _ in range(4 * 60):
            house.run(0, seconds=30)
        house.run(7)
        house.commit()
        assert house.points(Granularity.HALF_HOUR) == [(1800 * step, 0) for step in (1, 2, 3)] + [(7200, 7)]
        assert house.points() == [(0, 0), (7200, 7)]


def test_electricity_by_pulses_has_a_load_curve(directory):
    """1 Wh a pulse, one pulse every 3.6 s: 1,000 W in every half hour."""
    with closing((house := House(directory, POWER, "1 Wh")).store):
        for second in range(3 * 1800 + 1):
            house.run(int(second * 10 % 36 < 10))
        house.commit()
        curve = house.store.readings.page("tap", "consumption/power", Granularity.HALF_HOUR, 0, FOR_EVER, 99)
        assert [p.value for p in curve] == [1000, 1000, 1000]


def test_a_known_index_goes_before_the_one_in_the_configuration(directory):
    """``start`` is for a meter of which nothing is stored."""
    with closing((house := House(directory, WATER, "1 l", "500")).store):
        house.run(1)
        house.commit()
    with closing((house := House(directory, WATER, "1 l", "900")).store):
        house.now += 9
        house.run(1)
        house.commit()
        assert house.points()[-1] == (9, 502)


def test_a_broken_pin_is_a_link_and_is_tried_again(directory, caplog):
    """No crash: a sentence in the log and in the status, and counting as soon as it can be had."""

    async def scenario(house):
        opened = asyncio.Event()
        tries = []

        def open_pin():
            tries.append(1)
            if len(tries) == 1:
                raise PortError("GPIO17 cannot be read: permission denied")
            opened.set()
            return house.wire

        house.counter._open_pin = open_pin
        assert counter_link("tap", house.counter.state, 0.0).state == "waiting"
        task = asyncio.create_task(house.counter.read())
        await asyncio.sleep(0)
        link = counter_link("tap", house.counter.state, house.counter.state.changed + 5)
        assert (str(link), link.state, round(link.age_s)) == ("counter tap", "broken", 5)
        assert str(link.detail) == "GPIO17 cannot be read: permission denied"
        await asyncio.wait_for(opened.wait(), 60)
        await asyncio.sleep(0)
        link = counter_link("tap", house.counter.state, 0.0)
        assert (link.state, link.age_s) == ("waiting", None)
        house.wire.waiting = 3
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        house.commit()
        assert counter_link("tap", house.counter.state, house.counter.state.last_pulse + 2).age_s == 2
        return house.store.readings.totals("tap")[house.path]

    with closing((house := House(directory, WATER, "1 l")).store):
        assert asyncio.run(scenario(house)) == "3"
    assert caplog.text.count("permission denied") == 1


def test_a_counter_that_failed_is_not_said_to_count(directory):
    """From its fault until it is begun again its link waits: what it does not see then it does not know."""
    with closing((house := House(directory, WATER, "1 l")).store):
        house.wire.take = lambda: 1 // 0
        house.wire.close = lambda: 2
        with pytest.raises(ZeroDivisionError):
            asyncio.run(house.counter.read())
        assert counter_link("tap", house.counter.state, house.counter.state.changed).state == "waiting"
        house.commit()
        assert house.points() == [(0, 2)]


def test_a_counter_that_is_held_leaves_its_pulses_in_the_pin(directory):
    """While a person's reading is written nothing is added to the old count; what came waits and counts on the new."""
    with closing((house := House(directory, WATER, "1 l")).store):
        house.run(5)
        house.counter.hold()
        house.run(3)
        house.commit()
        assert house.points()[-1][1] == 5
        house.counter.held = False
        house.run(0)
        house.commit()
        assert house.points()[-1][1] == 8


def test_what_is_counted_before_the_time_is_known_is_in_the_first_index_with_a_date(directory):
    """No point gets the date of a clock that is not set, and no pulse is lost."""
    with closing((house := House(directory, WATER, "1 l", "100")).store):
        house.now = None
        for _ in range(3):
            house.wire.waiting += 5
            house.counter.tick(house.wire)
        house.store.batches.write([house.counter.recorder.take()], START)
        assert house.points() == []
        house.now = START + 600.0
        house.run(1)
        house.commit()
        assert house.points() == [(600, 116)]
