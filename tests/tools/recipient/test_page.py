"""The recipient's page in a real Chromium: from the program's file, and as a recipient of its own over a WebSocket."""

import json
import os
from pathlib import Path

import pytest

from harness.accounts import FAR, HOME
from harness.browser import PROGRAM, Browser
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import PASSWORD, House
from tests.tools.recipient.rig import BRANCH, SENSOR, Page, Recipient, await_confirmed, needed

pytestmark = [pytest.mark.servers, pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")]
POWER = f"{SENSOR}/consumption/power/apparent/raw"
KEPT = """(async () => {
  const opening = indexedDB.open("linky-recipient");
  const database = await new Promise((resolve) => { opening.onsuccess = () => resolve(opening.result); });
  const all = database.transaction("point").objectStore("point").getAll();
  const points = await new Promise((resolve) => { all.onsuccess = () => resolve(all.result); });
  database.close();
  return points.filter((one) => one.granularity === "raw").map((one) => [one.name, one.time, one.value ?? one.text]);
})()"""

STORE = """(async () => {
  const { IndexedDbStore } = await import("/store-indexeddb.js");
  const { curve } = await import("/core/view.js");
  const store = await IndexedDbStore.open("tried");
  const [gateway, granularity, time, keepUntil] = ["maison@sen1.test", "raw", 1772323200, 1772400000];
  const which = { gateway, granularity, name: "a/power" };
  const point = { name: "a/power", unit: "VA", granularity, text: null, number: 1, keepUntil };
  const made = (count, more) =>
    Array.from({ length: count }, (_, at) => ({ ...point, time: time + at, value: at, ...more(at) }));
  await store.commit({ gateway, points: made(3000, () => ({})), notice: { id: "n", at: time } });
  const names = async () => (await store.series()).map(({ name, first, last }) => [name, first - time, last - time]);
  const found = { series: await names(), steps: await curve(store, which, time, time + 3000) };
  const many = made(2000, (at) => ({ name: `b/${at}`, time }));
  found.refused = await store.commit({ gateway, points: many }).then(() => "", (error) => error.message);
  found.after = await names();
  await store.commit({ gateway, points: [{ ...many[0], keepUntil: keepUntil + 1 }] });
  await store.commit({ gateway, erase: [{ branch: "", granularity: "", first: time + 1, last: time + 99999 }] });
  found.left = await names();
  await store.forget(keepUntil);
  found.kept = [await names(), await store.obeyed(gateway, "n")];
  await store.forget(keepUntil + 400 * 86400);
  const rows = store.database.transaction("series").objectStore("series").count();
  found.rows = await new Promise((resolve) => { rows.onsuccess = () => resolve(rows.result); });
  found.obeyed = await store.obeyed(gateway, "n");
  return found;
})()"""


def test_the_browsers_store_keeps_steps_and_forgets_as_the_file_does(tmp_path):
    """More points than are read at once, more series than a gateway may have, an erasure, the end of a retention."""
    needed()
    with Page(tmp_path) as page, Browser(tmp_path / "chromium") as browser:
        browser.open(f"{page.page()}/")
        found = browser.evaluate(STORE)
    steps = found.pop("steps")
    assert (len(steps), steps[0]["value"], steps[-1]["high"]) == (1000, 1, 2999)
    assert found == {
        "series": [["a/power", 0, 2999]],
        "refused": "more than 2000 series of maison@sen1.test",
        "after": [["a/power", 0, 2999]],
        "left": [["a/power", 0, 0], ["b/0", 0, 0]],
        "kept": [[["b/0", 0, 0]], True],
        "rows": 0,
        "obeyed": False,
    }


# A roof of twelve inverters, one by frames and all others by half hours, and a home: the half hours of today until now.
ROOF = """(async () => {
  const { IndexedDbStore } = await import("/store-indexeddb.js");
  const store = await IndexedDbStore.open();
  const midnight = new Date().setHours(0, 0, 0, 0) / 1000;
  const of = (meter, path, granularity, every, watts) => Array.from({ length: 8 * 3600 / every + 1 }, (_, at) => ({
    name: `maison:sen1.test/${meter}:sen1.test/${path}/energy/active/index`, unit: "Wh", granularity, text: null,
    number: 1, keepUntil: 9e9, time: midnight - 7200 + at * every, value: Math.floor(at * every * watts / 3600),
  }));
  const points = [
    ...of("pv1", "production", "PT30M", 1800, 6000), ...of("pv2", "production", "raw", 10, 2000),
    ...Array.from({ length: 10 }, (_, at) => of(`pv${at + 3}`, "production", "PT30M", 1800, 100)).flat(),
    ...of("ab12", "consumption", "PT30M", 1800, 500),
  ];
  await store.commit({ gateway: "maison@sen1.test", points });
})()"""


def test_the_page_shows_a_part_of_a_roof_beside_what_was_drawn(tmp_path):
    """450 W of 9 kW for six hours beside 500 W: asked for the shares, then reckoned, in both languages; not by week."""
    needed()
    text = "document.querySelector('#roof p').innerText"
    with Page(tmp_path) as page, Browser(tmp_path / "chromium") as browser:
        browser.open(f"{page.page()}/", language="en")
        browser.evaluate(ROOF)
        browser.open(f"{page.page()}/", language="en")
        browser.await_true("!document.getElementById('roof').hidden")
        assert browser.evaluate(text).startswith("Write how many shares")
        browser.evaluate(
            "const shares = document.getElementById('shares');"
            "shares.elements.held.value = '20'; shares.elements.of.value = '400';"
            "shares.dispatchEvent(new Event('input', { bubbles: true }))"
        )
        browser.await_true("document.querySelector('#roof canvas')")
        assert browser.evaluate(text) == ("My part ≈ 2.7 kWh · Drawn from the grid ≈ 3 kWh · covered ≈ 2.7 kWh (90%)")
        if folder := os.environ.get("SCREENSHOTS"):
            browser.screenshot(Path(folder) / "recipient-roof.png", whole=True)
        browser.evaluate("document.getElementById('language').click()")
        browser.await_true(f"{text}.startsWith('Ma part ≈ 2,7')")
        browser.evaluate("document.querySelector('[data-length=\"7\"]').click()")
        browser.await_true("document.getElementById('roof').hidden")
        browser.open(f"{page.page()}/", language="en")
        browser.await_true("document.querySelector('#shares [name=held]').value === '20'")
        # That there is no program's file is how the page knows that it is to receive by itself.
        assert [one for one in browser.complaints if "404 (Not Found)" not in str(one)] == []


@pytest.mark.slow
@pytest.mark.campaign
def test_the_page_shows_what_comes_and_the_browser_receives_as_well(federation_ep, tmp_path):
    """Empty, curves, a file that is gone; then the browser in place of the program: all that was promised, once."""
    needed()
    with SimulatedMeter(tmp_path / "ttyTIC", seed=25, mode="standard") as meter:
        meter.command("unplug")
        house = House(tmp_path, federation_ep, tmp_path / "ttyTIC")
        house.grant("consumption")
        address = federation_ep.address("sen2.test").partition(":")[0]
        options = (f"--host-resolver-rules=MAP localhost:5280 {address}:5280",)
        with house.gateway() as gateway, Browser(tmp_path / "chromium", *options) as browser:
            house.await_link("xmpp", "ok", 60)
            with Recipient(tmp_path, federation_ep) as recipient:
                browser.open(f"{recipient.page()}/")
                browser.await_true("!document.getElementById('empty').hidden")
                wait_until(lambda: "Z subscribed: " in recipient.said(), 60, "the subscription")
                meter.command("plug")
                wait_until(lambda: recipient.count() > 20, 60, "points")
                browser.open(f"{recipient.page()}/")
                browser.await_true("document.querySelector('#series canvas')")
                titles = browser.evaluate("[...document.querySelectorAll('h2')].map((one) => one.firstChild.data)")
                assert "consumption/power/apparent/raw" in titles
                assert recipient.stop() == 0
                browser.evaluate("document.getElementById('before').click()")
                browser.await_true("!document.getElementById('error').hidden")
            before = {tuple(point) for point in recipient.points()}
            kept = received_by_browser(browser, house, meter, tmp_path)
            promised = {tuple(point) for point in house.stored("consumption")}
            assert gateway.stop() == 0
    assert len(kept) == len(set(kept)) > 10
    assert sorted(promised - before - set(kept)) == []
    assert sorted((before | set(kept)) - promised) == []


def received_by_browser(browser, house, meter, folder):
    """(path, time, value) of all raw points that a browser stores, which was closed and opened in between."""
    with Page(folder) as page:
        for _ in range(2):
            browser.open(f"{page.page()}/")
            browser.await_true("!document.getElementById('account').hidden")
            fill(browser)
            browser.await_true(f"({KEPT}).then((all) => all.length > 10)")
        browser.await_true("document.querySelector('#series canvas')")
        meter.command("unplug")
        await_confirmed(house)
        return [(name.removeprefix(f"{SENSOR}/"), time, value) for name, time, value in browser.evaluate(KEPT)]


def fill(browser):
    """The form, as a person would."""
    words = {
        "jid": f"{FAR}/browser", "password": PASSWORD, "service": "ws://localhost:5280/xmpp-websocket",
        "gateway": f"{HOME}/proxy", "branch": BRANCH,
    }  # fmt: skip
    browser.evaluate(
        f"for (const [name, value] of Object.entries({json.dumps(words)})) "
        "document.getElementById('account').elements.namedItem(name).value = value;"
        "document.querySelector('[type=submit]').click()"
    )
