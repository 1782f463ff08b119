"""The tariff at the page, from no tariff to euros in a real browser; what is kept is what a command would keep."""

import html
import json
import re
import time
from datetime import date, timedelta

import pytest

from gateway.balance.calendar import day_of, midnight
from gateway.config.tables import load
from gateway.web.tariff.words import TARIFF_WORDS
from tests.gateway.balance.conftest import House as CountedHouse
from tests.gateway.balance.conftest import off_peak
from tests.gateway.web.conftest import House
from tests.gateway.web.looks import look

SAID = TARIFF_WORDS["fr"]
PATH = "/settings/tariff"
# What a historic meter of two classes says of its contract.
TEXTS = {"contract/option": "HC..", "contract/current/subscribed": 30, "contract/tariff": "HP.."}


def counted(folder):
    """Twelve days of a house with off-peak hours, up to this midnight."""
    (folder / "data").mkdir(parents=True)
    house = CountedHouse(folder / "data")
    today = midnight(day_of(time.time()))
    house.live(today - 12 * 86_400, today, off_peak, lambda _: TEXTS)
    return folder


@pytest.fixture
def empty_house(tmp_path):
    """Just installed: a meter that was heard for twelve days, nothing in the file; its owner is signed in."""
    with House(counted(tmp_path / "house"), "/nowhere/tty") as house:
        house.signed_in = house.owner()
        yield house


def values(text):
    """What stands in the fields of a form."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", text):
        known = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        found[known["name"]] = known.get("value", "")
    return found


def faults(text):
    """Field -> what is said to be wrong with it."""
    return {name: html.unescape(said) for name, said in re.findall(r'<p class="fault" id="e-([\w-]+)">(.*?)</p>', text)}


def kept(house):
    """The tariffs that the configuration has now."""
    return [
        (one.name, str(one.since), str(one.until), one.subscription, one.prices) for one in load(house.config).tariff
    ]


def test_from_no_tariff_to_euros_in_a_browser(empty_house, browser):
    """The costs lead there; the meter's contract is chosen; a price in cents is refused at its field; then euros."""
    house, web = empty_house, f"http://127.0.0.1:{empty_house.port}"
    browser.forget()
    browser.cookie(web, "linky_session", house.signed_in.cookies["linky_session"])
    browser.complaints.clear()
    browser.open(f"{web}/cost", width=390, height=844)
    assert "[[" not in browser.evaluate("document.body.innerText")
    browser.press("0", f"a[href='{PATH}']")
    assert "contrat «\u00a0HC\u00a0», 6 kVA" in browser.evaluate("document.body.innerText")
    chosen = "[document.querySelector('[name=contract]:checked').value, document.querySelector('[name=power]').value]"
    assert browser.evaluate(chosen) == ["hc", "6"]
    look(browser)
    browser.press("0", "main form button")
    field = "document.getElementById('f-{}')"
    assert [browser.evaluate(f"{field.format(name)}.value") for name in ("subscription", "price-hp", "price-hc")] == [
        *("15,65", "0,2065", "0,1579"),
    ]
    text = browser.evaluate("document.body.innerText")
    assert "au 1er février 2026, relevés le 18 mai 2026" in text.replace("\u00a0", " ")
    look(browser)
    since = day_of(time.time()) - timedelta(days=11)
    typed = f"{field.format('since')}.value = '{since}'; {field.format('price-hp')}.value = '19,52'"
    browser.press(typed, "form.prices button")
    assert SAID["in_cents"] in browser.evaluate("document.getElementById('e-price-hp').innerText")
    browser.await_true("document.activeElement.id === 'f-price-hp'")
    assert browser.evaluate(f"{field.format('price-hp')}.value") == "19,52"
    assert browser.evaluate(f"{field.format('since')}.value") == str(since)
    assert kept(house) == []
    look(browser)
    browser.press(f"{field.format('price-hp')}.value = '0,1952'", "form.prices button")
    assert SAID["tariff_saved"] in browser.evaluate("document.body.innerText")
    look(browser)
    prices = {"hp": 0.1952, "hc": 0.1579}
    assert kept(house) == [(SAID["contract_hc"], str(since), "None", 15.65, prices)]
    browser.press("0", "a[href='/cost']")
    # A day of theirs: 16.128 kWh of 0.1579 and 8.064 of 0.1952, and a day's part of 15.65 euros.
    assert "€" in browser.evaluate("document.getElementById('summary').innerText")
    _, text = house.signed_in.get("/cost?period=day")
    shown = html.unescape(text).replace("\u202f", " ").replace("\xa0", " ")
    assert [one for one in ("2,55 €", "1,57 €") if one not in shown] == []
    # The browser tells of the one answer that was a refusal, and of nothing else.
    (refusal,) = browser.complaints
    assert "status of 400" in refusal


