"""``linky-gateway consent`` as a person or a script uses it, from the words to the stored consent."""

import argparse
import json
from contextlib import closing
from datetime import UTC, datetime

import pytest

from gateway.consent.act import compared_row
from gateway.consent.command_words import comparison_lines, last_compared
from gateway.consent.text import asked_text
from gateway.errors import ConsentError, GatewayError
from gateway.store.points import Confirm, Granularity
from gateway.store.queue import LastComparison
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.store.terms import AccessState, Terms
from tests.gateway.store.conftest import START, frame, hand_over
from tests.prepared import prepare

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
COOP = "coop@sen2.test"
GRANT = ("grant", COOP, "--series", "consumption/energy", "--granularity", "PT30M")
YES = (*GRANT, "--accept")


@pytest.fixture
def store(tmp_path):
    """A house that one meter has, and whom one co-operative asks."""
    prepare(tmp_path)
    with closing(Store(tmp_path)) as opened:
        opened.meters.add("house", "ab12")
        terms = Terms(purpose="to share a roof", controller="La Coop", contact="dpo@coop.example")
        opened.access.ask(COOP, "ab12", "consumption/power", Granularity.MINUTE, terms, NOW)
        opened.access.ask(COOP, "stray", "consumption/power", Granularity.MINUTE, terms, NOW)
        yield opened


def test_a_script_gives_a_consent_only_by_accepting_the_text(desk, store):
    """Without a terminal nothing is given unless it is said that the text was read; the consent names that."""
    for more in ((), ("--json",)):
        with pytest.raises(ConsentError, match="add --accept to agree"):
            desk(*GRANT, *more)
    assert store.consents.all() == []
    code, out, err = desk(*GRANT, "--accept", lang="en")
    (consent,) = store.consents.all()
    assert (code, err) == (0, "")
    assert "CNIL" in out
    assert "  1  valid      coop@sen2.test  house:consumption/energy  PT30M  until 2027-11-25 13:00" in out
    assert out.endswith("push, history\n")
    assert (len(consent.proof.text_hash), consent.proof.given_by) == (64, "anne")


@pytest.mark.parametrize(
    ("path", "near"),
    [("consumption/enrgy", "perhaps consumption/energy"), ("consumption/energy/activ", "energy/active")],
)
def test_a_series_that_is_none_is_said_with_what_is_near(desk, store, path, near):
    """A consent to it would be valid for a year and never send anything; nothing is stored."""
    with pytest.raises(ConsentError, match=f"series '{path}': there is none of that name; .*{near}") as wrong:
        desk("grant", COOP, "--series", path, "--granularity", "raw", "--accept")
    assert "il n’y en a pas de ce nom ; peut-être" in wrong.value.phrase.in_language("fr")
    assert store.consents.all() == []


@pytest.mark.parametrize("path", ["consumption/current/raw/phase/2", "gas", "production", "consumption/energy/active"])
def test_a_series_that_could_come_is_one(desk, store, path):
    """A producer's, a second phase's, a gas meter's to be: the house need not have it yet."""
    assert desk("grant", COOP, "--series", path, "--granularity", "raw", "--accept")[0] == 0


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("coop@sen2.test.", "does not end with a dot"),
        ("coop@example..org", "a word is missing before a dot"),
        ("coop@.example.org", "a word is missing before a dot"),
        ("ＣＯＯＰ@sen2.test", "in ordinary letters: coop@sen2.test"),
        ("coop@ｓｅｎ2.test", "in ordinary letters: coop@sen2.test"),
        ("co\u200bop@sen2.test", "write an address"),
        ("coop", "write an address such as"),
    ],
)
def test_an_address_that_is_nobodys_is_refused(desk, store, address, words):
    """A consent to it would never be met by anybody; one that is written in capitals, with a resource, is met."""
    for what in (("--series", "consumption", "--granularity", "raw"), ("--health",)):
        with pytest.raises(ConsentError, match=words):
            desk("grant", address, *what, "--accept")
    assert store.consents.all() == []
    desk("grant", "COOP@sen2.TEST/phone", "--series", "consumption", "--granularity", "raw", "--accept")
    assert store.consents.all()[0].recipient == COOP


@pytest.mark.parametrize("action", ["revoke", "limit"])
def test_nothing_to_change_is_an_error(desk, action):
    """A mistyped address: nobody believes that something was withdrawn."""
    with pytest.raises(ConsentError, match=r"^nobody@sen2\.test has no") as nothing:
        desk(action, "nobody@sen2.test")
    assert (nothing.value.exit_code, "n’a aucun accord" in nothing.value.phrase.in_language("fr")) == (2, True)


