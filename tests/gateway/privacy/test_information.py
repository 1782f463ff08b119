"""The information notice on a recipient, in both languages."""

from contextlib import closing

import pytest

from gateway.store.points import Granularity
from gateway.store.store import Store
from gateway.store.terms import Manner, Profile, Terms
from tests.gateway.privacy.conftest import COOP, NOW, TOWN


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("fr", ("une valeur par demi-heure", "to share a roof", "3 ans au plus", "Vos droits", "CNIL")),
        ("en", ("one value each half hour", "to share a roof", "3 years at most", "Your rights", "CNIL")),
    ],
)
def test_a_notice_says_who_what_how_fine_why_and_for_how_long(house, run, lang, said):
    """From the consents and from what was really handed over."""
    code, out, err = run(house, "privacy", "notice", COOP, "--lang", lang)
    assert (code, err) == (0, "")
    for words in (*said, COOP, "consumption/energy/active/index, PT30M", "gw@sen1.test"):
        assert words in out
    assert "$" not in out
    assert max(map(len, out.splitlines())) <= 130


def test_an_ended_consent_is_said_and_what_was_handed_stays_told(house, run):
    """A household asks what somebody has long after it said no."""
    code, out, _ = run(house, "privacy", "notice", TOWN, "--lang", "en")
    assert code == 0
    assert "No consent is in force" in out
    assert "La Coop" in out
    assert "40 values" in out
    assert "Confirmed by its receipts: 40 values." in out


def test_a_profile_is_explained(house, run):
    """What was removed stands with the consent."""
    with closing(Store(house.directory)) as store:
        manner = Manner(Profile.COARSE, pseudonym=True)
        terms = Terms(controller="La Ville")
        store.consents.grant(
            "ville@x.test", "house", "consumption", Granularity.DAY, NOW + 10**6, NOW, terms=terms, manner=manner
        )
    _, out, _ = run(house, "privacy", "notice", "ville@x.test", "--lang", "fr")
    assert "Information sur vos données chez La Ville" in out
    assert "arrondies" in out
    assert "PRM" in out


def test_somebody_unknown_is_one_sentence(house, run):
    """Nothing is made up."""
    code, out, err = run(house, "privacy", "notice", "nobody@x.test")
    assert (code, out) == (2, "")
    assert "never had a consent here" in err
