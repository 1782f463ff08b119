"""An installer's fleet without a network: whom it asks, what it prints, with which exit code."""

import argparse
import io

import pytest

from gateway.commands.fleet import declare, exit_code
from gateway.commands.fleet_ask import AskableGateway, FleetAnswer, Grade, known, read_account, read_register
from gateway.commands.fleet_text import as_json, as_text, sentences
from gateway.doctor.causes import Cause
from gateway.errors import ConfigError
from gateway.federation.provider.health import Condition, LinkCondition
from gateway.process.progress import bar

NOW = 1_800_000_000
FAR_OFF = NOW + 300 * 86_400
METER = LinkCondition("meter", 1, "ok", 3)


def report(name, grade, *links, why="", until=FAR_OFF, site=""):
    """What one gateway said."""
    gateway = AskableGateway(f"{name}@sen1.test/proxy", site)
    if why or grade is Grade.REFUSED:
        return FleetAnswer(gateway, grade, why=why)
    state = {Grade.OK: "ok", Grade.WAITING: "waiting"}.get(grade, "broken")
    return FleetAnswer(gateway, grade, Condition(state, "0.1.0", 3, 41, links or (METER,), until))


def test_the_register_of_a_fleet_names_whom_to_ask(tmp_path):
    """Those that were made or handed over, by their full address; a spreadsheet may have saved it its own way."""
    lines = [
        ("device", "site", "jid", "page", "state", "since"),
        ("one", "Mairie", "one@sen1.test", "", "made", ""),
        ("two", "", "two@sen1.test", "", "handed-over", ""),
        ("lost", "", "lost@sen1.test", "", "revoked", ""),
        ("new", "", "new@sen1.test", "", "planned", ""),
    ]
    for separator in ",;\t":
        file = tmp_path / "register.csv"
        file.write_text("\ufeff" + "".join(separator.join(line) + "\r\n" for line in lines))
        assert read_register(file) == [
            AskableGateway("one@sen1.test/proxy", "Mairie"),
            AskableGateway("two@sen1.test/proxy", "two"),
        ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("device,site\na,b\n", "no column jid"),
        ("jid\nnobody\n", "line 2: 'nobody' is not an XMPP address"),
        (f"jid\n{'x' * 200_000}\n", "line 2: field larger than"),
        (f"{'x' * 200_000}\n", "line 1: field larger than"),
    ],
)
def test_a_register_that_is_none_is_a_sentence(tmp_path, text, said):
    """With the line."""
    file = tmp_path / "register.csv"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_register(file)
    file.write_bytes(b"\xff\xfejid")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_register(file)


def test_an_address_has_the_usual_resource_or_its_own():
    """As it stands in the gateway's configuration."""
    assert known("Maison@sen1.test").jid == "maison@sen1.test/proxy"
    assert known("maison@sen1.test/other").jid == "maison@sen1.test/other"
    for wrong in ("maison", "maison@sen1.test/a b", "maison@sen1.test/\x07"):
        with pytest.raises(ConfigError):
            known(wrong)


def test_the_account_is_a_small_file_of_its_own(tmp_path, monkeypatch):
    """Its password beside it, or systemd's credential; two runs do not push each other out."""
    file = tmp_path / "fleet.toml"
    file.write_text('jid = "Anne@sen2.test"\npassword_file = "password"\nca_file = "ca.pem"\n')
    (tmp_path / "password").write_text("canary-secret\n")
    one, other = read_account(file), read_account(file)
    assert (one.jid, one.password, one.ca_file) == ("anne@sen2.test", "canary-secret", tmp_path / "ca.pem")
    assert one.resource != other.resource
    assert "canary-secret" not in repr(one)
    file.write_text('jid = "anne@sen2.test"\n')
    with pytest.raises(ConfigError, match="password_file"):
        read_account(file)
    (tmp_path / "xmpp-password").write_text("of-systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_account(file).password == "of-systemd"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is not there; write your account into it"),
        ("jid = ", "not valid TOML"),
        ('jid = "anne"\n', "jid: "),
        ('jid = "anne@sen2.test"\npasword_file = "x"\n', "unknown key"),
        ('jid = "anne@sen2.test"\npassword_file = "password"\npin_only = true\n', "pin_only: without a pin"),
        ('jid = "anne@sen2.test"\npassword_file = "nowhere"\n', "the password cannot be read"),
    ],
)
def test_what_is_wrong_with_the_account_is_a_sentence(tmp_path, text, said):
    """Each with the file and what to do."""
    file = tmp_path / "fleet.toml"
    (tmp_path / "password").write_text("x\n")
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=said) as error:
        read_account(file)
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize(
    ("grades", "code"),
    [
        ([Grade.OK, Grade.OK], 0),
        ([Grade.OK, Grade.WAITING], 1),
        ([Grade.BROKEN, Grade.OK], 1),
        ([Grade.UNHEARD, Grade.OK], 2),
        ([Grade.BROKEN, Grade.UNHEARD], 2),
        ([Grade.REFUSED], 2),
    ],
)
def test_the_exit_code_is_that_of_the_worst(grades, code):
    """Nothing known of one is more than one that is known to be broken."""
    assert exit_code([report("x", grade, why="gone" if grade is Grade.UNHEARD else "") for grade in grades]) == code


