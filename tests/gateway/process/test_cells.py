"""A part that fails is started again alone: with growing pauses and a budget, told once, and the others go on."""

import asyncio
import logging
import time

import pytest

from gateway.errors import StoreError, cause_of
from gateway.links.alerts import AlertWatch
from gateway.links.link import BROKEN, OK, WAITING
from gateway.process.cells import Cells, RestartPace
from servers import wait_until

# A thousand times as fast as in a house, and long enough to be seen.
QUICK = RestartPace(first_s=0.002, longest_s=0.1, budget=3, window_s=60.0, lasted_s=0.5, grace_s=0.5, look_s=0.02)
DEADLINE_S = 20.0


class House:
    """Cells at work, and the stop that ends them."""

    def __init__(self, pace=QUICK):
        self.stop, self.cells = asyncio.Event(), Cells(pace)

    async def __aenter__(self):
        self._running = asyncio.create_task(self.cells.run(self.stop))
        return self

    async def __aexit__(self, *_):
        self.stop.set()
        async with asyncio.timeout(DEADLINE_S):
            await self._running

    def link(self, name):
        return next((link for link in self.cells.links(time.monotonic()) if str(link) == f"cell {name}"), None)

    async def until(self, condition):
        await asyncio.to_thread(wait_until, condition, DEADLINE_S, every=QUICK.look_s)


class Ticking:
    """A part that comes round for ever, and counts its lives."""

    def __init__(self):
        self.lives, self.turns = 0, 0
        self.alive_at = time.monotonic()

    async def run(self):
        self.lives += 1
        while True:
            self.alive_at = time.monotonic()
            self.turns += 1
            await asyncio.sleep(0.005)


class Failing:
    """A part that raises as soon as it begins, ``times`` times; then it ticks."""

    def __init__(self, error, times=10**9):
        self.error, self.times = error, times
        self.began = []
        self.after = Ticking()

    async def run(self):
        self.began.append(time.monotonic())
        if len(self.began) <= self.times:
            raise self.error
        await self.after.run()


def run(scenario):
    asyncio.run(scenario())


def test_one_that_fails_is_started_again_and_the_others_go_on(caplog):
    """Its neighbour lives one life; the status says how often it failed, the log why, once."""
    caplog.set_level(logging.INFO)

    async def scenario():
        house, well, ill = House(), Ticking(), Failing(RecursionError("deep"), times=2)
        house.cells.add("page", ill.run)
        house.cells.add("meter house", well.run)
        async with house:
            await house.until(lambda: ill.after.turns)
            turns = well.turns
            await house.until(lambda: well.turns > turns)
            assert house.link("page").state == OK
            assert "failures within an hour: 2;" in str(house.link("page").detail)
            assert house.link("meter house") is None
        assert (len(ill.began), well.lives) == (3, 1)

    run(scenario)
    assert caplog.text.count("an unexpected RecursionError") == 1
    assert "Traceback" not in caplog.text


def test_pauses_grow_and_end_at_the_longest():
    """Twice as long each time, jittered by a quarter, and never longer than the longest."""

    async def scenario():
        house, ill = House(), Failing(OSError())
        house.cells.add("page", ill.run)
        async with house:
            await house.until(lambda: len(ill.began) >= 7)
        return [later - earlier for earlier, later in zip(ill.began, ill.began[1:], strict=False)]

    pauses = asyncio.run(scenario())
    for number, pause in enumerate(pauses[:3]):
        assert pause >= 0.75 * QUICK.first_s * 2**number
    assert all(pause >= 0.75 * QUICK.longest_s for pause in pauses[3:6])


