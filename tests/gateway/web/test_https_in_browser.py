"""The encrypted page in a real Chromium: one that has been given the authority, and one that has not.

Its home is its own: what it trusts besides lies in an NSS database that ``certutil`` fills, as a person does by hand.
With ``SCREENSHOTS=FOLDER`` the pictures are kept there.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from harness.browser import PROGRAM, Browser
from servers import free_port, wait_until
from tests.gateway.upkeep.authority.test_certificates import signed
from tests.gateway.web.conftest import PASSWORD
from tests.gateway.web.encrypted import NAME, EncryptedHouse
from tests.gateway.web.test_in_browser import CLIPPED, NAMELESS, PALE, SMALL

# Every name of the house leads here, as mDNS would lead to the gateway; and a bank's, as somebody on the way would.
NAMES = "--host-resolver-rules=MAP *.local 127.0.0.1, MAP bank.example 127.0.0.1"
SIZES = [(360, 740), (1280, 800)]


@pytest.fixture(scope="module", autouse=True)
def programs():
    """Both are of ``tools/test``; skipped where one is missing, but not in continuous integration."""
    for name, found in (("chromium", PROGRAM), ("certutil", shutil.which("certutil"))):
        if found is None:
            if os.environ.get("CI"):
                pytest.fail(f"{name} is not installed")
            pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An encrypted house with a password."""
    with EncryptedHouse(tmp_path_factory.mktemp("https") / "house") as house:
        house.owner()
        house.url, house.clear = f"https://{NAME}:{house.secure}", f"http://{NAME}:{house.port}"
        yield house


def trusting(home, *authorities):
    """A home whose NSS database has these authorities, as a person puts them in."""
    database = home / ".pki/nssdb"
    database.mkdir(parents=True)
    subprocess.run(["certutil", "-N", "-d", f"sql:{database}", "--empty-password"], check=True)
    for number, authority in enumerate(authorities):
        command = ["certutil", "-A", "-d", f"sql:{database}", "-n", f"Linky {number}", "-t", "C,,", "-i", authority]
        subprocess.run(command, check=True)
    return home


@pytest.fixture(scope="module")
def believer(tmp_path_factory, house):
    """A browser that has been given the authority of the house."""
    home = trusting(tmp_path_factory.mktemp("home"), house.https / "ca.crt")
    with Browser(tmp_path_factory.mktemp("profile"), NAMES, home=home) as browser:
        yield browser


@pytest.fixture(scope="module")
def stranger(tmp_path_factory, house):
    """One that has not."""
    home = trusting(tmp_path_factory.mktemp("home"))
    with Browser(tmp_path_factory.mktemp("profile"), NAMES, home=home) as browser:
        yield browser


def sign_in(browser, url):
    """Type the password at that way."""
    browser.open(f"{url}/login", language="en")
    browser.press(f"document.querySelector('[name=password]').value = '{PASSWORD}'", "form[action='/login'] button")


def await_worker(browser):
    """Until a service worker has the page; where one could not be put in, the next page that is loaded tries again."""
    begun = time.monotonic()

    def taken():
        nonlocal begun
        there = browser.evaluate("navigator.serviceWorker.controller !== null")
        if not there and time.monotonic() > begun + 20:
            browser.again()
            begun = time.monotonic()
        return there

    wait_until(taken, 90, "a service worker has the page", every=0.1)


def where(browser):
    """The page that is shown; of an interstitial an address of the browser's own."""
    return browser.evaluate("location.href")


def refusal(browser):
    """Why the browser shows no page, in its own words; empty where it shows one."""
    return browser.evaluate("document.body.classList.contains('ssl') ? document.body.innerText : ''")


def test_who_has_the_authority_sees_the_page_without_a_word(believer, house):
    """No interstitial, a secure context, the page with its stream, no complaint."""
    believer.complaints.clear()
    sign_in(believer, house.url)
    assert (where(believer), refusal(believer)) == (f"{house.url}/", "")
    assert believer.evaluate("isSecureContext && typeof crypto.subtle") == "object"
    believer.evaluate("new Promise((heard) => { new EventSource('/events').onmessage = () => heard(true); })")
    believer.open(f"{house.url}/https", language="en")
    believer.await_true("document.querySelector('[data-when=yes]').checkVisibility()")
    assert believer.complaints == []


@pytest.mark.parametrize(
    ("language", "name", "doors"),
    [
        ("fr", "Linky à la maison", {"Historique": "/history", "Coût": "/cost", "Partage": "/sharing"}),
        ("en", "Linky at home", {"History": "/history", "Cost": "/cost", "Sharing": "/sharing"}),
    ],
)
def test_the_page_can_be_an_app(believer, house, language, name, doors):
    """Chromium itself finds no fault with its manifest, fetched without a cookie, and would install it."""
    believer.forget()
    believer.open(f"{house.url}/https?lang={language}", language=language)
    told = believer._call("Page.getAppManifest")
    assert (told["errors"], told["url"]) == ([], f"{house.url}/manifest.webmanifest?lang={language}")
    manifest = json.loads(told["data"])
    assert (manifest["name"], manifest["lang"], manifest["display"]) == (name, language, "standalone")
    assert {door["name"]: door["url"] for door in manifest["shortcuts"]} == doors
    assert believer._call("Page.getInstallabilityErrors")["installabilityErrors"] == []
    measured = """(async (icons) => Promise.all(icons.map(async ({src}) => {
      const drawn = await createImageBitmap(await (await fetch(src, {credentials: "omit"})).blob());
      return `${drawn.width}x${drawn.height}`;
    })))"""
    sizes = believer.evaluate(f"{measured}({json.dumps(manifest['icons'])})")
    assert sizes == [icon["sizes"] for icon in manifest["icons"]] == ["192x192", "512x512", "512x512"]
    assert [icon["purpose"] for icon in manifest["icons"]] == ["any", "any", "maskable"]
    touched = believer.evaluate("document.querySelector('link[rel=apple-touch-icon]').href")
    assert believer.evaluate(f"{measured}([{{src: {json.dumps(touched)}}}])") == ["180x180"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_bars_of_a_phone_are_as_the_page_is(believer, house, dark):
    """The colour that is said for them is that of the page's background, in daylight and in the dark."""
    believer.dark(on=dark)
    believer.open(f"{house.url}/https", language="fr")
    said = """[...document.querySelectorAll("meta[name=theme-color]")]
      .filter((one) => matchMedia(one.media).matches).map((one) => one.content)"""
    shown = """(() => {
      const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number);
      return "#" + [red, green, blue].map((one) => one.toString(16).padStart(2, "0")).join("");
    })()"""
    assert believer.evaluate(said) == [believer.evaluate(shown)]
    believer.dark(on=False)


@contextmanager
def shown(port, certificate):
    """Somebody on the way, who shows that certificate at that port."""
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate, "-key", certificate, "-www"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: not is_free(port), 20, "somebody listens")
        yield
    finally:
        server.terminate()
        server.wait(20)


def is_free(port):
    """Whether nobody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    ("name", "said"), [("bank.example", "NET::ERR_CERT_INVALID"), ("nas.local", "")], ids=["bank", "house"]
)
def test_a_stolen_key_stands_for_nothing_but_the_house(believer, house, name, said):
    """A certificate of the very authority that the browser trusts is refused for a bank; one for the house would do."""
    port = free_port()
    with shown(port, signed(house.https, name=x509.DNSName(name), now=datetime.now(UTC))):
        believer.open(f"https://{name}:{port}/")
        assert said in refusal(believer)
        assert bool(refusal(believer)) == bool(said)


def test_by_another_name_it_is_not_believed(believer, house):
    """A name that leads to the gateway and is not in its certificate."""
    believer.open(f"https://nas.local:{house.secure}/https")
    assert "NET::ERR_CERT_COMMON_NAME_INVALID" in refusal(believer)


def test_another_certificate_under_a_running_browser(believer, house):
    """The page goes on, its stream too; the next visit is shown the next certificate, without a word."""
    sign_in(believer, house.url)
    believer.complaints.clear()
    believer.evaluate("said = 0; all = new EventSource('/events'); all.onmessage = () => { said += 1; }; 1")
    believer.await_true("said >= 1")
    known = house.process.log.read_text().count("the certificate of the encrypted page is good")
    house.make()
    log = house.process.log
    wait_until(lambda: log.read_text().count("the certificate of the encrypted page is good") > known, 30, "it is read")
    assert believer.evaluate("said = 0; all.readyState") == 1, "it is open"
    believer.await_true("said >= 1")
    assert believer.evaluate("fetch('/links').then((answer) => answer.ok)")
    assert (where(believer), believer.complaints) == (f"{house.url}/", [])


def test_who_has_not_the_authority_reads_the_steps_and_everything_else(stranger, house):
    """The encrypted page is refused; in clear are the steps, for each system, and the whole page works."""
    stranger.open(f"{house.url}/")
    assert "NET::ERR_CERT_AUTHORITY_INVALID" in refusal(stranger)
    stranger.open(f"{house.clear}/https", language="en")
    assert not stranger.evaluate("isSecureContext")
    assert stranger.evaluate("document.querySelectorAll('details').length") == 6
    assert not stranger.evaluate("document.querySelector('[data-when=yes]').checkVisibility()")
    sign_in(stranger, house.clear)
    stranger.complaints.clear()
    for path in ("/", "/history", "/sharing", "/settings", "/access", "/display"):
        stranger.open(f"{house.clear}{path}", language="en")
        assert where(stranger) == f"{house.clear}{path}"
    stranger.evaluate("new Promise((heard) => { new EventSource('/events').onmessage = () => heard(true); })")
    assert stranger.complaints == []


def test_a_page_in_clear_knows_who_believes_the_encrypted_one(believer, stranger, house):
    """By asking it; where one is led there from a page, on to that page, and nobody into an interstitial."""
    believer.open(f"{house.clear}/https", language="en")
    believer.await_true("document.querySelector('[data-when=yes]').checkVisibility()")
    believer.open(f"{house.clear}/https?to=/cost", language="en")
    wait_until(lambda: where(believer).startswith(house.url), 30, "it goes on")
    stranger.open(f"{house.clear}/https?to=/cost", language="en")
    wait_until(lambda: stranger.evaluate("1") and stranger.complaints, 30, "it has asked")
    assert where(stranger) == f"{house.clear}/https?to=/cost"
    stranger.complaints.clear()


def picture(browser, name):
    """Keep it, where that is wanted."""
    if folder := os.environ.get("SCREENSHOTS"):
        browser.screenshot(Path(folder) / f"https-{name}.png")


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("en", True)], ids=["light-fr", "dark-en"])
def test_the_steps_can_be_read_at_every_size(stranger, house, language, dark):
    """All of them opened: nothing is clipped, contrasts are AA, all can be pressed and named."""
    stranger.dark(on=dark)
    for width, height in SIZES:
        stranger.open(f"{house.clear}/https", width=width, height=height, language=language)
        stranger.evaluate("document.querySelectorAll('details').forEach((steps) => { steps.open = true; })")
        picture(stranger, f"{width}-{language}-{'dark' if dark else 'light'}")
        assert stranger.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for wrong in (CLIPPED, PALE, NAMELESS, SMALL):
            assert stranger.evaluate(wrong) == [], width
