"""The manufacturer's file: in both languages, each thing that it names is there."""

import ast
import re
from pathlib import Path

import pytest

from gateway.upkeep.duties.duties import read_duties
from gateway.words.catalogue import LANGUAGES

ROOT = Path(__file__).parents[4]
DUTIES = read_duties()


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.id)
def test_what_shows_a_duty_is_there(duty):
    """A file of the repository, or a test in it, by its name; and every sentence in every language."""
    for place in duty.evidence:
        file, _, test = place.partition("::")
        assert (ROOT / file).exists(), place
        if test:
            found = ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
            assert test in {node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for said in (duty.asked, duty.done, duty.manufacturer):
        assert not said or set(said) == set(LANGUAGES)
    assert duty.evidence or duty.manufacturer


def test_each_duty_is_one():
    """No requirement twice; both parts of Annex I are there, letter by letter."""
    assert len({duty.id for duty in DUTIES}) == len(DUTIES)
    sources = " · ".join(duty.source for duty in DUTIES)
    letters = re.findall(r"Annex I, I \(2\)\(([a-m])\)", sources)
    assert letters == list("abcdefghijklm")
    second = [number for part in re.findall(r"\bII ((?:\(\d\))+)", sources) for number in re.findall(r"\d", part)]
    assert sorted(second) == list("12345678")


def test_it_is_called_what_it_is():
    """Never by the name of a part of the metering system, which is another class of products."""
    text = (ROOT / "gateway/upkeep/duties/duties.toml").read_text(encoding="utf-8").lower()
    assert "smart meter gateway" not in text
    assert "smart-meter gateway" not in text
