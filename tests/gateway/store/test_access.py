"""Requests for access: anybody may ask, nobody may bury the household, and asking opens nothing."""

import contextlib
import re
from dataclasses import replace

import pytest

from gateway.errors import ConsentError, RequestLimitError, RequestUnheardError, StoreError
from gateway.store import access
from gateway.store.domains import MOST_DOMAINS, domain_of
from gateway.store.points import Granularity
from gateway.store.terms import (
    REFUSED_DAYS,
    AccessState,
    Channel,
    NoticeKind,
    Offer,
    Proof,
    Terms,
    shortest,
)
from tests.gateway.store.conftest import POWER, START
from tests.gateway.store.test_consents import TERMS

COOP = "coop@sen2.test"
NOW = START + 10**6
DAY_S = 86400
HALF_HOUR = Granularity.HALF_HOUR


def ask(store, jid=COOP, now=NOW, prefix=POWER, purpose="to share a roof", **more):
    """A request for half hours."""
    return store.access.ask(jid, "ab12cd34ef", prefix, HALF_HOUR, replace(TERMS, purpose=purpose), now, **more)


def offer(prefix=POWER):
    """What a household gives for such a request."""
    return Offer("house", prefix, HALF_HOUR, NOW + 9 * DAY_S, NOW, TERMS)


def test_a_request_is_kept_as_it_was_asked_and_opens_nothing(store):
    """With its bare address, its language and its terms; no consent, no notice comes of asking."""
    request = ask(store, "Coop@SEN2.test/phone", lang="en", until=NOW + 5)
    assert store.access.all(AccessState.PENDING) == [request]
    assert (request.jid, request.lang, request.until, request.terms) == (COOP, "en", NOW + 5, TERMS)
    assert store.consents.all() == []
    assert store.notices.all() == []


def test_the_same_question_again_is_the_same_request(store):
    """It costs nothing and counts for nothing, however often it is asked; another purpose is another request."""
    first = ask(store)
    assert all(ask(store, now=NOW + i) == first for i in range(50))
    assert ask(store, purpose="research").id != first.id


def test_each_address_has_a_few_open_questions(store):
    """The fourth that would wait is refused, until one is answered."""
    for number in range(access.PENDING_PER_JID):
        ask(store, purpose=str(number))
    with pytest.raises(RequestLimitError, match="3 questions of this address wait"):
        ask(store, purpose="one more")
    store.access.refuse(1, NOW)
    ask(store, purpose="one more")


def test_each_address_has_so_many_questions_a_day(store):
    """Refused ones count; on the next day there are more."""
    for number in range(access.DAILY_PER_JID):
        store.access.refuse(ask(store, purpose=str(number)).id, NOW)
    with pytest.raises(RequestLimitError, match="in a day"):
        ask(store, purpose="again")
    ask(store, purpose="again", now=NOW + DAY_S)


def test_each_domain_has_so_many_questions_a_day(store):
    """A server of one's own has any number of addresses, and of names; one that looks like a pattern is only a name."""
    for number in range(access.DAILY_PER_DOMAIN):
        ask(store, f"u{number}@s{number % 7}.evil_.test")
    with pytest.raises(RequestLimitError, match="from this domain"):
        ask(store, "another@s8.evil_.test")
    ask(store, "honest@evilx.test")
    ask(store, "another@evil_.test", now=NOW + DAY_S)


def waiting(store, now):
    """The addresses whose questions wait."""
    return [request.jid for request in store.access.waiting(now)]


def flood(store, askers, now):
    """Each of these asks as long as it is let."""
    for asker in askers:
        with contextlib.suppress(RequestLimitError):
            ask(store, asker, now)


def test_one_owner_of_a_domain_does_not_bury_the_household(store):
    """Seven names below one domain ask all day for weeks: older honest questions wait still, a new one comes in."""
    early = [f"early@honest{number}.test" for number in range(3)]
    for asker in early:
        ask(store, asker)
    for day in range(20):
        askers = (f"u{day}-{number}@d{number % 7}.evil.test" for number in range(7 * access.DAILY_PER_DOMAIN))
        flood(store, askers, NOW + day * DAY_S)
    late = NOW + 20 * DAY_S
    ask(store, "late@honest9.test", late)
    assert set(waiting(store, late)) >= {*early, "late@honest9.test"}
    assert len(waiting(store, late)) == 4 + access.PENDING_PER_DOMAIN


def test_when_all_places_are_taken_the_domain_that_has_most_makes_room(store):
    """Its oldest question goes; whoever has a single place keeps it, and whoever asks for the first time has one."""
    early = [f"early@honest{number}.test" for number in range(3)]
    for asker in early:
        ask(store, asker)
    flood(store, [f"u{n}@flood{n % 12}.test" for n in range(12 * access.DAILY_PER_DOMAIN)], NOW)
    assert len(waiting(store, NOW)) == access.PENDING_IN_ALL
    late = [f"late@other{number}.test" for number in range(40)]
    for asker in late:
        ask(store, asker, NOW + 1)
    assert {*early, *late} <= set(waiting(store, NOW + 1))
    assert len(waiting(store, NOW + 1)) == access.PENDING_IN_ALL
    gone = store.access.all(AccessState.EXPIRED)
    assert len(gone) > 40
    assert {request.jid.partition("@")[2][:5] for request in gone} == {"flood"}
    assert store.notices.all() == []


