"""What a household asks in a chat is understood however it is written, or honestly not."""

import csv
import re
import time
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from gateway.balance.calendar import BalancePeriod
from gateway.notices.chat.english import ENGLISH
from gateway.notices.chat.french import FRENCH
from gateway.notices.chat.questions import ChatQuestion, understand
from gateway.notices.chat.scores import SIGNS
from gateway.notices.chat.spoken_days import DaySpan
from gateway.notices.chat.words import WORDS
from gateway.store.local_time import PARIS

# The day on which the sentences of asked.*.tsv are said: a Friday.
TODAY = date(2026, 11, 27)
LEAST = 0.85
BOTH = {"fr": FRENCH, "en": ENGLISH}


def sentences(lang, name="asked"):
    """What families write, with what they want to know, which ``asked_else`` has none of."""
    with (Path(__file__).parent / f"{name}.{lang}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def found(text, today=TODAY):
    """(topic, days) as the files have them; two empty words for what is not understood."""
    question = understand(text, today)
    if question is None:
        return "", ""
    if question.hours:
        first, end = (datetime.fromtimestamp(one, PARIS) for one in (question.hours.first, question.hours.end))
        return question.topic.value, f"{first:%Y-%m-%dT%H:%M}/{end:%Y-%m-%dT%H:%M}"
    days = [one for one in (question.days, question.against) if one]
    return question.topic.value, " ".join(f"{one.first}/{one.end}" for one in days)


@pytest.mark.parametrize(("lang", "count"), [("fr", 60), ("en", 40)])
def test_most_sentences_are_understood_and_no_other_is_answered_wrongly(lang, count):
    """At least 85 of 100 are what was meant; the rest is not understood, which is said."""
    said = sentences(lang)
    assert len({one["sentence"] for one in said}) == count
    answers = {one["sentence"]: found(one["sentence"]) for one in said}
    meant = {one["sentence"]: (one["question"], one["period"]) for one in said}
    missed = [text for text in answers if answers[text] != meant[text]]
    assert [text for text in missed if answers[text] != ("", "")] == []
    assert len(missed) <= (1 - LEAST) * count
    spoken = {text: understand(text, TODAY).lang for text in answers if answers[text][0]}
    assert [text for text, other in spoken.items() if other not in (lang, None)] == []


@pytest.mark.parametrize(("lang", "count", "right"), [("fr", 60, 48), ("en", 40, 35)])
def test_of_strangers_sentences_none_is_answered_wrongly(lang, count, right):
    """Sentences of somebody who had not seen the grammar; each with what was meant, "-" where nobody here can know.

    They were said to another grammar, one of rules for the order of words: that one understood 22 of 60 and 12 of 40,
    and a second stranger's hundred, after it was widened with these, 36 of 60 and 22 of 40. The words by what they hint
    at, which came in its place, were made with these before their eyes: this holds what was won and proves nothing.
    """
    meant = {one["sentence"]: one["question"] for one in sentences(lang, "fresh")}
    assert len(meant) == count
    answers = {text: found(text)[0] or "-" for text in meant}
    assert {text: one for text, one in answers.items() if one not in ("-", meant[text])} == {}
    assert sum(answers[text] == meant[text] for text in meant) >= right


# Of the sentences of two more strangers, each of whom saw nothing but what can be asked about: (how many, right, wrong)
# when they were first heard. What the third found was mended before the fourth, and what the fourth found afterwards.
STRANGERS = {
    ("fr", "third"): (60, 51, 3),
    ("en", "third"): (40, 34, 0),
    ("fr", "fourth"): (60, 56, 1),
    ("en", "fourth"): (40, 37, 0),
}


@pytest.mark.parametrize(("lang", "batch"), STRANGERS)
def test_of_other_strangers_most_are_understood_and_none_is_answered_wrongly(lang, batch):
    """At least 85 of 100, as when they were first heard; the rest is not understood ("-" where nobody can know)."""
    meant = {one["sentence"]: one["question"] for one in sentences(lang, "strangers") if one["batch"] == batch}
    count, right, _ = STRANGERS[lang, batch]
    assert len(meant) == count
    answers = {text: found(text)[0] or "-" for text in meant}
    assert {text: one for text, one in answers.items() if one not in ("-", meant[text])} == {}
    assert sum(answers[text] == meant[text] for text in meant) >= max(right, LEAST * count)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_what_was_once_understood_stays_so(lang):
    """Each sentence of which the grammar before this one was made: what was meant, of which days, in which language."""
    said = sentences(lang, "asked_more")
    assert len(said) > 150
    meant = {one["sentence"]: (one["question"], one["period"]) for one in said}
    assert {text: found(text) for text in meant} == meant
    assert [text for text in meant if understand(text, TODAY).lang not in (lang, None)] == []


# Of the sentences that were written for it, batch by batch: so many in each, so many right and so many wrong when it
# first heard them, before anything was changed because of them. Of the first batch one half was looked at while it was
# made, the other was not; "4" is what must not be answered, written to mislead, "7" is about days, "8" hides its
# question in a story. In 5 to 8 the label of ten sentences was wrong, not the answer, and was mended.
FIRST_HEARD = {
    ("fr", "1 held"): (81, 69, 7),
    ("en", "1 held"): (58, 52, 4),
    ("fr", "2"): (80, 62, 8),
    ("en", "2"): (71, 56, 4),
    ("fr", "3"): (76, 64, 4),
    ("en", "3"): (65, 51, 5),
    ("fr", "4"): (56, 41, 15),
    ("en", "4"): (46, 32, 14),
    ("fr", "5"): (63, 53, 3),
    ("en", "5"): (54, 44, 3),
    ("fr", "6"): (60, 50, 7),
    ("en", "6"): (50, 40, 3),
    ("fr", "7"): (40, 36, 3),
    ("en", "7"): (38, 36, 1),
    ("fr", "8"): (42, 24, 4),
    ("en", "8"): (34, 24, 3),
}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_sentences_of_every_kind_are_understood(lang):
    """As meant, or rightly not at all, all but a few; and no more than one answered wrongly.

    Who made the grammar wrote them, in batches, as different people would; ``FIRST_HEARD`` is what it is worth. Now
    they are known to it.
    """
    said = sentences(lang, "varied")
    batches = Counter(one["batch"] for one in said)
    assert {batch: count for batch, count in batches.items() if batch != "1 tuned"} == {
        batch: count for (other, batch), (count, _, _) in FIRST_HEARD.items() if other == lang
    }
    meant = {one["sentence"]: (one["question"], one["period"]) for one in said}
    answers = {text: found(text) for text in meant}
    missed = {text: one for text, one in answers.items() if one != meant[text]}
    assert len([text for text, one in missed.items() if one != ("", "")]) <= 1
    assert len(missed) <= len(meant) // 40


def test_each_hint_is_known_in_both_languages_and_weighed():
    """A concept without words, or words of which nobody makes anything, would be a mistake in writing."""
    spoken = {lang: frozenset().union(*words.words.values(), *words.stems.values()) for lang, words in BOTH.items()}
    assert spoken["fr"] == spoken["en"]
    weighed = {hint for _, _, wanted, unwanted in SIGNS for one in (*wanted, unwanted) for hint in one}
    assert weighed - spoken["fr"] == {"dated"}
    # Those say what a sentence is about beside its question, and who is greeted.
    assert spoken["fr"] - weighed == {
        *("advice", "around", "else", "future", "later", "others", "season", "since", "why"),
        *("article", "hello", "nice", "thanks"),
    }


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("combieeeen hieeer", ChatQuestion.USAGE),
        ("consomation dhier", ChatQuestion.USAGE),
        ("la prodution d'hier", ChatQuestion.SOLAR),
        ("keske kon a conso ojd", ChatQuestion.USAGE),
        ("lelectricité de samdi", ChatQuestion.USAGE),
        ("yestreday's consumtion", ChatQuestion.USAGE),
        ("my bugdet", ChatQuestion.GOAL),
    ],
)
def test_a_slip_of_the_pen_is_read(text, topic):
    """A letter too much, missing, wrong or in the wrong place, an apostrophe that is not there, a hurried spelling."""
    assert understand(text, TODAY).topic is topic


