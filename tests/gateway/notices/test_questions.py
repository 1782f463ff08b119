"""What a household asks in a chat is understood however it is written, or honestly not."""

import csv
import re
from datetime import date, datetime
from pathlib import Path

import pytest

from gateway.balance.calendar import BalancePeriod
from gateway.notices.chat.questions import ChatQuestion, understand
from gateway.notices.chat.spoken_days import DaySpan
from gateway.notices.chat.words import WORDS
from gateway.store.local_time import PARIS

# The day on which the sentences of asked.*.tsv are said: a Friday.
TODAY = date(2026, 11, 27)
LEAST = 0.85


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


@pytest.mark.parametrize(("lang", "count", "right"), [("fr", 60, 46), ("en", 40, 33)])
def test_of_strangers_sentences_none_is_answered_wrongly(lang, count, right):
    """Sentences of somebody who had not seen the grammar; each with what was meant, "-" where nobody here can know.

    The frozen grammar (the commit before this file) understood as meant, or rightly not at all, 22 of 60 in French and
    12 of 40 in English, and answered none wrongly; the aim is 85 of 100. It was widened with these before its eyes, so
    that this holds what was won and proves nothing of the next stranger.
    """
    meant = {one["sentence"]: one["question"] for one in sentences(lang, "fresh")}
    assert len(meant) == count
    answers = {text: found(text)[0] or "-" for text in meant}
    assert {text: one for text, one in answers.items() if one not in ("-", meant[text])} == {}
    assert sum(answers[text] == meant[text] for text in meant) >= right


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_what_was_once_understood_stays_so(lang):
    """Each sentence of which this grammar was made: what was meant, of which days, in which language."""
    said = sentences(lang, "asked_more")
    assert len(said) > 150
    meant = {one["sentence"]: (one["question"], one["period"]) for one in said}
    assert {text: found(text) for text in meant} == meant
    assert [text for text in meant if understand(text, TODAY).lang not in (lang, None)] == []


@pytest.mark.parametrize(("lang", "count"), [("fr", 149), ("en", 80)])
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