@pytest.mark.parametrize(("lang", "yes"), [("fr", "oui"), ("en", " YES ")])
def test_a_person_reads_the_text_and_types_the_word(desk, store, lang, yes):
    """In the person's language; the consent names what was read."""
    code, out, _ = desk(*GRANT, "--purpose", "science", typed=yes, lang=lang)
    (consent,) = store.consents.all()
    assert code == 0
    assert "science" in out
    assert "CNIL" in out
    assert (consent.proof.lang, len(consent.proof.text_hash), consent.proof.text_version) == (lang, 64, "5")


@pytest.mark.parametrize("typed", ["", "o", "yes", "non", "ouiii"])
def test_anything_else_than_the_word_gives_nothing(desk, store, typed):
    """Enter alone is no consent, nor is the word of the other language."""
    code, out, _ = desk(*GRANT, typed=typed)
    assert (code, store.consents.all()) == (1, [])
    assert out.endswith("aucun consentement n’a été donné\n")


def test_all_terms_of_a_consent_can_be_said(desk, store):
    """Each option arrives in the stored consent."""
    options = (
        "--until 2027-06-30 --begins 2026-12-01 --history-from 2026-06-01 --controller Coop --contact dpo@coop.example"
        " --privacy-notice https://coop.example/p --role joint --retention P6M"
        f" --code-of-conduct https://coop.example/c 2 {'ab' * 32}"
    )
    code, out, err = desk(*GRANT, *options.split(), "--purpose", "to share a roof", "--json", "--accept")
    (row,) = json.loads(out)
    assert (code, row["state"], row["begins"]) == (0, "waiting", "2026-11-30T23:00:00Z")
    assert (row["until"], row["history_from"]) == ("2027-06-30T22:00:00Z", "2026-05-31T22:00:00Z")
    assert (row["role"], row["retention"], row["contact"]) == ("joint", "P6M", "dpo@coop.example")
    assert row["code_of_conduct"] == {"url": "https://coop.example/c", "version": "2", "sha256": "ab" * 32}
    assert "6 mois" in err
    assert row["text"]["sha256"]
    desk(*YES, "--no-push", "--purpose", "b")
    desk(*YES, "--no-history", "--purpose", "c")
    assert [(c.terms.push, c.terms.history) for c in store.consents.all()] == [
        (True, True),
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--begins", "soon"), "begins 'soon': write a date"),
        (("--until", "2026-12-31", "--begins", "2027-01-01"), "before it begins"),
        (("--retention", "long"), "retention 'long': write a duration"),
        (("--no-push", "--no-history"), "nothing to consent to"),
    ],
)
def test_terms_that_cannot_be_are_one_sentence(desk, store, options, words):
    """Before anything is stored."""
    with pytest.raises(ConsentError, match=words):
        desk(*YES, *options)
    assert store.consents.all() == []


def test_one_whose_address_was_gone_is_resumed_like_another(desk, store):
    """The household's word is a sign of life, and the suspension ends."""
    desk(*YES)
    for day in range(14):
        store.absences.note_bounce(COOP, "item-not-found", NOW + day * 86_400)
    assert COOP in store.absences.suspended()
    assert desk("resume", COOP, lang="en")[1] == "1 consent resumed; what was kept goes out\n"
    assert store.absences.suspended() == {}
    assert desk("resume", COOP, lang="en")[1] == f"{COOP} has no consent that is suspended\n"


def test_what_was_told_is_listed_with_its_confirmation(desk, store):
    """For a person and for a program; nothing told is said."""
    assert desk("notices", lang="en")[1] == "nobody had to be told anything\n"
    desk(*YES)
    desk("revoke", COOP, lang="en")
    assert desk("notices", lang="en")[1].endswith(f"consent withdrawn  {COOP}  consumption/energy  waits to be told\n")
    store.notices.sent(1, NOW)
    assert desk("notices", lang="en")[1].endswith("told, not confirmed yet\n")
    store.notices.confirmed(1, COOP, NOW + 60)
    (row,) = json.loads(desk("notices", "--json")[1])
    assert (row["kind"], row["sent"], row["confirmed"]) == ("consent-withdrawn", 1, "2026-11-25T12:01:00Z")


