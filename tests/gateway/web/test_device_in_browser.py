"""Notices on a phone itself, in a real Chromium and a running daemon: asked for, tried, shown, opened, ended.

With ``SCREENSHOTS=FOLDER`` the pictures are kept there.
"""

import json
import os
import time
from pathlib import Path

import pytest

from gateway.config.tables import load
from gateway.web.notices.words import NOTICES_WORDS
from harness.browser import Browser
from servers import wait_until
from servers.certificates import Authority
from tests.gateway.notices.push_service import PushedBrowser, PushService
from tests.gateway.web.conftest import PASSWORD
from tests.gateway.web.encrypted import NAME, EncryptedHouse
from tests.gateway.web.looks import look
from tests.gateway.web.test_https_in_browser import NAMES, await_worker, programs, sign_in, trusting, where
from tests.gateway.web.watched import note_anew, noted, press_notice
from tests.integration.processes import Process

__all__ = ["programs"]

HOST, PATH = "push.example.net", "/settings/notices"
# In place of a push service of the browser's maker, which no test reaches: the address names the key that was given.
SUBSCRIBES = """
const told = () => JSON.parse(localStorage.getItem("subscription"));
const subscription = () => told() && {
  toJSON: told, unsubscribe: async () => { localStorage.removeItem("subscription"); return true; },
};
PushManager.prototype.getSubscription = async () => subscription();
PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
  if (!userVisibleOnly || Notification.permission !== "granted") throw new DOMException("no", "NotAllowedError");
  if (told()) throw new DOMException("another key", "InvalidStateError");
  const key = btoa(String.fromCharCode(...applicationServerKey)).replace(/=/g, "");
  const endpoint = "https://HOST/send/" + key.replaceAll("+", "-").replaceAll("/", "_");
  localStorage.setItem("subscription", JSON.stringify({ endpoint, expirationTime: null, keys: KEYS }));
  return subscription();
};
"""
SHOWN = """(async () => {
  const all = await (await navigator.serviceWorker.ready).getNotifications();
  return all.map(({ title, body, lang, tag, icon, data, requireInteraction }) => (
    { title, body, lang, tag, icon: new URL(icon).pathname, data, requireInteraction }));
})()"""
OFFERED = """[...document.querySelectorAll('#device [data-when]')]
  .filter((one) => one.checkVisibility()).map((one) => one.dataset.when)"""


