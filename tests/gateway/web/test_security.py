"""The page *security*: how a house stands, a fault first with where it is mended, who is signed in, and its report."""

import hashlib
import re
import ssl
import subprocess
from contextlib import closing
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from gateway.mqtt.boards.registry import Board, Registry
from gateway.mqtt.relays import BoardReports, Relays
from gateway.store.prepare import prepare
from gateway.store.store import Archive, Store
from gateway.upkeep.duties.duties import read_duties
from gateway.upkeep.helper.table import ACTS
from gateway.web.access.sessions import BrowserSessions, RefusedTries, browser_of
from gateway.web.security import points as rules
from gateway.web.security.points import NORMS, faults, norm_state, points
from gateway.web.security.values import BAD, GOOD, MAKER, STATES, UNKNOWN, WARN, MachineFacts, TlsFacts
from gateway.web.security.words import SECURITY_WORDS
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.encrypted import EncryptedHouse
from tests.gateway.web.instructions import taken
from tests.gateway.web.looks import look
from tests.gateway.web.recorded.safety import SAFETY
from tests.gateway.web.shared import make
from tests.mosquitto import Mosquitto

SAID = SECURITY_WORDS["fr"]
WELL = SAFETY["all well"]
PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


def text_of(page):
    """What a page says, its tags taken out, every blank one, a hyphen that of a keyboard."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)).replace("\u2011", "-"))


def said(key, **places):
    return re.sub(r"\s+", " ", SAID[key].format(**places))


# --- how points stand ------------------------------------------------------------------------------------------------


def test_what_nobody_has_looked_at_is_never_good():
    """Of an empty new house the password alone is known; each point that cannot be seen says so."""
    found = points(SAFETY["nothing yet"])
    good = {name for name, one in found.items() if one.state == GOOD}
    # No network of elsewhere is let in, and nothing that is watched is at fault: both were looked at.
    assert good == {"password", "home", "links"}
    blind = points(replace(WELL, machine=MachineFacts()))
    assert {name: blind[name].state for name in ("ports", "remote", "enclosed", "files", "contact")} == dict.fromkeys(
        ("ports", "remote", "enclosed", "files", "contact"), UNKNOWN
    )


def test_where_all_is_well_nothing_is_to_be_mended():
    """And nothing is unknown of such a house."""
    found = points(WELL)
    assert faults(found.values()) == []
    assert not [name for name, one in found.items() if one.state == UNKNOWN]


def test_faults_come_first_the_worst_before_the_others():
    """Each with a page that mends it, but for what whoever installed it has to mend."""
    found = faults(points(SAFETY["faults"]).values())
    states = [one.state for one in found]
    assert states == sorted(states, key=[BAD, WARN].index)
    assert {one.key for one in found} >= {"backup_late", "version_weak", "support_over", "tls_broken", "files_open"}
    assert {one.key for one in found if not one.door} == {"system_off", "enclosed_root", "files_open"}


@pytest.mark.parametrize(
    ("change", "name", "key"),
    [
        ({"tls": TlsFacts(served=True, until=WELL.now + 10 * 86_400)}, "tls", "tls_ends"),
        ({"tls": TlsFacts(served=True, here=True)}, "tls", "tls_here"),
        ({"tls": TlsFacts(served=True)}, "tls", "tls_beside"),
        ({"update": replace(WELL.update, checked=WELL.now - 9 * 86_400)}, "version", "version_stale"),
        ({"update": replace(WELL.update, keys=0)}, "signed", "signed_no_key"),
        ({"update": replace(WELL.update, support_end="2026-02-01")}, "support", "support_soon"),
        ({"nightly": WELL.nightly | {"good": None}}, "backup", "backup_first"),
        ({"nightly": WELL.nightly | {"state": "waiting"}}, "backup", "backup_clock"),
        ({"nightly": WELL.nightly | {"same_card": True}}, "backup", "backup_same_card"),
        ({"machine": replace(WELL.machine, waiting=2)}, "links", "links_waiting"),
        ({"boards": (replace(WELL.boards[0], seen=WELL.now - 3600),)}, "board garage", "board_gone"),
    ],
)
def test_a_point_stands_as_the_house_does(change, name, key):
    """What is soon over, too old, missing or silent is not good."""
    found = points(replace(WELL, **change))[name]
    assert found.key == key
    assert found.state != GOOD


def test_a_server_that_is_known_by_its_key_alone_has_no_verified_certificate():
    """What is said of it is what is done (``pin_only``)."""
    access = replace(WELL.access, account_state="ok", pinned=True)
    assert points(replace(WELL, access=access))["account"].key == "account_pinned"
    away = replace(access, account_state="broken")
    assert points(replace(WELL, access=away))["account"].key == "account_broken"


def test_all_that_root_is_asked_for_has_words():
    """On paper each act of the helper's list is said; of a list that grew without words the name."""
    assert {f"act_{kind.__struct_config__.tag}" for kind in ACTS} | {"act_refused"} == {
        key for key in SAID if key.startswith("act_")
    }


