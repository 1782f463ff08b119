"""What a household reads in a terminal and on the page of links is all French, or all English."""

import argparse
import importlib
import pkgutil
import re
import string
from contextlib import closing

import pytest

import gateway
from gateway.commands.main import _parser, main
from gateway.control.messages import Status
from gateway.control.running import ask
from gateway.links.link import as_text
from gateway.store.points import Granularity
from gateway.store.store import Store
from gateway.store.terms import Terms
from gateway.words.phrase import Phrase
from meter.process import SimulatedMeter
from servers import free_port, wait_until
from tests.gateway.store.conftest import START
from tests.integration.processes import Process
from tests.prepared import prepare

COOP = "coop@sen2.test"
# Words that stand in most sentences of one language, and in no sentence of the other.
FRENCH = {
    "le",
    "la",
    "les",
    "des",
    "est",
    "pas",
    "une",
    "aucun",
    "aucune",
    "sur",
    "dans",
    "par",
    "du",
    "et",
    "à",
    "sont",
}
ENGLISH = {
    "the",
    "is",
    "not",
    "of",
    "with",
    "cannot",
    "has",
    "and",
    "are",
    "was",
    "nothing",
    "nobody",
    "yet",
    "until",
    "by",
}
# Programs, not households, are told by these; or they only run, or have a protocol's form.
OF_PROGRAMS = {*"run decode export metrics consume prepare-card first-boot boot helper access-point".split()}


@pytest.fixture
def house(tmp_path):
    """A house to which something of everything has happened, and no daemon."""
    return make_house(tmp_path)


def make_house(tmp_path):
    """Its configuration."""
    config = tmp_path / "gateway.toml"
    config.write_text(
        '[[meter]]\nname = "maison"\nsource = "/dev/nowhere"\n[web]\nlisten = "127.0.0.1:1"\n'
        '[store]\ndirectory = "data"\n'
    )
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("maison", "ab12cd34ef")
        store.consents.grant(COOP, "maison", "consumption/energy", Granularity.HALF_HOUR, START + 86400, START)
        store.consents.revoke(COOP, "", START + 60)
        store.consents.grant(COOP, "maison", "consumption/power", Granularity.DAY, 2**31, START + 70)
        terms = Terms(purpose="x", controller="La Coop", contact="dpo@coop.example")
        store.access.ask(COOP, "stray", "consumption/power", Granularity.MINUTE, terms, START)
        store.batches.write([], START + 300)
    return config


COMMANDS = [
    (["status"], 1),
    (["events"], 0),
    (["consent", "list"], 0),
    (["consent", "notices"], 0),
    (["consent", "pending"], 0),
    (["consent", "limit", "nobody@sen2.test"], 2),
    (["consent", "answer", "1", "--yes"], 2),
    (["received", "list"], 0),
    (["received", "history", "roof"], 78),
    (["reading", "list"], 0),
    (["reading", "add", "gas", "many"], 65),
    (["cost"], 78),
    (["balance", "--meter", "other"], 78),
    (["page", "code"], 77),
    (["watch"], 69),
    (["journal", "verify"], 0),
    (["board", "list"], 0),
    (["account", "blocked"], 78),
]


def words(text):
    """The words of lines that are not data: no address, path, command, number."""
    text = re.sub(r"\{[^}]*\}|`[^`]*`|\S*[@/\\=\[\]_]\S*|--\w+", " ", text)
    return re.findall(r"[a-zà-ÿ]+", text.lower().replace("’", " ").replace("'", " "))


def foreign(text, lang):
    """Words of the other language in it."""
    return sorted(set(words(text)) & (ENGLISH if lang == "fr" else FRENCH))