def test_one_that_fails_too_often_is_broken_and_comes_back(caplog):
    """Broken in the status, said once as an error, an alert in two languages; then well again, and told so."""
    caplog.set_level(logging.INFO)

    async def scenario():
        house, ill, watch = House(), Failing(StoreError("port taken"), times=5), AlertWatch()
        house.cells.add("page", ill.run)

        def look():
            now = time.monotonic()
            return watch.look(house.cells.links(now), now)

        async with house:
            await house.until(lambda: (link := house.link("page")) and link.state == BROKEN)
            (told,) = look()
            assert "(la page)" in told.text.in_language("fr")
            assert "(the page)" in str(told.text)
            assert str(house.link("page").detail).endswith("port taken")
            await house.until(lambda: house.link("page").state == OK)
            (told,) = look()
            assert told.recovered
            # Said at the supervisor's next look.
            await house.until(lambda: "cell page works again" in caplog.text)

    run(scenario)
    assert [r.levelname for r in caplog.records if "too often" in r.message] == ["ERROR"]


def test_one_that_makes_no_progress_is_ended_and_started_again():
    """A stuck part costs itself alone."""

    async def scenario():
        house, lives = House(), []
        never = asyncio.Event()

        async def stuck():
            lives.append(time.monotonic())
            await never.wait()

        well = Ticking()
        house.cells.add("relays", stuck, alive_at=lambda: lives[-1], patience_s=0.1)
        house.cells.add("meter house", well.run, alive_at=lambda: well.alive_at, patience_s=5.0)
        async with house:
            await house.until(lambda: len(lives) >= 3)
            assert "it made no progress for" in str(house.link("relays").detail)
        assert well.lives == 1

    run(scenario)


def test_a_program_that_stood_still_restarts_nobody():
    """A laptop that slept, a process that was stopped: everybody looks late, and nobody is."""

    async def scenario():
        house, well = House(), Ticking()
        house.cells.add("meter house", well.run, alive_at=lambda: well.alive_at, patience_s=0.3)
        async with house:
            await house.until(lambda: well.turns > 2)
            time.sleep(1.0)  # noqa: ASYNC251 (the whole loop stands still: that is the case)
            turns = well.turns
            await house.until(lambda: well.turns > turns + 20)
        assert well.lives == 1

    run(scenario)


def test_one_that_was_cancelled_from_inside_is_started_again():
    """A library's cancelled future ends a task without a word; here it is a failure like any other."""

    async def scenario():
        house, lives = House(), []

        async def ended():
            lives.append(1)
            gone = asyncio.get_running_loop().create_future()
            gone.cancel()
            await gone

        house.cells.add("broker", ended)
        async with house:
            await house.until(lambda: len(lives) >= 2)
            assert house.link("broker").state in {OK, WAITING, BROKEN}

    run(scenario)


def test_one_that_is_done_stays_done():
    """A replayed file that has ended is no fault."""

    async def scenario():
        house, lives, well = House(), [], Ticking()

        async def once():
            lives.append(1)

        house.cells.add("meter file", once)
        house.cells.add("meter house", well.run)
        async with house:
            await house.until(lambda: well.turns > 10)
            assert house.link("meter file") is None
        assert lives == [1]

    run(scenario)


def test_what_is_told_cannot_hurt_who_tells_it():
    """A face's error is that face's: the meter's line that told it goes on."""

    async def scenario():
        house, well = House(), Ticking()

        def told(*_):
            raise ZeroDivisionError

        house.cells.add("feed", well.run)
        tell = house.cells.shielded("feed", told)
        async with house:
            await house.until(lambda: well.turns)
            for _ in range(QUICK.budget + 1):
                tell(1)
            assert house.link("feed").state == BROKEN
        assert well.lives == 1

    run(scenario)


def test_the_end_comes_from_a_cell_that_gives_up():
    """Nothing else ends the gateway: one sentence, and every other part is ended in order."""

    async def scenario():
        house, well, ended = House(), Ticking(), []

        async def lives():
            try:
                await well.run()
            finally:
                ended.append(1)

        house.cells.add("meter house", lives)
        house.cells.add("page", Failing(ValueError()).run)
        ill = Failing(StoreError("the database is gone"))
        house.cells.add("commit", ill.run, gives_up=lambda: StoreError("given up") if len(ill.began) > 2 else None)
        with pytest.raises(ExceptionGroup) as given_up:
            await house.cells.run(house.stop)
        assert [str(error) for error in given_up.value.exceptions] == ["given up"]
        assert ended == [1]

    run(scenario)