def test_the_points_of_the_rules_are_those_that_are_asked():
    """Each duty of a manufacturer stands there once, seen by a point or honestly said not to be."""
    assert list(NORMS) == [duty.id for duty in read_duties()]
    found = points(WELL)
    for name, seen in NORMS.items():
        assert norm_state(name, found) in STATES
        assert isinstance(seen, str) or {*seen} <= {*found}, name
    worse = points(replace(WELL, machine=replace(WELL.machine, exposed=1)))
    assert norm_state("confidentiality", worse) == BAD
    assert norm_state("reporting", found) == MAKER


def test_each_point_has_its_sentence_and_each_sentence_its_point():
    """None is left over, and none is missing."""
    source = Path(rules.__file__).read_text()
    made = {f"is_{key}" for key in re.findall(r'SecurityPoint\(f?"([a-z_]+)"', source)}
    made |= {f"is_{key}" for key in re.findall(r'"((?:backup|version|password)_[a-z]+)"', source)}
    made |= {f"is_broker_{word}" for word in ("none", "here", "encrypted", "clear")}
    made |= {f"is_account_{word}" for word in ("none", "ok", "pinned", "waiting", "broken")}
    assert made == {key for key in SAID if key.startswith("is_")}
    assert {f"norm_{name}" for name in NORMS} == {key for key in SAID if key.startswith("norm_")}
    assert {f"state_{state}" for state in STATES} <= {*SAID}


# --- who was there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("agent", "name"), [
    (PHONE, "Firefox, Android"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
    ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
    ("curl/8.5", ""), ("<script>alert(1)</script>", ""),
])  # fmt: skip
def test_of_a_browsers_word_only_known_names_are_kept(agent, name):
    """Whatever else it says of itself stands on no page."""
    assert browser_of(agent) == name


def test_one_browser_or_all_others_are_signed_out():
    """The one that asks stays."""
    sessions = BrowserSessions()
    cookies = [sessions.open(float(n), f"Browser {n}") for n in range(4)]
    own, other = (sessions.find(cookies[n], 5.0) for n in (0, 1))
    assert sessions.close_some(lambda one: one.number == other.number) == 1
    assert sessions.close_some(lambda one: one is not own) == 2
    assert [one.browser for one in sessions.all(5.0)] == ["Browser 0"]
    assert sessions.find(cookies[2], 5.0) is None


def test_tries_that_came_to_nothing_are_counted():
    """Those of strangers apart."""
    tries = RefusedTries()
    tries.note(1.0, known=True)
    tries.note(2.0, known=False)
    assert (tries.count, tries.strangers, tries.last) == (2, 1, 2.0)


def test_what_boards_say_of_themselves_is_remembered_within_bounds():
    """A last will takes back that it is there; nonsense says nothing, and no more boards than a broker holds."""
    now = [100.0]
    reports = BoardReports(lambda: now[0])
    reports.hear("garage", b'{"v":1,"state":"online","boot":"0a1b2c3d"}')
    assert reports.heard == {"garage": 100.0}
    reports.hear("garage", b"nonsense")
    reports.hear("garage", b'{"v":1,"state":"lost","boot":"0a1b2c3d"}')
    assert reports.heard == {"garage": None}
    for number in range(300):
        reports.hear(f"board-{number}", b'{"v":1,"state":"online","boot":"0a1b2c3d"}')
    assert len(reports.heard) == 100
    program = b'{"version":"1.0","running":7,"taken":7,"trial":false,"refused":0,"last":"running"}'
    reports._hear_program("linky/board/garage/update/state", program)
    reports._hear_program("linky/board/garage/update/state", b"[[[")
    assert reports.programs["garage"].running == 7


def test_relays_hand_on_what_a_board_says():
    """Also of one that relays nothing here."""
    relays, heard = Relays(lambda: None, lambda: 1.0), []
    relays.hearer = lambda board, payload: heard.append((board, payload))
    relays._hear("linky/board/salon/state", b"{}")
    relays._hear("linky/board/salon/frame", b"{}")
    assert heard == [("salon", b"{}")]
    assert relays.refused == 0