def test_what_became_of_what_was_promised_adds_up_by_recipient(desk, store):
    """Both sums in a line each, and below them why what was not sent is not; the same for a program."""
    assert desk("sent", lang="en")[1] == "nothing was ever promised to anybody\n"
    consent = store.consents.grant(COOP, "house", "consumption", Granularity.RAW, START + 10**6, START - 60)
    store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, START - 60)
    recorder = Recorder("house", {})
    for second in range(5):
        recorder.add(frame(START + second, power=second + 1))
    store.batches.write([recorder.take()], START + 5)
    hand_over(store, COOP, START + 6, last=3)
    store.outbox.confirm(COOP, 0, 2, START + 7)
    store.consents.withdraw(consent.id, START + 8)
    assert desk("sent", lang="en")[1].splitlines() == [
        COOP,
        "     promised since 2026-06-16 11:59: 5 values; sent 3, waiting 0, dropped 2",
        "     sent 3: confirmed 2, not confirmed 1",
        "     2 dropped: the consent was withdrawn or narrowed",
        "     not compared with the recipient yet",
    ]
    assert "     envoyées 3 : confirmées 2, non confirmées 1" in desk("sent", lang="fr")[1].replace("\xa0", " ")
    (row,) = json.loads(desk("sent", "--json")[1])
    assert (row["promised"], row["purged"], row["open"], row["balanced"]) == (5, {"withdrawn": 2}, 1, True)
    store.db.execute("INSERT INTO awaited VALUES (1, 9, ?)", [START])
    assert "this does not add up; please report it" in desk("sent", lang="en")[1]


def test_a_comparison_is_told_in_words_and_needs_a_running_gateway(desk):
    """Each way that it can end, and what is done about each kind of difference."""
    with pytest.raises(GatewayError, match="has to be running for this"):
        desk("compare", COOP)
    row = {"recipient": COOP, "points": 9, "series": 2, "missing": 0, "altered": 0, "surplus": 0}
    ends = [
        comparison_lines(row | {"standing": standing}, "en") for standing in ("same", "away", "unanswered", "broken")
    ]
    assert [len(lines) for lines in ends] == [1, 1, 1, 1]
    assert ends[0] == [f"{COOP} has what it was sent: 9 values of 2 series, the same on both sides"]
    assert comparison_lines(row | {"standing": "differs", "missing": 1, "surplus": 30}, "en")[1:] == [
        "missing there, sent again: 1",
        "there though not here: 30; nothing is done about these: ask whoever runs it",
    ]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (("same", 9, 0, 0, 0), "compared 2026-06-16 12:00: 9 values the same on both sides"),
        (("same", 0, 0, 0, 0), "compared 2026-06-16 12:00: there was nothing to compare yet"),
        (
            ("differs", 9, 1, 0, 0, 1),
            "compared 2026-06-16 12:00: 9 values the same on both sides; missing there, sent again: 1",
        ),
        (
            ("differs", 9, 0, 2, 0, 2),
            "compared 2026-06-16 12:00: 9 values the same on both sides; altered there, sent again: 2; which was so in"
            " 2 comparisons in a row: ask whoever runs it",
        ),
        (("unanswered", 0, 0, 0, 0), "asked 2026-06-16 12:00, but its program cannot answer this: not compared"),
        (("veiled", 0, 0, 0, 0), "not compared: it knows the house by a pseudonym, or gets rounded values"),
        (
            ("broken", 4, 0, 0, 3),
            "compared 2026-06-16 12:00, but not to the end; 4 values the same on both sides; there though not here: 3;"
            " nothing is done about these: ask whoever runs it",
        ),
    ],
)
def test_what_came_of_the_last_comparison_is_told_with_the_account(found, said):
    """Unknown is never said to be the same."""
    assert str(last_compared(compared_row(LastComparison(START, *found)))) == said


def test_suspending_and_resuming_say_what_they_did(desk, store):
    """By number, and what follows."""
    desk(*YES)
    assert (
        desk("limit", COOP, lang="en")[1]
        == "1 consent suspended; nothing is sent until `linky-gateway consent resume`\n"
    )
    assert desk("list", lang="en")[1].split()[1] == "suspended"
    with pytest.raises(ConsentError, match="no consent that could be suspended"):
        desk("limit", COOP)
    assert desk("resume", COOP, lang="en")[1] == "1 consent resumed; what was kept goes out\n"
    assert desk("list", lang="en")[1].split()[1] == "valid"
    assert desk("revoke", COOP, lang="en")[1] == "1 consent withdrawn; nothing more is sent\n"
    assert desk("list", lang="en")[1].split()[1] == "withdrawn"


def test_pending_requests_say_who_what_and_how_to_answer(desk, store):
    """Also which meter is meant, or that it is none of the house."""
    _, out, _ = desk("pending", lang="en")
    for words in (
        COOP,
        "house: consumption/power  PT1M",
        "La Coop (name not verified), dpo@coop.example: to share a roof",
        "answer 1",
    ):
        assert words in out
    assert "a meter stray that is not of this house" in out
    assert [row["id"] for row in json.loads(desk("pending", "--json")[1])] == [1, 2]
    desk("answer", "1", "--no")
    desk("answer", "2", "--no")
    assert desk("pending", lang="en")[1] == "nobody asks for anything\n"


