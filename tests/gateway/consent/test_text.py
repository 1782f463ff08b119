"""The words a household reads and a recipient is told: complete, plain, and the same that the hash names."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources

import pytest

from gateway.consent.text import TEXT_VERSION, RequestRemark, asked_text, consent_text, notice_text
from gateway.store.points import Granularity
from gateway.store.terms import LANGS, AccessRequest, Channel, NoticeKind, Offer, OutgoingNotice, RecipientRole, Terms

NOW = int(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp())
TERMS = Terms(
    history_from=NOW - 86400,
    purpose="partager un toit",
    controller="La Coop",
    contact="dpo@coop.example",
    privacy="https://coop.example/privacy",
    role=RecipientRole.PROCESSOR,
    code_url="https://coop.example/code",
    code_version="2.1",
    code_hash="ab" * 32,
    retention="P1Y6M",
)
OFFER = Offer("house", "consumption/energy", Granularity.HALF_HOUR, NOW + 86400, NOW, TERMS)
COOP = "coop@sen2.test"


def notice(kind, **payload):
    """A notice with some facts."""
    facts = {"sensor": "ab12", "series": "consumption", "granularity": "P1D", "first": NOW - 86400, "last": NOW}
    return OutgoingNotice(
        1, COOP, NOW, kind, facts | {"request": 7, "until": NOW + 86400} | payload, "fr", 0, None, None
    )


@pytest.mark.parametrize("lang", LANGS)
def test_the_text_says_everything_that_must_be_told(lang):
    """Who, contact, purpose, data, granularity, directions, times, retention, rights, withdrawal, CNIL, servers."""
    words = consent_text(COOP, OFFER, lang, "P3Y").words
    told = ["La Coop", COOP, "dpo@coop.example", "https://coop.example/privacy", "partager un toit", "2.1", "ab" * 32]
    told += ["consumption/energy", "2026-11-24", "2026-11-25", "2026-11-26", "CNIL"]
    told += [f"linky-gateway consent revoke {COOP}", f"linky-gateway consent limit {COOP}"]
    told.append({"fr": "« Partage »", "en": '"Sharing"'}[lang])
    told += {
        "fr": ["demi-heure (48 par jour)", "sous-traitant", "1 an 6 mois", "les deux serveurs", "depuis le"],
        "en": ["half hour (48 a day)", "a processor", "1 year 6 months", "both servers can read", "since"],
    }[lang]
    assert [word for word in told if word not in words] == []
    assert "$" not in words
    assert max(len(line) for line in words.splitlines()) <= 140


@pytest.mark.parametrize("lang", LANGS)
def test_who_consents_at_the_page_reads_of_no_command(lang):
    """How it is withdrawn there is the same sentence, without what would be typed; all else is the same text."""
    typed, pressed = (consent_text(COOP, OFFER, lang, "P3Y", way).words for way in (Channel.COMMAND, Channel.WEB))
    assert {"fr": "« Partage » de la passerelle.", "en": '"Sharing" of the gateway.'}[lang] in pressed
    assert ("linky-gateway" in typed, "linky-gateway" in pressed) == (True, False)
    here, there = pressed.splitlines(), typed.splitlines()
    assert (len(set(here) - set(there)), len(set(there) - set(here)), len(there) - len(here)) == (2, 3, 1)


@pytest.mark.parametrize("lang", LANGS)
def test_what_was_not_stated_is_said_so(lang):
    """No empty place where a name should be."""
    words = consent_text(COOP, replace(OFFER, terms=Terms(push=False)), lang, "P3Y").words
    assert words.count({"fr": "non précisé", "en": "not stated"}[lang]) == 5
    assert {"fr": "3 ans", "en": "3 years"}[lang] in words


def test_half_hours_are_never_called_daily():
    """The confusion for which consents were found void."""
    for lang, word in (("fr", "quotidien"), ("en", "daily")):
        for granularity in (g for g in Granularity if g is not Granularity.DAY):
            assert word not in consent_text(COOP, replace(OFFER, granularity=granularity), lang, "P3Y").words


@pytest.mark.parametrize(
    ("lang", "how_fine", "shows"),
    [
        (
            "fr",
            "une valeur par quart d'heure (96 par jour)",
            ("si quelqu'un est là", "de coucher", "repas", "appareils"),
        ),
        ("en", "one value each quarter of an hour (96 a day)", ("somebody is at home", "sleep", "meals", "appliances")),
    ],
)
def test_quarter_hours_have_words_of_their_own(lang, how_fine, shows):
    """How many a day, and that they show who is at home, sleep and meals: more than half hours, less than minutes."""
    text = consent_text(COOP, replace(OFFER, granularity=Granularity.QUARTER), lang, "P3Y")
    assert all(words in " ".join(text.words.split()) for words in (how_fine, *shows))
    others = {consent_text(COOP, replace(OFFER, granularity=g), lang, "P3Y").hash for g in Granularity}
    assert len(others) == len(Granularity)
    assert max(len(line) for line in text.words.splitlines()) <= 140


def test_the_shorter_retention_is_shown():
    """The house's limit binds who asked for longer."""
    assert "6 mois" in consent_text(COOP, OFFER, "fr", "P6M").words


