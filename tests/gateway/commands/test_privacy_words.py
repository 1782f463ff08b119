"""What is said to a person is said in both languages."""

import string

import pytest

from gateway.commands import privacy_words as words
from gateway.commands.privacy_words import say
from gateway.privacy.orders import Erase


def places(text):
    """The names of what is filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_of_the_same_facts():
    """No sentence is missing, and none leaves out what the other one tells."""
    french, english = words._SAID["fr"], words._SAID["en"]
    assert french.keys() == english.keys()
    assert {name: places(text) for name, text in french.items()} == {n: places(t) for n, t in english.items()}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_reader_that_holds_the_log_and_old_copies_are_said(lang):
    """What is not gone yet is not called gone."""
    done = {"readings": 1, "queued": 0, "events": 0, "told": [], "wiped": False, "copies": ["x.damaged"], "removed": []}
    said = words.outcome(lang, Erase(what="range"), done)
    assert say(lang, "held") in said
    assert say(lang, "wiped") not in said
    assert any("x.damaged" in line for line in said)