@pytest.mark.parametrize(
    ("command", "code"), COMMANDS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_command_speaks_one_language(house, capsys, monkeypatch, command, code):
    """That of the environment, and with --lang the one that is asked for; no line is the same in both."""
    said = {}
    for lang, locale in (("fr", "fr_FR.UTF-8"), ("en", "en_GB.UTF-8")):
        monkeypatch.setenv("LANG", locale)
        assert main([*command, "--config", str(house)]) == code
        out = "".join(capsys.readouterr())
        assert foreign(out, lang) == []
        said[lang] = {line for line in out.splitlines() if len(words(line.partition(":")[2] or line)) >= 2}
        monkeypatch.setenv("LANG", "en_GB.UTF-8" if lang == "fr" else "fr_FR.UTF-8")
        assert main([*command, "--lang", lang, "--config", str(house)]) == code
        assert "".join(capsys.readouterr()) == out
    assert said["fr"] & said["en"] == set()


def test_a_configuration_that_is_not_there_is_said_in_the_language(tmp_path, capsys):
    """Where, what and what to do."""
    for lang, advice in (("fr", "donnez le bon fichier"), ("en", "name the right file")):
        assert main(["status", "--lang", lang, "--config", str(tmp_path / "none.toml")]) == 78
        said = capsys.readouterr().err
        assert advice in said
        assert foreign(said, lang) == []


def test_a_key_that_is_wrong_is_said_in_the_language(tmp_path, capsys):
    """Where it stands in the file, and what should stand there."""
    config = tmp_path / "gateway.toml"
    for text, french in (
        (
            '[[meter]]\nsource = "/dev/x"\nsped = 1\n',
            "ligne 3 : [[meter]] 1, sped : clé inconnue ; ici il peut y avoir `name`, `source`, `mode`, `sensor`,"
            " `clock`, `prm`, `tee`",
        ),
        ("[[meter]]\nname = 'a'\n", "ligne 1 : [[meter]] 1 : il manque `source`"),
        ("[[meter]]\nsource = 1\n", "ligne 2 : [[meter]] 1, source : 1 ne va pas ; écrivez un texte entre guillemets"),
    ):
        config.write_text(text)
        assert main(["status", "--lang", "fr", "--config", str(config)]) == 78
        assert capsys.readouterr().err == f"linky-gateway: {config}, {french}\n"


def test_every_command_of_a_household_has_the_option():
    """--lang is known to each that speaks to a household."""

    def leaves(parser, name=""):
        inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        if not inner:
            yield name.strip(), parser
        for action in inner:
            for word, below in action.choices.items():
                yield from leaves(below, f"{name} {word}")

    found = dict(leaves(_parser()))
    assert len(found) > 30
    without = {name for name, parser in found.items() if "--lang" not in parser._option_string_actions}
    assert {name.partition(" ")[0] for name in without} <= OF_PROGRAMS


def phrases():
    """Every sentence in two languages that stands in a module, with the name of its place."""
    for info in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if info.name.startswith(("gateway.display.panels", "gateway.__main__")) or info.name.endswith("__main__"):
            continue
        try:
            module = importlib.import_module(info.name)
        except ImportError:
            # A program with libraries of its own, which may not be here.
            continue
        for name, value in vars(module).items():
            for number, one in enumerate(found_in(value)):
                yield f"{info.name}.{name}[{number}]", one


def found_in(value):
    if isinstance(value, Phrase):
        return [value]
    if isinstance(value, dict):
        return [one for inner in value.values() for one in found_in(inner)]
    return [one for inner in value for one in found_in(inner)] if isinstance(value, tuple | list) else []


def test_every_sentence_is_in_both_languages_with_the_same_places():
    """What is alike in both is a name or a word that both have; no French sentence holds English words."""
    seen = dict(phrases())
    assert len(seen) > 250
    for place, one in seen.items():
        french, english = one.in_language("fr"), str(one)
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (french, english)]
        # What a library says in English is its own words.
        assert fields[0] == fields[1] or english == "{said}", place
        assert (french != english) or len(words(french)) <= 1 or french == "Home Assistant", place
        assert foreign(french, "fr") == [], place
        assert foreign(english, "en") == [], place


@pytest.mark.slow
def test_every_link_of_a_running_gateway_is_said_in_both(tmp_path, capsys, monkeypatch):
    """What the daemon says of its links, in the terminal and for the page; folded at 80 columns, nothing is lost."""
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", tariff="tempo") as meter:
        config = tmp_path / "gateway.toml"
        config.write_text(
            f'[[meter]]\nname = "maison"\nsource = "{meter.path}"\nclock = "meter"\n[[meter]]\nname = "grange"\n'
            f'source = "/dev/nowhere"\n[web]\nlisten = "127.0.0.1:{free_port()}"\n[backup]\ndirectory = "/nowhere"\n'
            '[mqtt]\nhost = "127.0.0.1"\nport = 1\n[store]\ndirectory = "data"\n'
        )
        socket = tmp_path / "data" / "control.sock"
        with Process(tmp_path, "gateway", "run", "--config", config):
            wait_until(socket.exists, 60, "the daemon's socket")
            wait_until(lambda: "standard" in str(ask(socket, Status())), 60, "a frame", every=0.3)
            report = ask(socket, Status())
            for lang, locale in (("fr", "fr_FR.UTF-8"), ("en", "en_GB.UTF-8")):
                monkeypatch.setenv("LANG", locale)
                assert main(["status", "--config", str(config)]) == 0
                assert foreign(capsys.readouterr().out, lang) == []
    assert {row["link"] for row in report["links"]} > {"port maison", "decode maison", "store", "disk", "page", "mqtt"}
    for row in report["links"]:
        assert row["title"] != row["link"].partition(" ")[0], row
        assert row["detail"] != row["detail_fr"], row
        assert foreign(row["detail_fr"], "fr") == [], row
        assert foreign(row["detail"], "en") == [], row
    for lang in ("fr", "en"):
        lines = as_text(report, lang, 80).splitlines()
        # A path has no place to be folded at.
        assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80
        assert "".join(lines).replace(" ", "") == as_text(report, lang).replace(" ", "").replace("\n", "")
