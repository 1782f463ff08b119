"""The page as an app on a phone, in a real Chromium: what it keeps for when the gateway is not reached, and what not.

With ``SCREENSHOTS=FOLDER`` the pictures are kept there.
"""

import os
from pathlib import Path

import pytest

from harness.browser import Browser
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD
from tests.gateway.web.encrypted import NAME, EncryptedHouse
from tests.gateway.web.test_https_in_browser import NAMES, await_worker, programs, sign_in, trusting, where
from tests.gateway.web.test_in_browser import CLIPPED, NAMELESS, PALE, SMALL
from tests.gateway.web.watched import note_anew, noted
from tests.integration.processes import Process

__all__ = ["programs"]

# What the worker keeps, by store: of what was seen, and of what says that nobody answers.
KEPT = """(async () => {
  const stores = {};
  for (const name of await caches.keys()) {
    const paths = (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname);
    stores[name === "seen" ? "seen" : "offline"] = paths.sort();
  }
  return stores;
})()"""
SEEN = "(async () => (await caches.match('/', {cacheName: 'seen'}))?.text())()"
POWER_OF = "((page) => page.querySelector('[data-is=power]').textContent)"
BANNER = "document.querySelector('.of-kept').innerText.replace(/\\s+/g, ' ').trim()"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An encrypted house with a password, whose meter is heard, on a blue day of Tempo."""
    folder = tmp_path_factory.mktemp("app")
    tty = folder / "ttyTIC"
    options = {"seed": 1, "mode": "standard", "tariff": "tempo", "phases": 1, "speed": 4, "start": "2026-01-15T18:30"}
    house = EncryptedHouse(folder / "house", source=tty)
    house.process = Process(
        house.folder, "gateway", "run", "--config", house.config, module="tests.gateway.web.watched"
    )
    with SimulatedMeter(tty, **options), house:
        owner = house.owner()
        house.url = f"https://{NAME}:{house.secure}"
        wait_until(lambda: '"stale": false' in owner.get("/")[1].replace("&quot;", '"'), 30, "a fresh frame")
        yield house


@pytest.fixture
def phone(tmp_path, house):
    """A phone that believes the house, and has not been there yet."""
    home = trusting(tmp_path / "home", house.https / "ca.crt")
    with Browser(tmp_path / "profile", NAMES, home=home) as browser:
        yield browser


# How often a page does again what it does.
TIMED = "const again = setInterval; window.setInterval = (what, ms) => { window.every = ms; return again(what, ms); };"


def has_seen(phone, house, language="fr"):
    """Sign in, and have the worker keep what is seen: the page in that language."""
    sign_in(phone, house.url)
    await_worker(phone)
    at_home(phone, house, language)
    # For each language there is another one.
    phone.await_true(f"navigator.serviceWorker.controller.scriptURL.includes('lang={language}')")
    wait_until(lambda: f'lang="{language}"' in (phone.evaluate(SEEN) or ""), 60, "the first page is kept")


def is_gone(phone):
    """Nothing of it is kept any more."""
    wait_until(lambda: phone.evaluate(SEEN) is None, 60, "it is forgotten")


def away(house):
    """The gateway is not reached any more."""
    assert house.process.stop() == 0


def back(house):
    """It is reached again."""
    before = house.process.log.read_text().count("is served encrypted at")
    house.process.start()
    wait_until(lambda: house.process.log.read_text().count("is served encrypted at") > before, 60, "it is back")


def at_home(phone, house, language="fr", width=390):
    """The first page as a phone shows it; what the worker asks for has the language that was chosen at the page."""
    phone.open(f"{house.url}/?lang={language}", width=width, height=844, language=language)


def picture(phone, name):
    """Keep it, where that is wanted."""
    if folder := os.environ.get("SCREENSHOTS"):
        phone.screenshot(Path(folder) / f"app-{name}.png", whole=False)


@pytest.mark.parametrize(
    ("language", "clock", "said", "wait"),
    [
        ("fr", r"\d+ h( \d\d)?", "Valeurs de CLOCK : la passerelle n’est pas joignable.", "Vérifiez qu’elle est"),
        ("en", r"\d\d:\d\d", "Values of CLOCK: the gateway cannot be reached.", "Check that it has power"),
    ],
)
def test_without_the_gateway_the_first_page_shows_what_was_seen_last(phone, house, language, clock, said, wait):
    """Values and their time, greyed and said to be old, in daylight and in the dark; nothing that is true of now alone.

    Every other page says that the gateway is not reached, and when it is there again the page finds out by itself.
    """
    has_seen(phone, house, language)
    lively = "getComputedStyle(document.querySelector('.hero')).color"
    colour = phone.evaluate(lively)
    away(house)
    power = phone.evaluate(f"{SEEN}.then((text) => {POWER_OF}(new DOMParser().parseFromString(text, 'text/html')))")
    try:
        for dark in (False, True):
            phone.dark(on=dark)
            at_home(phone, house, language)
            picture(phone, f"kept-{language}-{'dark' if dark else 'light'}")
            told = phone.evaluate(BANNER).replace("\u202f", " ").replace("\xa0", " ")
            pattern = said.replace(".", r"\.").replace("CLOCK", clock)
            assert phone.evaluate(f"/^{pattern} {wait}/.test({told!r})"), told
            assert phone.evaluate("document.querySelector('.of-kept').checkVisibility()")
            for wrong in (CLIPPED, PALE, NAMELESS, SMALL):
                assert phone.evaluate(wrong) == [], dark
            for now in ("#told", ".state", ".when"):
                shown = f"[...document.querySelectorAll('{now}')].some((one) => one.checkVisibility())"
                assert not phone.evaluate(shown), now
        phone.dark(on=False)
        at_home(phone, house, language)
        assert phone.evaluate(f"{POWER_OF}(document)") == power != "–"
        assert phone.evaluate(lively) != colour
        with phone.beforehand(TIMED):
            phone.open(f"{house.url}/history", width=390, height=844, language=language)
        picture(phone, f"offline-{language}")
        title = {"fr": "La passerelle ne répond pas", "en": "The gateway is not responding"}[language]
        assert phone.evaluate("document.querySelector('h1').innerText") == title
        assert where(phone) == f"{house.url}/history"
        assert phone.evaluate("getComputedStyle(document.querySelector('.warn')).borderLeftStyle") == "solid"
        assert phone.evaluate("document.querySelector('main').innerText.match(/[0-9]/)") is None
        # A screen on the wall has nobody who presses: it asks again by itself, at the address that was asked for.
        assert phone.evaluate("window.every") == 15_000
        at_home(phone, house, language)
    finally:
        back(house)
    # A restart signs everybody out: where somebody has to sign in nothing is kept any more.
    wait_until(lambda: where(phone).startswith(f"{house.url}/login"), 150, "the page finds out")
    is_gone(phone)


def test_of_another_day_it_says_which(phone, house):
    """The day is named instead of today and yesterday, no colour is shown as tomorrow’s; after a week nothing."""
    has_seen(phone, house)
    age = """(async (days) => {
      const store = await caches.open("seen"), old = await store.match("/");
      const headers = new Headers(old.headers);
      headers.set("Seen", String(Date.now() - days * 86400000));
      await store.put("/", new Response(await old.text(), { headers }));
    })"""
    phone.evaluate(f"{age}(2)")
    away(house)
    try:
        at_home(phone, house)
        picture(phone, "kept-past")
        assert phone.evaluate(f"/^Valeurs du [a-z]+ \\d.* à .* : la passerelle/.test({BANNER})")
        assert not phone.evaluate("document.querySelector('.tempo').checkVisibility()")
        assert "Aujourd’hui" not in phone.evaluate("document.querySelector('.today h3').innerText")
        phone.evaluate(f"{age}(8)")
        at_home(phone, house)
        assert phone.evaluate("document.querySelector('h1').innerText") == "La passerelle ne répond pas"
    finally:
        back(house)


def test_nothing_is_kept_but_what_was_seen_and_what_shows_it(phone, house):
    """The first page with its styles and scripts; one page that says nothing of anybody; no other page."""
    has_seen(phone, house)
    for path in ("/history", "/cost", "/sharing", "/settings", "/access"):
        phone.open(f"{house.url}{path}", language="fr")
    assert phone.evaluate(KEPT) == {
        "offline": ["/offline", "/static/page.css", "/static/page.js"],
        "seen": ["/", "/static/home.css", "/static/home.js", "/static/page.css", "/static/page.js"],
    }
    assert "form_token" not in phone.evaluate(SEEN)


def test_it_goes_with_the_sign_out_and_with_the_password(phone, house):
    """Signed out here; another password chosen here; another one chosen elsewhere, as soon as the phone is at home."""
    has_seen(phone, house)
    phone.open(f"{house.url}/access", language="en")
    phone.press("0", "form[action='/logout'] button")
    assert where(phone) == f"{house.url}/login"
    is_gone(phone)
    has_seen(phone, house)
    phone.open(f"{house.url}/access", language="en")
    change = "['old', 'password', 'again'].forEach((name) => {"
    change += f" document.querySelector(`form[action='/access/password'] [name=${{name}}]`).value = {PASSWORD!r}; }})"
    phone.press(change, "form[action='/access/password'] button")
    assert where(phone) == f"{house.url}/access?changed=1"
    is_gone(phone)
    at_home(phone, house)
    wait_until(lambda: phone.evaluate(SEEN), 60, "it is kept again")
    fields = {"old": PASSWORD, "password": PASSWORD, "again": PASSWORD}
    assert house.owner().send("/access/password", **fields)[0].status == 303
    at_home(phone, house)
    assert where(phone).startswith(f"{house.url}/login")
    is_gone(phone)


def test_no_page_but_the_first_is_copied_on_its_way(phone, house):
    """A backup that is loaded is not held in memory by who looks on."""
    has_seen(phone, house)
    note_anew(phone)
    for path in ("/links", "/cost", "/"):
        phone.open(f"{house.url}{path}", language="fr")
    wait_until(lambda: noted(phone, "copied"), 60, "the first page is copied")
    assert set(noted(phone, "copied")) == {"/"}


def test_what_is_kept_never_comes_before_what_is_served(phone, house):
    """Of a file as of a page: whatever the browser holds, with the gateway there its answer is shown."""
    has_seen(phone, house)
    spoil = """(async () => {
      const store = await caches.open("seen");
      for (const one of await store.keys()) await store.put(one, new Response("body { display: none }"));
    })()"""
    phone.evaluate(spoil)
    phone.forget_files()
    at_home(phone, house)
    assert phone.evaluate("getComputedStyle(document.body).display !== 'none' && !!document.querySelector('.hero')")
    # What was seen since has taken its place, with the very files that it names.
    wait_until(lambda: "hero" in phone.evaluate(SEEN), 60, "it is kept anew")


def test_another_version_of_the_worker_takes_over_by_itself(phone, house):
    """One of before is there no more after a visit, and its store neither; what was seen stays."""
    sign_in(phone, house.url)
    # The page's own first: put in after the other it would be the last, and nobody would tidy behind it.
    await_worker(phone)
    phone.evaluate("""(async () => {
      await navigator.serviceWorker.register("/worker.js?lang=en&style=%2Fstatic%2Fpage.css");
      await caches.open("?lang=en&style=%2Fstatic%2Fpage.css");
    })()""")
    phone.await_true("navigator.serviceWorker.controller?.scriptURL.includes('lang=en')")
    at_home(phone, house)
    one = "navigator.serviceWorker.controller?.scriptURL.includes('lang=fr&style=%2Fstatic%2Fpage.css%3Fv%3D')"
    phone.await_true(one)
    wait_until(lambda: sorted(phone.evaluate(KEPT)) == ["offline", "seen"], 60, "one store of each")
    wait_until(lambda: len(phone.evaluate("caches.keys()")) == 2, 60, "the one of before is gone")


def test_a_worker_that_fails_breaks_no_page(phone, house):
    """Nothing can be kept, nothing found: with the gateway there all is as without a worker."""
    has_seen(phone, house)
    phone.complaints.clear()
    note_anew(phone, "break")
    for path in ("/", "/history", "/access"):
        phone.open(f"{house.url}{path}", language="fr")
        assert where(phone) == f"{house.url}{path}"
        assert phone.evaluate("!!document.querySelector('nav.menu')")
    phone.press("0", "form[action='/logout'] button")
    assert where(phone) == f"{house.url}/login"
    assert phone.complaints == []
