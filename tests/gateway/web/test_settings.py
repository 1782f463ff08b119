"""The page *settings* of a running daemon: what is chosen counts at once and after a restart; no form breaks a page."""

import html
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.balance.tariff import Objective
from gateway.config.tables import HouseholdTable, load
from gateway.store.terms import LANGS
from gateway.web.settings.words import SETTINGS_WORDS
from servers import wait_until
from tests.gateway.web.conftest import House
from tests.gateway.web.shared import make, with_bad_points

ROOT = Path(__file__).parents[3]
ACCOUNT = (
    '[federation]\njid = "maison@sen1.test"\npassword_file = "password"\naddress = "127.0.0.1:1"\n'
    '[household]\naddress = "fichier@sen1.test"\n[objective]\nkwh_per_month = 300\n'
)
FORMS = (
    *("/sharing/requests/1/who", "/sharing/requests/1/what", "/sharing/requests/1/until"),
    *("/sharing/requests/1/text", "/sharing/requests/1/yes", "/sharing/requests/1/no", "/sharing/withdraw"),
    "/sharing/spare",
    *("/sharing/limit", "/sharing/resume", "/sharing/renew", "/sharing/journal"),
    *("/repair/check", "/repair/do", "/repair/undo"),
    *("/settings/objective", "/settings/household", "/settings/file", "/settings/commit"),
    *("/settings/tariff/new", "/settings/tariff/remove", "/settings/notices/new", "/settings/notices/remove"),
    *("/settings/notices/try", "/settings/home-assistant", "/settings/home-assistant/leave", "/settings/account"),
    *("/access/displays/remove", "/access/password", "/settings/displays/add", "/settings/displays/remove"),
    *("/settings/boards/add", "/settings/boards/forget", "/settings/boards/update"),
    *("/settings/meters", "/settings/keeping", "/settings/restart"),
    *("/settings/backup/file", "/settings/backup/file/remove", "/settings/backup/nightly/passphrase"),
    *("/settings/backup/nightly", "/settings/backup/restore", "/settings/backup/restore/begin"),
    "/settings/backup/restore/remove",
    *("/settings/data/archive", "/settings/data/archive/remove", "/settings/data/erase", "/settings/data/hand-over"),
    *("/settings/updates/check", "/settings/updates/install", "/settings/updates/refuse", "/settings/updates/back"),
)
NAMES = (
    *("consent", "recipient", "granularity", "period", "until", "purpose", "push", "history", "data0", "hash", "lang"),
    *("contract", "like", "correct", "since", "power", "price-base", "subscription", "kind", "topic", "own_password"),
    *("first", "last"),
    *("meter", "path", "time", "choice", "value", "reason", "kwh_per_month", "address", "language", "table", "name"),
)
WORDS = (
    *("", "0", "-1", "9" * 25, "1e999", "nan", "house", "consumption/power", "PT30M", "raw", "asked", "less", "remove"),
    *(
        "value",
        "coop@sen2.test",
        "@",
        "a@b/c",
        "../../etc/passwd",
        "<script>",
        "'; DROP TABLE consent; --",
        "%00",
        "\x00",
    ),
    *("base", "hc", "ntfy", "mail", "webhook", "0,1952"),
    *("\ud7ff", "é" * 300, "2026-11-25", "9999-99-99", "1763000000", "fr", "objective", "x" * 4000, "{house}", "{0}"),
)


@pytest.fixture(scope="module")
def account_house(tmp_path_factory):
    """A house with an account whose server is away, an objective, and somebody who is told; its owner signed in."""
    folder = tmp_path_factory.mktemp("settings") / "house"
    folder.mkdir()
    (folder / "password").write_text("canary-of-the-account\n")
    make(folder / "data", with_bad_points, lambda shared: shared.ask())
    with House(folder, "/nowhere/tty", ACCOUNT) as house:
        house.signed_in = house.owner()
        yield house


def value(text, name):
    """What stands in a field of the page."""
    return html.unescape(re.search(rf'name="{name}"[^>]*value="([^"]*)"', text)[1])


def shown(owner):
    """An objective, who is told, and how many of both can be taken back."""
    pages = [owner.get(f"/settings/{name}")[1] for name in ("objective", "household")]
    ways_back = sum(text.count('action="/settings/file"') for text in pages)
    return value(pages[0], "kwh_per_month"), value(pages[1], "address"), ways_back


def test_what_is_configured_is_told_without_a_secret(account_house):
    """Each table of the file in words; what counts is said to be the file's."""
    _, text = account_house.signed_in.get("/settings/details")
    for told in ("maison@sen1.test", "/nowhere/tty", str(account_house.folder), f"127.0.0.1:{account_house.port}"):
        assert told in text
    assert "canary" not in text
    assert shown(account_house.signed_in) == ("300", "fichier@sen1.test", 0)
    _, text = account_house.signed_in.get("/settings")
    assert "fichier@sen1.test" in text
    assert "canary" not in text
    assert not re.search(r"\[\[|gateway\.toml|linky-gateway |<code>|/nowhere", text)
    assert account_house.visitor().get("/settings")[0].headers["Location"] == "/login?to=/settings"