def test_the_latest_entries_of_a_long_journal_are_found_at_little_cost(tmp_path, monkeypatch):
    """Of a hundred thousand entries those of a kind, since a time, the latest first."""
    prepare(tmp_path)
    with closing(Store(tmp_path)) as store:
        begun = store.journal.append("restarted", {"version": "1"}, now=1_000)
        event = '{"day":1,"kind":"transfer"}'
        store.db.begin()
        store.db.executemany(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?)",
            [(begun.seq + n, 1_000 + n, event, bytes(32), bytes(64)) for n in range(1, 100_000)],
        )
        store.db.commit()
        for n in range(3):
            store.journal.append("request-denied", {"command": "get_history"}, {"asker": "x@y.test"}, now=200_000 + n)
    with closing(Archive(tmp_path)) as archive:
        assert archive.journal.begun() == 1_000
        found = taken(monkeypatch, lambda: archive.journal.latest("request-denied", since=200_001))
        assert found.steps <= 250_000
        told = archive.journal.latest("request-denied", since=200_001)
    assert [(at, facts["command"]) for at, facts in told] == [(200_002, "get_history"), (200_001, "get_history")]


# --- the running house -----------------------------------------------------------------------------------------------


def test_a_new_house_says_what_is_to_be_done_and_leads_there(new_house, browser):
    """Without a script, the faults before all else, each button to a page that is there; then as a browser shows it."""
    owner = new_house.owner()
    answer, page = owner.get("/security", Accept_Language="fr")
    assert answer.status == 200
    first = page.index('class="wanting"')
    assert first < page.index('class="sections"')
    text = text_of(page)
    for key in ("is_backup_none", "is_tls_none", "is_support_unknown", "is_account_none", "is_home_good"):
        assert said(key) in text
    doors = re.findall(r'<a class="button" href="([^"]+)"', page[first:])
    assert "/settings/backup" in doors
    assert all(owner.get(door)[0].status == 200 for door in doors)
    web = f"http://127.0.0.1:{new_house.port}"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    for language, dark in (("fr", False), ("en", True)):
        browser.dark(on=dark)
        for path in ("/security", "/security/report"):
            browser.open(f"{web}{path}", width=390, height=844, language=language)
            browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            look(browser)
    assert browser.evaluate("document.querySelector('.doors, main').innerText.length") > 500


def test_a_device_is_signed_out_from_another_one(new_house):
    """One alone, then all others; who does it stays, and what was refused meanwhile is counted."""
    owner = new_house.owner()
    phones = []
    for _ in range(2):
        phone = new_house.visitor()
        phone.post("/login", {"password": PASSWORD}, User_Agent=PHONE)
        phones.append(phone)
    stranger = new_house.visitor(address="127.0.0.9")
    assert stranger.post("/login", {"password": "not this one"})[0].status == 403
    page = owner.get("/security")[1]
    assert page.count("Firefox, Android") >= 2
    assert said("refused_of_them", n=1, strangers=1, when="\0").partition("\0")[0].strip() in text_of(page)
    number = re.search(r'name="browser" value="(\w+)"(?:(?!</form>).)*Firefox', page)[1]
    assert owner.send("/security/sign-out", browser=number)[0].headers["Location"] == "/security?done=1"
    assert sorted(phone.get("/security")[0].status for phone in phones) == [200, 303]
    assert said("signed_out") in text_of(owner.get("/security?done=1")[1])
    owner.send("/security/sign-out")
    assert [phone.get("/security")[0].status for phone in phones] == [303, 303]
    assert owner.get("/security")[0].status == 200
    # A number of nobody, and one's own.
    assert owner.send("/security/sign-out", browser="ffffffff")[0].headers["Location"] == "/security"
    own = re.search(r'name="browser" value="(\w+)"', owner.get("/security")[1])[1]
    assert owner.send("/security/sign-out", browser=own)[0].headers["Location"] == "/login"
    assert owner.get("/security")[0].status == 303


def test_three_faults_are_said_and_what_is_mended_is_said_no_more(tmp_path):
    """Secrets that others read, a backup that never came, a broker in clear; what is mended is said no more."""
    folder = tmp_path / "house"
    folder.mkdir()
    (tmp_path / "stick").mkdir()
    make(folder / "data", lambda shared: shared.readings(), lambda shared: shared.grant())
    (folder / "mqtt").write_text("secret\n")
    (folder / "mqtt").chmod(0o600)
    tables = (
        f'[backup]\ndirectory = "{tmp_path}/stick"\n[mqtt]\nhost = "192.0.2.7"\nuser = "x"\npassword_file = "mqtt"\n'
    )
    (folder / "data" / "nightly-backup.json").write_text('{"since": 1000.0}')
    with House(folder, "/nowhere/tty", tables) as house:
        owner = house.owner()
        (folder / "data" / "page.json").chmod(0o644)
        (folder / "mqtt").chmod(0o644)
        text = text_of(owner.get("/security")[1])
        for key, places in (("is_backup_never", {}), ("is_broker_clear", {}), ("is_files_open", {"n": 2})):
            assert said(key, **places) in text, key
        (folder / "data" / "page.json").chmod(0o600)
        (folder / "mqtt").chmod(0o600)
        text = text_of(owner.get("/security")[1])
        assert said("is_files_good") in text
        assert said("is_files_open", n=2) not in text
        assert said("is_backup_never") in text
        assert "coop@sen2.test" in text


