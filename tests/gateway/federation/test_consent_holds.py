"""Whatever a household does in whatever order: nothing leaves that no consent valid at that moment covers.

Nor without the shortest retention that these consents state.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.consent.answer import offers_of
from gateway.consent.orders import Narrowing
from gateway.federation.provider.history import HistoryPeriod, HistoryQuery
from gateway.federation.wire.form import RequestError
from gateway.federation.wire.stanza import Publisher
from gateway.store.points import Confirm, Granularity, Outgoing
from gateway.store.terms import Proof, Terms
from tests.gateway.federation.conftest import SENSOR, START, House
from tests.gateway.federation.test_commands import no_thread
from tests.prepared import prepare

COOP = "coop@sen2.test"
RAW, MINUTE, _, HALF_HOUR, _ = Granularity
PREFIXES = ("consumption", "consumption/power", "consumption/power/apparent/raw", "consumption/energy")
FOR_EVER = 2**40

# Minutes, from now or from the start, as the step says.
_minutes = st.integers(0, 90)
_prefix = st.sampled_from(PREFIXES)
_granularity = st.sampled_from((RAW, MINUTE, HALF_HOUR))
_terms = st.builds(
    Terms,
    push=st.booleans(),
    history=st.just(True),
    history_from=st.none() | _minutes.map(lambda m: START + 60 * m),
    purpose=st.sampled_from(("", "research")),
    retention=st.sampled_from(("", "P30D", "P1Y")),
) | st.just(Terms(history=False))
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(1, 40)),
        st.tuples(st.just("grant"), _prefix, _granularity, _minutes, st.none() | st.integers(1, 60), _terms),
        st.tuples(st.just("revoke"), st.sampled_from(("", *PREFIXES))),
        st.tuples(st.just("limit")),
        st.tuples(st.just("resume")),
        st.tuples(st.just("answer"), _prefix, _granularity, _granularity, st.booleans(), _terms, st.integers(1, 90)),
        st.tuples(st.just("confirm"), st.integers(1, 50)),
    ),
    min_size=4,
    max_size=14,
)


@dataclass
class Given:
    """A consent as a clerk with a pencil would keep it."""

    prefix: str
    granularity: int
    since: int
    begins: int
    until: int
    terms: Terms
    ended: bool = False
    limited: bool = False

    def in_force(self, now):
        return not self.ended and not self.limited and self.since <= now and self.begins <= now < self.until

    def covers(self, point, granularity):
        path = point.series.path
        return self.granularity <= granularity and (path == self.prefix or path.startswith(self.prefix + "/"))


class Clerk:
    """Does each step in the store and in its own books."""

    def __init__(self, house):
        self.house, self.store, self.books, self.let_out = house, house.store, [], 0
        publisher = Publisher("gw", "sen1.test")
        parts = self.store.meters, self.store.readings, self.store.consents, self.store.pseudonyms, self.store.transfers
        self._reader = HistoryQuery(*parts, no_thread, publisher, lambda: house.time)

    def do(self, step):
        getattr(self, "_" + step[0])(*step[1:])

    def _pass(self, minutes):
        self.house.minutes(minutes)

    def _grant(self, prefix, granularity, minutes, later, terms):
        now = self.house.time
        begins = now + 60 * later if later else now
        until = begins + 60 * minutes + 1
        self.store.consents.grant(COOP, "house", prefix, granularity, until, now, begins=begins, terms=terms)
        self._book(Given(prefix, granularity, now, begins, until, terms))

    def _revoke(self, prefix):
        self.store.consents.revoke(COOP, prefix, self.house.time)
        for one in self.books:
            one.ended |= not prefix or one.prefix == prefix or one.prefix.startswith(prefix + "/")

    def _limit(self):
        self.store.consents.limit(COOP, self.house.time)
        for one in self.books:
            one.limited = True

    def _resume(self):
        self.store.consents.lift_limit(COOP, self.house.time)
        for one in self.books:
            one.limited = False

    def _answer(self, prefix, granularity, coarser, yes, terms, minutes):
        now, until = self.house.time, self.house.time + 60 * minutes
        if not (terms.push or terms.history):
            return
        asked = self.store.access.ask(COOP, SENSOR, prefix, granularity, terms, now, until=until)
        if not yes:
            self.store.access.refuse(asked.id, now)
            return
        less = Narrowing(granularity=max(granularity, coarser).code)
        self.store.access.grant(asked.id, offers_of(self.store, asked, less, now), Proof(), now)
        self._book(Given(prefix, max(granularity, coarser), now, now, asked.until, asked.terms))

    def _confirm(self, count):
        waiting = self.store.outbox.pending(COOP, -1, count, self.house.time)
        if waiting:
            assert self.store.outbox.hand_over([Outgoing(COOP, waiting[-1].seq, tuple(waiting))], self.house.time) == [
                True
            ]
            self.store.outbox.confirm(COOP, -1, waiting[-1].seq, self.house.time)

    def _book(self, new):
        now = self.house.time
        new.limited = any(one.limited and not one.ended and now < one.until for one in self.books)
        for one in self.books:
            same = (one.prefix, one.granularity, one.terms.purpose)
            one.ended |= same == (new.prefix, new.granularity, new.terms.purpose)
        self.books.append(new)

    def check(self):
        now = self.house.time
        for when in (now, now + 1800):
            force = [one for one in self.books if one.in_force(when)]
            for row in self.store.outbox.pending(COOP, -1, 10**6, when):
                point = row.point
                behind = [one for one in force if one.terms.push and one.covers(point, point.granularity)]
                assert any(one.begins == one.since or point.time >= one.begins for one in behind), (row, force)
                stated = {one.terms.retention for one in behind}
                assert row.retention == next((one for one in ("P30D", "P1Y") if one in stated), ""), (row, behind)
                self.let_out += 1
        force = [one for one in self.books if one.in_force(now) and one.terms.history]
        for asked in (RAW, MINUTE, HALF_HOUR):
            everything = self.store.readings.page("house", "consumption", asked, 0, FOR_EVER, 10**6)
            expected = {p for p in everything if any(self._reaches(one, p, asked) for one in force)}
            assert self._history(asked) == expected
        for point in self._history(None):
            assert any(self._reaches(one, point, point.granularity) for one in force)

    @staticmethod
    def _reaches(one, point, granularity):
        return one.covers(point, granularity) and point.time >= (one.terms.history_from or 0)

    def _history(self, asked):
        try:
            points = self._reader._read(COOP, HistoryPeriod("house", "", asked, 0, FOR_EVER), 10**6, None).points
        except RequestError:
            return set()
        assert len(set(points)) == len(points)
        return set(points)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A prepared database to copy."""
    folder = tmp_path_factory.mktemp("empty")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def let_out(request):
    """How much left the house in all examples: a property of nothing would hold as well."""
    counts = []
    yield counts
    assert sum(counts) > 1000


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps=_steps)
def test_nothing_leaves_that_no_consent_covers(empty, let_out, steps):
    """Given, withdrawn, limited, resumed, expired, asked and answered in any order; history gives just what it may."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(empty, folder, dirs_exist_ok=True)
        house = House(Path(folder))
        try:
            house.store.db.execute("PRAGMA synchronous = OFF")
            house.store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, START)
            house.minutes(31)
            clerk = Clerk(house)
            for step in steps:
                clerk.do(step)
                clerk.check()
            let_out.append(clerk.let_out)
        finally:
            house.store.close()
