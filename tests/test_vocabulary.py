"""The words of the code: the specifications' own, at most forty of ours, and none of those that went.

What is looked at: public classes, functions and methods of ``gateway/``, the names of its files, and public classes of
``tools/`` and ``micropython/``. CONTRIBUTING.md's *Words* says what each of ours means.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_WORDS = 40

# A private English: each says less than the word that took its place (a newcomer guessed wrong, or not at all).
GONE = {
    *("bench", "complain", "desk", "door", "doorkeeper", "ear", "errand", "lookout", "odd", "owed", "poison", "told"),
    "wish",
}
# Whole names that were a question rather than a thing.
GONE_NAMES = {"Asked", "Given", "Known", "Look", "Made", "More", "Place", "Thing", "Which", "Words"}

# By specification: the words that its readers look for, each a public name of the room that implements it.
SPECIFIED = {
    "tic": ("frame", "group", "label", "horodate", "checksum"),  # Enedis-NOI-CPT_54E
    "senml": ("pack", "record", "resolve"),  # RFC 8428
    "federation": ("stanza", "jid", "session", "command", "form"),  # RFC 6120, RFC 6122, XEP-0004, XEP-0050
    "mqtt": ("broker",),  # MQTT 3.1.1
    "live": ("topic",),
    "journal": ("entry", "hash", "sign"),  # RFC 8032, RFC 6962
}

# Other people's file as it came (tests/micropython holds its digest).
FOREIGN = {"micropython/lib/microdot.py"}
# A step of the database has the name under which each database remembers that it was taken.
REMEMBERED = {"gateway/store/migrations_0_1_0.py", "gateway/store/migrations.py"}


def sources(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name not in FOREIGN:
                yield name, ast.parse(path.read_bytes())


def public(body):
    """Classes, functions and methods that do not begin with an underscore."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def words(name):
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


@pytest.fixture(scope="module")
def names():
    """Word -> the public names of ``gateway/`` that have it, each with its file."""
    found = defaultdict(set)
    for path, tree in sources("gateway"):
        if path in REMEMBERED:
            continue
        for name in [Path(path).stem, *(node.name for node in public(tree.body))]:
            for word in words(name):
                found[word].add(f"{path}: {name}")
    return found


def test_no_public_class_has_the_name_of_another():
    """A class that is spoken of is one class."""
    places = defaultdict(list)
    for path, tree in sources("gateway", "tools", "micropython"):
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_public_name_has_a_word_that_went(names):
    """A word that went does not come back by another door."""
    assert {word: sorted(names[word]) for word in sorted(GONE) if names[word]} == {}
    classes = {node.name for _, tree in sources("gateway") for node in tree.body if isinstance(node, ast.ClassDef)}
    assert sorted(classes & GONE_NAMES) == []


@pytest.mark.parametrize(("room", "word"), [(room, word) for room, of_room in SPECIFIED.items() for word in of_room])
def test_the_specification_s_word_is_the_room_s(names, room, word):
    """Who knows the specification finds its word in the room that implements it."""
    forms = {word, f"{word}s", f"{word}r"}
    assert any(name.startswith(f"gateway/{room}/") for form in forms for name in names[form])


def glossary():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.search(r"## Words\n.*?\n\|---\|---\|\n(.*?)\n\n", text, re.S)[1]
    return [row.split("|")[1].strip().strip("*") for row in rows.splitlines()]


def test_the_glossary_is_short_and_holds_only_words_in_use(names):
    """Forty words of ours at most, each one the name of something."""
    entries = glossary()
    assert 20 < len(entries) <= MOST_WORDS
    assert len(set(entries)) == len(entries)
    used = {form for word in names for form in (word, word.removesuffix("s"))}
    assert [entry for entry in entries if not words(entry.replace(" ", "_").replace("-", "_")) <= used] == []
