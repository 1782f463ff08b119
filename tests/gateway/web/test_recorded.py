"""Every page in every state says, byte for byte, what it said when it was recorded."""

import asyncio
import html
import json
import re
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from jinja2 import ModuleLoader

from gateway.web import templates
from gateway.web.templates import compile_all
from tests.gateway.web.recorded import house as recorded_house
from tests.gateway.web.recorded.record import RECORDING, Visitor, answers, files, recorded, sums
from tests.gateway.web.recorded.values import HOSTILE
from tests.gateway.web.recorded.visits import first_visits, visits

# Words that no sentence in English does without, and no French one has.
ENGLISH = re.compile(
    r"\b(?:the|and|of|to|for|with|by|not|is|are|was|has|have|it|this|that|you|your|what|which|when|who|from|until|nothing"
    r"|nobody|meter|readings?|yesterday|today|tomorrow|settings|sharing|password|waiting|broken|unknown)\b",
    re.IGNORECASE,
)
# What is read aloud, shown where nothing is typed yet, or written by the page's own program (JSON, by key).
SAID_BY_TAGS = re.compile(r'\s(?:aria-label|title|placeholder|alt|data-then)="([^"]*)"')
SAID_BY_PROGRAM = re.compile(r'\sdata-words="([^"]*)"')
# What the house of the recording says of itself is data, which a page shows as it is; and other people's menus.
GIVEN = (
    *("the database does not open", "held by another program", "as it is:", "le meter", "contract/tariff"),
    *("linky-gateway settings", "Secret Settings, « Use third party CA certificates »"),
)

# A stream, numbers for Prometheus, a picture, and a file for who finds a weakness: each has tests of its own.
NO_PAGE = {"/events", "/metrics", "/display.png", "/.well-known/security.txt"}


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
    # What nobody has thought of.
    assert not [name for name, text in pages.items() if text.startswith("500") and "text/html" not in text]


def test_every_page_and_every_form_is_visited(tmp_path):
    """Whatever the site is asked for with GET or sent, of every part there is; of what is no page it is said why."""
    made = Path(recorded_house.__file__).read_text()
    parts = [file.parent.name for file in Path(templates.__file__).parent.glob("*/routes.py")]
    assert [room for room in parts if not re.search(rf"from gateway\.web\.{room}(\.routes)? import", made)] == []
    house, asked = recorded_house.RecordedHouse(tmp_path / "page.json"), {"GET": set(), "POST": set()}
    for one in chain(first_visits(), visits()):
        asked["GET" if one.form is None else "POST"].add(one.path.partition("?")[0])
    # The parts come with the first who asks.
    asyncio.run(Visitor(house).ask(next(iter(first_visits())), "fr"))
    missing = set()
    for methods, pattern, *_ in house.site.app.url_map:
        (method,) = {*methods} & asked.keys()
        if not any(pattern.match(path) is not None for path in asked[method]):
            missing.add((method, pattern.url_pattern))
    assert missing == {("GET", path) for path in NO_PAGE}


def english_in(page):
    """The English words that a household would read there, or be read."""
    body = re.sub(r"<(script|style|code|pre)\b.*?</\1>", " ", page[page.index("<html") :], flags=re.DOTALL)
    # A place that the program fills has a name of its own.
    programs = [re.sub(r"\{\w+\}", "", html.unescape(one)) for one in SAID_BY_PROGRAM.findall(body)]
    written = [re.findall(r':\s*"([^"]*)"', one) for one in programs]
    told = " ".join([re.sub(r"<[^>]+>", " ", body), *SAID_BY_TAGS.findall(body), *chain(*written)])
    said = " ".join(re.sub(r"<[^>]+>", " ", " ".join(html.unescape(told).split())).split())
    for given in GIVEN:
        said = said.replace(given, " ")
    return sorted({one[0] for one in ENGLISH.finditer(said)})


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<p>Le compteur</p>", []),
        ("<p>The compteur</p>", ["The"]),
        ('<a aria-label="Yesterday">‹</a>', ["Yesterday"]),
        ('<input placeholder="your name">', ["your"]),
        ('<p data-words="{&#34;with&#34;: &#34;Not here, {what}&#34;}">', ["Not"]),
        ('<p data-is="unknown" class="the">Rien</p><code>the</code>', []),
    ],
)
def test_an_english_word_is_found_in_what_is_read_and_in_what_is_read_aloud(body, found):
    """Not in what only programs read."""
    assert english_in(f'200\n<html lang="fr">{body}</html>') == found


def test_no_page_in_french_has_an_english_word(pages):
    """Of every page in every state: what a household reads is French, but for what others have written."""
    french = {name: text for name, text in pages.items() if '<html lang="fr"' in text}
    assert len(french) > 200
    assert {name: words for name, text in french.items() if (words := english_in(text))} == {}