@pytest.mark.parametrize(
    "text",
    [
        "plus " * 400,
        "le jour ou le plus " * 100,
        "how much day most " * 100,
        ",a" * 1000,
        "consommatoin, " * 100,
        "du 1 au 2 " * 100,
        "did you you " * 100,
        "\u0301" * 2000,
    ],
)
def test_what_is_meant_to_take_long_does_not(text):
    """Whatever it says: a twentieth of a second here, of which the bound is forty times."""
    began = time.process_time()
    understand(text, TODAY)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(("lang", "count"), [("fr", 144), ("en", 78)])
def test_no_figure_of_something_else_is_given(lang, count):
    """Water, an appliance, "ago", another day's index, an order: not one of these is answered."""
    said = {one["sentence"] for one in sentences(lang, "asked_else")}
    assert len(said) == count
    assert {text: answer for text in said if (answer := found(text)) != ("", "")} == {}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_what_the_help_shows_can_be_asked(lang):
    """Each example of the help and of "I did not understand" is understood, in its language."""
    shown = [one.strip() for key in ("help", "not-understood") for one in re.findall("[«“](.*?)[»”]", WORDS[lang][key])]
    assert len(shown) > 10
    for text in shown:
        question = understand(text, TODAY)
        assert question is not None, text
        assert question.lang in (lang, None), text


