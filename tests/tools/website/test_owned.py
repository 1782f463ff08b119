"""What an owner gives stands in the documents; what is blank is said to be."""

import pytest

from gateway.upkeep.owner import ProjectOwner, ShopArticle
from gateway.upkeep.releases.keys import fingerprint
from website import offline, owned

KEY = "11" * 32
OWNER = ProjectOwner(
    name="The keepers",
    mail="ask@example.org",
    security_contact="mailto:flaw@example.org",
    support_end="2031-12-31",
    url="https://example.org/releases",
    home="https://example.org",
    source="https://forge.example.org/linky",
    release_keys=(KEY,),
    shop=(
        ShopArticle(
            what="adapter", article="Micro Teleinfo", seller="a shop", url="https://example.org/t", price="20,00 €",
            checked="2026-11-20",
        ),
    ),
)  # fmt: skip


def test_the_readme_has_what_there_is():
    """Site, releases, source, and the fingerprint as every machine shows it; nothing of what is blank."""
    said = owned.published(OWNER)
    assert "(https://example.org)" in said
    assert "(https://example.org/releases)" in said
    assert "(https://forge.example.org/linky)" in said
    assert fingerprint(bytes.fromhex(KEY)) in said
    assert "Nothing has been published yet" in owned.published(ProjectOwner())
    assert owned.published(ProjectOwner(source="https://forge.example.org/linky")).count("\n") == 1


@pytest.mark.parametrize(
    ("lang", "what", "none", "not_yet"),
    [
        ("fr", "adaptateur", "ni boutique ni prix", "n’est pas encore"),
        ("en", "adapter", "do not name shops or prices", "is not available yet"),
    ],
)
def test_a_household_is_told_where_to_get_it(lang, what, none, not_yet):
    """In its language; without an owner's word, that there is nothing yet, and nothing invented."""
    row = f"| {what} | [Micro Teleinfo](https://example.org/t) | a shop | 20,00 € | 2026-11-20 |"
    assert row in owned.shops(lang, OWNER)
    assert "https://example.org/releases/" in owned.card(lang, OWNER)
    assert none in owned.shops(lang, ProjectOwner())
    assert not_yet in owned.card(lang, ProjectOwner())
    assert "http" not in owned.card(lang, ProjectOwner())


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize(
    ("make", "given"),
    [
        (owned.kept_by, ["The keepers, ask@example.org", "<https://example.org>", "<https://forge.example.org/linky>"]),
        (owned.helpers, ["ask@example.org, <https://forge.example.org/linky>"]),
        (owned.upkeep, ["2031-12-31", fingerprint(bytes.fromhex(KEY))]),
        (owned.flaw, [" flaw@example.org", " 7 "]),
        (owned.obtain, ["<https://example.org/releases/>", "<https://forge.example.org/linky>"]),
    ],
)
def test_whom_to_trust_is_said_of_what_is_decided(lang, make, given):
    """All that the owner gives, in either language; blank: words that it is, no address, and no time is promised."""
    said, blank = make(lang, OWNER), make(lang, ProjectOwner())
    assert [one for one in given if one not in said] == []
    assert blank.strip()
    assert not any(one in blank for one in (*given, "{", "<", "@", "http"))


def test_what_an_owner_gives_can_stand_in_the_guide(tmp_path):
    """The gateway's own page leads to pages alone: no address of mail is a link there."""
    for name, make in (("trust", owned.kept_by), ("trust", owned.flaw), ("questions", owned.helpers)):
        page = tmp_path / f"{name}.fr.md"
        page.write_text(f"# Page\n\n{make('fr', OWNER)}")
        assert "example.org" in offline.written(page)
