"""What is looked for in every page: expressions for ``Browser.evaluate``, each giving a list of faults.

axe-core is that of ``vendor/``. It is run from outside the page, whose policy lets no foreign script in.
"""

from pathlib import Path

from tests.gateway.web.test_in_browser import CLIPPED

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# Every rule that it has, those of good practice too; nothing is fetched for it.
VIOLATIONS = """axe.run(document, {resultTypes: ["violations"], preload: false}).then(({violations}) => violations.map(
  ({id, help, nodes}) => `${id}: ${help}: ${nodes.slice(0, 3).map((n) => n.html.slice(0, 120)).join(" | ")}`))"""

# What a finger hits, or has room around it (WCAG 2.2, 2.5.8); axe looks for it on demand alone.
SMALL = """axe.run(document, {runOnly: {type: "rule", values: ["target-size"]}, preload: false}).then(({violations}) =>
  violations.flatMap(({nodes}) => nodes.map((n) => n.html.slice(0, 120))))"""

# What is wider than the window scrolls in a box of its own, which a keyboard reaches.
CUT_OFF = CLIPPED.replace(".hidden, .skip", ".hidden, .skip, div.wide, pre")

# Two texts, or a text and a field, of which one covers a quarter of a line of the other.
# What a box cuts off is not seen; below the bar of the menu the page goes on, and ends above it.
OVERLAPPING = """(() => {
  const seen = (box, e) => {
    let {left, right, top, bottom} = box;
    for (; e && e !== document.body; e = e.parentElement) {
      if (getComputedStyle(e).overflowX === "visible") continue;
      const wall = e.getBoundingClientRect();
      left = Math.max(left, wall.left); right = Math.min(right, wall.right);
      top = Math.max(top, wall.top); bottom = Math.min(bottom, wall.bottom);
    }
    return {left, right, top, bottom};
  };
  const boxes = [], range = document.createRange();
  const lines = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const add = (box, e, text) => {
    const menu = e.parentElement.closest(".menu");
    if (box.right - box.left > 1 && box.bottom - box.top > 1) boxes.push({...box, e, text, menu});
  };
  while (lines.nextNode()) {
    const text = lines.currentNode, e = text.parentElement;
    if (!text.data.trim() || !e.checkVisibility() || e.closest(".hidden, .skip, option, script")) continue;
    range.selectNodeContents(text);
    for (const {left, right, top, bottom, height} of range.getClientRects()) {
      // Above the capitals and below the letters a line of its font is empty.
      const ink = {left, right, top: top + 0.18 * height, bottom: bottom - 0.1 * height};
      add(seen(ink, e), text, text.data.trim().slice(0, 40));
    }
  }
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea, progress, canvas"))
    if (e.checkVisibility()) add(seen(e.getBoundingClientRect(), e), e, `<${e.localName} ${e.name ?? ""}>`);
  boxes.sort((a, b) => a.top - b.top);
  const found = [];
  boxes.forEach((a, n) => {
    for (let m = n + 1; m < boxes.length && boxes[m].top < a.bottom; m++) {
      const b = boxes[m], wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - b.top;
      // Below the bar of the menu the page goes on, and is scrolled into sight.
      if (a.menu !== b.menu) continue;
      if (a.e !== b.e && wide > 1 && high > 0.25 * Math.min(a.bottom - a.top, b.bottom - b.top))
        found.push(`${a.text} / ${b.text}`);
    }
  });
  return found;
})()"""

# Put into each page beforehand: keeps where a chart writes what, and when the first figure or chart stood there.
WATCH = """(() => {
  const paper = CanvasRenderingContext2D.prototype, write = paper.fillText, wipe = paper.clearRect;
  paper.fillText = function (text, x, y) {
    const size = this.measureText(text), m = this.getTransform(), left = m.e + x - size.actualBoundingBoxLeft;
    (this.canvas.labels ??= []).push({text, left, right: m.e + x + size.actualBoundingBoxRight,
      top: m.f + y - size.actualBoundingBoxAscent, bottom: m.f + y + size.actualBoundingBoxDescent});
    write.apply(this, arguments);
  };
  paper.clearRect = function () { this.canvas.labels = []; wipe.apply(this, arguments); };
  const look = () => {
    const place = document.querySelector(".chart, .bars") ?? document.querySelector("[data-is=drawn], [data-is=power]");
    const drawn = place?.dataset.drawn === "yes" || place?.classList.contains("bars")
      || (place?.dataset.is && /\\d/.test(place.textContent));
    if (drawn) window.drawnAt = performance.now(); else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""
SMUDGED = """[...document.querySelectorAll("canvas")].flatMap((canvas) => (canvas.labels ?? []).flatMap((a, n, all) => [
  ...(Math.min(a.left, a.top, canvas.width - a.right, canvas.height - a.bottom) < -1 ? [`${a.text} is cut`] : []),
  ...all.slice(n + 1).filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
    .map((b) => `${a.text} / ${b.text}`)]))"""


def look(browser):
    """Nothing is cut off, covered or named badly, on a phone and on a desk."""
    for width in (390, 1280):
        # As high as the page: the bar of the menu stands below it, and covers what is scrolled under it.
        browser.resize(width, 844)
        browser.resize(width, browser.evaluate("document.documentElement.scrollHeight") + 100)
        assert browser.evaluate(CUT_OFF) == []
        assert browser.evaluate(OVERLAPPING) == []
    browser.resize(390, 844)
    browser.evaluate(f"{AXE}; 0")
    assert browser.evaluate(VIOLATIONS) == []
