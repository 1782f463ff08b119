"""The words: every cause in both languages, whole sentences, without the words of a trade."""

import re
from string import Formatter

import pytest

from gateway.doctor.causes import Cause, Finding
from gateway.doctor.report import PortReport, as_text
from gateway.doctor.sentences import FAULT_NAMES, grade, words
from gateway.tic.quality import Fault
from gateway.words.catalogue import LANGUAGES

PLACES = {name: f"<{name}>" for name in ("port", "holder", "group", "heard", "wanted", "owner")}

# What a household need not know; commands to type may say it.
JARGON = re.compile(
    r"checksum|somme de contrôle|parit|termios|overrun|frame|trame|baud|stop bit|canonical|kernel|noyau|"
    r"\b(tty|pty|UART|STX|ETX|EOT|ioctl)\b",
    re.IGNORECASE,
)


def spoken(cause, lang):
    """All that is said, without the commands."""
    said = words(cause, lang, PLACES)
    texts = (said.title, said.seen, said.likely, said.remedy)
    return [re.sub(r"`[^`]*`|/(?:dev|boot)/[\w/-]+(?:\.txt)?", "…", text) for text in texts]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_every_cause_is_said_in_plain_words(cause, lang):
    """What is seen, the likely cause, what to do: sentences, no jargon, no placeholder left."""
    title, *sentences = spoken(cause, lang)
    assert title.rstrip(".") == title != ""
    for text in sentences:
        assert re.search(r"[.)]$", text), text
        assert not JARGON.search(text), text
        assert not [field for _, field, _, _ in Formatter().parse(text) if field]
        assert len(text) < 300


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_two_causes_are_said_alike(lang):
    """A person can tell which of them it is."""
    for place in range(4):
        said = [spoken(cause, lang)[place] for cause in Cause]
        assert len(set(said)) == len(said)


def test_every_fault_has_a_name():
    """In both languages."""
    assert all(set(names) == set(Fault) for names in FAULT_NAMES.values())


def test_a_score_has_a_word():
    """Good from 99, fair from 90."""
    assert [grade(score, "en") for score in (100.0, 99.0, 98.9, 90.0, 89.0)] == ["good", "good", "fair", "fair", "poor"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_a_report_without_evidence_can_be_written(cause, lang):
    """No cause needs what is not known."""
    text = as_text(PortReport("house", "/dev/ttyTIC", (Finding(cause, 1.0),)), lang)
    assert words(cause, lang, PLACES).title in text
