"""``owner.toml``: what only an owner decides; blank is missing, never invented."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from gateway.upkeep.owner import NEEDED, ProjectOwner, read_owner

SHOP = """[[shop]]
what = "adapter"
article = "Micro Teleinfo"
seller = "a shop"
url = "https://example.org/teleinfo"
price = "20,00 €"
checked = "2026-11-20"
"""
NOW = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)


def test_the_file_that_is_shipped_can_be_read():
    """And what of it is blank is known."""
    assert set(read_owner().missing()) <= set(NEEDED)


def test_what_is_blank_is_missing():
    """Each field that something is made of."""
    assert ProjectOwner().missing() == list(NEEDED)
    assert ProjectOwner().security_txt(NOW) == ""
    assert ProjectOwner().maintainer.endswith(".invalid>")
    assert "url" not in ProjectOwner(url="https://example.org/linky").missing()


def test_security_txt_is_what_rfc_9116_asks():
    """A contact, an end within a year, languages; never an end behind that of support."""
    owner = ProjectOwner(security_contact="mailto:security@example.org", security_policy="https://example.org/security")
    lines = dict(line.split(": ", 1) for line in owner.security_txt(NOW, "https://example.org/x").splitlines())
    assert lines["Contact"] == "mailto:security@example.org"
    assert NOW < datetime.fromisoformat(lines["Expires"]) < NOW + timedelta(days=365)
    assert (lines["Canonical"], lines["Preferred-Languages"]) == ("https://example.org/x", "fr, en")
    ending = msgspec.structs.replace(owner, support_end="2026-12-24")
    assert "Expires: 2026-12-24T23:59:59Z\n" in ending.security_txt(NOW)
    assert ending.security_txt(NOW + timedelta(days=30)) == ""


def test_what_can_be_bought_is_read(tmp_path):
    """Each article with its price and the day of it; then it is missing no more."""
    (tmp_path / "owner.toml").write_text(SHOP, encoding="utf-8")
    found = read_owner(tmp_path / "owner.toml")
    assert [(one.article, one.price, one.checked) for one in found.shop] == [
        ("Micro Teleinfo", "20,00 €", "2026-11-20")
    ]
    assert "shop" not in found.missing()


@pytest.mark.parametrize(
    "line",
    [
        'url = "http://example.org"',
        'url = "https://example.org/"',
        'security_contact = "someone@example.org"',
        'release_keys = ["abc"]',
        'apt_keys = ["abc"]',
        'support_end = "2026-02-31"',
        'name = "two\\nlines"',
        'mail = "nobody"',
        'telephone = "1"',
        'home = "example.org"',
        'source = "https://example.org/"',
        '[[shop]]\nwhat = "adapter"\narticle = "Micro Teleinfo"',
        SHOP.replace("adapter", "house"),
        SHOP.replace("2026-11-20", "2026-11-31"),
        SHOP.replace("Micro Teleinfo", "a | b"),
        SHOP.replace("https:", "http:"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path, line):
    """A field that is none, an address that is none, a day that is none."""
    (tmp_path / "owner.toml").write_text(line)
    with pytest.raises(ValueError, match=r"\w"):
        read_owner(tmp_path / "owner.toml")
