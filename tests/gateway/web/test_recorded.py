"""Every page in every state says, byte for byte, what it said when it was recorded."""

import asyncio
import json
from collections import Counter

import pytest
from jinja2 import ModuleLoader

from gateway.web import templates
from gateway.web.templates import compile_all
from tests.gateway.web.recorded.record import RECORDING, answers, files, recorded, sums
from tests.gateway.web.recorded.values import HOSTILE


@pytest.fixture(scope="module")
def pages(tmp_path_factory, years):
    """Name of each visit -> what it is answered now."""
    return recorded(tmp_path_factory.mktemp("recorded"), years)


def test_every_page_is_as_it_was_recorded(pages):
    """Whatever a household is shown: a page that is changed on purpose is recorded anew (``recorded/record.py``)."""
    known, now = json.loads(RECORDING.read_text()), sums(pages)
    assert sorted(now) == sorted(known)
    assert [name for name in now if now[name] != known[name]] == []


def test_compiled_as_an_installation_has_them_they_are_the_same(pages, tmp_path, monkeypatch):
    """Page by page, without the templates themselves."""
    compile_all(tmp_path / "compiled")
    engine = templates._TEMPLATES.overlay(loader=ModuleLoader(tmp_path / "compiled"))
    monkeypatch.setattr(templates, "_TEMPLATES", engine)
    told = asyncio.run(answers(tmp_path))
    assert [name for name in told if told[name] != pages[name]] == []


def test_some_of_the_recorded_pages_can_be_read(pages):
    """They are kept as a whole, as they were answered."""
    for name, file in files().items():
        assert pages[name] == file.read_text().removesuffix("\n"), name


def test_the_recording_has_every_kind_of_answer(pages):
    """Pages, wrong forms, refusals, faults; nothing of them is said twice under one name, and nothing obeyed."""
    kinds = Counter(text.partition(" ")[0] for text in pages.values())
    assert {"200", "204", "303", "400", "403", "404", "409", "429", "500"} == set(kinds)
    assert not [name for name, text in pages.items() if HOSTILE in text and "text/html" in text]