def test_who_shares_the_end_of_a_name_with_a_flood_keeps_its_place(store):
    """Two labels are a rule of thumb: of a domain the name that has most makes room, by its oldest question."""
    ask(store, "bureau@amap.asso.test")
    for day in range(5):
        flood(store, [f"u{day}-{n}@bad.asso.test" for n in range(40)], NOW + day * DAY_S)
    still = waiting(store, NOW + 4 * DAY_S)
    assert still[0] == "bureau@amap.asso.test"
    assert len(still) == access.PENDING_PER_DOMAIN
    assert still[1:] == sorted(still[1:], key=lambda jid: [int(n) for n in re.findall(r"\d+", jid)])


def test_what_came_to_nothing_is_no_endless_log(store, monkeypatch):
    """A flood of months leaves so many rows; those of the day, by which is counted, stay."""
    monkeypatch.setattr(access, "_MOST_KEPT", 50)
    for day in range(6):
        flood(store, [f"u{day}-{n}@evil.test" for n in range(40)], NOW + day * DAY_S)
    rows = store.access.all()
    assert len(rows) <= 50 + access.DAILY_PER_DOMAIN
    assert len([one for one in rows if one.at == NOW + 5 * DAY_S]) == access.DAILY_PER_DOMAIN


@pytest.mark.parametrize(
    ("jid", "domain"),
    [
        ("a@sen2.test", "sen2.test"), ("a@b.c.sen2.test", "sen2.test"), ("a@sen2.test.", "sen2.test"),
        ("a@localhost", "localhost"), ("a@192.0.2.7", "192.0.2.7"), ("a@[2001:db8::1]", "[2001:db8::1]"),
        ("a@amap.asso.fr", "asso.fr"),
    ],
)  # fmt: skip
def test_a_domain_is_the_last_two_labels(jid, domain):
    """Names below one's own count for one; an address of the network is no name."""
    assert domain_of(jid) == domain


def test_a_domain_is_refused_at_once_and_for_a_time(store):
    """What waits of it and what comes: nothing is told, nothing is kept; others and consents are untouched."""
    given = store.consents.grant("c@one.evil.test", "house", POWER, HALF_HOUR, NOW + 10**7, NOW, terms=TERMS)
    for number in range(6):
        ask(store, f"u{number}@s{number}.evil.test")
    ask(store)
    refused, waited = store.access.refuse_domain("s3.Evil.test", NOW + 1, "anne", Channel.WEB)
    assert (refused.domain, refused.until - refused.at, waited) == ("evil.test", REFUSED_DAYS * DAY_S, 6)
    assert waiting(store, NOW + 2) == [COOP]
    assert store.notices.all() == []
    kept = len(store.access.all())
    for asker in ("u0@s0.evil.test", "new@evil.test"):
        with pytest.raises(RequestUnheardError):
            ask(store, asker, NOW + 3, purpose="again")
    assert len(store.access.all()) == kept
    assert store.domains.refused(NOW + 3) == [refused]
    assert store.consents.of("c@one.evil.test") == [given]
    ask(store, "new@evil.test", refused.until)
    assert store.domains.refused(refused.until) == []


def test_a_refused_domain_is_heard_again_when_the_household_says_so(store):
    """Both stand in the journal; a domain that is not refused is none to hear again; what is none is one sentence."""
    store.access.refuse_domain("u@evil.test", NOW, "anne")
    assert store.domains.hear("evil.test", NOW + 1)
    assert not store.domains.hear("evil.test", NOW + 1)
    ask(store, "u@evil.test", NOW + 1)
    kinds = [entry.facts()["kind"] for entry in store.journal.entries()]
    assert kinds[-3:] == ["domain-refused", "domain-heard", "access-asked"]
    for wrong in ("", " ", "@", "a b.test", "\x07.test", "x" * 300):
        with pytest.raises(ConsentError, match="write one such as"):
            store.access.refuse_domain(wrong, NOW)


def test_so_many_domains_are_refused_and_no_more(store):
    """The list is bounded too: the one that would end first makes room."""
    for number in range(MOST_DOMAINS + 3):
        store.access.refuse_domain(f"d{number}.test", NOW + number)
    refused = [one.domain for one in store.domains.refused(NOW + 200)]
    assert (len(refused), refused[0], refused[-1]) == (MOST_DOMAINS, f"d{MOST_DOMAINS + 2}.test", "d3.test")


def test_what_nobody_answers_expires_and_is_forgotten(store):
    """After a month it cannot be answered, after a year it is gone; what was granted stays."""
    ask(store)
    ask(store, purpose="granted")
    store.access.grant(2, [offer()], Proof(), NOW)
    late = NOW + access.PENDING_S
    with pytest.raises(ConsentError, match="request 1: it is expired already"):
        store.access.grant(1, [offer()], Proof(), late)
    assert store.access.waiting(late) == []
    ask(store, now=late)
    store.access.waiting(late + 340 * DAY_S)
    assert [r.state for r in store.access.all()] == [AccessState.GRANTED, AccessState.EXPIRED]


