"""What the walks stand on: nothing but what a page says is typed, what it took is counted, and limits are limits."""

import pytest

from gateway.web.words import WORDS
from harness import first_visit
from tests.walks.page import Passage, pages, passage
from tests.walks.terminal import Terminal
from tests.walks.walk import Walk
from tests.walks.words import unexplained

DOCUMENT, HEADING = "gateway/LISEZMOI.md", "## Essayer sans compteur"


def prose(text):
    """A passage of these sentences alone."""
    return Passage("a.md", "# A", text, ())


def test_a_passage_is_what_stands_below_its_heading():
    """Its blocks, its commands as they stand there, none of what follows; continued lines are one command."""
    found = passage("micropython/display/README.md", "## From unpacking to hanging it up")
    flash = next(line for line in found.commands if line.startswith("tools/flash --port"))
    assert "\\\n" in flash
    assert "What it shows" not in found.prose
    assert passage(DOCUMENT, HEADING).file("toml").startswith("[[meter]]\n")


def test_each_person_reads_pages_in_their_own_language():
    """French where there is a French one; who develops reads English."""
    assert "gateway/collector/LISEZMOI.md" in {page.source for page in pages("recipient", "fr")}
    assert all("LISEZMOI" not in page.source for page in pages("developer", "fr"))


def test_what_was_not_read_cannot_be_typed():
    """Neither a command of another page, nor one of a page that is for somebody else, nor a file that no page shows."""
    walk = Walk("maker", "fr", {})
    with pytest.raises(AssertionError, match="0 such commands"):
        walk.type(None, "sudo tools/setup")
    with pytest.raises(AssertionError, match="is no page for a maker"):
        walk.read("gateway/collector/LISEZMOI.md", "## Démarrer")
    with pytest.raises(AssertionError, match="no link to"):
        walk.follow("SECURITY.md", "# Security")
    walk.read(DOCUMENT, HEADING)
    with pytest.raises(AssertionError, match="not read"):
        walk.write(None, "[[meter]]\n")


def test_commands_files_and_decisions_are_counted_and_judged(tmp_path):
    """A word of the page is filled in by the table of the walk alone; above its limit a walk fails."""
    walk = Walk("maker", "fr", {"commands": 1, "decisions": 0}, {"essai.toml": str(tmp_path / "mine.toml")})
    read = walk.read(DOCUMENT, HEADING)
    walk.write(tmp_path / "mine.toml", read.file("toml"))
    # There is no such program in that folder, and the shell says so.
    with Terminal(["env", "-C", str(tmp_path)], "fr") as shell:
        said = walk.type(shell, "tools/linky-gateway page", code=127)
    assert f"--config {tmp_path}/mine.toml" in said
    assert walk.commands == [f"tools/linky-gateway page code --config {tmp_path}/mine.toml"]
    assert walk.counts() == {"decisions": 0, "commands": 1, "files": 1, "unexplained": 0}
    walk.judge()
    walk.decides("a colour")
    with pytest.raises(AssertionError, match="'decisions': 1"):
        walk.judge()
    assert "1 of 0 decisions\n    a colour" in walk.report()


def test_a_person_answers_what_is_asked_and_nothing_else():
    """In their order, by what stands last on the screen; what is never asked is found out, and so is another end."""
    with Terminal([], "en") as shell:
        asked = "read -p 'Colour? ' one; read -p 'Size? ' two; echo $one-$two"
        assert "blue-" in shell.type(asked, [(r"Colour\?", "blue"), (r"Size\?", lambda said: str(len(said) > 5))])
        with pytest.raises(AssertionError, match="never asked"):
            shell.type("true", [(r"Colour\?", "blue")])
        shell.type("false", code=1)


@pytest.mark.parametrize(
    ("text", "wanting"),
    [
        ("Das Kabel trägt SPI.", ["SPI"]),
        ("Par SPI (une façon de relier deux puces), puis SPI.", []),
        ("Une façon de relier deux puces (SPI), puis SPI.", []),
        ("Par [SPI](spi.md), puis SPI.", []),
        ("Par `SPI` et [une puce](SPI.md).", []),
        ("De l’USB au Raspberry Pi, par MQTT.", []),
        ("PostgreSQL garde le jeton.", ["PostgreSQL", "jeton"]),
    ],
)
def test_a_word_is_explained_in_the_glossary_or_where_it_is_first_used(text, wanting):
    """In brackets, or as a link; what is typed is no word."""
    assert unexplained([prose(text)], "fr") == wanting


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_looked_for_at_the_first_visit_stands_on_its_page(language):
    """Each in its language: whoever words the page anew learns here that a walk looks for the former words."""
    page = " ".join(" ".join(map(str, WORDS[language].values())).split())
    assert [words for words in first_visit.SAID[language] if words not in page] == []


def test_who_develops_has_the_words_of_the_code():
    """Those of CONTRIBUTING.md, which nobody else has."""
    one = [prose("A roster and an outbox hold a TIC stanza.")]
    assert unexplained(one, "en") == ["roster", "stanza"]
    assert "outbox" not in unexplained(one, "en", develops=True)
