"""A consent as it is given and withdrawn: what is too wide, for ever, or without a clock is refused in a sentence."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from gateway.consent.grant import describe, grant, revoke
from gateway.consent.orders import ConsentForm
from gateway.errors import ConsentError
from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from tests.gateway.store.conftest import frame
from tests.prepared import prepare

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
ORDER = ConsentForm("coop@sen2.test", "consumption/power", "PT1M")


@pytest.fixture
def store(tmp_path):
    """The store of a house with one meter."""
    prepare(tmp_path)
    opened = Store(tmp_path)
    opened.meters.add("house")
    yield opened
    opened.close()


def test_a_consent_is_stored_as_it_was_asked_for(store):
    """The bare address in lower case, the path without its last slash, a year unless said otherwise."""
    consent = grant(store, replace(ORDER, recipient="Coop@SEN2.test/phone", series="consumption/power/"), NOW)
    assert (consent.recipient, consent.prefix) == ("coop@sen2.test", "consumption/power")
    assert consent.granularity is Granularity.MINUTE
    assert consent.until == NOW + 365 * 86400
    assert describe(consent, NOW)["state"] == "valid"
    assert describe(consent, consent.until)["state"] == "expired"


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2027-06-30", "2027-06-30T22:00:00+00:00"),
        ("20270630", "2027-06-30T22:00:00+00:00"),
        ("2027-03-28", "2027-03-28T22:00:00+00:00"),  # the day has 23 hours
        ("2027-06-30T12:00", "2027-06-30T10:00:00+00:00"),
        ("2027-06-30T12:00:00Z", "2027-06-30T12:00:00+00:00"),
    ],
)
def test_a_day_is_included_and_is_the_households(store, until, end):
    """A date ends with that day in Paris; a time is taken as it is written."""
    consent = grant(store, replace(ORDER, until=until), NOW)
    assert datetime.fromtimestamp(consent.until, UTC).isoformat() == end


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"series": "*"}, "a wildcard is refused"),
        ({"series": ""}, "a wildcard is refused"),
        ({"series": "consumption/*"}, "a wildcard is refused"),
        ({"granularity": "PT5M"}, "unknown granularity 'PT5M'"),
        ({"until": "tomorrow"}, "write a date such as"),
        ({"until": "9999-12-31"}, "write a date such as"),
        ({"until": "0001-01-01"}, "until '0001-01-01'"),
        ({"until": "2026-11-24"}, "that is over already"),
        ({"until": "2036-01-01"}, "at most three years"),
        ({"recipient": "coop"}, "write an address"),
        ({"meter": "barn"}, r"meter 'barn': say which one \(--meter\): house"),
    ],
)
def test_what_cannot_be_given_is_one_sentence(store, wrong, words):
    """Refused before anything is stored."""
    with pytest.raises(ConsentError, match=words.replace("*", r"\*")):
        grant(store, replace(ORDER, **wrong), NOW)
    assert store.consents.all() == []


def test_a_consent_needs_a_clock(store):
    """In 1970 nobody can say when a year is over."""
    with pytest.raises(ConsentError, match="clock"):
        grant(store, ORDER, 100.0)


def test_withdrawing_less_than_what_was_given_is_refused(store):
    """The household is told that a wider consent would go on to share what it names."""
    grant(store, replace(ORDER, series="consumption"), NOW)
    with pytest.raises(ConsentError, match="the consent to consumption allows it too"):
        revoke(store.consents, "coop@sen2.test", "consumption/power", NOW + 1)
    assert revoke(store.consents, "coop@sen2.test", "consumption", NOW + 1) == 1
    assert revoke(store.consents, "coop@sen2.test", "consumption/power", NOW + 2) == 0


def test_withdrawing_a_branch_leaves_the_others(store):
    """Only what lies at or below the path, by whole levels; all without a path."""
    for series in ("consumption/power", "consumption/power/apparent", "consumption/voltage", "production"):
        grant(store, replace(ORDER, series=series), NOW)
    assert revoke(store.consents, "Coop@sen2.test", "consumption/power/", NOW + 1) == 2
    assert {c.prefix for c in store.consents.allowed("coop@sen2.test", NOW + 1)} == {
        "consumption/voltage",
        "production",
    }
    assert revoke(store.consents, "coop@sen2.test", None, NOW + 1) == 2


def test_beside_a_water_meter_the_electricity_needs_no_naming(store):
    """The one meter that has such series is meant; what none has yet, or two have, is asked for."""
    recorder = Recorder("house", {})
    recorder.add(frame(int(NOW), index=5, power=100))
    store.batches.write([recorder.take()], NOW)
    store.meters.add("tap")
    assert grant(store, ORDER, NOW).meter == "house"
    with pytest.raises(ConsentError, match=r"^say which one \(--meter\): house, tap"):
        grant(store, replace(ORDER, series="water"), NOW)
    assert grant(store, replace(ORDER, series="water/volume", meter="tap"), NOW).meter == "tap"