@pytest.mark.parametrize(
    ("text", "topic", "lang"),
    [
        ("conso ?", ChatQuestion.USAGE, "fr"),
        ("Quelle est ma CONSOMMATION ce mois-ci ?", ChatQuestion.USAGE, "fr"),
        ("coût", ChatQuestion.COST, "fr"),
        ("cout", ChatQuestion.COST, "fr"),
        ("État ?", ChatQuestion.STATE, "fr"),
        ("aujourd’hui", ChatQuestion.USAGE, "fr"),
        ("et la journée ?", ChatQuestion.USAGE, "fr"),
        ("aide", ChatQuestion.HELP, "fr"),
        ("Usage, please", ChatQuestion.USAGE, "en"),
        ("power now?", ChatQuestion.POWER, "en"),
        ("peak yesterday?", ChatQuestion.PEAK, "en"),
        ("off-peak?", ChatQuestion.TARIFF, "en"),
        ("help!", ChatQuestion.HELP, "en"),
        ("tempo", ChatQuestion.TEMPO, None),
        ("C’est combien le kWh ?", ChatQuestion.PRICE, "fr"),
        ("Le compteur ne répond plus depuis hier", ChatQuestion.STATE, "fr"),
        ("budget de novembre ?", ChatQuestion.GOAL, "fr"),
        ("J’ai consommé plus aujourd’hui qu’hier ?", ChatQuestion.COMPARE, "fr"),
        ("Je voudrais savoir ma consommation d’électricité", ChatQuestion.USAGE, "fr"),
        ("show me what we spent", ChatQuestion.COST, "en"),
        ("?", ChatQuestion.HELP, None),
    ],
)
def test_a_word_is_enough(text, topic, lang):
    """In any case, with or without accents; by its language the answer is known."""
    question = understand(text, TODAY)
    assert (question.topic, question.lang) == (topic, lang)


