"""Pseudonyms and profiles: what a recipient is told of a home, and what it is not."""

import asyncio
import re
from xml.etree import ElementTree as ET

import pytest

from gateway.consent.grant import grant, offer_of
from gateway.consent.orders import ConsentForm
from gateway.consent.text import consent_text
from gateway.errors import ConsentError, StoreError
from gateway.federation.connection.departure import Departures
from gateway.federation.connection.session import Stanza
from gateway.federation.provider.commands import Commands
from gateway.federation.wire.form import build_submit
from gateway.federation.wire.stanza import OURS, Publisher, parse_quoalise
from gateway.store.points import Confirm, Granularity, Point, Series
from gateway.store.pseudonyms import KEY_NAME, rounded
from gateway.store.terms import NoticeKind, Profile
from tests.gateway.federation.conftest import PRM, SENSOR, START, House, eventually
from tests.gateway.federation.test_delivery import at_work

COOP, TOWN = "coop@sen2.test", "town@sen3.test"
NOW = 1_795_000_000
MONTH = 31 * 86400
RAW, MINUTE, QUARTER, HALF_HOUR, DAY = Granularity


@pytest.fixture
def house(tmp_path):
    """A house whose store is empty."""
    made = House(tmp_path)
    yield made
    made.store.close()


def order(recipient=COOP, series="consumption", granularity="PT30M", **more):
    """What a household would say."""
    return ConsentForm(recipient, series, granularity, **more)


def name(house, recipient, now=NOW):
    """The id by which a recipient knows the meter."""
    return house.store.pseudonyms.view_of(recipient, now).meter("house").sensor


def test_each_recipient_knows_the_meter_by_a_name_of_its_own(house):
    """Two that put their data together do not see that they are of one home; a third knows the id as before."""
    for jid in (COOP, TOWN):
        grant(house.store, order(jid, pseudonym=True), NOW)
    names = {name(house, COOP), name(house, TOWN), name(house, "third@x.test")}
    assert len(names) == 3
    assert name(house, "third@x.test") == SENSOR
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in names - {SENSOR})
    assert name(house, COOP, NOW + 2 * MONTH) == name(house, COOP)
    assert house.store.pseudonyms.view_of(COOP, NOW).meter("house").prm is None


def test_the_key_is_apart_and_its_owners_alone(house):
    """Not in the database; without it nobody tells a pseudonym from another; a damaged one is one sentence."""
    grant(house.store, order(pseudonym=True), NOW)
    before = name(house, COOP)
    key = house.store.journal.key_path.with_name(KEY_NAME)
    assert key.stat().st_mode & 0o777 == 0o600
    for path in key.parent.glob("*.sqlite*"):
        assert key.read_bytes() not in path.read_bytes()
        assert before.encode() not in path.read_bytes()
    key.write_bytes(b"short")
    with pytest.raises(StoreError, match="is no key of pseudonyms"):
        name(house, COOP)
    key.unlink()
    assert name(house, COOP) != before


def test_a_new_pseudonym_counts_from_now_on_and_erasure_names_the_old_one_too(house):
    """What a recipient has lies under the names that it was given."""
    grant(house.store, order(pseudonym=True), NOW)
    house.store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, NOW)
    first = name(house, COOP)
    view = house.store.pseudonyms.rotate(COOP, NOW + 1)
    second = name(house, COOP)
    assert view.meter("house").sensor == second != first
    house.store.consents.revoke(COOP, "", NOW + 2)
    told = [n.payload["sensor"] for n in house.store.notices.all() if n.kind is NoticeKind.CONSENT_WITHDRAWN]
    assert told == [first, second]
    with pytest.raises(ConsentError, match="by their own ids"):
        house.store.pseudonyms.rotate(TOWN, NOW)


