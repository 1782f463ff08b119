"""In a language of longer words (a third more of each sentence, which nobody speaks) no page cuts anything."""

import os

import pytest

from harness.browser import PROGRAM
from tests.gateway.words.pseudo import LANGUAGE, package
from tests.tools.screens.album import ONLY_AT, Album, Shot, pages_of, shots
from tests.tools.screens.houses import HOUSES

LONGER = 0.33
# Text that is not seen as a whole, with what it is in: beyond the window, in a box that hides what is wider or higher
# than itself, or beyond the drawing that it is written in. What is hidden on purpose (for who listens) is one pixel;
# what can be scrolled to is not cut.
CUT = r"""(() => {
  const found = [], said = (node, why) => found.push(`${why}: ${node.textContent.trim().slice(0, 60)}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode, parent = node.parentElement;
    if (!node.data.trim() || !parent.checkVisibility({visibilityProperty: true, opacityProperty: true})
        || parent.closest("script, style, template, option, noscript")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    let scrolled = false, hidden = false;
    for (let at = parent; at && !hidden; at = at.parentElement) {
      const style = getComputedStyle(at), frame = at.getBoundingClientRect();
      hidden = frame.width <= 1 && style.overflowX === "hidden";
      const drawing = at.ownerSVGElement === null && at.tagName === "svg";
      const cuts = (overflow) => overflow === "hidden" || overflow === "clip";
      if (["auto", "scroll"].includes(style.overflowX) && at !== document.body) scrolled = true;
      if (!hidden && !scrolled && cuts(style.overflowX) && (box.left < frame.left - 1 || box.right > frame.right + 1))
        said(node, drawing ? "drawing" : `<${at.tagName}> at its side`);
      if (!hidden && !scrolled && cuts(style.overflowY) && (box.top < frame.top - 1 || box.bottom > frame.bottom + 1))
        said(node, drawing ? "drawing" : `<${at.tagName}> below`);
    }
    if (!hidden && !scrolled && (box.left < -1 || box.right > innerWidth + 1)) said(node, "window");
  }
  return found;
})()"""


# What yesterday's figure gets on the home page, and what is found.
_CHANGES = {
    "height: 8px; overflow-y: clip": {"<P> below"},
    "position: relative; left: 300px": {"window", "wider than the window"},
}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """The package, which speaks it too."""
    if PROGRAM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    return package(tmp_path_factory.mktemp("longer"), LONGER)


def cut(album, shot, file, changed="0"):
    """What is not seen as a whole."""
    fits = album.take(shot, file, changed=changed)
    return album.evaluate(CUT) + ([] if fits else ["wider than the window"])


def test_nothing_is_cut_on_a_phone(spoken, tmp_path):
    """Each page, of a house where all is well or of one that has every fault; what is cut is found."""
    found = {}
    with Album(tmp_path, ("fault", "tempo"), package=spoken) as album:
        for page in pages_of("tempo") | pages_of("fault"):
            house = "tempo" if "tempo" in ONLY_AT.get(page, {"tempo"}) else "fault"
            shot = Shot(house, page, "phone", "light", LANGUAGE)
            if faults := cut(album, shot, tmp_path / shot.name):
                found[page] = faults
        assert found == {}
        shot = Shot("tempo", "home", "phone", "light", LANGUAGE)
        for change, why in _CHANGES.items():
            changed = f"document.querySelector('.yesterday .figure').parentElement.style.cssText = '{change}'"
            faults = cut(album, shot, tmp_path / shot.name, changed=changed)
            assert {fault.partition(":")[0] for fault in faults} == why


@pytest.mark.campaign
@pytest.mark.parametrize("house", HOUSES)
def test_nothing_is_cut_anywhere(spoken, tmp_path, house):
    """Each page of each house, on a phone and on a desk."""
    found = {}
    with Album(tmp_path, (house,), package=spoken) as album:
        for shot in shots(houses=(house,), lights=("light",), languages=(LANGUAGE,)):
            if faults := cut(album, shot, tmp_path / shot.name):
                found[shot.name] = faults
    assert found == {}
