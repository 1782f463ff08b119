"""Somebody at a phone: finds what to press by its role and words, types where a label says, counts what was decided."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from harness.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from harness.browser import Browser

# What is seen, by its role, with the words that are read out or stand on it.
_FIND = """
(() => {
  const words = (node) => (node.getAttribute('aria-label') || node.innerText || '').replace(/\\s+/g, ' ').trim();
  const seen = (node) => node.checkVisibility();
  const of = {link: 'a[href]', button: 'button', more: 'summary', choice: 'label', heading: 'h1, h2, h3'};
  document.querySelectorAll('[data-person]').forEach((node) => node.removeAttribute('data-person'));
  const all = [...document.querySelectorAll(of[%(role)s])].filter(seen);
  const found = all.find((node) => words(node) === %(text)s) || all.find((node) => words(node).startsWith(%(text)s))
    || all.find((node) => words(node).includes(%(text)s));
  if (!found) return null;
  const node = %(role)s === 'choice' ? found.control : found;
  if (!node) return null;
  node.setAttribute('data-person', '1');
  return {value: node.value || '', checked: !!node.checked, words: words(found)};
})()
"""
_TOLD = """[...document.querySelectorAll('[role=status], [role=alert]')].filter((node) => node.checkVisibility())
  .map((node) => node.innerText.replace(/\\s+/g, ' ').trim()).join(' ')"""
_MARKED = "document.querySelector('[data-person]')"


class Person:
    """A phone of 390 by 844; ``decisions`` is what its owner had to choose or to think of, in order.

    Args:
        browser: the phone's.
        web: the address of the page, without a path.
        language: what the phone is set to.
    """

    def __init__(self, browser: Browser, web: str, language: str = "fr") -> None:
        self._browser, self._web, self.language = browser, web, language
        self.decisions: list[str] = []
        self.steps: list[str] = []

    def visit(self, path: str = "/") -> None:
        """What is typed into the address bar, once."""
        self._browser.open(f"{self._web}{path}", width=390, height=844, language=self.language)

    def find(self, role: str, text: str) -> str:
        """The words of what has that role and such words; empty where there is none."""
        found = self._browser.evaluate(_FIND % {"role": json.dumps(role), "text": json.dumps(text)})
        return str(found["words"]) if found else ""

    def read(self) -> str:
        """All that stands on the page; nothing while it loads itself anew."""
        return str(self._browser.evaluate("document.body?.innerText ?? ''"))

    def visit_again(self) -> None:
        """Load the page anew."""
        address = str(self._browser.evaluate("location.href"))
        self._browser.open(address, width=390, height=844, language=self.language)

    def told(self) -> str:
        """What the page says of its own accord, as it is read out (``role`` status, or alert)."""
        return str(self._browser.evaluate(_TOLD))

    def figure(self, words: str, *, again: bool = False) -> str:
        """The number below a heading that begins so, with its unit; empty: there is none. ``again``: load first."""
        if again:
            self.visit_again()
        number = r"(\d[\d \u202f\xa0.,]*)\s*([kM]?(?:VA|Wh?))\b"
        found = re.search(rf"^{re.escape(words)}\D*?{number}", self.read(), re.MULTILINE)
        return f"{found[1].strip()} {found[2]}" if found else ""

    def await_words(self, *words: str, seconds: float = 60, again: bool = True) -> None:
        """Look (again) until these stand there."""
        wait_until(
            lambda: all(one in self.read() for one in words) or (again and self._again()),
            seconds,
            f"{words}",
            every=0.5,
        )

    def _again(self) -> bool:
        self.visit_again()
        return False

    def press(self, role: str, text: str) -> None:
        """A link, or a button, that leads to a page; ``more`` unfolds."""
        self._find(role, text)
        self.steps.append(text)
        if role == "more":
            self._browser.evaluate(f"{_MARKED}.click()")
        else:
            self._browser.press("0", "[data-person]")

    def download(self, text: str, folder: Path) -> None:
        """Press a link that leads to a file, which is kept there."""
        self._browser.keep_files(folder)
        self._find("link", text)
        self.steps.append(text)
        self._browser.evaluate(f"{_MARKED}.click()")

    def type(self, label: str, text: str, decided: str = "") -> None:
        """Into the field of that label; ``decided`` where the person had to think of it, or fetch it somewhere."""
        self._find("choice", label)
        self._browser.evaluate(f"{_MARKED}.focus(); {_MARKED}.select && {_MARKED}.select()")
        self._browser.type(text)
        self._decide(decided)

    def choose(self, label: str, decided: str = "", *, on: bool = True) -> None:
        """Tick it, unless it is ticked already: a good default is no decision."""
        if self._find("choice", label)["checked"] is not on:
            self._browser.evaluate(f"{_MARKED}.click()")
            self._decide(decided)

    def proposed(self, label: str) -> str:
        """What stands in a field already."""
        return str(self._find("choice", label)["value"])

    def _decide(self, what: str) -> None:
        if what:
            self.decisions.append(what)

    def decides(self, what: str) -> None:
        """What is chosen by a press."""
        self.decisions.append(what)

    def _find(self, role: str, text: str) -> dict[str, object]:
        found = self._browser.evaluate(_FIND % {"role": json.dumps(role), "text": json.dumps(text)})
        assert found is not None, f"no {role} « {text} » on:\n{self.read()}"
        return found  # type: ignore[no-any-return]