def test_the_anonymous_profile_has_a_new_name_each_month(house):
    """And a withdrawal names those of all the months."""
    grant(house.store, order(profile="anonymous", no_history=True), NOW)
    names = [name(house, COOP, NOW + step * MONTH) for step in range(4)]
    assert len(set(names)) == 4
    house.store.consents.revoke(COOP, "", NOW + 3 * MONTH)
    assert [n.payload["sensor"] for n in house.store.notices.all()] == names


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"profile": "anonymous"}, "--no-history"),
        ({"profile": "coarse", "granularity": "PT1M"}, "PT30M or P1D"),
        ({"profile": "coarse", "granularity": "PT15M"}, "PT30M or P1D"),
        ({"profile": "anonymous", "no_history": True, "granularity": "raw"}, "PT30M or P1D"),
        ({"profile": "blurred"}, "exact, coarse, anonymous"),
    ],
)
def test_a_profile_that_would_hide_nothing_is_refused(house, more, said):
    """One sentence says what to add."""
    with pytest.raises(ConsentError, match=said):
        grant(house.store, order(**more), NOW)


def test_a_recipient_has_one_manner_for_all_that_it_gets(house):
    """Two side by side would be joined by their values; said once it holds for the next; a new version may change."""
    grant(house.store, order(series="consumption/power", pseudonym=True), NOW)
    beside = grant(house.store, order(series="consumption/energy"), NOW + 1)
    assert beside.manner.pseudonym
    with pytest.raises(ConsentError, match="withdraw that one first"):
        grant(house.store, order(series="production", profile="exact"), NOW + 2)
    house.store.consents.revoke(COOP, "consumption/energy", NOW + 3)
    again = grant(house.store, order(series="consumption/power", profile="exact"), NOW + 4)
    assert (again.manner.pseudonym, again.replaces) == (False, 1)


@pytest.mark.parametrize(
    ("unit", "value", "given"), [("Wh", 12_399, 12_300), ("W", 399.9, 200), ("VA", 37, 0), ("V", 234.9, 230)]
)
def test_values_are_rounded_down_so_that_an_index_never_falls(unit, value, given):
    """To steps in which no lamp is seen; a text stays."""
    series = Series(1, "house", "consumption/x", unit, "index", 0, 0)
    assert rounded(Point(series, HALF_HOUR, 0, value)).value == given
    assert rounded(Point(series, HALF_HOUR, 0, "HP")).value == "HP"


def test_a_rounded_power_is_not_said_to_be_surer_than_it_is():
    """Half the width of its interval holds what was rounded down as well."""
    power, half, factor = (
        Series(number, "house", f"power/active/estimate{end}", unit, "gauge", 0, 0)
        for number, (end, unit) in enumerate((("", "W"), ("/half-width", "W"), ("/cos-phi", "/100")))
    )
    for watts, within in ((399, 0), (-1, 50), (1999, 200)):
        given = rounded(Point(power, HALF_HOUR, 0, watts)).value
        assert given - rounded(Point(half, HALF_HOUR, 0, within)).value <= watts - within
        assert given + rounded(Point(half, HALF_HOUR, 0, within)).value >= watts + within
    assert rounded(Point(factor, HALF_HOUR, 0, 93.4)).value == 90


@pytest.mark.parametrize(
    ("profile", "more"),
    [("exact", {"pseudonym": True}), ("coarse", {"pseudonym": True}), ("anonymous", {"no_history": True})],
)
def test_nothing_that_is_sent_says_whose_it_is(house, profile, more):
    """No id, no delivery point, whatever the form it subscribed in; anonymous messages have no numbers either."""
    given = grant(house.store, order(profile=profile, **more), START)
    house.store.subscriptions.add(COOP, "house", "consumption", "urn", Confirm.RECEIPT, START)
    house.minutes(95)

    async def conversation():
        async with at_work(house) as bench:
            return await bench.sent(1)

    for _, _, payload in asyncio.run(conversation()):
        text = ET.tostring(payload[0], encoding="unicode")
        assert SENSOR not in text
        assert PRM not in text
        assert "021961000000" not in text
        parcel = parse_quoalise(payload[0], 0)
        assert {r.name.split("/")[1].split("@")[0] for r in parcel.records} == {name(house, COOP, START)}
        anonymous = given.manner.profile is Profile.ANONYMOUS
        assert (parcel.interval is None, parcel.journal_head is None) == (anonymous, anonymous)
        assert (payload[0].find(f".//{{{OURS}}}outbox") is None) == anonymous
        if profile != "exact":
            assert not [r for r in parcel.records if r.unit == "VA" and r.value % 200]
            assert not [r for r in parcel.records if r.unit == "Wh" and r.value % 100]