class Browsers(dict):
    """By their path, which is the key that they were given."""

    def __init__(self, browser):
        super().__init__()
        self.browser, self.are_there = browser, True

    def get(self, path):
        self.browser.sender = path.rpartition("/")[2]
        return self.browser if self.are_there else None


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A push service with one browser."""
    folder = tmp_path_factory.mktemp("push")
    authority = Authority(folder).create()
    with PushService(HOST, authority.issue(HOST, folder), time.time) as service:
        service.authority, service.browser = authority.certificate, PushedBrowser("")
        service.browsers = Browsers(service.browser)
        yield service


@pytest.fixture(scope="module")
def house(tmp_path_factory, service):
    """An encrypted house with a password, in which nobody is told yet."""
    house = EncryptedHouse(tmp_path_factory.mktemp("told") / "house")
    words = "run", "--config", house.config, "--log-level", "DEBUG"
    module = "tests.gateway.web.pushed"
    house.contact = house.folder / "contact"
    asked = str(service.port), service.authority, house.contact
    house.process = Process(house.folder, "gateway", *asked, *words, module=module)
    with house:
        house.owner()
        house.url, house.clear = f"https://{NAME}:{house.secure}", f"http://{NAME}:{house.port}"
        yield house


@pytest.fixture
def phone(tmp_path, house, service):
    """A phone that believes the house and is signed in."""
    service.browsers.are_there = True
    service.browser.told.clear()
    home = trusting(tmp_path / "home", house.https / "ca.crt")
    script = SUBSCRIBES.replace("HOST", HOST).replace("KEYS", json.dumps(service.browser.keys))
    with Browser(tmp_path / "profile", NAMES, home=home) as browser, browser.beforehand(script):
        sign_in(browser, house.url)
        yield browser


def picture(phone, name):
    """Keep it, where that is wanted."""
    if folder := os.environ.get("SCREENSHOTS"):
        phone.screenshot(Path(folder) / f"device-{name}.png")


def at_notices(phone, house, language="fr", base=None):
    phone.open(f"{base or house.url}{PATH}?lang={language}", width=390, height=844, language=language)


def add(phone, house, language="fr", person=""):
    """As a person does: the offer, the password, the press."""
    phone.permit(house.url, notices="granted")
    at_notices(phone, house, language)
    phone.await_true("document.querySelector('#device [data-when=yes] a').checkVisibility()")
    picture(phone, f"offered-{language}")
    phone.press("0", "#device [data-when=yes] a")
    look(phone)
    picture(phone, f"asked-{language}")
    typed = f"document.getElementById('f-own_password').value = {PASSWORD!r}"
    # A test goes out once in ten seconds; as a person would, it is pressed again.
    wait_until(lambda: _pressed(phone, typed, person), 60, "it is kept", every=2)


def _pressed(phone, typed, person):
    phone.press(f"document.getElementById('f-person').value = {person!r}; {typed}", "main form button")
    return where(phone).endswith(f"{PATH}?done=saved")


def ways(house):
    """The names of the ways that are kept."""
    return [one.name for one in load(house.config).notice]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Un essai de votre passerelle Linky"),
        ("en", "A test from your Linky gateway: this is how you will be alerted."),
    ],
)
def test_a_phone_is_told_shows_it_and_leads_to_the_page(phone, house, service, language, text):
    """Tried before it is kept; the words of the phone's language; a press on it opens what it is about.

    Signed out, the phone is told no more, and nothing of it is kept.
    """
    add(phone, house, language, "Anne")
    assert ways(house) == ["push"]
    ((_, said),) = service.browser.told
    assert (said["lang"], said["text"][: len(text)]) == (language, text)
    look(phone)
    picture(phone, f"kept-{language}")
    card = phone.evaluate("document.querySelector('.agreement').innerText")
    assert NOTICES_WORDS[language]["this_device"] in card
    assert HOST not in card
    assert phone.evaluate(OFFERED) == []
    # The same that was sealed, as the browser's maker would hand it over.
    phone.deliver(house.url, json.dumps(said), lambda: phone.evaluate(SHOWN))
    assert phone.evaluate(SHOWN) == [
        {
            "title": said["title"],
            "body": said["text"],
            "lang": language,
            "tag": said["tag"],
            "icon": "/static/icon-192.png",
            "data": PATH,
            "requireInteraction": False,
        }
    ]
    phone.open(f"{house.url}/cost", language=language)
    press_notice(phone)
    wait_until(lambda: noted(phone, "opened") == [f"{house.url}{PATH}"], 60, "it leads there")
    assert where(phone) == f"{house.url}/cost", "what was open stays"
    assert phone.evaluate(SHOWN) == []
    # Where what it is about is open already it is shown anew.
    phone.deliver(house.url, json.dumps(said), lambda: phone.evaluate(SHOWN))
    at_notices(phone, house, language)
    phone.evaluate("window.before = true")
    press_notice(phone)
    wait_until(lambda: phone.evaluate("window.before") is None, 60, "it is shown anew")
    assert noted(phone, "opened") == []
    assert where(phone) == f"{house.url}{PATH}"
    phone.open(f"{house.url}/access", language=language)
    phone.press("0", "form[action='/logout'] button")
    assert ways(house) == []
    assert list((house.folder / "data/secrets").glob("*push*")) == []


def test_what_is_sent_and_is_not_understood_is_shown_all_the_same(phone, house):
    """A browser that is told and shows nothing takes the permission back; nobody is led to another site."""
    phone.permit(house.url, notices="granted")
    at_notices(phone, house)
    await_worker(phone)
    phone.deliver(house.url, "no object", lambda: {one["title"] for one in phone.evaluate(SHOWN)} == {"Linky"})
    said = {"title": "x", "text": "y", "tag": "z", "path": "https://bank.example/"}
    phone.deliver(house.url, json.dumps(said), lambda: "x" in {one["title"] for one in phone.evaluate(SHOWN)})
    press_notice(phone, tag="z")
    wait_until(lambda: noted(phone, "opened") == [f"{house.url}/"], 60, "it leads to the first page")


def test_taken_away_at_the_page_the_browser_forgets_it_too(phone, house, service):
    """And one whose browser has left goes by itself with the next notice, here with the next try."""
    add(phone, house)
    phone.press("0", "a[href*='/remove']")
    phone.press(f"document.getElementById('f-own_password').value = {PASSWORD!r}", "main form button")
    assert ways(house) == []
    wait_until(lambda: phone.evaluate("localStorage.getItem('subscription')") is None, 60, "it is forgotten")
    add(phone, house)
    service.browsers.are_there = False

    def tried():
        at_notices(phone, house)
        if phone.evaluate("!!document.querySelector('form.press button')"):
            phone.press("0", "form.press button")
        return ways(house) == []

    wait_until(tried, 60, "it goes", every=2)


def test_signed_out_while_the_gateway_is_away_nothing_is_kept_and_nobody_is_told(phone, house):
    """What was seen is forgotten, and the browser takes no more notices, whenever the gateway hears of it."""
    at_notices(phone, house)
    await_worker(phone)
    seen = "caches.match('/', { cacheName: 'seen' }).then((found) => !!found)"
    phone.open(house.url, language="fr")
    wait_until(lambda: phone.evaluate(seen), 60, "the first page is kept")
    phone.open(f"{house.url}/access", language="fr")
    assert house.process.stop() == 0
    try:
        note_anew(phone)
        phone.press("0", "form[action='/logout'] button")
        wait_until(lambda: phone.evaluate(seen) is False, 60, "it is forgotten")
        wait_until(lambda: noted(phone, "unsubscribed"), 60, "it is told no more")
    finally:
        before = house.process.log.read_text().count("is served encrypted at")
        house.process.start()
        wait_until(lambda: house.process.log.read_text().count("is served encrypted at") > before, 60, "it is back")


def test_what_the_platform_does_not_allow_is_not_offered(phone, house):
    """In clear, on an iPhone that has no app of it, where it was refused, and where there is no push at all."""
    at_notices(phone, house)
    phone.permit(house.url, notices="denied")
    at_notices(phone, house)
    wait_until(lambda: phone.evaluate(OFFERED) == ["blocked"], 60, "it is said")
    look(phone)
    picture(phone, "blocked")
    phone.permit(house.url, notices="prompt")
    iphone = "Object.defineProperty(navigator, 'standalone', { value: %s });"
    house.contact.unlink(missing_ok=True)
    for script, said, contact in (
        (iphone % "true", ["no-apple"], ""),
        ("delete window.PushManager;" + iphone % "false", ["no-apple"], ""),
        ("delete window.PushManager;" + iphone % "false", ["install"], "mailto:somebody@example.org"),
        ("delete window.PushManager;", [], "mailto:somebody@example.org"),
    ):
        if contact:
            house.contact.write_text(contact)
        with phone.beforehand(f"addEventListener('worker', () => {{ window.heard = true; }}); {script}"):
            at_notices(phone, house)
            if said:
                wait_until(lambda said=said: phone.evaluate(OFFERED) == said, 60, "it is said")
                look(phone)
                picture(phone, said[0])
            else:
                phone.await_true("navigator.serviceWorker.controller !== null && document.readyState === 'complete'")
                assert phone.evaluate(OFFERED) == said
    sign_in(phone, house.clear)
    at_notices(phone, house, base=house.clear)
    assert phone.evaluate("document.getElementById('device')") is None
    assert phone.evaluate(f"!!document.querySelector('a[href=\"/https?to={PATH}\"]')")
    look(phone)
    phone.open(f"{house.clear}{PATH}/device")
    assert where(phone) == f"{house.clear}{PATH}"


def test_what_a_browser_would_not_give_is_refused(house, service):
    """A key that was not given out, a machine of the house, a wrong password: nothing is sent and nothing kept."""
    owner = house.secure_visitor()
    owner.post("/login", {"password": PASSWORD})
    _, text = owner.get(f"{PATH}/device")
    key = text.partition('name="key" value="')[2].partition('"')[0]
    good = service.browser.keys | {"endpoint": f"https://{HOST}/x", "key": key, "own_password": PASSWORD, "person": ""}
    before = len(service.browser.told)
    for wrong, status in (
        ({"key": "B" + "A" * 86}, 400),
        ({"endpoint": "https://192.168.1.1/x"}, 400),
        ({"endpoint": "https://linky.local/x"}, 400),
        ({"endpoint": "http://push.example.net/x"}, 400),
        ({"endpoint": f"https://{HOST}/{'x' * 3000}"}, 400),
        ({"auth": "short"}, 400),
        ({"person": "x" * 41}, 400),
        ({"own_password": "another one of 12"}, 403),
    ):
        answer, _ = owner.send(f"{PATH}/device", **(good | wrong))
        assert answer.status == status, wrong
    assert (ways(house), len(service.browser.told)) == ([], before)
