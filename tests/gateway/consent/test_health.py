"""``linky-gateway consent`` and who may know whether the gateway is well: read, given, listed, withdrawn, refused."""

import argparse
import json
from contextlib import closing
from datetime import UTC, datetime

import pytest

from gateway.consent.health import HEALTH_VERSION, health_text
from gateway.consent.information import information_text
from gateway.control.messages import read
from gateway.control.orders import act
from gateway.errors import ConsentError
from gateway.store.points import Granularity
from gateway.store.store import Store
from gateway.store.terms import LANGS
from tests.prepared import prepare

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
ANNE = "anne@sen2.test"
GRANT = ("grant", "Anne@Sen2.test", "--health")


@pytest.fixture
def store(tmp_path):
    """A house with one meter."""
    prepare(tmp_path)
    with closing(Store(tmp_path)) as opened:
        opened.meters.add("house", "ab12")
        yield opened


def order(store, request):
    """As the control socket carries it."""
    return json.loads(json.dumps(act(store, read(json.dumps(request).encode()), NOW)))


def test_a_person_reads_what_it_tells_and_what_it_does_not(desk, store):
    """The word is typed under the whole text, which is kept with the answer that names it."""
    code, out, _ = desk(*GRANT, typed="oui")
    (answer,) = store.health.all()
    (text,) = store.texts.all()
    assert (code, answer.installer, answer.state(NOW)) == (0, ANNE, "valid")
    assert answer.until == NOW + 365 * 86400
    assert (answer.proof.given_by, answer.proof.text_version, answer.proof.lang) == ("anne", HEALTH_VERSION, "fr")
    assert answer.proof.text_hash == text.hash
    assert text.words in out
    for words in ("aucune mesure", "si votre compteur est entendu", "jusqu'au 2027-11-25", f"revoke {ANNE} --health"):
        assert words in out


def test_anything_else_than_the_word_gives_nothing(desk, store):
    """Also the word of the other language; nor is a yes taken where nobody could read the text."""
    with pytest.raises(ConsentError, match="add --accept"):
        desk(*GRANT)
    assert desk(*GRANT, typed="yes")[0] == 1
    assert store.health.all() == []


def test_what_is_about_readings_has_no_place_beside_it(desk, store):
    """Each is refused by its name; without --health how fine must be said."""
    for words in (
        ("--granularity", "raw"), ("--no-push",), ("--purpose", "x"), ("--pseudonym",), ("--role", "processor"),
        ("--code-of-conduct", "https://x.org", "1", "ab" * 32),
    ):  # fmt: skip
        with pytest.raises(ConsentError, match=words[0]):
            desk(*GRANT, *words)
    with pytest.raises(ConsentError, match="--granularity: say how fine"):
        desk("grant", ANNE, "--series", "consumption")
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        desk("grant", ANNE, "--series", "consumption", "--health")
    assert store.health.all() == []


@pytest.mark.parametrize("until", ["2026-11-01", "2036-01-01", "tomorrow"])
def test_it_has_an_end_that_can_be(desk, store, until):
    """Not over, and three years at most."""
    with pytest.raises(ConsentError, match="until"):
        desk(*GRANT, "--until", until, "--accept")
    assert store.health.all() == []


def test_it_stands_in_the_list_and_is_withdrawn_alone_or_with_all(desk, store):
    """The readings of the same address stay where only this is withdrawn; a withdrawal without a name takes all."""
    store.consents.grant(ANNE, "house", "consumption", Granularity.DAY, int(NOW) + 9, NOW)
    desk(*GRANT, "--accept")
    assert "valid      anne@sen2.test  whether the gateway is well  until 2027-11-25" in desk("list", lang="en")[1]
    rows = json.loads(desk("list", "--json")[1])
    assert [(row.get("what"), row["recipient"], row["state"]) for row in rows] == [
        (None, ANNE, "valid"), ("health", ANNE, "valid"),
    ]  # fmt: skip
    assert desk("revoke", ANNE, "--health", lang="en")[1].startswith("1 consent withdrawn; it gets no answer")
    with pytest.raises(ConsentError, match="no such consent: nothing was withdrawn"):
        desk("revoke", ANNE, "--health")
    assert (store.health.sees(ANNE, NOW), len(store.consents.allowed(ANNE, NOW))) == (None, 1)
    desk(*GRANT, "--accept")
    assert desk("revoke", ANNE, lang="en")[1].startswith("2 consents withdrawn")
    assert (store.health.sees(ANNE, NOW), store.consents.allowed(ANNE, NOW)) == (None, [])


def test_a_no_is_kept_once_and_takes_a_yes_back(store):
    """Said twice it is said once; nobody is asked again."""
    no = {"do": "health-refuse", "recipient": ANNE, "by": "owner", "channel": "web"}
    assert [order(store, no), order(store, no)] == [0, 0]
    assert [row["state"] for row in order(store, {"do": "health-consents"})] == ["refused"]
    order(store, {"do": "health-grant", "recipient": ANNE})
    assert order(store, no) == 1
    assert [row["state"] for row in order(store, {"do": "health-consents"})] == ["withdrawn"]
    assert len(store.journal.facts_of("access-refused")) == 1


def test_a_yes_to_another_text_is_no_yes(store):
    """What is stored is what was read."""
    shown = {"lang": "fr", "hash": "0" * 64}
    with pytest.raises(ConsentError, match="read it again"):
        order(store, {"do": "health-grant", "recipient": ANNE, "shown": shown})
    assert store.health.all() == []


def test_both_languages_say_as_much():
    """The same number of paragraphs and of points in a list; both name the way out and the authority."""
    french, english = (health_text(ANNE, int(NOW), lang).words for lang in LANGS)
    assert french.count("\n\n") == english.count("\n\n")
    assert french.count("\n- ") == english.count("\n- ") == 3
    for words in (french, english):
        assert f"linky-gateway consent revoke {ANNE} --health" in words
        assert "https://www.cnil.fr/plaintes" in words


def test_the_information_notice_tells_it(desk, store):
    """Of an address that may have nothing else; once it is withdrawn nothing is in force."""
    with pytest.raises(ConsentError, match="never had a consent"):
        information_text(store, ANNE, "fr", "P3Y", None, NOW)
    desk(*GRANT, "--accept")
    for lang, words in (("fr", "jusqu’au 2027-11-25 ; aucune mesure"), ("en", "until 2027-11-25; no reading")):
        assert words in information_text(store, ANNE, lang, "P3Y", None, NOW)
    desk("revoke", ANNE)
    assert "No consent is in force" in information_text(store, ANNE, "en", "P3Y", None, NOW)