@pytest.mark.parametrize(
    "text",
    [
        "Combien coûte une voiture électrique ?",
        "combien a consommé la voiture hier soir ?",
        "conso du 30 février",
        "combien demain ?",
        "combien font 3 fois 4 ?",
        "quelle heure est-il ?",
        "qui es-tu ?",
        "quel est le mot de passe du wifi ?",
        "how much is a car?",
        "will it be sunny next week?",
        "ok",
        "x" * 500 + " conso",
    ],
)
def test_what_is_something_else_is_not_answered(text):
    """Another thing, another time than whole days, a day that does not exist: no figure of something else is given."""
    assert found(text) == ("", "")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("conso du 1er janvier", DaySpan(date(2026, 1, 1), date(2026, 1, 2), BalancePeriod.DAY)),
        ("conso 12/11", DaySpan(date(2026, 11, 12), date(2026, 11, 13), BalancePeriod.DAY)),
        ("conso du 29 février", DaySpan(date(2024, 2, 29), date(2024, 3, 1), BalancePeriod.DAY)),
        ("conso du 3 décembre", DaySpan(date(2025, 12, 3), date(2025, 12, 4), BalancePeriod.DAY)),
        ("usage on December 3rd", DaySpan(date(2025, 12, 3), date(2025, 12, 4), BalancePeriod.DAY)),
        ("conso novembre 2025", DaySpan(date(2025, 11, 1), date(2025, 12, 1), BalancePeriod.MONTH)),
        ("usage in May", DaySpan(date(2026, 5, 1), date(2026, 6, 1), BalancePeriod.MONTH)),
        ("conso des 10 derniers jours", DaySpan(date(2026, 11, 18), date(2026, 11, 28))),
        ("combien depuis lundi ?", DaySpan(date(2026, 11, 23), date(2026, 11, 30), BalancePeriod.WEEK)),
        ("combien depuis le 1er novembre", DaySpan(date(2026, 11, 1), date(2026, 12, 1), BalancePeriod.MONTH)),
        ("combien depuis mardi", DaySpan(date(2026, 11, 24), date(2026, 11, 28))),
        ("usage since yesterday", DaySpan(date(2026, 11, 26), date(2026, 11, 28))),
        ("conso du 3 au 8 novembre", DaySpan(date(2026, 11, 3), date(2026, 11, 9))),
        ("conso du 28/10 au 3/11", DaySpan(date(2026, 10, 28), date(2026, 11, 4))),
        ("combien ai-je consommé entre lundi et mercredi ?", DaySpan(date(2026, 11, 23), date(2026, 11, 26))),
        ("conso de juin à août", DaySpan(date(2026, 6, 1), date(2026, 9, 1))),
        ("conso samedi et dimanche", DaySpan(date(2026, 11, 21), date(2026, 11, 23))),
        ("usage from 1 to 5 november", DaySpan(date(2026, 11, 1), date(2026, 11, 6))),
        ("usage from monday to wednesday", DaySpan(date(2026, 11, 23), date(2026, 11, 26))),
        ("conso de la journée de samedi", DaySpan(date(2026, 11, 21), date(2026, 11, 22), BalancePeriod.DAY)),
        ("conso du samedi 14 novembre", DaySpan(date(2026, 11, 14), date(2026, 11, 15), BalancePeriod.DAY)),
        ("conso du mois d'octobre", DaySpan(date(2026, 10, 1), date(2026, 11, 1), BalancePeriod.MONTH)),
        ("conso du week-end", DaySpan(date(2026, 11, 21), date(2026, 11, 23))),
        ("conso de vendredi", DaySpan(TODAY, date(2026, 11, 28), BalancePeriod.DAY)),
        ("conso de vendredi dernier", DaySpan(date(2026, 11, 20), date(2026, 11, 21), BalancePeriod.DAY)),
        ("usage last year", DaySpan(date(2025, 1, 1), date(2026, 1, 1), BalancePeriod.YEAR)),
    ],
)
def test_days_are_the_last_ones_of_that_name(text, days):
    """A day or a month without its year has begun; a weekday is of the last seven; a span is all of it."""
    assert understand(text, TODAY).days == days