def test_a_request_is_answered_by_a_person(desk, store):
    """The text first, then the word, then the consent; less where less was said."""
    code, out, _ = desk("answer", "1", "--yes", "--granularity", "P1D", "--no-history", typed="oui")
    (consent,) = store.consents.all()
    assert code == 0
    assert "une valeur par jour, sans aucun détail" in out
    assert (consent.granularity, consent.terms.history, consent.terms.controller) == (Granularity.DAY, False, "La Coop")
    assert store.access.one(1).consents == (1,)


def test_a_request_is_answered_without_a_terminal_only_by_accepting(desk, store):
    """The sentence says how; with --accept the text is on standard error and the result for a machine."""
    with pytest.raises(ConsentError, match="add --accept"):
        desk("answer", "1", "--yes")
    code, out, err = desk("answer", "1", "--yes", "--accept", "--json", lang="en")
    assert (code, json.loads(out)[0]["text"]["lang"]) == (0, "en")
    assert "both servers can read the data" in err


def test_a_person_who_does_not_type_the_word_leaves_the_request_waiting(desk, store):
    """Not read to the end is not refused."""
    assert desk("answer", "1", "--yes", typed="")[0] == 1
    assert store.access.one(1).state is AccessState.PENDING


def test_a_refusal_is_told(desk, store):
    """To the person and, as a notice, to the asker."""
    assert desk("answer", "1", "--no", lang="en")[1] == "refused; the asker is told\n"
    assert json.loads(desk("answer", "2", "--no", "--json")[1])["state"] == "refused"
    assert len(store.notices.all()) == 2


def test_one_command_refuses_a_domain_and_another_lifts_that(desk, store):
    """What waits says how; it says how many it was and until when; the list, and no harm in saying it twice."""
    assert "linky-gateway consent refuse sen2.test refuses all 2 of sen2.test\n" in desk("pending", lang="en")[1]
    assert json.loads(desk("pending", "--json")[1])[0]["domain"] == "sen2.test"
    out = desk("refuse", "jabber.sen2.test", lang="en")[1]
    assert out.startswith("requests of sen2.test refused: 2; those that follow are not shown until ")
    assert "2027" in out
    assert "linky-gateway consent refuse sen2.test --lift" in out
    assert desk("pending", lang="en")[1] == "nobody asks for anything\n"
    assert store.notices.all() == []
    assert desk("refuse", COOP)[1].startswith("demandes refusées de sen2.test : 0 ; les suivantes ne sont pas montrées")
    assert desk("refused", lang="en")[1].startswith("sen2.test  refused since ")
    (row,) = json.loads(desk("refused", "--json")[1])
    assert (row["domain"], row["by"], row["until"]) == ("sen2.test", "anne", "2027-02-23T12:00:00Z")
    assert desk("refuse", "sen2.test", "--lift", lang="en")[1] == "its requests are shown again\n"
    assert desk("refuse", "sen2.test", "--lift")[1].startswith("ce domaine n’est pas refusé")
    assert desk("refused", lang="en")[1] == "requests of every domain are shown\n"


def test_an_answer_is_a_yes_or_a_no(desk):
    """Neither is preset, and not both."""
    for words in ((), ("--yes", "--no")):
        with pytest.raises((argparse.ArgumentError, SystemExit)):
            desk("answer", "1", *words)


LOOK_ALIKE = "cо\u043ep@sen2.test"


@pytest.mark.parametrize(
    ("lang", "mark", "checked"),
    [
        ("fr", "mêle des alphabets (cyrillique, latin)", "nom non vérifié"),
        ("en", "mixes alphabets (Cyrillic, Latin)", "name not verified"),
    ],
)
def test_an_address_that_looks_like_another_is_marked_before_a_yes(desk, store, lang, mark, checked):
    """In the list, in the text before the word is typed, in what the household is told; a name is not verified."""
    terms = Terms(purpose="science", controller="Enedis", contact="dpo@coop.example")
    request = store.access.ask(LOOK_ALIKE, "ab12", "consumption/power", Granularity.DAY, terms, NOW)
    _, pending, _ = desk("pending", lang=lang)
    assert (pending.count(mark), pending.count(checked)) == (1, 3)
    _, text, _ = desk("answer", str(request.id), "--yes", "--accept", lang=lang)
    told = asked_text(request, lang)
    for words in (" ".join(text.split()), told):
        assert mark in words
        assert f"Enedis ({checked})" in words
    assert mark in " ".join(desk("grant", LOOK_ALIKE, "--health", "--accept", lang=lang)[1].split())
    assert mark not in " ".join(desk(*YES, lang=lang)[1].split())
