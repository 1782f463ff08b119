"""Who may know whether the gateway is well: answers that are added, never changed, and that open nothing else."""

import sqlite3
from contextlib import closing

import pytest

from gateway.store.points import Granularity
from gateway.store.store import Archive, Store
from gateway.store.terms import Channel, Proof
from tests.prepared import prepare

ANNE, COOP = "anne@sen2.test", "coop@sen2.test"
NOW, YEAR_S = 1_800_000_000, 365 * 86400
PROOF = Proof("owner", Channel.WEB, "health-1", "fr", "ab" * 32)


@pytest.fixture
def store(tmp_path):
    """A house with one meter."""
    prepare(tmp_path)
    with closing(Store(tmp_path)) as opened:
        opened.meters.add("house", "ab12")
        yield opened


def entries(store):
    """Kind and facts of what the journal tells of health."""
    kinds = ("consent-granted", "consent-withdrawn", "access-refused")
    return [(kind, told) for kind in kinds for told in store.journal.facts_of(kind) if told.get("what") == "health"]


def test_a_yes_holds_from_its_moment_until_its_end(store):
    """Neither before it, as with a clock that went back, nor at its end."""
    given = store.health.answer(ANNE, NOW + YEAR_S, NOW, PROOF)
    assert [store.health.sees(ANNE, NOW + s) for s in (-1, 0, YEAR_S - 1, YEAR_S)] == [
        *(None, given.until, given.until, None),
    ]
    assert store.health.sees(COOP, NOW) is None
    assert [given.state(NOW + s) for s in (-1, 0, YEAR_S)] == ["waiting", "valid", "expired"]
    ((kind, told),) = entries(store)
    assert (kind, told["until"], told["channel"], told["text"]) == ("consent-granted", given.until, "web", "ab" * 32)
    assert (told["recipient"], told["by"]) == (ANNE, "owner")


def test_the_latest_answer_counts_and_each_is_an_entry(store):
    """Refused, given, withdrawn, given again: four rows, four signed entries, one state."""
    states = []
    for until in (None, NOW + 100, None, NOW + 200):
        store.health.answer(ANNE, until, NOW, PROOF)
        (answer,) = store.health.all()
        states.append((answer.state(NOW), store.health.sees(ANNE, NOW)))
    assert states == [("refused", None), ("valid", NOW + 100), ("withdrawn", None), ("valid", NOW + 200)]
    assert [kind for kind, _ in entries(store)] == [
        *("consent-granted", "consent-granted", "consent-withdrawn", "access-refused"),
    ]


def test_an_answer_is_never_changed(store, tmp_path):
    """By nobody, whatever holds the file."""
    store.health.answer(ANNE, NOW + 100, NOW, PROOF)
    with closing(sqlite3.connect(tmp_path / "linky-gateway.sqlite")) as db:
        for statement in ("UPDATE health_answer SET until = 2000000000", "DELETE FROM health_answer"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                db.execute(statement)


def test_it_is_no_consent_to_anything_and_a_consent_is_none_to_it(store):
    """Whoever gives out readings cannot see it: it names no meter, and stands in another table."""
    store.health.answer(ANNE, NOW + 100, NOW, PROOF)
    store.consents.grant(COOP, "house", "consumption", Granularity.RAW, NOW + 100, NOW)
    assert store.consents.allowed(ANNE, NOW) == []
    assert store.health.sees(COOP, NOW) is None


def test_who_is_suspended_gets_no_answer_either(store):
    """Nothing is given out until the household says so."""
    store.health.answer(ANNE, NOW + 100, NOW, PROOF)
    store.consents.grant(ANNE, "house", "consumption", Granularity.DAY, NOW + 100, NOW)
    store.consents.limit(ANNE, NOW)
    assert store.health.sees(ANNE, NOW) is None
    store.consents.lift_limit(ANNE, NOW)
    assert store.health.sees(ANNE, NOW) == NOW + 100


def test_an_erasure_takes_it_along_and_another_installation_does_not_get_it(store, tmp_path):
    """Of one, then of everything; the text that was shown stays while somebody's answer names it."""
    for jid in (ANNE, COOP):
        store.health.answer(jid, NOW + 100, NOW, PROOF)
    with closing(Archive(tmp_path)) as archive, archive.snapshot() as dump:
        assert len(archive.health.all()) == 2
        assert "health_answer" not in dump.archived()
    assert store.erasure.knows(ANNE)
    store.erasure.erase_recipient(ANNE, NOW)
    assert [one.installer for one in store.health.all()] == [COOP]
    assert not store.erasure.knows(ANNE)
    assert {told["recipient"] for _, told in entries(store)} == {None, COOP}
    store.erasure.erase_everything(NOW)
    assert store.health.all() == []
