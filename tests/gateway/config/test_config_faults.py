"""What a person gets to read of a wrong file of settings: where, what, and what may stand there, in either language."""

import re
from pathlib import Path

import msgspec
import pytest

from gateway.bridges import config as bridges_config
from gateway.collector import config as collector_config
from gateway.commands import fleet_ask as fleet
from gateway.commands.main import main
from gateway.config import tables as config
from gateway.config import words as config_words
from gateway.config.tables import load
from gateway.errors import ConfigError

METER = '[[meter]]\nsource = "/dev/ttyTIC"\n'
TARIFF = METER + '[[tariff]]\nname = "A"\nfrom = 2026-02-01\n'


def said(folder, text):
    """The sentence about that file, in French and in English, without the file's name."""
    path = folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    return tuple(
        one.removeprefix(str(path)) for one in (caught.value.phrase.in_language("fr"), str(caught.value.phrase))
    )


@pytest.mark.parametrize(
    ("text", "french", "english"),
    [
        (
            METER + 'mode = "historique"\n',
            ", ligne 3 : [[meter]] 1, mode : 'historique' n’est pas un choix ; écrivez l’un de : auto, historic,"
            " standard ; peut-être historic",
            ", line 3: [[meter]] 1, mode: 'historique' is no choice; write one of: auto, historic, standard"
            "; did you mean historic",
        ),
        (
            METER + METER.replace("TIC", "USB") + "name = 'barn'\nmodde = 'auto'\n",
            ", ligne 6 : [[meter]] 2, modde : clé inconnue ; peut-être `mode`",
            ", line 6: [[meter]] 2, modde: unknown key; did you mean `mode`",
        ),
        (
            METER + "raw_hours = 48\n",
            ", ligne 3 : [[meter]] 1, raw_hours : clé inconnue ici ; sa place est sous [store]",
            ", line 3: [[meter]] 1, raw_hours: unknown key here; it belongs below [store]",
        ),
        (
            METER + "[[tarif]]\n",
            ", ligne 3 : tarif : clé inconnue ; peut-être [[tariff]]",
            ", line 3: tarif: unknown key; did you mean [[tariff]]",
        ),
        (
            METER + '[federation]\njid = "maison"\n',
            ", ligne 4 : [federation] jid : 'maison' ne va pas ; écrivez une adresse telle que maison@example.org",
            ", line 4: [federation] jid: 'maison' will not do; write an address such as maison@example.org",
        ),
        (
            METER + '[web]\nlisten = "8080"\n',
            ", ligne 4 : [web] listen : '8080' ne va pas ; écrivez une adresse de cette machine et un port, tels que"
            " 0.0.0.0:8080",
            ", line 4: [web] listen: '8080' will not do; write an address of this machine and a port such as"
            " 0.0.0.0:8080",
        ),
        (
            METER + '[household]\naddress = ["06 12 34 56 78"]\n',
            ", ligne 4 : [household] address : '06 12 34 56 78' ne va pas ; écrivez une adresse telle que"
            " maison@example.org",
            ", line 4: [household] address: '06 12 34 56 78' will not do; write an address such as maison@example.org",
        ),
        (
            TARIFF.replace("2026-02-01", '"1er fevrier"') + "prices = { base = 0.2 }\n",
            ", ligne 5 : [[tariff]] 1, from : '1er fevrier' ne va pas ; écrivez une date telle que 2026-02-01, sans"
            " guillemets",
            ", line 5: [[tariff]] 1, from: '1er fevrier' will not do; write a date such as 2026-02-01, without quotes",
        ),
        (
            TARIFF + "prices = { hc = 0,15 }\n",
            ", ligne 6 : un nombre s’écrit avec un point : 0.15, et non 0,15",
            ", line 6: a number is written with a point: 0.15, not 0,15",
        ),
        (
            TARIFF + "subscription = 12,5\nprices = { hc = 0.15 }\n",
            ", ligne 6 : un nombre s’écrit avec un point : 12.5, et non 12,5",
            ", line 6: a number is written with a point: 12.5, not 12,5",
        ),
        (
            TARIFF + 'prices = { hp = 0.2, hc = "0,15" }\n',
            ", ligne 6 : [[tariff]] 1, prices.hc : '0,15' ne va pas ; écrivez un nombre d’au moins 0, sans guillemets"
            " et avec un point : 0.15",
            ", line 6: [[tariff]] 1, prices.hc: '0,15' will not do; write a number of at least 0, without quotes and"
            " with a point: 0.15",
        ),
        (
            TARIFF + "prices = { hpp = 0.2 }\n",
            ", ligne 6 : [[tariff]] 1, prices : 'hpp' n’est pas une classe de tarif ; choisissez parmi base, hc, hp,",
            ", line 6: [[tariff]] 1, prices: 'hpp' is no tariff class; use base, hc, hp,",
        ),
        (
            '[meter]\nsource = "/dev/ttyTIC"\n',
            ", ligne 1 : meter : écrivez [[meter]], avec deux crochets de chaque côté : il peut y en avoir plusieurs",
            ", line 1: meter: write [[meter]], with two brackets on each side: there may be several",
        ),
        (
            METER + "[[store]]\n",
            ", ligne 3 : store : écrivez [store], avec un seul crochet de chaque côté : il n’y en a qu’un",
            ", line 3: store: write [store], with one bracket on each side: there is only one",
        ),
        (
            METER + '[store]\nraw_hours = "48"\n',
            ", ligne 4 : [store] raw_hours : '48' ne va pas ; écrivez un nombre entier de 1 à 876600, sans guillemets",
            ", line 4: [store] raw_hours: '48' will not do; write a whole number from 1 to 876600, without quotes",
        ),
        (
            METER + "[mqtt]\ntls = oui\n",
            ", ligne 4 : écrivez true, et non oui",
            ", line 4: write true, not oui",
        ),
        (
            METER + "mode = historic\n",
            ', ligne 3 : un texte s’écrit entre guillemets : "historic"',
            ', line 3: a text is written in quotes: "historic"',
        ),
        (
            METER + "mode = “historic”\n",
            ', ligne 3 : les guillemets doivent être droits : "comme ceci"',
            ', line 3: the quotes must be straight ones: "like this"',
        ),
        (
            METER + "[store]\n[store]\n",
            ", ligne 4 : cette table est déjà plus haut : gardez-en une (à deux crochets s’il y en a plusieurs)",
            ", line 4: this table stands further up already: keep one (with two brackets if there are several)",
        ),
        (
            METER + METER,
            ", ligne 3 : [[meter]] 2, name : 'house' est déjà pris par un autre [[meter]]",
            ", line 3: [[meter]] 2, name: 'house' is used by another [[meter]]",
        ),
        ("", " : il manque [[meter]]", ": [[meter]] is missing"),
    ],
)
def test_a_slip_is_named_with_its_line_and_with_what_may_stand_there(tmp_path, text, french, english):
    """The line, the key as the file has it, tables counted from 1, and what to write; no word of a library's."""
    fr, en = said(tmp_path, text)
    assert fr.startswith(french)
    assert en.startswith(english)
    assert not re.search(r"\^|\\|regex|Expected|Invalid|`str`", fr + en)