def test_a_board_is_as_it_says_at_the_broker(tmp_path):
    """There with a signed program that is up to date; gone by its last will; unheard as long as it has said nothing."""
    users = {"gateway": "canary-mqtt-91", "garage": "canary-board-5d"}
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "mqtt").write_text(f"{users['gateway']}\n")
    (folder / "mqtt").chmod(0o600)
    for name in ("garage", "cave"):
        board = Board(id=name, role="relay", chip="esp32c3", key="ab" * 32, serial=7 if name == "garage" else 0)
        Registry(folder / "data").keep(board)
    with Mosquitto(tmp_path / "broker", users) as broker:
        table = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\nuser = "gateway"\npassword_file = "mqtt"\n'
        with House(folder, "/nowhere/tty", table) as house:
            owner = house.owner()

            def says(topic, message):
                command = ["mosquitto_pub", "-p", str(broker.port), "-u", "garage", "-P", users["garage"], "-r"]
                subprocess.run([*command, "-t", f"linky/board/garage/{topic}", "-m", message], check=True, timeout=60)

            def shown(key, **places):
                wanted = said(key, **places)
                wait_until(lambda: wanted in text_of(owner.get("/security")[1]), 60, wanted)

            shown("is_board_unheard", name="garage")
            says("state", '{"v":1,"state":"online","boot":"0a1b2c3d"}')
            says("update/state", '{"version":"1.2.0","running":7,"taken":7,"trial":false,"refused":0,"last":"running"}')
            shown("program_current", version="1.2.0")
            assert "La carte « garage » est connectée" in text_of(owner.get("/security")[1])
            assert said("is_board_unheard", name="cave") in text_of(owner.get("/security")[1])
            assert said("is_broker_here") in text_of(owner.get("/security")[1])
            says("state", '{"v":1,"state":"lost","boot":"0a1b2c3d"}')
            shown("is_board_gone", name="garage")


def test_by_which_way_one_looks_is_said_with_the_fingerprint(tmp_path):
    """In clear it is a fault and leads to the steps; encrypted it is none; the fingerprint is what a browser shows."""
    with EncryptedHouse(tmp_path / "house") as house:
        owner, secure = house.owner(), house.secure_visitor()
        assert secure.post("/login", {"password": PASSWORD})[0].status == 303
        clear, encrypted = (text_of(one.get("/security", Accept_Language="fr")[1]) for one in (owner, secure))
        shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", house.secure)))
    assert said("is_tls_beside") in clear
    assert said("is_tls_here") in encrypted
    digits = hashlib.sha256(shown).hexdigest().upper()
    fingerprint = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    assert fingerprint in clear
    assert fingerprint in encrypted


def test_the_journals_check_is_the_one_of_the_page_sharing(new_house):
    """Unknown until somebody has had it checked; then said, with when."""
    owner = new_house.owner()
    assert "il n’a pas été vérifié" in text_of(owner.get("/security")[1])
    owner.send("/sharing/journal")
    whole = re.compile(r"Le journal a été vérifié le .* entrées sont intactes")
    wait_until(lambda: whole.search(text_of(owner.get("/security")[1])), 60, "the journal is checked")


def test_the_report_names_the_house_and_holds_no_reading(living_house, browser):
    """Dated, on paper without a button; who installed what, each point, each rule with where it stands."""
    owner = living_house.signed_in
    page = owner.get("/security/report", Accept_Language="fr")[1]
    text = text_of(page)
    for key in ("report_begun", "way_none", "report_signed", "is_password_good"):
        assert said(key, when="").rstrip(" .")[:40] in text, key
    assert all(duty.asked["fr"] in text and duty.source in text for duty in read_duties())
    assert not re.search(r"\d\s*(?:kWh|Wh|VA|W|€)\b", text)
    with closing(Archive(living_house.folder / "data")) as archive:
        numbers = [number for one in archive.meters.all() for number in (one.sensor, one.prm) if number]
    assert numbers
    assert not [number for number in numbers if number in page]
    web = f"http://127.0.0.1:{living_house.port}"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.dark(on=True, printed=True)
    try:
        browser.open(f"{web}/security/report", width=680, height=960, language="fr")
        assert browser.evaluate("document.querySelector('.on-paper').innerText").startswith("Maison «")
        assert browser.evaluate(
            "[...document.querySelectorAll('nav, form, button')].every((one) => !one.checkVisibility())"
        )
        assert browser.evaluate("document.documentElement.scrollWidth") <= 680
    finally:
        browser.dark(on=False)
