"""The household's answer to a request, through the orders that the command line gives: that or less, never more."""

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.consent.answer import offers_of
from gateway.consent.orders import Narrowing
from gateway.control.messages import read
from gateway.control.orders import act
from gateway.errors import ConsentError, GatewayError
from gateway.store.local_time import PARIS
from gateway.store.points import Granularity
from gateway.store.store import Store
from gateway.store.terms import AccessState, Terms
from tests.prepared import prepare

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
JUNE = int(datetime(2026, 5, 31, 22, tzinfo=UTC).timestamp())
COOP = "coop@sen2.test"
MINUTE, HALF_HOUR = Granularity.MINUTE, Granularity.HALF_HOUR
TERMS = Terms(history_from=JUNE, purpose="to share a roof", controller="La Coop", contact="dpo@coop.example")
YEAR_S = 365 * 86400


@pytest.fixture
def store(tmp_path):
    """A house with two meters and one request for minutes of its power, since June, for a year."""
    prepare(tmp_path)
    with closing(Store(tmp_path)) as opened:
        opened.meters.add("house", "ab12")
        opened.meters.add("barn", "cd34", "30001610071843")
        opened.access.ask(COOP, "ab12", "consumption/power", MINUTE, TERMS, NOW, until=int(NOW) + YEAR_S, lang="en")
        yield opened


def do(store, order):
    """Do what the control socket carries."""
    return act(store, read(json.dumps(order).encode()), NOW)


def offers(store, **less):
    """What a yes would give."""
    return offers_of(store, store.access.one(1), Narrowing(**less), NOW)


def answer(store, less=None, lang="fr", then=None):
    """A yes to the request, with its text read; ``then`` is what is said differently afterwards."""
    order = {"number": 1, "less": less or {}, "lang": lang, "retention": "P3Y", "by": "anne"}
    text = do(store, order | {"do": "consent-text"})
    shown = {"lang": text["lang"], "hash": text["hash"]}
    return do(store, order | {"do": "answer-access", "yes": True, "shown": shown} | (then or {})), text


def test_a_plain_yes_gives_just_what_was_asked(store):
    """Series, granularity, end and terms as they stand in the request, on the meter that it means."""
    (offer,) = offers(store)
    assert (offer.meter, offer.prefix, offer.granularity) == ("house", "consumption/power", MINUTE)
    assert (offer.until, offer.begins, offer.terms) == (NOW + YEAR_S, NOW, TERMS)


def test_a_yes_may_give_less(store):
    """Coarser, some of the series, sooner over, less history, only one direction."""
    both = offers(
        store,
        granularity="PT30M",
        series=("consumption/power/apparent", "consumption/power/active/"),
        until="2027-01-31",
        no_push=True,
        history_from="2026-11-01",
    )
    assert [o.prefix for o in both] == ["consumption/power/apparent", "consumption/power/active"]
    assert {o.granularity for o in both} == {HALF_HOUR}
    assert datetime.fromtimestamp(both[0].until, UTC).isoformat() == "2027-01-31T23:00:00+00:00"
    since = datetime.fromtimestamp(both[0].terms.history_from, UTC).isoformat()
    assert (both[0].terms.push, since) == (False, "2026-10-31T23:00:00+00:00")
    (live,) = offers(store, no_history=True)
    assert (live.terms.history, live.terms.history_from) == (False, None)


@pytest.mark.parametrize(
    ("less", "words"),
    [
        ({"granularity": "raw"}, "granularity raw is more than was asked for, which is PT1M"),
        ({"series": ("consumption",)}, "series consumption is more than was asked for"),
        ({"series": ("consumption/powerful",)}, "is more than was asked for"),
        ({"series": ("*",)}, "a wildcard is refused"),
        ({"until": "2028-01-01"}, "until 2028-01-01 is more than was asked for"),
        ({"until": "2026-01-01"}, "that is over already"),
        ({"history_from": "2026-05-01"}, "history from 2026-05-01 is more than was asked for"),
        ({"meter": "barn"}, "meter barn is more than was asked for, which is meter house"),
        ({"no_push": True, "no_history": True}, "nothing to consent to"),
        ({"no_history": True, "history_from": "2026-11-01"}, "name one of the two"),
    ],
)
def test_more_than_was_asked_for_is_refused_in_a_sentence(store, less, words):
    """The request still waits."""
    with pytest.raises(ConsentError, match=words.replace("*", r"\*")):
        offers(store, **less)
    assert store.access.one(1).state is AccessState.PENDING


def test_history_that_was_not_asked_for_is_not_given(store):
    """Neither is push."""
    store.access.ask(COOP, "ab12", "production", MINUTE, Terms(history=False), NOW)
    request = store.access.one(2)
    assert not offers_of(store, request, Narrowing(), NOW)[0].terms.history
    with pytest.raises(ConsentError, match="which is no history"):
        offers_of(store, request, Narrowing(history_from="2026-11-01"), NOW)


