"""Meters, ports, how long is kept, and restarts at the page of a running daemon: in force at once, refused in words."""

import asyncio
import html
import json
import re
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.config.tables import load
from gateway.daemon.app import Gateway
from gateway.daemon.machine_at_page import PageMachine
from gateway.sources.ports import SerialPortInfo
from gateway.web.machine.routes import ACTS, KEEPING, METERS, RESTART, _span
from gateway.web.machine.words import MACHINE_WORDS
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.daemon.test_renewal import opened
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.looks import look
from tests.gateway.web.test_tariff import faults
from tests.prepared import prepare

SAID = MACHINE_WORDS["fr"]


def shown_power(owner):
    """The figure of the home page, in VA or W; None where there is none yet."""
    found = re.search(r'data-is="power">([\d\s\u202f]+)<', html.unescape(owner.get("/")[1]))
    return int(re.sub(r"\D", "", found[1])) if found else None


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


@pytest.mark.parametrize(
    ("name", "span", "said"),
    [
        ("raw_hours", 1, "1 heure"), ("raw_hours", 36, "36 heures"), ("raw_hours", 72, "3 jours"),
        ("minute_days", 1, "1 jour"), ("minute_days", 2, "2 jours"), ("minute_days", 365, "1 an"),
        ("minute_days", 730, "2 ans"),
    ],
)  # fmt: skip
def test_how_long_is_kept_is_said_as_one_says_it(name, span, said):
    """One is no plural, whatever the file sets."""
    assert _span(SimpleNamespace(lang="fr"), name, span) == said


def test_what_the_page_does_not_offer_is_not_read(tmp_path, browser):
    """A file, a device of the machine, an address elsewhere, another meter: refused, and nothing is kept."""
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


def inside(house, visit):
    """Run the daemon of a house in this process, where its ports can be others than this machine's; what visits it."""
    prepare(house.folder / "data")

    async def scenario():
        stop = asyncio.Event()
        daemon = asyncio.create_task((await Gateway.opened(load(house.config), stop)).run())
        try:
            socket = load(house.config).control_socket
            await asyncio.to_thread(wait_until, socket.exists, 60, "the daemon runs")
            await asyncio.to_thread(visit)
        finally:
            stop.set()
            await daemon

    asyncio.run(scenario())


def plugged(monkeypatch, *paths):
    """Adapters that are there; a pty has none behind it in sysfs."""
    found = [SerialPortInfo(str(path), None, "", None, tic=True, source=str(path)) for path in paths]
    monkeypatch.setattr("gateway.daemon.machine_at_page.ports", lambda: found)


def reads(tty):
    """Whether this process has that port open."""
    opened = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            opened.add(link.readlink())
    return tty.resolve() in opened


def test_a_meter_is_heard_at_another_port_without_a_restart(tmp_path, monkeypatch):
    """What comes there is shown, and the former port is closed; what is kept is what the next start reads."""
    first, second = tmp_path / "ttyONE", tmp_path / "ttyTWO"
    plugged(monkeypatch, first, second)
    with (
        SimulatedMeter(first, mode="standard", load="600:1"),
        SimulatedMeter(second, mode="standard", load="2400:1"),
    ):
        house = House(tmp_path / "house", first)

        def visit():
            owner = house.owner()
            power = partial(shown_power, owner)
            wait_until(lambda: power() == 600, 60, "the first one is read", every=0.3)
            assert (reads(first), reads(second)) == (True, False)
            answer, _ = owner.send(METERS, name="house", source=str(second), mode="auto")
            assert answer.headers["Location"] == f"{METERS}?done=1"
            text = html.unescape(owner.get(f"{METERS}?done=1")[1])
            assert (SAID["meter_saved"] in text, SAID["meter_restart"] in text) == (True, False)
            wait_until(lambda: power() == 2400, 60, "the second one is read", every=0.3)
            assert (reads(first), reads(second)) == (False, True)

        inside(house, visit)
        kept = load(house.config).meter[0]
        assert (kept.source, kept.mode) == (str(second), "auto")


def test_a_meter_goes_from_a_board_to_a_port_at_the_next_restart(tmp_path, monkeypatch):
    """That is said, with the way to the restart, as long as it waits; nothing is said to be read there already."""
    tty = tmp_path / "ttyTIC"
    plugged(monkeypatch, tty)
    house = House(tmp_path / "house", "board:0a1b2c3d4e5f", '[mqtt]\nhost = "127.0.0.1"\nport = 1\n')

    def visit():
        owner = house.owner()
        waits = SAID["meter_later"].format(port=tty)
        answer, _ = owner.send(METERS, name="house", source=str(tty), mode="standard")
        for page in (answer.headers["Location"], METERS):
            text = html.unescape(owner.get(page)[1])
            assert (waits in text, SAID["meter_saved"] in text) == (True, False)
            assert f'href="{RESTART}?act=gateway"' in text
            assert "ESP32 0a1b2c3d4e5f (actuel)" in text
            assert f'<option value="{tty}" selected>' in text
        assert 'value="gateway" id="f-act" checked' in owner.get(f"{RESTART}?act=gateway")[1]
        # Who thinks better of it waits for nothing.
        owner.send(METERS, name="house", source="board:0a1b2c3d4e5f", mode="standard")
        text = html.unescape(owner.get(METERS)[1])
        assert (waits in text, f'href="{RESTART}?act=gateway"' in text) == (False, False)
        owner.send(METERS, name="house", source=str(tty), mode="standard")

    inside(house, visit)
    assert load(house.config).meter[0].source == str(tty)


def test_a_restart_takes_the_password_and_is_refused_in_words_without_a_helper(new_house, browser):
    """What needs root stands in the journal, done or refused; a wrong or missing choice does nothing."""
    owner, web = new_house.owner(), f"http://127.0.0.1:{new_house.port}"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.open(f"{web}{RESTART}", width=390, height=844)
    look(browser)
    for path, why in ((RESTART, "restart_why"), (KEEPING, "keeping_why")):
        shown = html.unescape(owner.get(path)[1])
        assert (SAID[why] in shown, SAID["password_again_why"] in shown) == (True, False)
    answer, text = owner.send(RESTART, act="format", own_password=PASSWORD)
    assert (answer.status, faults(text)) == (400, {"act": SAID["restart_missing"]})
    assert owner.send(RESTART, act="gateway", own_password="faux")[0].status == 403
    assert not [entry for entry in journal(new_house) if entry["kind"].startswith("root-")]
    answer, text = owner.send(RESTART, act="gateway", own_password=PASSWORD)
    said = html.unescape(text)
    assert (answer.status, "Débranchez la passerelle" in said) == (409, True)
    assert not re.search(r"helper|assistant|socket|/run/|No such file", said), "that is for whoever keeps the machine"
    assert "linky-gateway-helper.socket" in new_house.process.log.read_text()
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
