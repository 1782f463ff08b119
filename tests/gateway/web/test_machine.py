"""Meters, ports, how long is kept, and restarts at the page of a running daemon: in force at once, refused in words."""

import asyncio
import html
import json

import pytest

from gateway.config.tables import load
from gateway.daemon.machine_at_page import PageMachine
from gateway.web.machine.routes import ACTS, KEEPING, METERS, RESTART
from gateway.web.machine.words import MACHINE_WORDS
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.daemon.test_renewal import opened
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.looks import look
from tests.gateway.web.test_tariff import faults

SAID = MACHINE_WORDS["fr"]


def journal(house):
    """What was done, without times."""
    return [json.loads(line) for line in house.command("journal", "show", "--json").stdout.splitlines()]


def test_how_long_is_kept_is_chosen_and_counts_at_once(new_house, browser):
    """Of what is offered, with the password; what the file says besides stays, and the journal has the change."""
    owner, web = new_house.owner(), f"http://127.0.0.1:{new_house.port}"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.open(f"{web}{KEEPING}", width=390, height=844)
    look(browser)
    chosen = {"raw_hours": "24", "minute_days": "365", "outbox_days": "30"}
    answer, text = owner.send(KEEPING, **(chosen | {"minute_days": "36500000"}), own_password=PASSWORD)
    assert (answer.status, faults(text)) == (400, {"minute_days": SAID["wrong_span"]})
    assert owner.send(KEEPING, **chosen, own_password="faux")[0].status == 403
    assert load(new_house.config).settings.tables == {}
    assert owner.send(KEEPING, **chosen, own_password=PASSWORD)[0].headers["Location"] == f"{KEEPING}?done=1"
    store = load(new_house.config).store
    assert (store.raw_hours, store.minute_days, store.outbox_days, store.commit_interval_s) == (24, 365, 30, 1)
    assert '<option value="365" selected>' in owner.get(KEEPING)[1]
    changed = [entry for entry in journal(new_house) if entry["kind"] == "setting-changed"]
    assert [(one["what"], one["channel"]) for one in changed] == [("store", "web")]


def test_a_meter_is_heard_at_another_port_without_a_restart(tmp_path, browser):
    """Only at one that is there: what a page is not offered is not kept; the reader goes on with the new line."""
    tty = tmp_path / "ttyTIC"
    with (
        SimulatedMeter(tty, seed=1, mode="standard", speed=4, start="2026-01-15T18:30"),
        House(tmp_path / "house", tty) as house,
    ):
        owner, web = house.owner(), f"http://127.0.0.1:{house.port}"
        heard = f'<p class="good">{SAID["meter_ok"]}</p>'
        wait_until(lambda: heard in owner.get(METERS)[1], 60, "the meter is heard", every=0.3)
        browser.forget()
        browser.cookie(web, "linky_session", owner.cookies["linky_session"])
        browser.open(f"{web}{METERS}", width=390, height=844)
        look(browser)
        for source in ("replay:/etc/passwd", "/dev/mem", "socket://evil.test:80", ""):
            assert owner.send(METERS, name="house", source=source, mode="auto")[0].status == 400
        assert owner.send(METERS, name="other", source=str(tty), mode="auto")[0].status == 400
        assert load(house.config).settings.tables == {}
        answer, _ = owner.send(METERS, name="house", source=str(tty), mode="auto")
        assert answer.headers["Location"] == f"{METERS}?done=1"
        assert load(house.config).meter[0].mode == "auto"
        wait_until(lambda: heard in owner.get(METERS)[1], 60, "the meter is heard again", every=0.3)


def test_a_restart_takes_the_password_and_is_refused_in_words_without_a_helper(new_house, browser):
    """What needs root stands in the journal, done or refused; a wrong or missing choice does nothing."""
    owner, web = new_house.owner(), f"http://127.0.0.1:{new_house.port}"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.open(f"{web}{RESTART}", width=390, height=844)
    look(browser)
    answer, text = owner.send(RESTART, act="format", own_password=PASSWORD)
    assert (answer.status, faults(text)) == (400, {"act": SAID["restart_missing"]})
    assert owner.send(RESTART, act="gateway", own_password="faux")[0].status == 403
    assert not [entry for entry in journal(new_house) if entry["kind"].startswith("root-")]
    answer, text = owner.send(RESTART, act="gateway", own_password=PASSWORD)
    assert (answer.status, "linky-gateway-helper.socket" in html.unescape(text)) == (409, True)
    refused = [entry for entry in journal(new_house) if entry["kind"] == "root-refused"]
    assert [(entry["what"], entry["by"]) for entry in refused] == [("restart-unit", "owner")]


@pytest.mark.parametrize("chosen", ACTS)
def test_what_is_asked_of_the_helper_is_an_act_of_its_list(chosen, tmp_path, monkeypatch):
    """With the arguments that this act takes."""
    from gateway.upkeep.helper import table

    asked = []

    async def send(act, arguments):
        asked.append(table.read(json.dumps({"act": act, **arguments}).encode()))

    monkeypatch.setattr("gateway.daemon.as_root.send", send)

    async def scenario():
        async with opened(tmp_path) as gateway:
            await PageMachine(gateway.house, gateway._requests).act(*ACTS[chosen])

    asyncio.run(scenario())
    assert [one.act for one in asked] == [ACTS[chosen][0]]