def test_what_may_be_a_secret_is_not_repeated(tmp_path):
    """A delivery point in the wrong form is asked for, and not copied into a terminal or a log."""
    fr, en = said(tmp_path, METER + 'prm = "0123456789"\n')
    assert "0123456789" not in fr + en
    assert "the 14 digits of the delivery point" in en


def test_a_key_in_a_text_of_several_lines_is_none(tmp_path):
    """The line that is named is the key's, whatever a text before it looks like."""
    _, en = said(tmp_path, f"[backup]\ndirectory = '''\nkeep = 0\n'''\nkeep = 0\n{METER}")
    assert en.startswith(", line 5: [backup] keep: 0 will not do; write a whole number from 1 to 1000")


def patterns(node, seen):
    """Every pattern that a type of settings asks for."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if pattern := getattr(node, "pattern", None):
        yield pattern
    for inner in (*getattr(node, "fields", ()), *getattr(node, "types", ()), *getattr(node, "item_types", ())):
        yield from patterns(getattr(inner, "type", inner), seen)
    for name in ("item_type", "value_type"):
        if hasattr(node, name):
            yield from patterns(getattr(node, name), seen)


@pytest.mark.parametrize(
    "kind", [config.Config, bridges_config.BridgeConfig, collector_config.CollectorConfig, fleet._File]
)
def test_every_pattern_has_words(kind):
    """No form of a text is asked for that a person is not told in words."""
    found = set(patterns(msgspec.inspect.type_info(kind), set()))
    assert found - set(config_words.PATTERNS) == set()


def test_the_household_reads_it_in_its_language_and_once(tmp_path, capsys, monkeypatch):
    """One line on standard error: where the environment names no language French, in an English one English."""
    path = tmp_path / "gateway.toml"
    path.write_text(METER + 'mode = "historique"\n', encoding="utf-8")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for lang, word in (("C.UTF-8", "ligne 3"), ("en_GB.UTF-8", "line 3")):
        monkeypatch.setenv("LANG", lang)
        assert main(["status", "--config", str(path)]) == 78
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), word in err) == ("", 1, True)


def test_the_shipped_file_is_what_the_sentences_send_to():
    """Every key that a sentence may name stands in the example."""
    text = (Path(__file__).parents[3] / "systemd" / "gateway.toml").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(config.MeterTable):
        assert re.search(rf"^#?{field.encode_name} = ", text, re.MULTILINE), field.encode_name
