"""A household joins at its page: a phone's camera brings the link, one text is read, one yes is given."""

import json
from functools import partial

from msgspec.structs import replace

from gateway.account.joining_note import BroughtInvitation, read_file, write_file
from gateway.config.tables import load
from gateway.federation.wire.invitation import fingerprint, read
from gateway.web.home.words import HOME_WORDS
from gateway.web.joining.words import JOINING_WORDS
from servers import wait_until
from tests.gateway.collector.test_collecting import WAIT_S
from tests.gateway.collector.test_joining import accounts, coop, invite, servers, state
from tests.gateway.web.conftest import PASSWORD, House, browser
from tests.gateway.web.looks import look
from tests.integration import processes

__all__ = ["browser", "coop", "servers"]

PATH = "/sharing/join"
SAID = JOINING_WORDS["fr"]
BOX = "document.querySelector('textarea[name=link]').value"
TEXT = "document.body.innerText"


def test_a_camera_opens_the_page_and_one_yes_joins(servers, coop, tmp_path, browser, monkeypatch):
    """Also past a sign-in; what is wrong is one sentence there; nothing is given before the yes and its password."""
    monkeypatch.setitem(processes.ENVIRONMENT, "SSL_CERT_FILE", str(servers.ca))
    link, spoilt = invite(coop, servers, 2)
    invitation = link.partition("#")[2]
    with House(tmp_path / "house", "/nowhere/tty") as house, coop.collector("one"):
        owner, web = house.owner(), f"http://127.0.0.1:{house.port}"
        browser.forget()
        # The camera's link, as the page of this house; nobody is signed in at this phone.
        browser.open(f"{web}{PATH}#{invitation}", width=390, height=844)
        assert "/login" in browser.evaluate("location.pathname")
        put = f"document.querySelector('[name=password]').value = '{PASSWORD}'"
        browser.press(put, "main form button")
        wait_until(
            lambda: browser.evaluate("location.pathname") == PATH, WAIT_S, "the page after the sign-in", every=0.2
        )
        wait_until(lambda: invitation in browser.evaluate(BOX), WAIT_S, "the link in its field", every=0.2)
        assert browser.evaluate("location.hash") == ""
        look(browser)
        browser.press("", "main form button")
        shown = browser.evaluate(TEXT)
        for word in ("Soleil du Marais", fingerprint(read(link).key), "PRM", "CNIL", "coop@sen2.test"):
            assert word in shown, word
        assert "linky-gateway" not in shown
        # In short, before it.
        assert SAID["sharing_intro"] in shown[: shown.index("PRM")]
        look(browser)
        assert json.loads(house.command("consent", "list", "--json").stdout) == []
        # A wrong link, and a wrong password: a sentence, and what was typed is still there.
        answer, text = owner.send(f"{PATH}/text", link=f"{spoilt[:-1]}!")
        assert (answer.status, "copiez son lien" in text or "sa signature" in text) == (409, True)
        own = "document.getElementById('f-own_password').value = '{}'"
        browser.press(own.format("faux"), "main form button")
        assert SAID["wrong_password_here"] in browser.evaluate(TEXT)
        browser.press(own.format(PASSWORD), "main form button")
        wait_until(lambda: SAID["join_joined"] in browser.evaluate(TEXT), WAIT_S, "joined", every=0.5)
        look(browser)
        assert state(coop) == ["joined", "open"]
        given = json.loads(house.command("consent", "list", "--json").stdout)
        assert [(row["recipient"], row["channel"]) for row in given] == [("coop@sen2.test", "web")] * 2


def test_a_yes_that_waits_is_seen_and_can_be_given_up(servers, coop, tmp_path, monkeypatch):
    """The collector is away: why is said; given up, the account that was made for it is deleted."""
    monkeypatch.setitem(processes.ENVIRONMENT, "SSL_CERT_FILE", str(servers.ca))
    (link,) = invite(coop, servers, 1)
    with House(tmp_path / "house", "/nowhere/tty") as house:
        owner = house.owner()
        _, text = owner.send(f"{PATH}/text", link=link)
        fields = {name: value(text, name) for name in ("link", "hash", "lang")}
        # Two answers of others are waited for.
        owner.link = partial(owner.link, 120)
        answer, text = owner.send(f"{PATH}/yes", **fields, own_password=PASSWORD)
        assert answer.status == 409
        assert SAID["join_waits"].format(who="Soleil du Marais") in text
        file = house.folder / "data" / "joining.json"
        user = json.loads(file.read_text())["waiting"]["user"]
        assert owner.send(f"{PATH}/stop")[0].headers["Location"] == f"{PATH}?done=stopped"
        assert json.loads(file.read_text())["waiting"] is None
        assert list((house.folder / "data").glob("xmpp-password*")) == []
        assert json.loads(house.command("consent", "list", "--json").stdout) == []
    assert accounts(servers) & {"coop", user} == {"coop"}


