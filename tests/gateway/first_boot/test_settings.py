"""linky.toml: what any editor makes of it is read, and everything that is wrong is said, in two languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.first_boot import checks
from gateway.first_boot.faults import SENTENCES
from gateway.first_boot.settings import MOST_BYTES, CardSettings, Wifi, XmppAccount, language_of, parse, render

GOOD = """\
language = "en"
hostname = "maison-7"
[wifi]
name = "Livebox été"
key = "clef de la box"
country = "BE"
[account]
jid = "maison@example.org"
password = "canary-password"
[meter]
port = "/dev/serial0"
[page]
code = "abcd-efgh-jklm"
"""
MEANT = CardSettings(
    "en",
    "maison-7",
    Wifi("Livebox été", "clef de la box", "BE"),
    XmppAccount("maison@example.org", "canary-password"),
    "/dev/serial0",
    "ABCDEFGHJKLM",
)


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        b"\xfe\xff" + GOOD.encode("utf-16-be"),
    ],
    ids=["unix", "notepad", "utf-16", "utf-16-be"],
)
def test_what_an_editor_makes_of_it_is_read(data):
    """Byte order mark, line ends and encodings are those of the editor; the code is taken as people write it."""
    assert parse(data) == (MEANT, [])
    assert language_of(data) == "en"


def test_an_empty_file_is_the_defaults():
    """French, a meter found by itself, a code of the gateway's own, nothing that leaves the house."""
    assert parse(b"") == (CardSettings(), [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[wifi]\nname = "Box"\nkey = "courte"\n', "wifi.key : une clé Wi-Fi a de 8 à 63 caractères"),
        (
            f'[wifi]\nname = "Box"\nkey = "{"x" * 64}"\n',
            "wifi.key : une clé Wi-Fi a de 8 à 63 caractères, ou 64 chiffres",
        ),
        ('[wifi]\nname = "Box"\nkey = "pâtisserie"\n', "wifi.key : une clé Wi-Fi n’a que des lettres sans accent"),
        ('[wifi]\nname = "Box"\n', "wifi.key : il manque cette clé"),
        ('[wifi]\nname = ""\nkey = ""\n', "wifi.name : un nom de réseau Wi-Fi a de 1 à 32 octets"),
        ('[wifi]\nname = "Box"\nkey = 12345678\n', "wifi.key : il faut du texte entre guillemets"),
        ('[wifi]\nname = "Box"\nkey = "a\\u0000bcdefgh"\n', "wifi.key : il y a un caractère invisible"),
        (
            '[wifi]\nname = "Box"\nkey = ""\ncountry = "fr"\n',
            "wifi.country : un pays s’écrit par deux lettres majuscules",
        ),
        ('wifi = "Box"\n', "wifi : il faut une table, [wifi]"),
        ('[account]\njid = "maison"\npassword = "longenough"\n', "account.jid : une adresse du compte s’écrit"),
        ('[account]\njid = "m@x.org/proxy"\npassword = "longenough"\n', "account.jid : une adresse du compte s’écrit"),
        ('[account]\njid = "m m@x.org"\npassword = "longenough"\n', "account.jid : une adresse du compte s’écrit"),
        (
            '[account]\njid = "m@x.org"\npassword = " spaces "\n',
            "account.password : le mot de passe du compte a de 8 à 256",
        ),
        (
            '[account]\njid = "m@x.org"\npassword = "longenough"\naddress = "x.org"\n',
            "account.address : il faut SERVEUR:PORT",
        ),
        (
            '[account]\njid = "m@x.org"\npassword = "longenough"\nrenew = "yes"\n',
            "account.renew : il faut true ou false",
        ),
        (
            '[account]\njid = "m@x.org"\npassword = "longenough"\ninstaller = "anne"\n',
            "account.installer : une adresse du compte s’écrit",
        ),
        ('[meter]\nport = "COM3"\n', "meter.port : un port s’écrit"),
        (
            '[meter]\nport = "/dev/mem"\n',
            'meter.port : un port s’écrit "auto", "/dev/serial0" (ou un autre port série : "/dev/tty…", '
            '"/dev/serial/by-id/…", "/dev/linky-…"), "usb:VENDEUR:PRODUIT:NUMÉRO" ou "socket://MACHINE:PORT" ; '
            "/dev/mem n’en est pas un",
        ),
        ('[meter]\nport = "usb:TINFO-1"\n', "meter.port : un port s’écrit"),
        ('[page]\ncode = "ABCD"\n', "page.code : un code de la page a 12 lettres ou chiffres"),
        ('[page]\ncode = "AAAA-AAAA-AAAA"\n', "page.code : ce code se devine"),
        ('hostname = "Maison_1"\n', "hostname : un nom de machine a de 1 à 63 lettres"),
        ('language = "de"\n', 'language : il faut "fr" ou "en"'),
        (
            '[wifi]\nname = "Box"\nkey = ""\nkye = ""\n',
            "wifi.kye : clé inconnue (key ?) ; les clés connues ici : name, key",
        ),
        ('[wfii]\nname = "Box"\n', "wfii : clé inconnue (wifi ?)"),
        ("language = fr\n", "ligne 1 : cette ligne ne peut pas être lue"),
        ('language = "fr"\nhostname = "a\n', "ligne 2 : cette ligne ne peut pas être lue"),
        ('language = "fr"\nlanguage = "en"\n', "ligne 2 : la même clé est écrite deux fois"),
    ],
)
def test_what_is_wrong_has_its_sentence(text, said):
    """It says where and what to write instead, in French; in English it says as much."""
    settings, (fault,) = parse(text.encode())
    assert settings is None
    assert fault.say("fr").startswith(said)
    assert fault.say("en") != fault.say("fr")


