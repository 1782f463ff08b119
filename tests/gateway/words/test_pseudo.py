"""A third language, which nobody speaks, shows what is not translated; and that a language is a folder."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.gateway.words.pseudo import LANGUAGE, LETTERS, ROOT, accented, package

# What is no word of a language: options, files, paths, addresses, names, units, code between `marks`.
_DATA = re.compile(
    r"`[^`]*`|\"[^\"]*\"|\S*[@/\\=_\[\]<>]\S*|\S*\w[:.]\w\S*|--?[\w-]+|\b(?:[A-Z]{1,4}\d*|k?Wh|k?VA|min|[hdsj]|linky\S*)\b|\b\w*\d\w*\b"
    # What the recorded house says in French and English alone.
    r"|the (?:database|port|meter|decode|xmpp|recipient) .*|x{20,}|y{20,}"
)

# What the houses of these tests are called, and what is in them; what a release says of itself.
# Linky is the meter's own name, and the brand beside the menu: the same in every language.
_NAMES = set(
    """Consentement Vous donnez suite ligne point pas Coop Home Assistant Base Tempo consumption contract database deux
    display garage guest hall house index localhost maison partager prometheus salon toit water year Linky
    Étude Télé délégué Une est fermée soleil école cave veranda École Chez Camille mairie Salle Toit""".split()
)


def untranslated(text):
    """The words that stand outside of what was translated."""
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = inner
    found = re.findall(r"[A-Za-zÀ-ž]{3,}", _DATA.sub(" ", text))
    # A sentence that is shown in part has lost its end.
    return [word for word in found if not set(word) & set(LETTERS) and word not in _NAMES]


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """What is shown in the third language, by kind and place."""
    folder = package(tmp_path_factory.mktemp("pseudo"))
    path = os.pathsep.join(map(str, (folder, ROOT, ROOT / "tools/lib", ROOT / "hardware")))

    def shown(kind):
        to = folder / f"{kind}.json"
        program = ROOT / "tests/gateway/words/pseudo.py"
        subprocess.run(
            [sys.executable, program, kind, tmp_path_factory.mktemp(kind), to],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "HOME": str(folder)},
            check=True,
            timeout=300,
        )
        return json.loads(to.read_text())

    return shown


@pytest.mark.parametrize("kind", ["commands", "pages", "rooms"])
def test_nothing_that_a_household_reads_is_without_translation(spoken, kind):
    """Every word of every command, page, notice and cause is of the catalogue; what is left over is data."""
    shown = spoken(kind)
    assert len(shown) > 15
    assert any("⟦" in text for text in shown.values())
    assert {place: words for place, text in shown.items() if (words := untranslated(text))} == {}


def test_what_is_not_translated_is_seen():
    """The test can fail."""
    assert untranslated(accented("Good day {name}").format(name="/home")) == []
    assert untranslated("⟦Īň ⟦ā⟧ hőūsė⟧ nothing is well, l’été: 3 kWh, --lang, `status`") == ["nothing", "well", "été"]
    assert LANGUAGE not in ("fr", "en")