def test_a_yes_gives_the_consents_and_tells_the_asker(store):
    """In one transaction: the request names its consents, each consent has its notice in the asker's language."""
    ask(store, lang="en")
    given = store.access.grant(1, [offer(), offer("consumption/energy")], Proof("anne"), NOW)
    request = store.access.one(1)
    assert (request.state, request.answered_at, request.consents) == (AccessState.GRANTED, NOW, (1, 2))
    assert [(c.id, c.recipient, c.prefix) for c in given] == [(1, COOP, POWER), (2, COOP, "consumption/energy")]
    told = store.notices.all()
    assert {(n.recipient, n.kind, n.lang) for n in told} == {(COOP, NoticeKind.ACCESS_GRANTED, "en")}
    assert [n.payload["series"] for n in told] == [POWER, "consumption/energy"]
    with pytest.raises(ConsentError, match="it is granted already"):
        store.access.refuse(1, NOW)


def test_a_no_tells_the_asker_and_gives_nothing(store):
    """The request is closed; a number that there is not is one sentence."""
    ask(store)
    assert store.access.refuse(1, NOW).state is AccessState.REFUSED
    assert [(n.kind, n.payload["request"]) for n in store.notices.all()] == [(NoticeKind.ACCESS_REFUSED, 1)]
    assert store.consents.all() == []
    with pytest.raises(ConsentError, match="request 7: there is none"):
        store.access.refuse(7, NOW)


def test_an_answer_that_cannot_be_written_changes_nothing(store):
    """On a full card the request still waits, and no half of the answer is left."""
    ask(store)
    store.db.execute("CREATE TRIGGER full BEFORE INSERT ON notice BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(StoreError, match="full"):
        store.access.grant(1, [offer()], Proof(), NOW)
    assert store.consents.all() == []
    with pytest.raises(KeyError):
        store.access.grant(1, [offer(), replace(offer(), meter="barn")], Proof(), NOW)
    store.db.commit()
    assert store.consents.all() == []
    assert store.access.one(1).state is AccessState.PENDING


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"purpose": "x" * 501}, "purpose: at most 500 characters"),
        ({"purpose": "ring \x07 the bell"}, "purpose: a character in it cannot be shown"),
        ({"controller": "a\u202eb"}, "controller: a character in it cannot be shown"),
        ({"contact": "\x1b[2J"}, "contact: a character in it cannot be shown"),
        ({"privacy": "javascript:alert(1)"}, "privacy notice 'javascript:alert.1.': write an address"),
        ({"code_hash": "12"}, "64 hexadecimal digits"),
        ({"retention": "for ever"}, "retention 'for ever': write a duration"),
        ({"retention": "P"}, "write a duration"),
        ({"push": False, "history": False, "history_from": None}, "nothing to consent to"),
        ({"history": False}, "name one of the two"),
        ({"history_from": 2**70}, "out of every calendar"),
    ],
)
def test_what_a_stranger_writes_is_checked_before_it_is_shown(store, wrong, words):
    """Nothing that a terminal or a page obeys, nothing endless, nothing that says nothing."""
    with pytest.raises(ConsentError, match=words):
        store.access.ask(COOP, "ab12cd34ef", POWER, HALF_HOUR, replace(TERMS, **wrong), NOW)
    assert store.access.all() == []


@pytest.mark.parametrize(("jid", "sensor", "prefix"), [
    ("sen2.test", "ab12", POWER), ("a\x1b@b", "ab12", POWER), (COOP, "", POWER), (COOP, "\n", POWER),
    (COOP, "x" * 999, POWER), (COOP, "ab12", ""), (COOP, "ab12", "*"), (COOP, "ab12", "consumption/" + "a" * 200),
])  # fmt: skip
def test_a_request_names_who_asks_and_for_what(store, jid, sensor, prefix):
    """An address, a meter and a branch; never everything."""
    with pytest.raises(ConsentError):
        store.access.ask(jid, sensor, prefix, HALF_HOUR, Terms(), NOW)


def test_an_end_that_no_calendar_has_is_refused(store):
    """Before SQLite meets it."""
    for until in (-1, 2**70):
        with pytest.raises(ConsentError, match="out of every calendar"):
            ask(store, until=until)


def test_white_space_is_made_plain(store):
    """French typography and lines of a form become words on one line."""
    assert ask(store, purpose=" partager\n le toit\u00a0: oui ").terms.purpose == "partager le toit : oui"


def test_the_shortest_retention_binds(store):
    """A recipient that promised less than the house asks for is held to it."""
    given = store.consents.grant(COOP, "house", POWER, HALF_HOUR, NOW, START, terms=TERMS)
    assert shortest([given.terms.retention], "P3Y") == "P6M"
    assert shortest([given.terms.retention], "P1M") == "P1M"
    assert shortest([], "P3Y") == "P3Y"
    assert shortest(["P1Y", "P52W", "P360D", ""], "P3Y") == "P360D"
