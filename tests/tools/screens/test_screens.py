"""Each page looks as its picture: some sixty of them, of six houses that stand still (``tools/screens``)."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image, ImageChops, ImageDraw

from harness import ROOT
from harness.browser import PROGRAM
from tests.tools.screens.album import LANGUAGES, PAGES, WHOLE, Album, Shot, shots
from tests.tools.screens.chosen import LETTERS, PICTURES, SHOWN, chosen
from tests.tools.screens.houses import HOUSES
from tests.tools.screens.likeness import CELL_PX, MOST_CELLS, from_afar, kept, others, same
from tests.tools.screens.questions import QUESTIONS, Answer, answers, faults

CHOSEN = chosen()
# By how many of 255 a colour may be another one where nothing is other: the most that was seen is 3, at an edge of
# 22 x 2 pixels, in one of three pictures of the same page of one house.
ROUNDED = 3
MOST_BYTES = 5_000_000
# What a GET gives that is no page, or the second step of one.
NO_PAGE = {
    *(
        "/history/data",
        "/history/csv",
        "/places/csv",
        "/https/seen",
        "/ca.crt",
        "/worker.js",
        "/manifest.webmanifest",
    ),
    *("/events", "/metrics", "/display.png", "/static/<name>", "/.well-known/security.txt"),
    "/settings/data/archive",
    "/settings/backup/file",
    # With a file that was brought: tests/gateway/web/test_restore.py looks at it.
    *("/settings/backup/restore", "/settings/backup/back"),
    # They need a consent or a reading of that name.
    *("/sharing/texts/<sha256>", "/repair/point"),
    # A display, or a board, of that name, which no house of these has.
    *("/settings/displays/remove", "/settings/boards/forget"),
    # A yes or a no, which a page asks for that waits.
    *("/settings/boards/changed", "/settings/updates/ended"),
}


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """The six houses, and a Chromium; skipped where there is none, but not in continuous integration."""
    if PROGRAM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    with Album(tmp_path_factory.mktemp("screens")) as running:
        yield running


@pytest.fixture(scope="module")
def same_letters(album):
    """Whether they are drawn here by what drew those of the pictures."""
    return album.letters == LETTERS.read_text().strip()


@pytest.mark.parametrize("shot", CHOSEN, ids=lambda shot: shot.name.removesuffix(".png"))
def test_a_page_looks_as_its_picture(album, same_letters, tmp_path, shot):
    """What is other on purpose is made anew by ``tools/screens --references``, and looked at."""
    assert album.take(shot, tmp_path / shot.name), "wider than the window"
    seen, known = kept(Image.open(tmp_path / shot.name), shot.size), Image.open(PICTURES / shot.name)
    found = f"{others(seen, known)} cells are others, the picture of now is {tmp_path / shot.name}"
    assert same(seen, known, same_letters=same_letters), f"{found}; on purpose: tools/screens --references"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("house", ["first-evening", "tempo", "producer"])
def test_the_first_page_answers_the_eight_questions(album, tmp_path, house, language):
    """Without a tap and without scrolling, with the figures of what the house really did, or with why not yet."""
    wanted = answers(house, language, album.truth(house))
    assert tuple(wanted) == QUESTIONS
    album.take(Shot(house, "home", "glance", "light", language), tmp_path / "home.png")
    heard = album.heard()
    assert faults(heard, wanted) == []
    # An answer that is another one, that stands elsewhere or that one has to scroll to is told.
    floor = next(box for role, _, box in heard if role == "navigation")
    below = [(role, name, box and floor) for role, name, box in heard]
    for question, one in wanted.items():
        if isinstance(one, Answer):
            wrong = [replace(one, says=f"{one.says} soon"), replace(one, role="button")]
            wrong += [replace(one, figures=(*one.figures[:-1], last * 1.02 + 1)) for last in one.figures[-1:]]
            assert all(faults(heard, {question: other}) for other in wrong), question
            assert faults(below, {question: one}), question
        else:
            assert faults([*heard, ("StaticText", one.never.partition("|")[0], floor)], {question: one}), question


def test_the_pictures_are_those_that_are_compared_and_small():
    """None is left of a page that has gone, and a clone stays small."""
    assert sorted(file.name for file in PICTURES.glob("*.png")) == sorted(shot.name for shot in CHOSEN)
    assert sum(file.stat().st_size for file in PICTURES.iterdir()) <= MOST_BYTES
    assert {shot.house for shot in CHOSEN} == {*HOUSES}
    assert {shot.page for shot in CHOSEN} == {*PAGES, "setup"}


def test_the_readme_begins_with_the_first_page_as_it_is(album, tmp_path):
    """Its pictures of pages are those that are compared, the first is a phone's first page; its words say the same."""
    shown = re.findall(r"!\[([^]]*)\]\(tests/tools/screens/pictures/([^)]+)\)", (ROOT / "README.md").read_text())
    shots_ = {shot.name: shot for shot in SHOWN}
    first = re.search(r"!\[[^]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text())[1]
    assert shots_[first.rpartition("/")[2]].page == "home"
    assert {"home", "history-yesterday"} <= {shots_[name].page for _, name in shown}
    for words, name in shown:
        album.take(shots_[name], tmp_path / "page.png")
        said = " ".join(told for _, told, _ in album.heard())
        assert [one for one in re.findall(r"\d+(?:[.:]\d+)?", words) if one not in said] == [], name


def test_every_page_is_photographed(album):
    """Whatever a household can open; what is no page is named."""
    paths = {path.partition("?")[0] for path in (*PAGES.values(), "/setup")}
    paths = {"/sharing/requests/<int:number>" if path == "/sharing/requests/1" else path for path in paths}
    for house in HOUSES:
        assert album.paths(house) - NO_PAGE == paths, house


def test_the_same_page_is_the_same_picture_each_time(album, tmp_path):
    """To the last pixel, whatever was looked at between."""
    first, other = (Shot("producer", page, "phone", "light", "fr") for page in ("home", "sharing"))
    for place, shot in enumerate((first, other, first)):
        album.take(shot, tmp_path / f"{place}.png")
    assert Image.open(tmp_path / "0.png").tobytes() == Image.open(tmp_path / "2.png").tobytes()


def test_a_word_a_colour_and_a_shift_are_found(album, tmp_path):
    """Another figure, another colour, all of it a little lower, another language; not a letter's edge."""
    shot = Shot("tempo", "home", "phone", "light", "fr")
    # Of this machine's letters: beside others every picture would be another one.
    album.take(shot, tmp_path / "known.png")
    known = kept(Image.open(tmp_path / "known.png"), shot.size)
    seen = {}
    for name, change in {
        "figure": "document.querySelector('.yesterday .figure').textContent = '14,88 €'",
        "colour": "document.querySelector('.tile[data-colour=red]').dataset.colour = 'blue'",
        "shift": "document.querySelector('main').style.paddingTop = '22px'",
        "gone": "document.querySelector('.ribbon').remove()",
    }.items():
        album.take(shot, tmp_path / f"{name}.png", changed=change)
        seen[name] = kept(Image.open(tmp_path / f"{name}.png"), shot.size)
    told = {name: others(picture, known) for name, picture in seen.items()}
    assert {name: count for name, count in told.items() if count <= MOST_CELLS} == {}
    album.take(Shot("tempo", "home", "phone", "light", "en"), tmp_path / "english.png")
    assert not same(kept(Image.open(tmp_path / "english.png"), "phone"), known, same_letters=True)
    dotted = known.convert("RGB")
    ImageDraw.Draw(dotted).rectangle((100, 100, 100 + 2 * CELL_PX, 100 + CELL_PX), fill="black")
    assert 0 < others(dotted, known) <= MOST_CELLS


def test_with_other_letters_a_page_is_known_from_afar(album, tmp_path):
    """A font that is a little wider is still that page; a page without its chart, by night, or another one is not."""
    shot = Shot("producer", "home", "phone", "light", "fr")
    album.take(shot, tmp_path / "known.png")
    known = kept(Image.open(tmp_path / "known.png"), shot.size)
    album.take(shot, tmp_path / "other.png", changed="document.body.style.fontFamily = 'DejaVu Serif'")
    wider = kept(Image.open(tmp_path / "other.png"), shot.size)
    assert others(wider, known) > MOST_CELLS
    assert same(wider, known, same_letters=False), from_afar(wider, known)
    for other in ("tempo.home.phone.light.fr.png", "tempo.history-yesterday.glance.light.fr.png"):
        assert not same(Image.open(PICTURES / other), known, same_letters=False), other
    album.take(Shot("producer", "home", "phone", "dark", "fr"), tmp_path / "night.png")
    assert not same(kept(Image.open(tmp_path / "night.png"), "phone"), known, same_letters=False)


def test_a_house_that_says_nothing_is_ended_and_named(tmp_path, monkeypatch):
    """It does not keep the run: neither while it is lived in, nor when it is to end."""
    monkeypatch.setattr("tests.tools.screens.album.LIVED_IN_S", 0.5)
    monkeypatch.setattr("tests.tools.screens.album.ENDED_S", 0.5)
    started, popen = [], subprocess.Popen

    def mute(_, **options):
        started.append(popen([sys.executable, "-c", "import time; time.sleep(600)"], **options))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", mute)
    with pytest.raises(subprocess.TimeoutExpired) as failed, Album(tmp_path, ("tempo",)):
        pass
    assert "tempo is not served" in str(failed.value.__context__)
    assert started[0].returncode == -signal.SIGKILL


@pytest.mark.campaign
@pytest.mark.parametrize("house", HOUSES)
def test_every_other_picture_is_the_same_from_a_house_made_anew(album, tmp_path, house):
    """All pages in all ways to look, none wider than its window: a second such house, lived anew, looks the same.

    To the last shade of a colour: the browser draws the edges of fields and buttons now one way, now the other.
    """
    wanted, faults = shots(houses=(house,)), []
    (tmp_path / "again").mkdir()
    with Album(tmp_path / "again", (house,)) as again:
        for shot in wanted:
            files = [tmp_path / f"{name}-{shot.name}" for name in ("one", "other")]
            fits = [one.take(shot, file) for one, file in zip((album, again), files, strict=True)]
            one, other = (Image.open(file).convert("RGB") for file in files)
            shades = max((most for _, most in ImageChops.difference(one, other).getextrema()), default=0)
            if one.size != other.size or shades > ROUNDED or not all(fits):
                # These two stay, to be looked at.
                faults.append((shot.name, shades, fits))
                continue
            for file in files:
                file.unlink()
    assert len(wanted) >= len(WHOLE) * 4 * (len(PAGES) - 4)
    assert faults == []
