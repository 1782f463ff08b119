"""Which pages are photographed, and how: each as a whole at the size of a phone and of a desk, by day and by night.

``Album`` starts the houses and one Chromium for which each has a name of its own (``tempo.local``), so that no picture
shows a port. A picture is the page down to its end, with the bar of a phone's menu below it.
"""

import json
import os
import select
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

from gateway import __version__
from gateway.web.help.routes import PAGES as HELP
from harness import ROOT
from harness.browser import Browser
from servers import free_port
from tests.tools.screens.houses import HOUSES

# A glance is what a phone shows before anybody scrolls: documents show it.
SIZES = {"phone": (390, 844), "desk": (1440, 900), "glance": (390, 844)}
WHOLE = ("phone", "desk")
LIGHTS, LANGUAGES = ("light", "dark"), ("fr", "en")
# Name of a page -> its path; {before} is the day before that of the house.
PAGES = {
    "home": "/",
    "history-day": "/history",
    "history-yesterday": "/history?date={before}",
    "history-minutes": "/history?date={before}&detail=minutes",
    "history-week": "/history?period=week",
    "history-month": "/history?period=month",
    "history-year": "/history?period=year",
    "history-euros": "/history?date={before}&unit=eur",
    "cost": "/cost",
    "cost-offers": "/cost/offers",
    "places": "/places?date={before}",
    "places-week": "/places?period=week&view=together",
    "places-screen": "/places/screen?date={before}",
    "roof": "/roof",
    "sharing": "/sharing",
    "request": "/sharing/requests/1",
    "request-what": "/sharing/requests/1",
    "join": "/sharing/join",
    "more": "/more",
    "links": "/links",
    "repair": "/repair",
    "security": "/security",
    "security-report": "/security/report",
    "access": "/access",
    "https": "/https",
    "series": "/series",
    "help": "/help",
    **{f"help-{name}": f"/help/{name}" for name in HELP},
    "settings": "/settings",
    "settings-objective": "/settings/objective",
    "settings-household": "/settings/household",
    "settings-details": "/settings/details",
    "settings-data": "/settings/data",
    "settings-data-erase": "/settings/data/erase?first={before}&last={before}",
    "settings-data-hand-over": "/settings/data/hand-over",
    "settings-tariff": "/settings/tariff",
    "settings-tariff-new": "/settings/tariff/new?contract=tempo&power=6",
    "settings-tariff-remove": "/settings/tariff/remove?since=2024-01-01",
    "settings-notices": "/settings/notices",
    "settings-notices-new": "/settings/notices/new?kind=mail",
    "settings-notices-device": "/settings/notices/device",
    "settings-notices-remove": "/settings/notices/remove?name=node-red",
    "settings-home-assistant": "/settings/home-assistant",
    "settings-account": "/settings/account",
    "settings-backup": "/settings/backup",
    "settings-meters": "/settings/meters",
    "settings-keeping": "/settings/keeping",
    "settings-restart": "/settings/restart",
    "settings-displays": "/settings/displays",
    "settings-boards": "/settings/boards",
    "settings-updates": "/settings/updates",
    "display": "/display",
    "display-guest": "/display?guest=1",
    "offline": "/offline",
    "login": "/login",
}
# Where nobody has set a password yet there is no other page than that; where nobody asks there is no request,
# where nothing is set nothing is removed.
ONLY_AT = {
    "request": {"fault"}, "request-what": {"fault"}, "settings-notices-remove": {"tempo"},
    "settings-tariff-remove": {"first-evening", "tempo", "producer", "fault"},
}  # fmt: skip
# What is done on a page, and the button that leads on to the one that is photographed.
LED_TO = {"request-what": ("document.querySelector('[name=purpose]').checked = true", "form.wide button")}
STRANGERS = {"login", "setup"}
WALL = {"display", "display-guest", "places-screen"}
_TALLEST_PX = 6000
# Three years are lived in a minute; by when a house has, on a busy machine too, and by when it ends.
LIVED_IN_S, ENDED_S = 900, 60
_PATH = (ROOT, ROOT / "tools" / "lib")
_READY = """(() => {
  const one = document.querySelector(".chart");
  return document.readyState === "complete" && (!one || [one.dataset.drawn, one.dataset.followed].includes("yes")
    || !document.querySelector(".plot"));
})()"""
_SEEN = (
    "document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"
)
# What is of this machine, of a release or random: where it lives, its version, the sums of its journal.
_OWN = r"""(() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode())
    texts.currentNode.data = texts.currentNode.data.replaceAll(%s, "/etc/linky-gateway").replaceAll(%s, "1.0.0")
      .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:8080")
      .replace(/[0-9a-f]{32,}/g, (sum) => "0123456789abcdef".repeat(8).slice(0, sum.length));
})()"""
# Nothing that moves, and the clock of a house for what the page reckons by itself.
_STILL = """Date.now = () => %d;
addEventListener("DOMContentLoaded", () => {
  const still = new CSSStyleSheet();
  still.replaceSync("* { transition: none !important; animation: none !important }");
  still.insertRule("* { caret-color: transparent !important }");
  document.adoptedStyleSheets = [still];
});"""


@dataclass(frozen=True, order=True)
class Shot:
    """One picture."""

    house: str
    page: str
    size: str
    light: str
    language: str

    @property
    def name(self):
        return f"{self.house}.{self.page}.{self.size}.{self.light}.{self.language}.png"