def test_what_a_living_meter_says_is_chosen_already(living_house):
    """A standard meter of a Tempo house: its calendar, its power, the six classes of a bill."""
    _, text = living_house.signed_in.get(PATH)
    assert "contrat «\u00a0TEMPO\u00a0»" in html.unescape(text)
    assert re.search(r'value="tempo" checked', text)
    (power,) = re.findall(r'<option value="(\d+)" selected>', text)
    _, text = living_house.signed_in.get(f"{PATH}/new?contract=tempo&power={power}")
    assert [name for name in values(text) if name.startswith("price-")] == [
        f"price-{word}" for word in ("hcjb", "hpjb", "hcjw", "hpjw", "hcjr", "hpjr")
    ]


def test_what_the_page_keeps_is_what_the_command_would_have_kept(empty_house, tmp_path):
    """Byte for byte, in another house to which the same tariffs are given by ``settings set``; and it is journalled."""
    owner, file = empty_house.signed_in, empty_house.folder / "data" / "settings.json"
    fields = {"contract": "hc", "power": "6", "name": "Mon contrat", "subscription": "15,65", "since": "01/02/2026"}
    fields |= {"price-hp": "0,2065 €", "price-hc": "0.1579", "injection": ""}
    assert owner.send(f"{PATH}/new", **fields)[0].headers["Location"] == f"{PATH}?done=saved"
    later = {"like": "2026-02-01", "name": "Mon contrat", "subscription": "16", "since": "2026-08-01"}
    later |= {"price-hp": "0,2146", "price-hc": "0,1696", "injection": "0,04"}
    assert owner.send(f"{PATH}/new", **later)[0].status == 303
    assert kept(empty_house) == [
        ("Mon contrat", "2026-02-01", "2026-07-31", 15.65, {"hp": 0.2065, "hc": 0.1579}),
        ("Mon contrat", "2026-08-01", "None", 16, {"hp": 0.2146, "hc": 0.1696}),
    ]
    written = json.loads(file.read_bytes())["tables"]["tariff"]
    with House(tmp_path / "other", "/nowhere/tty") as other:
        done = other.command("settings", "set", "tariff", json.dumps(written))
        assert done.returncode == 0, done.stderr
        assert (other.folder / "data" / "settings.json").read_bytes() == file.read_bytes()
    entries = [json.loads(line) for line in empty_house.command("journal", "show", "--json").stdout.splitlines()]
    noted = [one for one in entries if one["kind"] == "setting-changed"]
    assert [(one["what"], one["channel"]) for one in noted] == [("tariff", "web")] * 2


def test_a_later_price_keeps_the_past_and_a_correction_changes_it(empty_house):
    """What was consumed before is paid as it was; a tariff is corrected, moved, taken away, and its neighbours join."""
    owner, today = empty_house.signed_in, day_of(time.time())
    begin, change = today - timedelta(days=10), today - timedelta(days=4)
    fields = {"contract": "base", "power": "6", "name": "Base", "subscription": "0", "since": str(begin)}
    owner.send(f"{PATH}/new", **fields, **{"price-base": "0,2"})
    before = empty_house.command("cost", "--json").stdout
    _, text = owner.get(f"{PATH}/new?like={begin}")
    assert values(text)["price-base"] == "0,2000"
    owner.send(f"{PATH}/new", **(fields | {"like": begin, "since": str(change), "price-base": "0,4"}))
    after = empty_house.command("cost", "--json").stdout
    assert before != after
    assert [one[1:3] for one in kept(empty_house)] == [(str(begin), str(change - timedelta(1))), (str(change), "None")]
    # A day of 24.192 kWh at 20 cents, one at 40.
    _, days = owner.get("/cost?period=day")
    plain = html.unescape(re.sub(r"<[^>]+>", " ", days)).replace("\u202f", " ").replace("\u00a0", " ")
    assert "4,84 €" in plain
    assert "9,68 €" in plain
    # On a day on which one begins there cannot be another one; a correction may stay where it is, or move.
    answer, text = owner.send(f"{PATH}/new", **(fields | {"like": begin, "since": str(change), "price-base": "0,5"}))
    assert (answer.status, faults(text)) == (400, {"since": SAID["day_taken"]})
    moved = fields | {"correct": change, "since": str(change + timedelta(1)), "price-base": "0,5"}
    assert owner.send(f"{PATH}/new", **moved)[0].status == 303
    assert [one[1:3] for one in kept(empty_house)] == [
        (str(begin), str(change)),
        (str(change + timedelta(1)), "None"),
    ]
    _, text = owner.get(f"{PATH}/remove?since={change + timedelta(1)}")
    assert SAID["remove_sure"] in html.unescape(text)
    owner.send(f"{PATH}/remove", since=str(change + timedelta(1)))
    assert [one[1:3] for one in kept(empty_house)] == [(str(begin), "None")]