def test_the_stop_is_quick_whatever_a_cell_does(caplog):
    """One in its pause, one that says goodbye, one that does not listen to its end: nobody holds the others up."""

    async def scenario():
        house, well, said = House(), Ticking(), []

        async def polite():
            await house.stop.wait()
            said.append("goodbye")

        async def deaf():
            while not said.count("enough"):
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    continue

        house.cells.add("federation session", polite, says_goodbye=True)
        house.cells.add("page", Failing(ValueError()).run)
        house.cells.add("meter house", well.run)
        house.cells.add("tee house", deaf)
        begun = 0.0
        async with asyncio.timeout(DEADLINE_S):
            running = asyncio.create_task(house.cells.run(house.stop))
            await house.until(lambda: well.turns > 5)
            begun = time.monotonic()
            house.stop.set()
            await asyncio.wait({running}, timeout=10 * QUICK.grace_s)
        assert said == ["goodbye"]
        assert time.monotonic() - begun < 5 * QUICK.grace_s
        assert "cell tee house does not end" in caplog.text
        said.append("enough")
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    run(scenario)


def test_a_cause_says_what_and_where_and_quotes_nothing():
    """What a library says may hold a reading or an address: it stands at DEBUG alone."""

    def deep():
        AlertWatch().look([object()], 0.0)

    with pytest.raises(AttributeError) as caught:
        deep()
    assert "an unexpected AttributeError in gateway/links/alerts.py, line " in str(cause_of(caught.value))
    assert str(cause_of(ExceptionGroup("many", [StoreError("no port")]))) == "no port"
    assert str(cause_of(KeyError("alice@example.org"))) == "an unexpected KeyError"


def test_one_is_taken_out_and_another_comes_in_while_the_others_go_on():
    """The one that goes is not started again, the one that comes is; their neighbour lives one life."""

    async def scenario():
        stays, goes, comes = Ticking(), Ticking(), Ticking()
        async with House() as house:
            for name, part in (("stays", stays), ("goes", goes)):
                house.cells.add(name, part.run)
            # They were added while it ran.
            await house.until(lambda: stays.lives and goes.lives)
            await house.cells.retire("goes")
            house.cells.add("goes", comes.run)
            turns = goes.turns
            await house.until(lambda: comes.turns > 3)
            assert (stays.lives, goes.lives, comes.lives) == (1, 1, 1)
            assert goes.turns == turns
            assert house.cells.links(time.monotonic()) == []

    run(scenario)


def test_one_that_says_goodbye_has_its_time_when_it_is_taken_out():
    """What it does in the end is done; one that does not end is ended."""

    async def scenario():
        ended, told, begun = [], asyncio.Event(), asyncio.Event()

        async def polite():
            begun.set()
            await told.wait()
            ended.append("goodbye")

        async with House() as house:
            house.cells.add("polite", polite, says_goodbye=True)
            house.cells.add("deaf", asyncio.Event().wait, says_goodbye=True)
            await begun.wait()
            told.set()
            await house.cells.retire("polite")
            await house.cells.retire("deaf")
            assert ended == ["goodbye"]

    run(scenario)


def test_a_listener_of_one_that_is_gone_costs_nobody_anything():
    """Its fault is nobody's any more."""

    async def scenario():
        def fails():
            raise ZeroDivisionError

        async with House() as house:
            house.cells.add("page", Ticking().run)
            telling = house.cells.shielded("page", fails)
            await house.cells.retire("page")
            telling()
            assert house.cells.links(time.monotonic()) == []

    run(scenario)
