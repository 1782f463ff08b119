"""Each command of the privacy documents, run as a household types it, in a house that has lived as they say."""

import io
import re
import shutil
import sys
import time
from contextlib import closing, redirect_stderr
from pathlib import Path

import pytest

from gateway.commands import main as cli
from gateway.commands import options
from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.store.terms import Manner, Profile, Proof, Terms
from tests.gateway.privacy.conftest import make_house
from tests.gateway.store.conftest import frame

FOLDER = Path(__file__).parents[3] / "gateway" / "privacy"
COOP = "coop@example.org"
JANUARY = 1_768_500_000  # the 15th, of 2026
TERMS = Terms(purpose="to share a roof", controller="La Coop", contact="dpo@coop.example", retention="P6M")
# Command -> why it is not run here.
NOT_RUN = {"linky-gateway privacy erase --machine": "test_machine.py runs it, where it finds no other machine's files"}
# What a person types when asked, by the command.
_YES = {"en": "yes", "fr": "oui"}
TYPED = {"erase": {"en": "erase", "fr": "effacer"}, "answer": _YES, "grant": _YES}


def commands(document):
    """What stands between ` marks and begins with the program, without sudo."""
    text = (FOLDER / document).read_text(encoding="utf-8")
    return re.findall(r"`(?:sudo )?(linky-gateway [a-z]+ [a-z][^`]*)`", text.partition("\n## The archive")[0])


class Terminal(io.StringIO):
    """A terminal, and a person who types one word at it."""

    def isatty(self):
        """It is one."""
        return True


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A house in which the co-operative of the documents has a consent, readings, and asks for more."""
    now = int(time.time())
    made = make_house(tmp_path_factory.mktemp("privacy") / "house")
    with closing(Store(made.directory)) as store:
        store.meters.add("house", "ab12cd34ef")
        manner = Manner(Profile.EXACT, pseudonym=True)
        until = now + 86400
        store.consents.grant(COOP, "house", "consumption", Granularity.RAW, until, JANUARY, terms=TERMS, manner=manner)
        recorder = Recorder("house", {})
        for step in range(10):
            recorder.add(frame(JANUARY + step * 60, power=500 + step, index=1_000_000 + step, tariff="HP"))
        store.batches.write([recorder.take()], JANUARY + 600)
        store.db.commit()
        known = store.pseudonyms.view_of(COOP, now).meter("house").sensor
        store.health.answer("installer@example.org", until, now, Proof())
        store.access.ask(COOP, known, "production", Granularity.DAY, TERMS, now)
    typed = ["reading", "add", "water", "122.456", "--unit", "m3", "--at", "2026-06-16T10:00"]
    assert cli.main([*typed, "--config", str(made.config)]) == 0
    return made.folder


@pytest.mark.parametrize(("document", "lang"), [("README.md", "en"), ("LISEZMOI.md", "fr")])
def test_what_a_household_types_works(document, lang, lived, tmp_path, monkeypatch):
    """Every command ends well, each in a copy of the house, an import in a new one; in French those that ask."""
    monkeypatch.setenv("LANG", f"{lang}_FR.UTF-8")
    monkeypatch.chdir(tmp_path)
    found = commands(document)
    assert len(found) >= 15
    for number, command in enumerate(found):
        asked = next((typed[lang] for name, typed in TYPED.items() if f" {name} " in command), "")
        if command in NOT_RUN or (lang == "fr" and not asked):
            continue
        house = tmp_path / str(number)
        if " import " in command:
            house = make_house(house).folder
        else:
            shutil.copytree(lived, house)
        monkeypatch.setattr(options, "DEFAULT_CONFIG", house / "gateway.toml")
        words, _, file = command.partition(" > ")
        out, errors = Terminal(), io.StringIO()
        monkeypatch.setattr(sys, "stdin", Terminal(f"{asked}\n"))
        monkeypatch.setattr(sys, "stdout", out)
        with redirect_stderr(errors):
            code = cli.main(words.split()[1:])
        assert (code, errors.getvalue()) == (0, ""), f"{document}: {command}: {out.getvalue()}"
        assert out.getvalue(), f"{document}: {command}"
        if file:
            (tmp_path / file).write_text(out.getvalue(), encoding="utf-8")


def test_what_is_not_run_is_in_the_documents():
    """No reason outlives its command, and both languages say the same to type."""
    english, french = (commands(name) for name in ("README.md", "LISEZMOI.md"))
    assert set(NOT_RUN) <= set(english)
    assert [command.replace("mes-donnees", "mine") for command in french] == english
