"""The accounts of the house at its page: a real broker, a real XMPP server let the gateway in before they are kept."""

import html

import pytest

from gateway.config.tables import load
from gateway.web.accounts.routes import _is_told_elsewhere
from gateway.web.accounts.words import ACCOUNTS_WORDS
from harness.accounts import register, table
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.looks import look
from tests.gateway.web.test_tariff import faults, values
from tests.integration.processes import ENVIRONMENT
from tests.mosquitto import HOST, Mosquitto

BROKER, ACCOUNT = "/settings/home-assistant", "/settings/account"
SAID = ACCOUNTS_WORDS["fr"]
OF_BROKER, OF_ACCOUNT = "canary-mqtt-91", "canary-xmpp-4f"


def is_connected(owner, path):
    """Whether the page says so."""
    return f'<p class="good">{SAID["link_ok"]}</p>' in owner.get(path)[1]


def test_the_broker_is_tried_kept_and_left_without_a_restart(tmp_path, browser):
    """A wrong password is said and nothing is kept; then the feed is at the broker; then it is left again."""
    with (
        Mosquitto(tmp_path / "broker", {"linky": OF_BROKER}) as broker,
        House(tmp_path / "house", "/nowhere/tty") as house,
    ):
        owner, web = house.owner(), f"http://127.0.0.1:{house.port}"
        browser.forget()
        browser.cookie(web, "linky_session", owner.cookies["linky_session"])
        browser.open(f"{web}{BROKER}", width=390, height=844)
        look(browser)
        put = "document.getElementById('f-{}').value = '{}'"
        right = {"host": HOST, "port": broker.port, "user": "linky", "password": "faux", "own_password": PASSWORD}
        browser.press("; ".join(put.format(*one) for one in right.items()), "main form button")
        assert SAID["not_let_in"] in browser.evaluate("document.querySelector('.bad').innerText")
        assert browser.evaluate("document.getElementById('f-host').value") == HOST
        look(browser)
        assert load(house.config).mqtt is None
        again = {"password": OF_BROKER, "own_password": PASSWORD}
        browser.press("; ".join(put.format(*one) for one in again.items()), "main form button")
        assert SAID["broker_saved"] in browser.evaluate("document.body.innerText")
        look(browser)
        wait_until(lambda: is_connected(owner, BROKER), 30, "the broker has let the gateway in", every=0.2)
        kept = load(house.config).mqtt
        assert (kept.host, kept.port, kept.user, kept.discovery) == (HOST, broker.port, "linky", True)
        # What is changed later takes the password that is kept.
        fields = {"host": HOST, "port": str(broker.port), "user": "linky", "own_password": PASSWORD}
        assert owner.send(BROKER, **fields)[0].headers["Location"] == f"{BROKER}?done=broker_saved"
        kept_without_discovery = load(house.config).mqtt
        assert kept_without_discovery.discovery is False
        secret = house.folder / "data" / "secrets" / "mqtt-password"
        assert (secret.read_text(), secret.stat().st_mode & 0o777) == (f"{OF_BROKER}\n", 0o600)
        # Another machine, another port, or in the clear: not without the password being typed.
        for other in ({"host": "127.0.0.2"}, {"port": str(broker.port + 1)}):
            answer, text = owner.send(BROKER, **(fields | other))
            assert (answer.status, faults(text)) == (400, {"password": SAID["password_elsewhere"]})
        assert load(house.config).mqtt == kept_without_discovery
        # It counts after a restart too.
        assert house.process.stop() == 0
        house.process.start()
        wait_until(lambda: house.process.log.read_text().count("the page is served") == 2, 60, "served again")
        owner = house.owner()
        wait_until(lambda: is_connected(owner, BROKER), 30, "the broker has let the gateway in again", every=0.2)
        assert owner.send(f"{BROKER}/leave", leave_password="faux")[0].status == 403
        assert owner.send(f"{BROKER}/leave", leave_password=PASSWORD)[0].status == 303
        assert (load(house.config).mqtt, secret.exists()) == (None, False)
        assert OF_BROKER not in house.process.log.read_text() + house.command("settings", "list").stdout


def test_each_wrong_field_of_the_broker_is_said(tmp_path):
    """With what was typed; no secret comes back."""
    with House(tmp_path / "house", "/nowhere/tty") as house:
        owner = house.owner()
        fields = {"host": "a b", "port": "70000", "user": "", "password": OF_BROKER, "own_password": PASSWORD}
        answer, text = owner.send(BROKER, **fields)
        assert answer.status == 400
        assert faults(text) == {"host": SAID["wrong_host"], "port": SAID["wrong_port"], "user": SAID["wrong_user"]}
        assert (values(text)["host"], values(text)["port"]) == ("a b", "70000")
        assert OF_BROKER not in text
        answer, text = owner.send(BROKER, **(fields | {"host": "h", "port": "1", "user": "u", "own_password": "x"}))
        assert (answer.status, faults(text)) == (403, {"own_password": SAID["wrong_password_here"]})
        fields = {"jid": "maison", "password": "", "server": "example.org", "own_password": PASSWORD}
        answer, text = owner.send(ACCOUNT, **fields)
        assert (answer.status, [*faults(text)]) == (400, ["jid", "password", "server"])
        assert load(house.config).settings.tables == {}


