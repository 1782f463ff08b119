"""Requests for access: anybody may ask, nobody may bury the household, and asking opens nothing."""

from dataclasses import replace

import pytest

from gateway.errors import ConsentError, RequestLimitError, StoreError
from gateway.store import access
from gateway.store.points import Granularity
from gateway.store.terms import AccessState, NoticeKind, Offer, Proof, Terms, shortest, shortest_retention
from tests.store.conftest import POWER, START
from tests.store.test_consents import TERMS

COOP = "coop@sen2.test"
NOW = START + 10**6
DAY_S = 86400
HALF_HOUR = Granularity.HALF_HOUR


def ask(store, jid=COOP, now=NOW, prefix=POWER, purpose="to share a roof", **more):
    """A request for half hours."""
    return store.ask_access(jid, "ab12cd34ef", prefix, HALF_HOUR, replace(TERMS, purpose=purpose), now, **more)


def offer(prefix=POWER):
    """What a household gives for such a request."""
    return Offer("house", prefix, HALF_HOUR, NOW + 9 * DAY_S, NOW, TERMS)


def test_a_request_is_kept_as_it_was_asked_and_opens_nothing(store):
    """With its bare address, its language and its terms; no consent, no notice comes of asking."""
    request = ask(store, "Coop@SEN2.test/phone", lang="en", until=NOW + 5)
    assert store.access_requests(AccessState.PENDING) == [request]
    assert (request.jid, request.lang, request.until, request.terms) == (COOP, "en", NOW + 5, TERMS)
    assert store.consents() == []
    assert store.notices() == []


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
    store.refuse_access(1, NOW)
    ask(store, purpose="one more")


def test_each_address_has_so_many_questions_a_day(store):
    """Refused ones count; on the next day there are more."""
    for number in range(access.DAILY_PER_JID):
        store.refuse_access(ask(store, purpose=str(number)).id, NOW)
    with pytest.raises(RequestLimitError, match="in a day"):
        ask(store, purpose="again")
    ask(store, purpose="again", now=NOW + DAY_S)


def test_each_domain_has_so_many_questions_a_day(store):
    """A server of one's own has any number of addresses; a name that looks like a pattern is only a name."""
    for number in range(access.DAILY_PER_DOMAIN):
        ask(store, f"u{number}@evil_.test")
    with pytest.raises(RequestLimitError, match="from this domain"):
        ask(store, "another@evil_.test")
    ask(store, "honest@evilx.test")
    ask(store, "another@evil_.test", now=NOW + DAY_S)


def test_there_is_an_end_to_all_questions(store):
    """With two hundred that wait nobody may add one."""
    for number in range(access.PENDING_IN_ALL):
        ask(store, f"u@d{number}.test")
    with pytest.raises(RequestLimitError, match="200 questions wait"):
        ask(store)
    assert len(store.access_requests(AccessState.PENDING)) == access.PENDING_IN_ALL


def test_what_nobody_answers_expires_and_is_forgotten(store):
    """After a month it cannot be answered, after a year it is gone; what was granted stays."""
    ask(store)
    ask(store, purpose="granted")
    store.grant_access(2, [offer()], Proof(), NOW)
    late = NOW + access.PENDING_S
    with pytest.raises(ConsentError, match="request 1: it is expired already"):
        store.grant_access(1, [offer()], Proof(), late)
    assert store.access_requests_waiting(late) == []
    ask(store, now=late)
    store.access_requests_waiting(late + 340 * DAY_S)
    assert [r.state for r in store.access_requests()] == [AccessState.GRANTED, AccessState.EXPIRED]


def test_a_yes_gives_the_consents_and_tells_the_asker(store):
    """In one transaction: the request names its consents, each consent has its notice in the asker's language."""
    ask(store, lang="en")
    given = store.grant_access(1, [offer(), offer("consumption/energy")], Proof("anne"), NOW)
    request = store.access_request(1)
    assert (request.state, request.answered_at, request.consents) == (AccessState.GRANTED, NOW, (1, 2))
    assert [(c.id, c.recipient, c.prefix) for c in given] == [(1, COOP, POWER), (2, COOP, "consumption/energy")]
    told = store.notices()
    assert {(n.recipient, n.kind, n.lang) for n in told} == {(COOP, NoticeKind.ACCESS_GRANTED, "en")}
    assert [n.payload["series"] for n in told] == [POWER, "consumption/energy"]
    with pytest.raises(ConsentError, match="it is granted already"):
        store.refuse_access(1, NOW)


def test_a_no_tells_the_asker_and_gives_nothing(store):
    """The request is closed; a number that there is not is one sentence."""
    ask(store)
    assert store.refuse_access(1, NOW).state is AccessState.REFUSED
    assert [(n.kind, n.payload["request"]) for n in store.notices()] == [(NoticeKind.ACCESS_REFUSED, 1)]
    assert store.consents() == []
    with pytest.raises(ConsentError, match="request 7: there is none"):
        store.refuse_access(7, NOW)


def test_an_answer_that_cannot_be_written_changes_nothing(store):
    """On a full card the request still waits, and no half of the answer is left."""
    ask(store)
    store._db.execute("CREATE TRIGGER full BEFORE INSERT ON notice BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(StoreError, match="full"):
        store.grant_access(1, [offer()], Proof(), NOW)
    assert store.consents() == []
    with pytest.raises(KeyError):
        store.grant_access(1, [offer(), replace(offer(), meter="barn")], Proof(), NOW)
    store.commit()
    assert store.consents() == []
    assert store.access_request(1).state is AccessState.PENDING


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
        store.ask_access(COOP, "ab12cd34ef", POWER, HALF_HOUR, replace(TERMS, **wrong), NOW)
    assert store.access_requests() == []


@pytest.mark.parametrize(("jid", "sensor", "prefix"), [
    ("sen2.test", "ab12", POWER), ("a\x1b@b", "ab12", POWER), (COOP, "", POWER), (COOP, "\n", POWER),
    (COOP, "x" * 999, POWER), (COOP, "ab12", ""), (COOP, "ab12", "*"), (COOP, "ab12", "consumption/" + "a" * 200),
])  # fmt: skip
def test_a_request_names_who_asks_and_for_what(store, jid, sensor, prefix):
    """An address, a meter and a branch; never everything."""
    with pytest.raises(ConsentError):
        store.ask_access(jid, sensor, prefix, HALF_HOUR, Terms(), NOW)


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
    given = store.grant(COOP, "house", POWER, HALF_HOUR, NOW, START, terms=TERMS)
    assert shortest_retention([given], "P3Y") == "P6M"
    assert shortest_retention([given], "P1M") == "P1M"
    assert shortest_retention([], "P3Y") == "P3Y"
    assert shortest(["P1Y", "P52W", "P360D", ""], "P3Y") == "P360D"