def test_why_a_waiting_yes_came_to_nothing_is_shown_until_it_was_read(tmp_path, browser):
    """It was tried with nobody there: the page says it to who comes next, in one's own language."""
    with House(tmp_path / "house", "/nowhere/tty") as house:
        owner, web = house.owner(), f"http://127.0.0.1:{house.port}"
        why = {"fr": "la coopérative a annulé cette invitation", "en": "the co-operative has revoked it"}
        kept = {"refused": {"controller": "Soleil du Marais", "why": why}}
        (house.folder / "data" / "joining.json").write_text(json.dumps(kept))
        browser.forget()
        browser.open(f"{web}{PATH}", width=390, height=844)
        browser.press(f"document.querySelector('[name=password]').value = '{PASSWORD}'", "main form button")
        wait_until(lambda: browser.evaluate("location.pathname") == PATH, WAIT_S, "the page", every=0.2)
        title = SAID["join_refused"].format(who="Soleil du Marais")
        assert title in browser.evaluate(TEXT)
        assert why["fr"] in browser.evaluate(TEXT)
        look(browser)
        browser.press("", f"form[action='{PATH}/seen'] button")
        wait_until(lambda: title not in browser.evaluate(TEXT), WAIT_S, "the page without it", every=0.2)
        assert title not in owner.get(PATH)[1]


def test_what_a_card_brought_is_put_to_the_household_at_its_first_visit(servers, coop, tmp_path, browser, monkeypatch):
    """The code, a password, the text, one yes: account, consents, the register. The installer is named, no more."""
    monkeypatch.setitem(processes.ENVIRONMENT, "SSL_CERT_FILE", str(servers.ca))
    link, other = invite(coop, servers, 2)
    with House(tmp_path / "house", "/nowhere/tty") as house, coop.collector("one"):
        bring(house, link)
        code, web = house.code(), f"http://127.0.0.1:{house.port}"
        browser.forget()
        browser.open(web, width=390, height=844)
        assert browser.evaluate("location.pathname") == "/setup"
        typed = {"code": code, "password": PASSWORD, "again": PASSWORD}
        put = "".join(f"document.querySelector('[name={name}]').value = '{text}';" for name, text in typed.items())
        browser.press(put, "main form button")
        wait_until(lambda: browser.evaluate("location.pathname") == PATH, WAIT_S, "the invitation", every=0.2)
        shown = browser.evaluate(TEXT)
        for word in (SAID["join_invited"].format(who="Soleil du Marais"), fingerprint(read(link).key), "PRM", "CNIL"):
            assert word in shown, word
        look(browser)
        # It waits, as long as nobody answers; the first page says so.
        browser.open(web, width=390, height=844)
        assert HOME_WORDS["fr"]["invited"].format(who="Soleil du Marais") in browser.evaluate(TEXT)
        look(browser)
        assert json.loads(house.command("consent", "list", "--json").stdout) == []
        browser.press("", "a[href='/sharing/join']")
        wait_until(lambda: browser.evaluate("location.pathname") == PATH, WAIT_S, "the invitation", every=0.2)
        own = f"document.getElementById('f-own_password').value = '{PASSWORD}'"
        browser.press(own, f"form[action='{PATH}/yes'] button")
        wait_until(lambda: SAID["join_joined"] in browser.evaluate(TEXT), WAIT_S, "joined", every=0.5)
        assert SAID["join_invited"].format(who="Soleil du Marais") not in browser.evaluate(TEXT)
        assert state(coop) == ["joined", "open"]
        given = json.loads(house.command("consent", "list", "--json").stdout)
        assert [(row["recipient"], row["channel"]) for row in given] == [("coop@sen2.test", "web")] * 2
        kept = json.loads((house.folder / "data" / "joining.json").read_text())
        assert link.partition("#")[2] not in json.dumps(kept)
        assert load(house.config).federation.installer == "anne@sen2.test"
        assert not [name for name in link.partition("#")[2:] if name in house.process.log.read_text()]
        # A no to another: forgotten, and nothing is given by it.
        bring(house, other)
        browser.open(f"{web}{PATH}", width=390, height=844)
        browser.press("", f"form[action='{PATH}/no'] button")
        wait_until(lambda: SAID["join_declined"] in browser.evaluate(TEXT), WAIT_S, "the no", every=0.2)
        assert not json.loads((house.folder / "data" / "joining.json").read_text())["brought"]
        assert state(coop) == ["joined", "open"]
        assert json.loads(house.command("consent", "list", "--json").stdout) == given


def bring(house, link):
    """What the first start of a card leaves there."""
    file = house.folder / "data" / "joining.json"
    brought = BroughtInvitation(link=link, controller="Soleil du Marais", installer="anne@sen2.test")
    write_file(file, replace(read_file(file), brought=brought))


def value(text, name):
    """What a hidden field has."""
    return text.partition(f'name="{name}" value="')[2].partition('"')[0]
