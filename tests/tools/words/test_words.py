"""The catalogue of words holds what the source says, in every language."""

import subprocess
import sys
from pathlib import Path

import pytest

from words import __main__ as tool
from words import files, spaces
from words.extract import NoSentenceError, sentences

ROOT = Path(__file__).parents[3]
DAYS = 'B = plural("{count} day", "{count} days", n)\n'


def check(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "words", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT / 'tools/lib'}"},
        capture_output=True,
        text=True,
        check=False,
    )


def source(tmp_path, text):
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "room.py").write_text(text)
    return tmp_path


def test_every_sentence_of_the_source_is_in_the_catalogue_and_translated():
    """No file of a language is behind the source, none of its sentences is missing."""
    found = check("--check")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert len(list(sentences(ROOT))) > 800


def test_a_sentence_that_changes_waits_for_its_translation(tmp_path, monkeypatch, capsys):
    """--check says so, and changes nothing; without it the old one goes and the new one waits, until it is written."""
    monkeypatch.setattr(tool, "ROOT", source(tmp_path, f'A = Phrase("good day")\n{DAYS}'))
    po = tmp_path / files.FOLDER / "fr" / files.PO
    assert tool.main(["--add", "fr"]) == 1
    po.write_text(po.read_text().replace('msgid "good day"\nmsgstr ""', 'msgid "good day"\nmsgstr "bonjour"'))
    po.write_text(po.read_text().replace('[0] ""', '[0] "{count} jour"').replace('[1] ""', '[1] "{count} jours"'))
    assert tool.main(["--check"]) == 1
    assert "gateway.mo: not in step" in capsys.readouterr().out
    assert tool.main([]) == 0
    assert tool.main(["--check"]) == 0
    (tmp_path / "gateway" / "room.py").write_text(f'A = Phrase("good night")\n{DAYS}')
    before = po.read_bytes()
    capsys.readouterr()
    assert tool.main(["--check"]) == 1
    assert "fr: no translation: 'good night'" in capsys.readouterr().out
    assert po.read_bytes() == before
    assert tool.main([]) == 1
    assert "bonjour" not in po.read_text()
    assert "{count} jours" in po.read_text()


@pytest.mark.parametrize(
    "text", ['Phrase(f"good {day}")', "Phrase(text)", 'Phrase("good day", context=why)', 'plural(a, "b", 1)']
)
def test_a_sentence_that_a_program_puts_together_is_refused(tmp_path, text):
    """It would not be found: its place is named, and how it is written instead."""
    with pytest.raises(NoSentenceError, match=r"gateway/room\.py:1: write the sentence itself"):
        list(sentences(source(tmp_path, text)))


def test_two_that_are_alike_in_english_are_told_apart_by_their_context(tmp_path):
    """Each has a translation of its own; the same sentence of two files has one."""
    root = source(tmp_path, 'A = Phrase("open")\nB = Phrase("open", "of a door")\nC = Phrase("open")\n')
    catalogue = files.in_step(files.read(tmp_path / "none.po", "fr"), sentences(root))
    assert [(one.id, one.context) for one in catalogue if one.id] == [("open", None), ("open", "of a door")]


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("Pour quand ? Demain ; sinon jamais !", "Pour quand\u202f? Demain\u202f; sinon jamais\u202f!"),
        ("{meter} : « {name} » (prêt ?).", "{meter}\u00a0: «\u00a0{name}\u00a0» (prêt\u202f?)."),
        ("«collé» et\u202f: autrement\u00a0;", "«\u00a0collé\u00a0» et\u00a0: autrement\u202f;"),
        ("Compteurs :", "Compteurs\u00a0:"),
        (" ; {error}", "\u202f; {error}"),
        # What is typed, and what is part of an address or of another sign.
        ("tapez `a : b ; c` : rien", "tapez `a : b ; c`\u00a0: rien"),
        ("écrivez https://… ou apprise:// ou ?+…, ?:…", "écrivez https://… ou apprise:// ou ?+…, ?:…"),
        ("{day:%d/%m %H:%M} à 12:30", "{day:%d/%m %H:%M} à 12:30"),
    ],
)
def test_the_spaces_of_french_do_not_break(typed, set_):
    """Before the marks and inside « », once and for all; what was set is left as it is."""
    assert spaces.spaced(typed) == set_
    assert spaces.spaced(set_) == set_


@pytest.mark.parametrize(("room", "said"), [("web", "Vous\u202f?"), ("sources", "Vous ?")])
def test_an_ordinary_space_before_a_mark_is_found(tmp_path, monkeypatch, capsys, room, said):
    """What a household reads is set by the tool, and --check finds what is not; a terminal keeps a keyboard's."""
    (tmp_path / "gateway" / room).mkdir(parents=True)
    (tmp_path / "gateway" / room / "words.py").write_text('A = Phrase("You?")\n')
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    tool.main(["--add", "fr"])
    po = tmp_path / files.FOLDER / "fr" / files.PO
    po.write_text(po.read_text().replace('"You?"\nmsgstr ""', '"You?"\nmsgstr "Vous ?"'))
    tool.main([])
    assert f'msgstr "{said}"' in po.read_text()
    assert tool.main(["--check"]) == 0
    po.write_text(po.read_text().replace(said, "Vous ?"))
    capsys.readouterr()
    assert tool.main(["--check"]) == int(room == "web")
    assert ("gateway.po: not in step" in capsys.readouterr().out) == (room == "web")