def pages_of(house):
    """Those that this house has."""
    setup = {"setup": "/setup"} if not HOUSES[house].password else {}
    return {name: path for name, path in PAGES.items() if house in ONLY_AT.get(name, {house})} | setup


def shots(houses=tuple(HOUSES), pages=None, sizes=WHOLE, lights=LIGHTS, languages=LANGUAGES):
    """All of these."""
    return [
        Shot(house, page, *how)
        for house in houses
        for page in pages_of(house)
        if pages is None or page in pages
        for how in product(sizes, lights, languages)
    ]


class Album:
    """The houses of which there are pictures to make, each served by a process of its own, and a browser.

    Args:
        folder: what they live in.
        houses: their names.
        package: a folder with another ``gateway`` than this one, to serve them; None for this one.
    """

    def __init__(self, folder, houses=tuple(HOUSES), package=None):
        path = _PATH if package is None else (package, *_PATH)
        self._environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONSAFEPATH": "1"}
        self._folder, self._ports = folder, {name: free_port() for name in houses}
        self._told, self._running = {}, ExitStack()

    def __enter__(self):
        with ExitStack() as running:
            served = {name: running.enter_context(self._served(name, port)) for name, port in self._ports.items()}
            for name, process in served.items():
                line = self._first_line(process)
                assert line, f"{name} is not served: {self._log(name).read_text()}"
                self._told[name] = json.loads(line)
            rules = ",".join(f"MAP {name}.local:80 127.0.0.1:{port}" for name, port in self._ports.items())
            profile = self._folder / "chromium"
            self._browser = running.enter_context(
                Browser(profile, f"--host-resolver-rules={rules}", "--hide-scrollbars", "--font-render-hinting=none")
            )
            self._running = running.pop_all()
        return self

    def __exit__(self, *failed):
        return self._running.__exit__(*failed)

    @staticmethod
    def _first_line(process):
        """What it says once it has lived its days; "" where it has said nothing in time, or ended."""
        told, _, _ = select.select([process.stdout], [], [], LIVED_IN_S)
        return process.stdout.readline() if told else ""

    def _log(self, name):
        return self._folder / f"{name}.log"

    def _served(self, name, port):
        command = [sys.executable, "-m", "tests.tools.screens.serve", name, str(self._folder / name), str(port)]
        with self._log(name).open("w") as log:
            return Ended(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT,
                    env=self._environment,
                )
            )  # fmt: skip

    @property
    def letters(self):
        """What draws them: another Chromium or font draws each a little otherwise."""
        font = subprocess.run(["fc-match", "system-ui"], check=True, capture_output=True, text=True).stdout.strip()
        return f"Chromium {self._browser.version}, {font}"

    def address(self, house, page):
        """Where a page of a house is, for another browser of this machine."""
        return f"http://127.0.0.1:{self._ports[house]}{self._path(house, page)}"

    def cookie(self, house, page):
        """What lets it in there."""
        return "" if page in STRANGERS else f"linky_session={self._told[house]['session']}"

    def _path(self, house, page):
        day = HOUSES[house].day
        return pages_of(house)[page].format(before=day - timedelta(days=1))

    def paths(self, house):
        """What can be asked for there, as its routes have it."""
        return {*self._told[house]["paths"]}

    def truth(self, house):
        """What the house really did, by day (``serve.by_day``)."""
        return self._told[house]["truth"]

    def heard(self):
        """The page that was taken last, as a screen reader has it (``Browser.heard``)."""
        return self._browser.heard()

    def evaluate(self, script):
        """What it comes to on the page that was taken last."""
        return self._browser.evaluate(script)

    def take(self, shot, file, changed="0"):
        """Make a picture of it, with something ``changed`` by a script; whether it is as wide as its window."""
        portrait, browser = HOUSES[shot.house], self._browser
        url = f"http://{shot.house}.local"
        browser.forget()
        if shot.page not in STRANGERS:
            browser.cookie(url, "linky_session", self._told[shot.house]["session"])
        browser.lives_in("Europe/Paris", {"fr": "fr-FR"}.get(shot.language, "en-GB"))
        browser.dark(on=shot.light == "dark")
        width, height = SIZES[shot.size]
        with browser.beforehand(_STILL % (portrait.moment * 1000)):
            browser.open(url + self._path(shot.house, shot.page), width=width, height=height, language=shot.language)
            if shot.page in LED_TO:
                browser.press(*LED_TO[shot.page])
            browser.await_true(_READY)
        browser.evaluate(_OWN % (json.dumps(str((self._folder / shot.house).absolute())), json.dumps(__version__)))
        if shot.page not in WALL and shot.size in WHOLE:
            length = browser.evaluate("document.documentElement.scrollHeight")
            browser.resize(width, min(max(height, length), _TALLEST_PX))
        browser.evaluate(changed)
        browser.evaluate(_SEEN)
        browser.screenshot(file, whole=False)
        return browser.evaluate("document.documentElement.scrollWidth <= innerWidth")


class Ended:
    """A process that ends with its input, or is ended."""

    def __init__(self, process):
        self._process = process

    def __enter__(self):
        return self._process

    def __exit__(self, *_):
        try:
            self._process.communicate(timeout=ENDED_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise
