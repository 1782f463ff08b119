"""Alerts, set at the page: each way is tried before it is kept, in force at once, its address shown to nobody."""

import asyncio
import html
import json
import re

import pytest

from gateway.addresses.notice import read
from gateway.config.tables import load
from gateway.control.messages import Erase
from gateway.daemon.ways_at_page import PageWays
from gateway.errors import ConfigError
from gateway.web.notices.kinds import KINDS, OF_ADDRESS, address_of, fields_of, wrong_fields
from gateway.web.notices.words import NOTICES_WORDS
from tests.gateway.daemon.test_renewal import opened
from tests.gateway.notices.services import Services
from tests.gateway.notices.test_ways import Here
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.looks import look
from tests.gateway.web.test_tariff import faults, values

PATH = "/settings/notices"
SAID = NOTICES_WORDS["fr"]
# What a person types, and the address that comes of it.
TYPED = {
    "mail": (
        {"mailbox": "anne@example.org", "secret": "a b/c@", "server": "", "to": ""},
        "mailtos://anne%40example.org:a%20b%2Fc%40@smtp.example.org?from=anne%40example.org&to=anne%40example.org",
    ),
    "sms": ({"login": "12345678", "secret": "Ab1Cd2Ef3Gh4Ij"}, "freemobile://12345678@Ab1Cd2Ef3Gh4Ij"),
    "ntfy": ({"topic": "linky-7f3a", "server": ""}, "ntfys://linky-7f3a"),
    "telegram": ({"secret": f"123456789:{'A' * 35}", "chat": "99887766"}, f"tgram://123456789:{'A' * 35}/99887766"),
    "gotify": ({"server": "push.example.org", "secret": "AqX7.canary-Zk"}, "gotifys://push.example.org/AqX7.canary-Zk"),
    "webhook": ({"url": "http://192.168.1.20:1880/linky"}, "json://192.168.1.20:1880/linky"),
    "other": ({"url": "apprise+slack://T1/B2/C3"}, "apprise+slack://T1/B2/C3"),
}
# What is said of a field of another form; a password may be anything, of another service only apprise knows the form.
REFUSED = {
    "mail": {"mailbox": "wrong_mailbox", "server": "wrong_server", "to": "wrong_mailbox"},
    "sms": {"login": "wrong_free_login", "secret": "wrong_free_key"},
    "ntfy": {"topic": "wrong_topic", "server": "wrong_server"},
    "telegram": {"secret": "wrong_bot", "chat": "wrong_chat"},
    "gotify": {"server": "wrong_server", "secret": "wrong_gotify"},
    "webhook": {"url": "wrong_url"},
    "other": {},
}


@pytest.fixture(scope="module")
def told_house(tmp_path_factory):
    """A house in which nobody is told yet; its owner is signed in."""
    with House(tmp_path_factory.mktemp("told") / "house", "/nowhere/tty") as house:
        house.signed_in = house.owner()
        yield house


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_typed_becomes_the_address_of_its_kind(kind):
    """Each kind that can be chosen, with its secrets quoted; as the gateway reads it."""
    typed, url = TYPED[kind]
    assert wrong_fields(kind, typed) == {}
    assert address_of(kind, typed) == url
    assert read(url).url.endswith(url.partition("://")[2])
    assert OF_ADDRESS[read(url).kind] == kind


@pytest.mark.parametrize("kind", KINDS)
def test_each_field_that_is_wrong_has_its_sentence(kind):
    """What has to be filled in, and what is of another form; the words are there."""
    for name, required in fields_of(kind):
        assert f"{kind}_{name}" in SAID
        if required:
            assert wrong_fields(kind, TYPED[kind][0] | {name: ""})[name] == "missing_here"
        for bad in ("é è", "<b> "):
            key = wrong_fields(kind, TYPED[kind][0] | {name: bad}).get(name)
            assert key == REFUSED[kind].get(name), (name, bad)
            assert key is None or SAID[key]


def test_a_way_is_tried_kept_told_by_and_taken_away(tmp_path, monkeypatch):
    """A test goes out before it is kept; then it is told by at once, and its address lies in a file of ours alone."""

    monkeypatch.setattr("gateway.notices.delivery.ways.Reach", Here)

    async def scenario():
        async with opened(tmp_path) as gateway:
            house, ways = gateway.house, PageWays(gateway.house, gateway._requests)
            with Services() as services:
                url = f"json://localhost:{services.port}/canary-7f3a"
                assert (await ways.try_out({"for": "Anne", "language": "fr"}, url))["answer"] == "done"
                assert [name for name, _ in services.told] == ["webhook"]
                await ways.add("webhook", {"for": "Anne", "language": "fr"}, url)
                await ways.add("webhook", {"language": "en"}, "json://localhost:1/other")
                assert [row["name"] for row in ways.listed()] == ["webhook", "webhook-2"]
                assert ways.listed()[0] | {"detail": {}} == {
                    "name": "webhook", "for": "Anne", "kind": "webhook", "shown": "json://localhost/…7f3a",
                    "state": "ok", "unused": True, "detail": {}, "mark": "",
                }  # fmt: skip
                house.ways._tested = -100.0
                assert (await ways.test("webhook"))["answer"] == "done"
                assert len(services.told) == 2
            file = tmp_path / "data" / "secrets" / "notices_webhook"
            assert (file.read_text(), file.stat().st_mode & 0o777) == (f"{url}\n", 0o600)
            assert "canary" not in house.config.settings_file.read_text()
            assert [one.name for one in load(tmp_path / "gateway.toml").notice] == ["webhook", "webhook-2"]
            await ways.remove("webhook")
            assert not file.exists()
            assert [row["name"] for row in ways.listed()] == ["webhook-2"]
            await gateway._requests.answer(Erase(what="everything"))
            assert list(file.parent.iterdir()) == []
            assert ways.listed() == []

    asyncio.run(scenario())


def test_a_way_that_cannot_be_kept_leaves_no_secret(tmp_path):
    """Of what the settings refuse nothing lies about."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            ways = PageWays(gateway.house, gateway._requests)
            with pytest.raises(ConfigError, match=r"notice.*\bfor\b"):
                await ways.add("mail", {"for": "x" * 41}, "mailtos://a:b@smtp.example.org")
            assert not (tmp_path / "data" / "secrets" / "notices_mail").exists()
            assert gateway.house.config.notice == ()

    asyncio.run(scenario())


def test_what_the_file_says_is_taken_away_as_well(tmp_path):
    """A way that the administrator wrote is left out by the household's word; the file is as it was."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            gateway.house.config.settings.written["notice"] = [{"name": "anne", "url": "json://192.168.1.20/x"}]
            await gateway._requests.put("notice.bob", {"url": "json://192.168.1.21/x"})
            ways = PageWays(gateway.house, gateway._requests)
            assert [row["name"] for row in ways.listed()] == ["anne", "bob"]
            await ways.remove("anne")
            assert [row["name"] for row in ways.listed()] == ["bob"]
            assert gateway.house.config.settings.tables["notice"]["anne"] is None

    asyncio.run(scenario())


def test_in_a_browser_a_way_is_refused_kept_all_the_same_and_taken_away(told_house, browser):
    """A wrong field, a wrong password, a test that does not go: each is said; then it is kept by their word."""
    web = f"http://127.0.0.1:{told_house.port}"
    browser.forget()
    browser.cookie(web, "linky_session", told_house.signed_in.cookies["linky_session"])
    browser.open(f"{web}{PATH}", width=390, height=844)
    look(browser)
    browser.press("0", "a[href$='kind=webhook']")
    look(browser)
    typed = "document.getElementById('f-{}').value = '{}'"
    browser.press(f"{typed.format('url', 'nulle part')}; {typed.format('own_password', PASSWORD)}", "main form button")
    assert browser.evaluate("document.getElementById('e-url').innerText") == SAID["wrong_url"]
    browser.await_true("document.activeElement.id === 'f-url'")
    assert browser.evaluate("document.getElementById('f-url').value") == "nulle part"
    url = "http://nobody.home.arpa/canary-of-a-hook"
    browser.press(f"{typed.format('url', url)}; {typed.format('own_password', 'faux')}", "main form button")
    assert browser.evaluate("document.getElementById('e-own_password').innerText") == SAID["wrong_password_here"]
    browser.await_true("document.activeElement.id === 'f-own_password'")
    browser.press(typed.format("own_password", PASSWORD), "main form button")
    assert "nobody.home.arpa" in browser.evaluate("document.querySelector('.bad').innerText")
    look(browser)
    assert load(told_house.config).notice == ()
    # A second test so soon is not made, and nothing that was typed is lost.
    browser.press(typed.format("own_password", PASSWORD), "main form button")
    assert browser.evaluate("document.getElementById('f-url').value") == url
    assert load(told_house.config).notice == ()
    browser.press(f"document.querySelector('[name=anyway]').checked = true; {typed.format('own_password', PASSWORD)}",
                  "main form button")  # fmt: skip
    assert SAID["way_saved_anyway"] in browser.evaluate("document.body.innerText")
    look(browser)
    assert [one.name for one in load(told_house.config).notice] == ["webhook"]
    assert "canary-of-a-hook" not in browser.evaluate("document.documentElement.outerHTML")
    browser.press("0", "a[href*='/remove?']")
    look(browser)
    browser.press(typed.format("own_password", PASSWORD), "main form button")
    assert load(told_house.config).notice == ()
    assert "canary-of-a-hook" not in told_house.process.log.read_text()
    entries = [json.loads(one) for one in told_house.command("journal", "show", "--json").stdout.splitlines()]
    noted = [(one["what"], one["channel"]) for one in entries if one["kind"] == "setting-changed"]
    assert noted == [("notice", "web")] * 2


def test_wrong_words_keep_what_was_typed_and_show_no_secret(told_house):
    """All wrong fields at once; a secret is typed again."""
    owner = told_house.signed_in
    fields = {"kind": "mail", "mailbox": "anne", "secret": "canary-5c", "server": "a b", "to": "x", "person": "x" * 50}
    answer, text = owner.send(f"{PATH}/new", **fields)
    assert answer.status == 400
    assert faults(text) == {
        "mailbox": SAID["wrong_mailbox"],
        "server": SAID["wrong_server"],
        "to": SAID["wrong_mailbox"],
        "person": SAID["wrong_person"],
    }
    assert values(text)["mailbox"] == "anne"
    assert "canary-5c" not in text
    box = fields | {"mailbox": "anne@orange.fr", "server": "orange.fr", "to": "", "person": ""}
    _, text = owner.send(f"{PATH}/new", **box)
    assert "smtp.orange.fr" in html.unescape("".join(faults(text).values()))
    for path in ("/new?kind=pigeon", "/remove?name=nobody"):
        assert owner.get(f"{PATH}{path}")[0].headers["Location"] == PATH
    _, text = owner.get(f"{PATH}/new?kind=ntfy")
    assert re.fullmatch("linky-[0-9a-f]{24}", values(text)["topic"])