@pytest.mark.parametrize(
    ("typed", "elsewhere"),
    [
        ({}, False),
        ({"port": "1883"}, True),
        ({"host": "other.local"}, True),
        ({"tls": False}, True),
    ],
)
def test_a_kept_password_goes_nowhere_else(typed, elsewhere):
    """To another machine, at another port or in the clear it is typed again; into what is encrypted it may go."""
    typed = {"host": "homeassistant.local", "port": "8883", "tls": True} | typed
    known = {"host": "homeassistant.local", "port": 8883, "tls": True}
    assert _is_told_elsewhere(known, typed) is elsewhere
    assert _is_told_elsewhere(known | {"tls": False}, typed) is (elsewhere and typed["tls"])


@pytest.mark.slow
def test_the_account_is_another_one_without_a_restart(federation, tmp_path):
    """One that the server refuses is said and the former stays; one that it takes is in use at once."""
    register(federation, tmp_path, ["nouvelle@sen1.test"], OF_ACCOUNT)
    folder = tmp_path / "house"
    folder.mkdir()
    first = register(federation, folder, ["premiere@sen1.test"])
    with House(folder, "/nowhere/tty", table(federation, "premiere@sen1.test")) as house:
        owner = house.owner()
        wait_until(lambda: is_connected(owner, ACCOUNT), 60, "the first account is connected", every=0.3)
        # Where the server is reached stands in the field, and is left there.
        server = values(owner.get(ACCOUNT)[1])["server"]
        assert server == federation.address("sen1.test")
        wrong = {"jid": "nouvelle@sen1.test", "password": "faux-mot-de-passe", "server": server}
        wrong["own_password"] = PASSWORD
        answer, text = owner.send(ACCOUNT, **wrong)
        assert (answer.status, SAID["not_let_in"] in html.unescape(text)) == (409, True)
        assert load(house.config).federation.jid == "premiere@sen1.test"
        assert (folder / "password").read_text() == f"{first}\n"
        assert owner.send(ACCOUNT, **(wrong | {"own_password": "x"}))[0].status == 403
        answer, text = owner.send(ACCOUNT, **(wrong | {"password": OF_ACCOUNT}))
        assert (answer.status, answer.headers["Location"]) == (303, f"{ACCOUNT}?done=account_saved"), text
        assert load(house.config).federation.jid == "nouvelle@sen1.test"
        assert (folder / "password").read_text() == f"{OF_ACCOUNT}\n"
        wait_until(lambda: is_connected(owner, ACCOUNT), 60, "the other account is connected", every=0.3)
        assert values(owner.get(ACCOUNT)[1])["jid"] == "nouvelle@sen1.test"
        assert OF_ACCOUNT not in house.process.log.read_text() + house.command("settings", "list").stdout


@pytest.mark.slow
def test_the_first_account_of_a_house_is_set_at_its_page(federation, tmp_path):
    """Where no file names any: address, password and server are typed, and the password lies beside the database."""
    register(federation, tmp_path, ["neuve@sen1.test"], OF_ACCOUNT)
    house = House(tmp_path / "house", "/nowhere/tty")
    # As on a machine whose authorities know the server's.
    house.process.environment = ENVIRONMENT | {"SSL_CERT_FILE": str(federation.ca)}
    with house:
        owner = house.owner()
        assert not is_connected(owner, ACCOUNT)
        fields = {"jid": "Neuve@Sen1.test", "password": OF_ACCOUNT, "own_password": PASSWORD}
        answer, text = owner.send(ACCOUNT, **fields, server=federation.address("sen1.test"))
        assert answer.status == 303, text
        wait_until(lambda: is_connected(owner, ACCOUNT), 60, "the account is connected", every=0.3)
        secret = house.folder / "data" / "xmpp-password"
        assert (secret.read_text(), secret.stat().st_mode & 0o777) == (f"{OF_ACCOUNT}\n", 0o600)
        account = load(house.config).federation
        assert (account.jid, account.address) == ("neuve@sen1.test", federation.address("sen1.test"))
        assert OF_ACCOUNT not in house.config.read_text() + (house.folder / "data" / "settings.json").read_text()