def test_everything_that_is_wrong_is_said_at_once():
    """A card is not carried to and fro for each fault."""
    _, faults = parse(b'hostname = "A"\n[wifi]\nname = "Box"\n[page]\ncode = "x"\n')
    assert [fault.where for fault in faults] == ["hostname", "wifi.key", "page.code"]


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b'language = "\xe9"', b"#" * (MOST_BYTES + 1), b"[" * 20_000, b"a = " + b"1" * 5000]
)
def test_what_is_no_such_file_is_one_sentence(data):
    """Never a traceback."""
    settings, (fault,) = parse(data)
    assert settings is None
    assert fault.say("fr")


@given(st.binary(max_size=200))
def test_no_bytes_are_too_much(data):
    """Whatever lies there under that name: settings, or faults."""
    settings, faults = parse(data)
    assert (settings is None) == bool(faults)


@pytest.mark.parametrize(
    "text",
    [
        '[wifi]\nname = "Box"\nkey = "canary"\n',
        '[wifi]\nname = "Box"\nkey = "canaryé12345"\n',
        '[account]\njid = "canary /"\npassword = "canary"\n',
        '[page]\ncode = "canary"\n',
        'canary 12 = "x"\n',
        '[wifi]\n"canary 12" = "x"\n',
    ],
)
def test_no_sentence_repeats_a_secret(text):
    """What was typed may be a secret on the wrong side of the equals sign: it is not shown."""
    _, faults = parse(text.encode())
    assert faults
    assert not [fault for fault in faults for language in ("fr", "en") if "canary" in fault.say(language)]


def test_settings_do_not_show_their_secrets():
    """In no log and no traceback."""
    assert not [word for word in ("canary", "clef", "ABCD") if word in repr(MEANT)]


TEXT = st.text("aé€\"'\\#[]=,🏠", min_size=8, max_size=10)


@given(TEXT, TEXT, st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63))
def test_what_is_written_is_read(name, password, key):
    """Whatever a name, a key or a password is made of."""
    settings = CardSettings(
        "fr", "m", Wifi(name[:8], key), XmppAccount("m@example.org", password), "auto", "ABCDEFGHJKLM"
    )
    assert parse(render(settings).encode()) == (settings, [])


def test_both_languages_say_as_much():
    """Each sentence has the same places for its values."""
    for sentence in SENTENCES.values():
        french, english = sentence.in_language("fr"), str(sentence)
        assert sorted(part.partition("}")[0] for part in french.split("{")[1:]) == sorted(
            part.partition("}")[0] for part in english.split("{")[1:]
        )


def test_a_code_of_the_page_is_one_of_the_cards():
    """The alphabet is that of the codes that the page makes."""
    from gateway.web.access import access

    assert checks.CODE_CHARACTERS == access._CODE_CHARACTERS
    assert checks.CODE_LENGTH == access._CODE_GROUPS * access._CODE_GROUP
