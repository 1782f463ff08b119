"""What an owner gives stands in the documents; what is blank is said to be."""

import pytest

from gateway.upkeep.owner import ProjectOwner, ShopArticle
from gateway.upkeep.releases.keys import fingerprint
from website import owned

KEY = "11" * 32
OWNER = ProjectOwner(
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
    assert "Nothing is published yet" in owned.published(ProjectOwner())
    assert owned.published(ProjectOwner(source="https://forge.example.org/linky")).count("\n") == 1


@pytest.mark.parametrize(
    ("lang", "what", "none", "not_yet"),
    [("fr", "adaptateur", "Aucune", "n’est pas encore"), ("en", "adapter", "No ", "is not handed out yet")],
)
def test_a_household_is_told_where_to_get_it(lang, what, none, not_yet):
    """In its language; without an owner's word, that there is nothing yet, and nothing invented."""
    row = f"| {what} | [Micro Teleinfo](https://example.org/t) | a shop | 20,00 € | 2026-11-20 |"
    assert row in owned.shops(lang, OWNER)
    assert "https://example.org/releases/" in owned.card(lang, OWNER)
    assert owned.shops(lang, ProjectOwner()).startswith(none)
    assert not_yet in owned.card(lang, ProjectOwner())
    assert "http" not in owned.card(lang, ProjectOwner())
