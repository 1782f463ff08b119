"""What a household asks in a chat is understood however it is written, or honestly not."""

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from gateway.balance.calendar import BalancePeriod
from gateway.notices.chat.questions import ChatQuestion, understand
from gateway.notices.chat.spoken_days import DaySpan
from gateway.notices.chat.words import WORDS

# The day on which the sentences of asked.*.tsv are said: a Friday.
TODAY = date(2026, 11, 27)
LEAST = 0.85


def sentences(lang):
    """What families write, with what they want to know; the files were written before the grammar."""
    with (Path(__file__).parent / f"asked.{lang}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def found(text, today=TODAY):
    """(topic, days) as the files have them; two empty words for what is not understood."""
    question = understand(text, today)
    if question is None:
        return "", ""
    return question.topic.value, f"{question.days.first}/{question.days.end}" if question.days else ""


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
        "combien par jour ?",
        "combien a consommé la voiture hier soir ?",
        "conso du 30 février",
        "combien demain ?",
        "efface mes données",
        "combien font 3 fois 4 ?",
        "quelle heure est-il ?",
        "qui es-tu ?",
        "quel est le mot de passe du wifi ?",
        "how much is a car?",
        "usage per day",
        "how much yesterday evening?",
        "delete my data",
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
        ("conso du week-end", DaySpan(date(2026, 11, 21), date(2026, 11, 23))),
        ("conso de vendredi", DaySpan(TODAY, date(2026, 11, 28), BalancePeriod.DAY)),
        ("conso de vendredi dernier", DaySpan(date(2026, 11, 20), date(2026, 11, 21), BalancePeriod.DAY)),
        ("usage last year", DaySpan(date(2025, 1, 1), date(2026, 1, 1), BalancePeriod.YEAR)),
    ],
)
def test_days_are_the_last_ones_of_that_name(text, days):
    """A day or a month without its year has begun; a weekday is one of the last seven days."""
    assert understand(text, TODAY).days == days
