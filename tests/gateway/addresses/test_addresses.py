"""What can be an XMPP address, and what is not what it seems."""

import pytest

from gateway.addresses.appearance import look_alike
from gateway.addresses.validity import fault


@pytest.mark.parametrize(
    "address",
    [
        "coop@example.org",
        "é.b-c_1@sen2.test",
        "x@localhost",
        "coop@bücher.example",
        "соор@сен.рф",
        "a+b@x.test",
        "a@x_y.xn--80a-b.c-d.x2",
    ],
)
def test_what_somebody_can_have_passes(address):
    """In any alphabet."""
    assert fault(address) is None


@pytest.mark.parametrize(
    ("address", "english", "french"),
    [
        ("coop@sen2.test.", "dot; leave it out", "enlevez-le"),
        ("coop@example..org", "a word is missing", "il manque un mot"),
        ("coop@.org", "a word is missing", "il manque un mot"),
        ("coop@" + "a" * 64 + ".org", "more than 63 letters", "plus de 63 lettres"),
        ("ＣＯＯＰ@sen2.test".lower(), "ordinary letters: coop@sen2.test", "lettres ordinaires : coop@sen2.test"),
        ("straße@sen2.test", "ordinary letters: strasse@sen2.test", "lettres ordinaires : strasse@sen2.test"),
        ("coop@sen#2.test", "only letters, digits, dots", "que des lettres, des chiffres"),
        ("coop@-sen2.test", "hyphens inside a word", "à l’intérieur d’un mot"),
        ("coop@sen2-.test", "hyphens inside a word", "à l’intérieur d’un mot"),
        ("coop@sen2\u202e.test", "cannot be seen", "ne s’y voit pas"),
        ("a@b@c", "such as coop@example.org", "telle que coop@example.org"),
        ("a:b@c", "such as coop@example.org", "telle que coop@example.org"),
        ("", "such as coop@example.org", "telle que coop@example.org"),
    ],
)
def test_what_nobody_can_have_is_one_sentence(address, english, french):
    """In both languages, with what to write."""
    found = fault(address)
    assert english in str(found)
    assert french in found.in_language("fr")


def test_letters_of_several_alphabets_are_marked():
    """A Cyrillic о in a Latin word; one alphabet throughout is nothing to say, nor are digits and accents."""
    marked = look_alike("cо\u043ep@example.org")
    assert "Cyrillic, Latin" in str(marked)
    assert "cyrillique, latin" in marked.in_language("fr")
    for plain in ("coop@example.org", "é1-2@sen2.test", "соор@сен.рф", "山田さん@日本.例"):
        assert look_alike(plain) is None, plain
