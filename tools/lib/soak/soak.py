"""One run: the days go by, each hour everything is looked at, one recipient comes and goes; then all is delivered."""

from __future__ import annotations

import math
import time
import urllib.request
from typing import TYPE_CHECKING

from gateway.config.tables import load
from gateway.control.messages import Status
from gateway.control.running import ask
from harness.progress import show
from harness.wait import wait_until
from soak.house import AWAY, RECIPIENTS, SLOW
from soak.meters import HOUSE
from soak.parts import SoakError
from soak.samples import ProgramSample, look

if TYPE_CHECKING:
    from collections.abc import Callable

    from soak.clock import HouseClock
    from soak.house import SoakHouse
    from soak.parts import SoakProgram
    from soak.points import Book
    from soak.samples import Samples

HOUR_S = 3600
# There for 20 hours, then away for 28: more than the 24 after which a recipient counts as away (``recipient_away_h``).
THERE_H, TURN_H = 20, 48
# How far behind the house's clock a recipient may be, in hours: at 500 times real an hour is 7 s, which is what a busy
# machine may take for a message; the slow line holds each piece back for a second.
BEHIND_H = {one.name: 3.0 for one in RECIPIENTS} | {SLOW: 6.0, AWAY: TURN_H - THERE_H + 6.0}
_START_S, _DELIVERED_S, _ANSWER_S = 120.0, 900.0, 300.0
_LOOK_S = 0.05


class Soak:
    """A house whose servers run, lived through.

    Args:
        house: the house.
        meters: the process of its meters, which move the clock.
        clock: the house's wall clock.
        samples: where what is seen is kept.
        book: notes what is committed.
        days: how many.
    """

    def __init__(
        self,
        house: SoakHouse,
        meters: SoakProgram,
        clock: HouseClock,
        samples: Samples,
        book: Book,
        days: float,
    ) -> None:
        self._house, self._meters, self._clock, self._samples, self._book = house, meters, clock, samples, book
        self._hours, self._start_s = round(days * 24), int(clock.now_s)
        self._programs = [house.gateway, *house.recipients.values()]
        self._all_alive = [one.require_alive for one in self._programs]
        self._begun = time.monotonic()
        self.live_s = 0.0

    def run(self) -> None:
        """All of it; SoakError when something ends or does not come."""
        with self._meters, self._house.gateway:
            try:
                self._begin()
                self._live()
                self._deliver()
            finally:
                for recipient in self._house.recipients.values():
                    recipient.stop()

    def _begin(self) -> None:
        house, alive = self._house, [self._house.gateway.require_alive]
        self._await(lambda: self._said("ready"), "the ports of the meters")
        house.await_link("xmpp", "ok", _START_S, alive)
        house.grant_all()
        # Whom it knows it learns once a real minute: until then receipts would be a stranger's, and counted.
        house.gateway.stop()
        house.gateway.start()
        house.await_link("xmpp", "ok", _START_S, alive)
        for recipient in house.recipients.values():
            recipient.start()
        wanted = sum(len(dict(one.shared)) for one in RECIPIENTS)
        self._await(lambda: self._one("SELECT count(*) FROM subscription") == wanted, "every recipient's subscription")
        self._await(lambda: house.has(*(f"port {kind.name}" for kind in HOUSE)), "every meter's port, open")

    def _live(self) -> None:
        self._begun = time.monotonic()
        self._meters.tell("go")
        for hour in range(1, self._hours + 1):
            self._await_hour(self._start_s + hour * HOUR_S)
            self._look()
            self._come_and_go(hour)
        self._await(lambda: self._said("done"), "the end of the meters")
        self.live_s = time.monotonic() - self._begun

    def _deliver(self) -> None:
        away = self._house.recipients[AWAY]
        if away.pid is None:
            away.start()
        self._await(self._all_stored, "the last frame of each meter in the database")
        self._await(lambda: not self._one("SELECT count(*) FROM outbox"), "the delivery of everything", _DELIVERED_S)
        self._look()

    def _await_hour(self, second: int) -> None:
        wait_until(
            lambda: self._clock.now_s >= second or self._said("done"), math.inf, every=_LOOK_S, alive=self._all_alive
        )

    def _look(self) -> None:
        now_s, elapsed = int(self._clock.now_s), time.monotonic() - self._begun
        self._visit()
        seen = [ProgramSample.take(now_s, one.name, pid) for one in self._programs if (pid := one.pid)]
        self._samples.add(*filter(None, seen), *look(now_s, elapsed, self._house.database))
        self._book.note()
        days = (now_s - self._start_s) / 86_400
        show(f"day {days:.1f} of {self._hours / 24:g}, {days * 86_400 / elapsed:.0f} times real")

    def _visit(self) -> None:
        """Somebody looks at the page, and somebody asks how it goes."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._house.port}/", timeout=_ANSWER_S) as answer:
            answer.read()
        ask(load(self._house.config).control_socket, Status(), _ANSWER_S)

    def _come_and_go(self, hour: int) -> None:
        away = self._house.recipients[AWAY]
        if hour % TURN_H == THERE_H:
            away.stop()
        elif hour % TURN_H == 0 and away.pid is None:
            away.start()

    def _await(self, predicate: Callable[[], object], what: str, seconds: float = _START_S) -> None:
        wait_until(predicate, seconds, what, 0.2, SoakError)

    def _all_stored(self) -> bool:
        lines = [line.split() for line in self._meters.out.read_text().splitlines()]
        last = {words[0]: int(words[1]) for words in lines if len(words) == 2}
        return all(self._one("SELECT last_time FROM meter WHERE name = ?", name) >= last[name] for name in last)

    def _one(self, query: str, *values: str) -> int:
        return int(self._house.query(query, *values)[0][0])

    def _said(self, word: str) -> bool:
        self._meters.require_alive()
        return word in self._meters.out.read_text().split()
