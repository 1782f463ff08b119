"""Which language is spoken: one rule, the same in every command, in the tools and in the shell."""

import argparse
import subprocess
from pathlib import Path

import pytest

from gateway.commands.options import spoken
from gateway.words.language import chosen, of_environment
from gateway.words.numbers import decimal
from gateway.words.phrase import NOTHING, Phrase, as_members, joined, of_members, plural, same, written

ROOT = Path(__file__).parents[3]
WORDS_SH = ROOT / "tools/lib/setup/words.sh"
HOUSEHOLD = """
[[meter]]
name = "house"
source = "replay:/nowhere"

[household]
address = "nous@maison.example"
language = "en"

[federation]
jid = "gw@example.org"
"""

# Environment -> the language that it names.
NAMED = [
    ({}, None),
    ({"LANG": ""}, None),
    ({"LANG": "C"}, None),
    ({"LANG": "C.UTF-8"}, None),
    ({"LANG": "POSIX"}, None),
    ({"LANG": "fr_FR.UTF-8"}, "fr"),
    ({"LANG": "fr"}, "fr"),
    ({"LANG": "fr_CH@euro"}, "fr"),
    ({"LANG": "en_GB.UTF-8"}, "en"),
    ({"LANG": "de_DE.UTF-8"}, "en"),
    ({"LANG": "frp_FR"}, "en"),
    ({"LANG": "en_GB.UTF-8", "LC_ALL": "fr_FR.UTF-8"}, "fr"),
    ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "en_US"}, "en"),
    ({"LANG": "en_GB.UTF-8", "LC_ALL": "C.UTF-8"}, None),
    ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_FR.UTF-8", "LC_ALL": ""}, "fr"),
]


@pytest.mark.parametrize(("environment", "lang"), NAMED, ids=str)
def test_the_environment_names_a_language_as_posix_says(environment, lang):
    """The first variable that is set and not empty; any language but French is spoken to in English; C is none."""
    assert of_environment(environment) == lang
    assert chosen(None, environment) == (lang or "fr")


@pytest.mark.parametrize(("environment", "lang"), NAMED, ids=str)
def test_the_installer_has_the_same_rule(environment, lang, tmp_path):
    """Where nothing is named it speaks as [household] of the configuration says, and French without one."""
    (tmp_path / "gateway.toml").write_text(HOUSEHOLD)
    ask = f'. "{WORDS_SH}"; language_of_environment; language_of_household "$1"; echo "$LANGUAGE"'
    for file, default in (("gateway.toml", "en"), ("missing.toml", "fr")):
        said = subprocess.run(
            ["bash", "-c", ask, "bash", tmp_path / file],
            env={"PATH": "/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout.strip() == (lang or default)


def test_a_command_speaks_as_it_is_told_then_as_the_environment_then_as_the_household(tmp_path, monkeypatch):
    """--lang, the environment, [household], French; a configuration that cannot be read says nothing."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "gateway.toml"
    config.write_text(HOUSEHOLD)
    assert spoken(argparse.Namespace(lang="fr", config=config)) == "fr"
    assert spoken(argparse.Namespace(lang=None, config=config)) == "en"
    assert spoken(argparse.Namespace(lang=None, config=tmp_path / "none.toml")) == "fr"
    assert spoken(argparse.Namespace()) == "fr"
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert spoken(argparse.Namespace(lang=None, config=config)) == "fr"


def test_a_phrase_is_made_of_phrases():
    """Each place is filled in the language of its sentence; what says nothing leaves no comma."""
    waits = written({"fr": "{count} points attendent : {why}", "en": "{count} points wait: {why}"})
    said = waits.filled(count=3, why=written({"fr": "le réseau", "en": "the network"}))
    assert said == written({"fr": "3 points attendent : le réseau", "en": "3 points wait: the network"})
    assert said != written({"fr": "3 points attendent : le réseau", "en": "3 points are waiting: the network"})
    parts = (NOTHING, same("a"), written({"fr": "b", "en": "c"}))
    assert joined("; ", parts) == same("a; ") + written({"fr": "b", "en": "c"})
    french, english = "3 points attendent : le réseau", "3 points wait: the network"
    assert [said.in_language(lang) for lang in ("en-GB", "fr", "de")] == [english, french, french]


def test_a_phrase_is_said_in_the_catalogue_s_words():
    """Its English stands in the source; where two are alike in it a context tells them apart."""
    assert Phrase("has everything").in_language("fr") == "a tout reçu"
    assert Phrase("raw values").in_language("fr") == "valeurs à la seconde"
    assert Phrase("raw values", "given up").in_language("fr") == "les valeurs à la seconde"
    assert Phrase("raw values", "given up") != Phrase("raw values")
    assert Phrase("").in_language("fr") == ""


@pytest.mark.parametrize(("count", "french"), [(0, "accord repris"), (1, "accord repris"), (2, "accords repris")])
def test_a_plural_goes_by_the_rule_of_its_language(count, french):
    """None is many in English, and one in French."""
    said = plural("{count} consent resumed; ", "{count} consents resumed; ", count)
    assert said.in_language("fr") == f"{count} {french} ; "
    assert str(said) == f"{count} consent{'' if count == 1 else 's'} resumed; "


def test_a_phrase_crosses_json_with_a_member_for_each_language():
    """Its English has the name alone; what a program of before did not write in a language is read as English."""
    waits = Phrase("has everything")
    assert as_members("detail", waits) == {"detail": "has everything", "detail_fr": "a tout reçu"}
    assert of_members("detail", as_members("detail", waits)) == waits
    assert of_members("detail", {"detail": "so"}) == same("so")


def test_numbers_are_pointed_as_the_language_points_them():
    """A comma in French."""
    assert [decimal(1234.56, 1).in_language(lang) for lang in ("fr", "en")] == ["1234,6", "1234.6"]