def test_each_gateway_is_a_line_and_what_is_wrong_a_sentence():
    """In the person's language; then how many there are of which."""
    reports = [
        report("b", Grade.BROKEN, LinkCondition("meter", 1, "broken", 7200, "no-such-port"),
               LinkCondition("port", 1, "broken", 7200), LinkCondition("disk", None, "broken", 60), site="Mairie"),
        report("c", Grade.UNHEARD, why="service-unavailable"),
        report("d", Grade.REFUSED),
        report("e", Grade.OK, until=NOW + 86_400),
    ]  # fmt: skip
    french, english = (as_text(reports, lang, NOW).splitlines() for lang in ("fr", "en"))
    assert french == [
        "✗ b@sen1.test  Mairie  en panne     trame il y a 3 s · disque libre 41 % · version 0.1.0",
        "    Le port n’existe pas",
        "    le disque est presque plein",
        "? c@sen1.test          injoignable  elle n'est pas connectée à son serveur : courant, Internet ou compte",
        "? d@sen1.test          sans accord  le foyer n'a pas donné son accord, ou l'a retiré, ou le programme est trop"
        " ancien",
        "✓ e@sen1.test          va bien      trame il y a 3 s · disque libre 41 % · version 0.1.0",
        "    l'accord du foyer finit le 2027-01-16",
        "4 passerelles : 1 en panne, 1 injoignable, 1 sans accord, 1 va bien",
    ]
    assert len(english) == len(french)
    assert english[-1] == "4 gateways: 1 broken, 1 unreachable, 1 no consent, 1 well"
    assert "The port does not exist" in english[1]


def test_every_cause_and_every_link_has_its_words():
    """Also one that a newer gateway knows and this program does not."""
    for lang in ("fr", "en"):
        for cause in (*(one.value for one in Cause if one is not Cause.ALL_WELL), "from-the-future"):
            (sentence,) = sentences(report("x", Grade.BROKEN, LinkCondition("meter", 1, "broken", 5, cause)).condition,
                                    lang, NOW)  # fmt: skip
            assert sentence
            assert "{" not in sentence
        for kind in (
            "port",
            "decode",
            "clock",
            "counter",
            "store",
            "disk",
            "keeping",
            "backup",
            "page",
            "mqtt",
            "later",
        ):
            (sentence,) = sentences(report("x", Grade.BROKEN, LinkCondition(kind, 1, "broken")).condition, lang, NOW)
            assert sentence
    two = (LinkCondition("meter", 1, "ok", 2), LinkCondition("meter", 2, "broken", 99, "mute"))
    assert sentences(report("x", Grade.BROKEN, *two).condition, "en", NOW)[0].startswith("meter 2: ")


def test_json_has_what_the_gateway_said(monkeypatch):
    """And, of who said nothing, the condition of the error."""
    rows = as_json([report("a", Grade.UNHEARD, why="gone"), report("b", Grade.OK)], "en", NOW)
    assert (rows[0]["state"], rows[0]["condition"]) == ("unheard", "gone")
    assert (rows[1]["state"], rows[1]["frame_age_s"], rows[1]["disk_free_percent"]) == ("ok", 3, 41)
    assert rows[1]["links"] == [{"link": "meter", "number": 1, "state": "ok", "age_s": 3, "cause": None}]


def test_a_name_from_a_file_cannot_write_to_the_terminal():
    """Control characters are left out, and a long one is cut."""
    text = as_text([report("a", Grade.OK, site="\x1b[2J" + "é" * 90)], "en", NOW)
    assert "\x1b" not in text
    assert "é" * 37 in text
    assert "é" * 41 not in text


@pytest.mark.parametrize("words", [[], ["status", "--timeout", "0"], ["status", "--timeout", "long"], ["watch"]])
def test_wrong_use_is_exit_code_2(words, capsys):
    """Before anything is asked."""
    parser = argparse.ArgumentParser()
    declare(parser.add_subparsers())
    with pytest.raises(SystemExit) as end:
        parser.parse_args(["fleet", *words])
    assert end.value.code == 2
    capsys.readouterr()


@pytest.mark.parametrize("looks_on", [True, False])
def test_a_person_sees_how_many_have_answered_and_a_pipe_nothing(monkeypatch, looks_on):
    """The bar is gone when all have."""
    err = io.StringIO()
    err.isatty = lambda: looks_on
    monkeypatch.setattr("sys.stderr", err)
    for done in range(3):
        bar(done, 2)
    assert ("1 / 2" in err.getvalue(), err.getvalue().endswith(" \r")) == (looks_on, looks_on)