def test_each_wrong_field_has_its_sentence_and_keeps_what_was_typed(empty_house):
    """All of them at once, each linked from above, the first one in focus; nothing is kept."""
    owner = empty_house.signed_in
    fields = {"contract": "hc", "power": "6", "name": "x" * 41, "subscription": "187,80", "since": "hier"}
    fields |= {"price-hp": "vingt", "price-hc": "", "injection": "4"}
    answer, text = owner.send(f"{PATH}/new", **fields)
    assert answer.status == 400
    assert faults(text) == {
        "name": SAID["wrong_name"],
        "since": SAID["wrong_day"],
        "subscription": SAID["a_year"],
        "price-hp": SAID["no_number"],
        "price-hc": SAID["missing"],
        "injection": SAID["in_cents"],
    }
    typed = values(text)
    assert {name: typed[name] for name in ("name", "subscription", "since", "price-hp", "price-hc", "injection")} == {
        name: fields[name] for name in ("name", "subscription", "since", "price-hp", "price-hc", "injection")
    }
    assert set(re.findall(r'<a href="#f-([\w-]+)">', text)) == set(faults(text))
    assert text.count(" autofocus") == 1
    for since, key in (("1999-12-31", "wrong_year"), ("2090-01-01", "wrong_year"), ("31/02/2026", "wrong_day")):
        _, text = owner.send(f"{PATH}/new", **(fields | {"since": since}))
        assert faults(text)["since"] == SAID[key]
    assert load(empty_house.config).settings.tables == {}
    assert owner.get(f"{PATH}/new?contract=free")[0].headers["Location"] == PATH
    assert owner.get(f"{PATH}/new?correct=2026-02-01")[0].headers["Location"] == PATH


def test_the_last_tariff_stays_while_an_objective_is_in_euros(empty_house):
    """It is said what is to be done first, and the tariff is there still."""
    owner = empty_house.signed_in
    fields = {"contract": "base", "power": "6", "name": "Base", "subscription": "12", "since": "2026-02-01"}
    owner.send(f"{PATH}/new", **fields, **{"price-base": "0,2"})
    owner.send("/settings/objective", euros_per_month="80")
    _, text = owner.get(f"{PATH}/remove?since=2026-02-01")
    assert SAID["remove_needed"] in html.unescape(text)
    assert owner.send(f"{PATH}/remove", since="2026-02-01")[0].status == 409
    assert len(kept(empty_house)) == 1
    owner.send("/settings/objective")
    assert owner.send(f"{PATH}/remove", since="2026-02-01")[0].status == 303
    assert kept(empty_house) == []


def test_what_the_file_says_is_taken_along_with_its_hours(tmp_path):
    """Of a supplier's file named there prices and hours stay as they are; new prices are asked for in its classes."""
    extra = '[[tariff]]\nname = "Week-end"\nfrom = 2026-03-01\noffer = "zen-week-end"\npower = 6\n'
    with House(tmp_path / "house", "/nowhere/tty", extra) as house:
        owner = house.owner()
        _, text = owner.get(f"{PATH}/new?like=2026-03-01")
        typed = values(text)
        assert (typed["price-we"], typed["price-week"]) == ("0,1538", "0,2038")
        fields = {"like": "2026-03-01", "name": "Week-end", "subscription": "14,78", "since": "2026-09-01"}
        answer, text = owner.send(f"{PATH}/new", **fields, **{"price-we": "0,16", "price-week": "0,21"})
        assert answer.status == 303, text
        before, after = load(house.config).tariff
        assert (before.until, after.since, after.when) == (date(2026, 8, 31), date(2026, 9, 1), before.when)
        assert before.prices == {"week": 0.2038, "we": 0.1538}
        assert house.command("check").returncode == 0