class Desk:
    """Stands where the session does: one question, one answer."""

    def __init__(self, house):
        self.answers, self.house, self.departures = [], house, Departures(lambda: None)
        self.commands = Commands(
            self, house.store, self._call, Publisher("gw", "sen1.test"), lambda *_: None, lambda: float(NOW)
        )

    def listen(self, xpath, callback):
        self.take = callback

    def offer(self, node, name, items):
        """Nobody looks at what there is."""

    def answer(self, request, element, *, error=False):
        self.answers.append((element, error))

    @staticmethod
    async def _call(function, *arguments):
        return function(*arguments)

    def ask(self, node, **fields):
        async def conversation():
            stop = asyncio.Event()
            iq = ET.Element("{jabber:client}iq")
            iq.append(build_submit(node, fields))
            self.take(Stanza("1", "set", f"{COOP}/x", COOP, "en", iq, None))
            task = asyncio.create_task(self.commands.run(stop))
            await eventually(lambda: self.answers)
            stop.set()
            await task

        asyncio.run(conversation())
        return self.answers.pop()


def test_a_request_by_the_pseudonym_is_understood_and_by_no_other_name(house):
    """The meter's id and its delivery point are as unknown to this recipient as any other."""
    grant(house.store, order(pseudonym=True), NOW - 1)
    house.minutes(95)
    desk = Desk(house)
    times = {"start_time": "2026-06-01T00:00:00Z", "end_time": "2026-06-30T00:00:00Z"}
    known = name(house, COOP)
    answer, error = desk.ask("get_history", identifier=f"gw@sen1.test/{known}@sen1.test/consumption", **times)
    assert not error
    text = ET.tostring(answer, encoding="unicode")
    assert known in text
    assert SENSOR not in text
    refusals = set()
    for other in (
        f"gw@sen1.test/{SENSOR}@sen1.test/consumption",
        f"urn:dev:prm:{PRM}_consumption",
        "gw@sen1.test/no@sen1.test/x",
    ):
        answer, error = desk.ask("get_history", identifier=other, **times)
        assert error
        refusals.add(ET.tostring(answer))
    assert len(refusals) == 1


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_consent_says_what_was_removed_and_what_was_not(house, lang):
    """In words: a single home's curve is never anonymous."""
    words = consent_text(
        COOP, offer_of(house.store, order(profile="anonymous", no_history=True), NOW), lang, "P3Y"
    ).words
    assert "PRM" in words
    assert {"fr": "des données personnelles", "en": "personal data"}[lang] in words
    plain = consent_text(COOP, offer_of(house.store, order(), NOW), lang, "P3Y").words
    assert "PRM" not in plain
    assert "$" not in words + plain


def test_somebody_known_by_a_pseudonym_may_ask_for_more_by_it(house):
    """The household sees which meter is meant."""
    from gateway.consent.answer import describe_request
    from gateway.store.terms import Terms

    grant(house.store, order(pseudonym=True), NOW)
    asked = house.store.access.ask(COOP, name(house, COOP), "production", DAY, Terms(), NOW + 1)
    assert describe_request(house.store.meters, house.store.pseudonyms, asked)["meter"] == "house"
    assert SENSOR not in str(describe_request(house.store.meters, house.store.pseudonyms, asked))