def test_the_last_day_that_was_asked_for_may_be_named(store):
    """Its whole would be more than was asked for: the consent ends when that does. The day after is refused."""
    request = store.access.one(1)
    last, after = (datetime.fromtimestamp(request.until + days * 86400, PARIS).date().isoformat() for days in (0, 1))
    assert offers_of(store, request, Narrowing(until=last), NOW)[0].until == request.until
    with pytest.raises(ConsentError, match="more than was asked for"):
        offers_of(store, request, Narrowing(until=after), NOW)


@pytest.mark.parametrize(("until", "given"), [(None, YEAR_S), (10 * YEAR_S, 3 * 366 * 86400)])
def test_no_consent_is_longer_than_three_years(store, until, given):
    """Asked for nothing it is a year, asked for ever it is three."""
    asked = None if until is None else int(NOW) + until
    request = replace(store.access.one(1), until=asked)
    assert offers_of(store, request, Narrowing(), NOW)[0].until == NOW + given


def test_a_time_that_is_over_cannot_be_given(store):
    """Nor can anything without a clock."""
    with pytest.raises(ConsentError, match="is over already; answer --no"):
        offers_of(store, replace(store.access.one(1), until=int(NOW)), Narrowing(), NOW)
    with pytest.raises(ConsentError, match="clock"):
        offers_of(store, store.access.one(1), Narrowing(), 100.0)


def test_a_meter_is_meant_by_its_id_its_delivery_point_or_by_the_household(store):
    """A name that is of no meter of the house needs the household's word."""
    request = replace(store.access.one(1), sensor="30001610071843")
    assert offers_of(store, request, Narrowing(), NOW)[0].meter == "barn"
    stray = replace(request, sensor="linky")
    with pytest.raises(ConsentError, match="no meter of this house is called 'linky'"):
        offers_of(store, stray, Narrowing(), NOW)
    assert offers_of(store, stray, Narrowing(meter="house"), NOW)[0].meter == "house"


def test_the_consent_names_the_text_that_was_read(store):
    """Version, language, hash, who and how."""
    (given,), text = answer(store, lang="en")
    assert "to share a roof" in text["words"]
    assert given["text"] == {"version": "5", "lang": "en", "sha256": text["hash"]}
    assert (given["given_by"], given["channel"], given["state"]) == ("anne", "command", "valid")
    assert (given["controller"], given["history_from"]) == ("La Coop", "2026-05-31T22:00:00Z")


def test_several_series_are_several_texts_and_consents(store):
    """All of them are shown before the one yes."""
    less = {"series": ["consumption/power/apparent", "consumption/power/active"]}
    given, text = answer(store, less)
    assert [row["series"] for row in given] == less["series"]
    assert all(f"({series})" in text["words"] for series in less["series"])


def test_a_yes_to_other_terms_than_were_shown_is_refused(store):
    """The hash is of the text as it would be now; without one there is no yes."""
    for other in ({"less": {"granularity": "PT30M"}}, {"retention": "P1M"}):
        with pytest.raises(ConsentError, match="no longer what was shown"):
            answer(store, then=other)
    with pytest.raises(GatewayError, match="which text was shown"):
        answer(store, then={"shown": None})
    assert store.consents.all() == []


def test_a_no_closes_the_request(store):
    """And a second answer says that there was a first."""
    assert do(store, {"do": "answer-access", "number": 1, "yes": False})["state"] == "refused"
    assert do(store, {"do": "pending-access"}) == []
    with pytest.raises(ConsentError, match="request 1: it is refused already"):
        answer(store)


def test_pending_requests_are_shown_with_the_meter_they_mean(store):
    """With everything that the household needs to decide."""
    (row,) = do(store, {"do": "pending-access"})
    assert (row["from"], row["meter"], row["series"]) == (COOP, "house", "consumption/power")
    assert (row["purpose"], row["state"], row["lang"]) == ("to share a roof", "pending", "en")


@pytest.mark.parametrize(
    "order",
    [
        {"do": "revoke"},
        {"do": "limit", "recipient": 5},
        {"do": "grant"},
        {"do": "grant", "order": {"recipient": COOP}},
        {"do": "grant", "order": {"recipient": COOP, "series": ["x"]}},
        {"do": "consent-text", "number": 1},
        {"do": "consent-text", "number": "1", "lang": "fr"},
        {"do": "consent-text", "number": 1, "lang": "fr", "less": [], "retention": "P1Y"},
        {"do": "consent-text", "number": 1, "lang": "fr", "less": {"colour": "red"}, "retention": "P1Y"},
        {"do": "answer-access", "yes": True, "number": 1, "shown": "fr"},
    ],
)
def test_an_order_that_is_none_is_one_sentence(store, order):
    """The control socket is the user's own, and still no nonsense stops the daemon."""
    with pytest.raises(GatewayError):
        do(store, order)