def test_the_hash_is_of_the_words():
    """Anybody can check it with sha256sum; other terms are another hash."""
    text = consent_text(COOP, OFFER, "fr", "P3Y")
    assert text.hash == hashlib.sha256(text.words.encode()).hexdigest()
    assert consent_text(COOP, replace(OFFER, until=OFFER.until + 86400), "fr", "P3Y").hash != text.hash


def test_a_stranger_cannot_fill_in_places_of_ours():
    """What somebody writes is not read as a template."""
    terms = replace(TERMS, purpose="$until ${series}")
    assert "$until ${series}" in consent_text(COOP, replace(OFFER, terms=terms), "fr", "P3Y").words


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_of_notice_has_its_words(lang, kind):
    """In both languages, on one line, also when a fact is missing."""
    for one in (notice(kind), OutgoingNotice(1, COOP, NOW, kind, {}, "fr", 0, None, None)):
        words = notice_text(one, lang)
        assert len(words) > 30
        assert "\n" not in words
        assert "$" not in words


@pytest.mark.parametrize(("lang", "word"), [("fr", "effacer"), ("en", "erase")])
def test_a_withdrawal_asks_for_erasure_with_its_ground(lang, word):
    """Series, period, Articles 17 and 19."""
    words = notice_text(notice(NoticeKind.CONSENT_WITHDRAWN), lang)
    for told in (word, "consumption", "P1D", "2026-11-24", "2026-11-25", "rticle 17", "rticle 19"):
        assert told in words


def test_changed_templates_are_a_new_version():
    """Whoever edits them renews TEXT_VERSION, and this hash with it: a consent names the version that was shown."""
    folder = resources.files("gateway.consent").joinpath("texts")
    texts = b"".join(folder.joinpath(f"consent.{lang}.md").read_bytes() for lang in LANGS)
    assert (TEXT_VERSION, hashlib.sha256(texts).hexdigest()) == (
        "5",
        "0aee63dd2a5572ddaf5675b165caa60d3b3cbaee7fb0138e48a2037a9445675a",
    )


@pytest.mark.parametrize(("lang", "words"), [("fr", "une valeur par demi-heure"), ("en", "one value each half hour")])
def test_a_household_is_told_who_asks_for_what_and_how_to_answer(lang, words):
    """On one line: the address, the controller, the series and its granularity, the purpose, the command to type."""
    request = AccessRequest(7, NOW, COOP, "ab12", "consumption/energy", Granularity.HALF_HOUR, TERMS, None, "fr")
    told = asked_text(request, lang)
    for part in (
        COOP,
        "La Coop",
        "consumption/energy",
        words,
        "partager un toit",
        "7",
        "linky-gateway consent pending",
    ):
        assert part in told
    assert "\n" not in told
    assert "$" not in told
    for more, domain in ((RequestRemark.LAST, False), (RequestRemark.LAST_OF_DOMAIN, True)):
        last = asked_text(request, lang, more)
        assert last.startswith(told)
        assert ("aujourd'hui" if lang == "fr" else "today") in last.removeprefix(told)
        assert ("linky-gateway consent refuse sen2.test" in last) is domain
