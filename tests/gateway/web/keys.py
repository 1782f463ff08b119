"""What is looked for with a keyboard alone: scripts for ``Browser``, and the walk with the tabulator.

``RECORD`` is run before a page's own scripts: it notes who listens to a pointer, and what is pressed, and keeps a press
from leading away; a fold opens. Each stop is looked at where it stands.
"""

import json

# What can be done on a page. What a fold hides is none until it was opened.
_DONE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]"
RECORD = """(() => {
  const heard = [], native = "a[href], button, input, select, textarea, summary, label, details, dialog, form";
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (kind, ...more) {
    if (this instanceof Element && /^(click|dblclick|pointerdown|mousedown|touchstart|keydown)$/.test(kind))
      heard.push([this, kind]);
    return listen.call(this, kind, ...more);
  };
  window.keys = {
    pressed: [],
    stops: [],
    // Who can be clicked and has neither a key of its own nor, within, what a keyboard reaches.
    deaf: () => heard.filter(([one, kind]) => kind !== "keydown" && one.isConnected && !one.matches(native)
      && !one.querySelector(native) && !heard.some(([other, by]) => other.contains(one) && by === "keydown"))
      .map(([one]) => one.outerHTML.slice(0, 100)),
  };
  listen.call(window, "click", (event) => {
    const one = event.target.closest?.("a[href], button, input, summary");
    window.keys.pressed.push(one);
    if (one?.matches("summary, [type=checkbox], [type=radio]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
})()"""
# Of the element in focus: its number among the stops (the first time, else -1), what it is, what is wrong with it.
_STOP = """(() => {
  const one = document.activeElement;
  if (!one || one === document.body) return [null, "", []];
  const known = keys.stops.includes(one), wrong = [];
  if (!known) keys.stops.push(one);
  const drawn = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const hit = one.querySelector(".hit");
  if (!one.matches(":focus-visible") || !(drawn(getComputedStyle(one)) || drawn(getComputedStyle(one, "::after"))
      || hit && parseFloat(getComputedStyle(hit).strokeWidth) >= 2)) wrong.push("its focus is not seen");
  const box = one.getBoundingClientRect();
  const points = [[.5, .5], [.1, .5], [.9, .5], [.5, .1], [.5, .9]];
  const met = points.map(([x, y]) => document.elementFromPoint(box.left + x * box.width, box.top + y * box.height));
  if (!met.some((other) => other && (one.contains(other) || other.contains(one)
      || [...one.labels ?? []].some((label) => label.contains(other))))) wrong.push("it is covered");
  return [known ? -1 : keys.stops.length - 1, one.matches("summary") ? "summary" : one.type || one.localName,
    wrong.map((what) => `${what}: ${one.outerHTML.slice(0, 100)}`)];
})()"""
_PRESSED = "keys.pressed.splice(0).includes(document.activeElement)"
# What can be done and was no stop: of a group of which one is chosen one is enough.
_LEFT_OUT = f"""(() => {{
  const same = (one, other) => one.type === "radio" && other.type === "radio" && one.name === other.name
    && one.form === other.form;
  return [...document.querySelectorAll({json.dumps(_DONE)})].filter((one) => one.tabIndex >= 0 && !one.disabled
    && one.checkVisibility({{visibilityProperty: true}}) && !keys.stops.some((stop) => stop === one || same(stop, one)))
    .map((one) => `no key leads to ${{one.outerHTML.slice(0, 100)}}`);
}})()"""
MOST_STOPS = 900


def walk(browser):
    """Go through the page that is open with the tabulator, and press whatever can be pressed.

    Returns what is wrong, and how many stops there were. A field for a date has a stop for each of its parts.
    """
    found, stops, again = [], 0, 0
    for _ in range(MOST_STOPS):
        browser.key("Tab")
        number, kind, wrong = browser.evaluate(_STOP)
        again = again + 1 if number in {None, -1} else 0
        # Around the page once: the stops come again, one after the other.
        if again > 4:
            break
        if number is None or number < 0:
            continue
        stops += 1
        found += wrong
        if kind in {"a", "button", "submit", "summary", "checkbox", "radio"}:
            browser.key("Space" if kind in {"checkbox", "radio"} else "Enter")
            if not browser.evaluate(_PRESSED) and kind != "radio":
                found.append(f"no key presses {browser.evaluate('document.activeElement.outerHTML.slice(0, 100)')}")
    else:
        found.append("the tabulator does not come to an end")
    return [*found, *browser.evaluate(_LEFT_OUT), *browser.evaluate("keys.deaf()")], stops