def test_the_id_in_force_is_shown_where_the_file_says_none(account_house):
    """What stands in the names of the series, and what a household gives to who asks; as the command says it."""
    command = [sys.executable, "-m", "gateway", "series", "--json", "--config", account_house.config]
    (meter, *others) = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    assert (meter["identifier"], others) == (f"maison@sen1.test/{meter['sensor']}@sen1.test", [])
    _, text = account_house.signed_in.get("/settings/details")
    assert re.search(rf"Identifiant dans les noms</dt>\s*<dd>{meter['sensor']}</dd>", text)
    assert '<a href="/series">' in text
    _, text = account_house.signed_in.get("/series")
    assert f"<code>{meter['identifier']}</code>" in text
    assert meter["series"]
    for one in meter["series"]:
        assert f"<code>{one['path']}</code>" in text
        assert html.escape(one["fr"]) in text
    assert account_house.visitor().get("/series")[0].headers["Location"] == "/login?to=/series"


def test_what_is_chosen_counts_at_once_after_a_restart_and_until_it_is_taken_back(account_house):
    """For the page, and for a command that reads the configuration; the file is not touched."""
    house, owner, before = account_house, account_house.signed_in, account_house.config.read_text()
    chosen = {"kwh_per_month": "250,5", "kwh_per_year": " 3 000 "}
    assert owner.send("/settings/objective", **chosen)[0].headers["Location"] == "/settings?done=saved"
    assert owner.send("/settings/household", address="Moi@Sen1.test", language="en")[0].status == 303
    assert load(house.config).objective == Objective(kwh_per_month=250.5, kwh_per_year=3000)
    assert house.process.stop() == 0
    house.process.start()
    wait_until(lambda: house.process.log.read_text().count("the page is served") == 2, 60, "served again")
    owner = house.signed_in = house.owner()
    assert shown(owner) == ("250,5", "moi@sen1.test", 2)
    assert load(house.config).household == HouseholdTable(address=("moi@sen1.test",), language="en")
    for table in ("objective", "household"):
        assert owner.send("/settings/file", table=table)[0].headers["Location"] == "/settings?done=file"
    assert shown(owner) == ("300", "fichier@sen1.test", 0)
    assert house.config.read_text() == before


def test_each_wrong_word_gets_one_sentence(account_house):
    """And nothing is changed."""
    owner, before = account_house.signed_in, load(account_house.config).settings
    for path, fields, key in (
        ("objective", {"kwh_per_month": "beaucoup"}, "wrong_goal"),
        ("objective", {"kwh_per_month": "0"}, "wrong_goal"),
        ("objective", {"kwh_per_year": "nan"}, "wrong_goal"),
        ("objective", {"kwh_per_year": "1e300"}, "wrong_goal"),
        ("objective", {"euros_per_year": "100"}, "wrong_euros"),
        ("household", {"address": "moi", "language": "fr"}, "wrong_address"),
        ("household", {"address": "a b@c", "language": "fr"}, "wrong_address"),
        ("household", {"address": "moi@sen1.test", "language": "de"}, "wrong_language"),
        ("file", {"table": "store"}, "wrong_table"),
    ):
        answer, text = owner.send(f"/settings/{path}", **fields)
        assert (answer.status, SETTINGS_WORDS["fr"][key] in html.unescape(text)) == (400, True), fields
        for name, typed in fields.items():
            # What was typed is there still; of a list nothing can be chosen that is not in it.
            assert path != "objective" or value(text, name) == typed or name.startswith("euros")
    assert load(account_house.config).settings == before


def test_the_card_is_written_at_a_press(account_house):
    """What waits is committed before the answer."""
    assert account_house.signed_in.send("/settings/commit")[0].headers["Location"] == "/settings?done=committed"


def test_r16_no_form_of_a_stranger_to_html_breaks_the_page(account_house):
    """R16: three hundred seeded forms of nonsense end with a page or a redirection, never with a traceback."""
    owner, chance = account_house.signed_in, random.Random(16)
    token, origin = owner.form_token(), f"http://{owner.host}"
    seen = set()
    for _ in range(300):
        fields = {chance.choice(NAMES): chance.choice(WORDS) for _ in range(chance.randrange(8))}
        path = chance.choice(FORMS)
        answer, text = owner.post(path, fields | {"form_token": token}, Origin=origin)
        seen.add(answer.status)
        assert answer.status in {200, 303, 400, 403, 404, 409, 413, 429}, (path, fields)
        assert "<script>" not in text
    assert {303, 400, 409} <= seen
    assert owner.get("/sharing")[0].status == 200
    log = account_house.process.log.read_text()
    assert "Traceback" not in log
    assert owner.cookies["linky_session"] not in log


def test_both_languages_say_the_same_things():
    """Every key in both, with the same places."""
    french, english = (SETTINGS_WORDS[lang] for lang in LANGS)
    assert french.keys() == english.keys()
    assert [k for k in french if {*re.findall(r"{\w+}", french[k])} != {*re.findall(r"{\w+}", english[k])}] == []
