"""The page of a running daemon, by real HTTP: what is shown to whom, and what nobody gets."""

import gzip
import html
import json
import re
import socket
import time
from pathlib import Path
from statistics import median

import pytest

from harness.house import links_of
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD

FORMS = ("/login", "/logout", "/access/password", "/access/displays", "/access/displays/remove")
PERSONAL = {"meter", "subscribed_va", "tariff", "broken", "alert", "breaker", "phases"}
# From each of these a contract can be read; a French or an English page would name it so.
PERSONAL |= {"tariff_kind", "tariff_index", "tempo_today", "tempo_tomorrow", "tempo_red_left", "cost_today_cents"}
CONTRACT = re.compile(
    r"tari|tempo|heures (?:creuses|pleines)|peak|€|kva|souscrit|subscribed|bleu|rouge|coût", re.IGNORECASE
)


def state(text):
    """What a page was told at first."""
    return json.loads(html.unescape(re.search(r'data-state="([^"]*)"', text)[1]))


def first_event(answer_text):
    return json.loads(answer_text.removeprefix("data: "))


def test_r1_nothing_is_served_before_a_password_was_set(new_house):
    """R1: there is no password at first; every page leads to its setting, every form but that answers 403."""
    visitor = new_house.visitor()
    for path in ("/", "/links", "/access", "/display", "/display?token=x", "/login"):
        answer, _ = visitor.get(path)
        assert (answer.status, answer.headers["Location"]) == (303, "/setup"), path
    assert visitor.get("/events")[0].status == 401
    assert [visitor.post(path, {"password": ""})[0].status for path in FORMS] == [403] * len(FORMS)
    assert "page code" in visitor.get("/setup")[1]


def test_r1_the_password_is_set_with_the_code_of_the_device_and_cannot_be_skipped(new_house):
    """R1: not without the code, not a short one, not two different ones; then one is signed in."""
    visitor, code = new_house.visitor(), new_house.code()
    good = {"code": code, "password": PASSWORD, "again": PASSWORD}
    for wrong, status in (
        ({"password": "short", "again": "short"}, 400),
        ({"password": "", "again": ""}, 400),
        ({"again": PASSWORD + "x"}, 400),
        ({"code": "AAAA-AAAA-AAAA"}, 403),
        ({"code": ""}, 403),
    ):
        assert visitor.post("/setup", good | wrong)[0].status == status, wrong
        assert visitor.get("/")[0].status == 303
    answer, _ = visitor.post("/setup", good)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert visitor.get("/")[0].status == 200
    assert new_house.visitor().post("/setup", good)[0].status == 403, "a code is good for one password"


def test_r2_of_twenty_wrong_passwords_fifteen_are_not_even_tried(new_house):
    """R2: they are refused with 429 and the time to wait; the right one has to wait as well."""
    new_house.owner()
    visitor = new_house.visitor()
    tried = [visitor.post("/login", {"password": f"wrong-password-{n}"})[0] for n in range(20)]
    assert [answer.status for answer in tried] == [403] * 5 + [429] * 15
    assert 0 < int(tried[-1].headers["Retry-After"]) <= 60
    assert visitor.post("/login", {"password": PASSWORD})[0].status == 429


def test_r3_a_change_of_the_password_signs_everybody_out(new_house):
    """R3: the old one is asked for; the other browser is out, the one that changed it is in again with a new cookie."""
    owner = new_house.owner()
    other = new_house.owner()
    before = owner.cookies["linky_session"]
    wanted = {"password": PASSWORD[::-1], "again": PASSWORD[::-1]}
    assert owner.send("/access/password", old="not-the-password", **wanted)[0].status == 403
    assert other.get("/")[0].status == 200
    assert owner.send("/access/password", old=PASSWORD, **wanted)[0].status == 303
    assert other.get("/")[0].status == 303
    assert owner.cookies["linky_session"] != before
    assert "mot de passe est changé" in owner.get("/access?changed=1")[1]
    assert new_house.visitor().post("/login", {"password": PASSWORD})[0].status == 403


def test_r8_no_secret_is_written_anywhere(new_house):
    """R8: neither the password nor the code nor a display's token nor a cookie is in the log, verbose as it is."""
    code = new_house.code()
    owner = new_house.visitor()
    owner.post("/setup", {"code": code, "password": PASSWORD, "again": PASSWORD})
    _, text = owner.send("/access/displays", own_password=PASSWORD, name="salon")
    token = re.search(r"token=([\w-]+)", text)[1]
    new_house.visitor().get(f"/display?token={token}")
    owner.post("/login", {"password": PASSWORD + "?"})
    assert new_house.process.stop() == 0
    written = b"".join(file.read_bytes() for file in new_house.folder.rglob("*") if file.is_file())
    secrets = (PASSWORD, code, token, owner.cookies["linky_session"])
    assert not [secret for secret in secrets if secret.encode() in written]


def test_r12_one_port_is_open_and_it_is_the_configured_one(new_house):
    """R12: the daemon listens there and nowhere else."""
    sockets = {str(fd.readlink()) for fd in Path(f"/proc/{new_house.process._process.pid}/fd").iterdir()}
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    # Columns of proc(5): local address, state (0A is listening), inode.
    ports = [int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    assert ports == [new_house.port]


def test_r13_a_form_of_another_site_is_refused(new_house):
    """R13: without the token of the session, with another one's, or from another origin: nothing changes."""
    owner = new_house.owner()
    fields = {"name": "salon", "own_password": PASSWORD, "form_token": owner.form_token()}
    assert owner.post("/access/displays", {"name": "salon"})[0].status == 403
    assert owner.post("/access/displays", fields | {"form_token": "x" * 43})[0].status == 403
    assert owner.post("/access/displays", fields, Origin="http://evil.com")[0].status == 403
    assert owner.post("/access/displays", fields, Origin="null")[0].status == 403
    assert owner.post("/access/displays", fields, Sec_Fetch_Site="cross-site")[0].status == 403
    assert "salon" not in owner.get("/access")[1]
    assert new_house.visitor().post("/login", {"password": PASSWORD}, Origin="http://evil.com")[0].status == 403
    without = fields | {"own_password": "somebody at an open page"}
    assert owner.post("/access/displays", without, Origin=f"http://{owner.host}")[0].status == 403
    assert "salon" not in owner.get("/access")[1]
    assert owner.post("/access/displays", fields, Origin=f"http://{owner.host}")[0].status == 200


def test_r13_every_answer_forbids_what_is_not_of_the_page(living_house):
    """R13: by the policy of the page itself; there is no inline script or style; no script reads the cookie."""
    owner = living_house.signed_in
    for path in ("/", "/history", "/cost", "/links", "/access", "/display", "/login", "/setup", "/nowhere"):
        answer, text = owner.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?! src=\"/static/)|<style| style=| on\w+=", text), path
    again = living_house.visitor()
    cookie = again.post("/login", {"password": PASSWORD})[0].headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    third = living_house.visitor()
    proxied = third.post("/login", {"password": PASSWORD}, Origin=f"https://{third.host}")[0]
    assert "; Secure" in proxied.headers["Set-Cookie"]
    assert living_house.visitor(host="evil.com").get("/login")[0].status == 421


def test_r20_the_page_names_no_other_host(living_house):
    """R20: nothing of it is loaded from elsewhere or tells anybody anything; it works without the Internet."""
    owner = living_house.signed_in
    texts = [owner.get(path)[1] for path in ("/", "/links", "/access", "/display", "/login")]
    files = set(re.findall(r'(?:src|href)="(/static/[^"]+|/manifest[^"]+)"', "".join(texts)))
    texts += [text for path in files if isinstance(text := owner.get(path)[1], str)]
    hosts = re.findall(r"(?:https?:)?//[\w.-]+", "".join(texts))
    assert set(hosts) <= {"http://www.w3.org"}, "the name space of SVG is no address"


def test_the_stream_is_the_object_of_the_live_feed_within_a_second(living_house):
    """Each frame of the meter comes by itself, with all keys of the contract and the phases."""
    owner = living_house.signed_in
    contract = Path(__file__).parents[3].joinpath("gateway", "live", "README.md").read_text()
    example = json.loads(re.search(r"```json\n(\{.*?\})\n```", contract, re.DOTALL)[1])
    events = list(stream(owner, 4))
    assert [event["page"] for event in events] == [state(owner.get("/")[1])["page"]] * 4
    (meter,) = events[-1]["meters"]
    assert meter.keys() == example.keys() | {"phases"}
    assert median(event["meters"][0]["age_s"] for event in events) < 1
    assert [phase["phase"] for phase in meter["phases"]] == [1, 2, 3]
    assert all(phase["v"] > 200 for phase in meter["phases"])
    assert (meter["tempo_today"], meter["subscribed_va"]) == ("blue", 6000)
    assert len({event["meters"][0]["time"] for event in events}) >= 3


def stream(visitor, count, path="/events"):
    """The first events of a stream."""
    link = visitor.link()
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    link.request("GET", path, headers={"Host": visitor.host, "Cookie": cookies})
    answer = link.getresponse()
    try:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        while count:
            line = answer.readline().decode()
            assert line, "the stream ended"
            if line.startswith("data: "):
                count -= 1
                yield json.loads(line.removeprefix("data: "))
    finally:
        answer.close()
        link.close()


def test_a_display_sees_its_page_and_nothing_else(living_house):
    """By a link that is shown once; the address that stays on the screen has no token; a removed one is out at once."""
    owner = living_house.signed_in
    _, text = owner.send("/access/displays", own_password=PASSWORD, name="salon")
    link = html.unescape(re.search(r"<code>http://[^/]+(/display[^<]+)</code>", text)[1])
    wall = living_house.visitor()
    answer, _ = wall.get(link)
    assert (answer.status, answer.headers["Location"]) == (303, "/display")
    answer, text = wall.get("/display")
    assert answer.status == 200
    assert state(text)["meters"][0]["meter"] == "house"
    assert {wall.get(path)[0].status for path in ("/", "/links", "/access")} == {303}
    assert wall.post("/access/displays", {"name": "x"})[0].status == 403
    events = stream(wall, 99)
    next(events)
    assert owner.send("/access/displays/remove", name="salon")[0].status == 303
    with pytest.raises(AssertionError, match="the stream ended"):
        list(events)
    assert wall.get("/display")[0].headers["Location"] == "/login?to=/display"
    assert wall.get("/events")[0].status == 401


def test_a_public_place_is_told_nothing_personal(living_house):
    """A guest's link gives less whatever is asked for; so does ``?guest=1`` for anybody: nothing of the contract."""
    owner = living_house.signed_in
    _, text = owner.send("/access/displays", own_password=PASSWORD, name="mairie", kind="guest")
    hall = living_house.visitor()
    answer, _ = hall.get(html.unescape(re.search(r"<code>http://[^/]+(/display[^<]+)</code>", text)[1]))
    assert answer.headers["Location"] == "/display?guest=1"
    for visitor, path in ((hall, "/display"), (hall, "/display?guest=1"), (owner, "/display?guest=1")):
        (meter,) = state(visitor.get(path)[1])["meters"]
        assert not meter.keys() & PERSONAL
        assert meter["drawn_va"] is not None
        for lang in ("fr", "en"):
            assert CONTRACT.findall(visitor.get(path, Accept_Language=lang)[1]) == [], (path, lang)
    for visitor, path in ((hall, "/events"), (owner, "/events?guest=1")):
        (event,) = stream(visitor, 1, path)
        assert not event["meters"][0].keys() & PERSONAL
        assert event["shown"][0].keys() == {"power", "unit", "gauge", "load", "giving", "panels"}
        assert CONTRACT.findall(json.dumps(event, ensure_ascii=False)) == []
    # What is looked for is there at home.
    assert CONTRACT.findall(owner.get("/display")[1])


@pytest.mark.parametrize(
    ("lang", "password", "device"),
    [("fr", "Votre mot de passe", "Cet appareil"), ("en", "Your password", "This device")],
)
def test_whose_password_is_asked_for_and_where_one_signs_out(living_house, lang, password, device):
    """The link of a display is made by one's own password; signing out stands under this device, not under another."""
    _, text = living_house.owner().get("/access", Accept_Language=lang)
    assert f'<label>{password}<input name="own_password"' in text
    section = re.search(r"<section><h2>([^<]+)</h2>(?:(?!<section>).)*?action=\"/logout\"", text)
    assert section[1] == device


def test_each_link_is_said_with_the_doctors_sentence(living_house, new_house):
    """A meter that is not plugged in: its link is broken, the doctor says why and what to do, in both languages."""
    text = living_house.signed_in.get("/links")[1]
    assert "Tout fonctionne." in text
    assert "Les données arrivent sans erreur." in text
    owner = new_house.owner()
    wait_until(lambda: "en défaut" in owner.get("/links")[1], 30, "the broken port")
    text = html.unescape(owner.get("/links")[1])
    assert "Le port n’existe pas" in text
    assert "Que faire" in text
    assert "The port does not exist" in html.unescape(owner.get("/links?lang=en")[1])


def test_the_language_is_the_browsers_until_somebody_chooses(living_house):
    """French where nothing is said; the choice is remembered."""
    visitor = living_house.visitor()
    for accepted, language in (
        ("", "fr"),
        ("de, en;q=0.8, fr;q=0.7", "en"),
        ("fr-FR,fr,en;q=0.5", "fr"),
        ("en;q=x", "fr"),
    ):
        assert f'<html lang="{language}">' in visitor.get("/login", Accept_Language=accepted)[1], accepted
    assert '<html lang="en">' in visitor.get("/login?lang=en", Accept_Language="fr")[1]
    assert '<html lang="en">' in visitor.get("/login", Accept_Language="fr")[1]


def test_the_first_load_is_small(living_house):
    """The page and its files are at most 150 kB unpacked, in ten requests; over the wire: ``test_packing``."""
    owner = living_house.signed_in
    _, text = owner.get("/")
    files = sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text)))
    # Of pictures those that a browser shows; that of a home screen is fetched when somebody puts it there.
    files = [path for path in files if ".png" not in path]
    plain = {path: owner.get(path)[1].encode() for path in files}
    packed = sum(len(gzip.compress(data)) for data in plain.values())
    total = len(text.encode()) + sum(map(len, plain.values()))
    print(f"first load: {1 + len(files)} requests, {total} bytes, {len(text.encode()) + packed} with the files packed")
    assert total <= 150_000
    assert len(files) + 1 <= 10
    answer = raw(living_house, files[0])
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]


def raw(house, path):
    """The headers of a file for a browser that unpacks."""
    import http.client

    link = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    link.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = link.getresponse()
    assert gzip.decompress(answer.read())
    link.close()
    return answer


def test_a_port_that_is_taken_keeps_no_meter_from_being_read(new_house, tmp_path):
    """The second daemon says once in its log what to look for, and goes on."""
    from tests.gateway.web.conftest import House

    second = House(tmp_path / "second", "/nowhere/tty")
    second.config.write_text(second.config.read_text().replace(str(second.port), str(new_house.port)))
    second.process.start()
    try:
        wait_until(lambda: "is another program there" in second.process.log.read_text(), 20, "the port is taken")
        assert second.process.log.read_text().count("ERROR gateway.web.page") == 1
        assert second.process.stop() == 0
    finally:
        second.process.__exit__()


def test_a_damaged_password_file_closes_the_page_and_nothing_else(new_house):
    """It is not served as if there were no password; the status and the command say what to do."""
    new_house.owner()
    assert new_house.process.stop() == 0
    (new_house.folder / "data" / "page.json").write_bytes(b"{")
    new_house.process.start()

    def page():
        return links_of(new_house.folder / "gateway.toml").get("page", {})

    wait_until(lambda: page().get("state") == "broken", 20, "the page is closed", every=0.3)
    assert "remove it, start again" in page()["detail"]
    assert new_house.command("page", "code").returncode == 77
    with pytest.raises(ConnectionRefusedError):
        new_house.visitor().get("/")


def test_a_change_that_cannot_be_kept_is_said(new_house):
    """A card that cannot be written: nothing is changed, the old password still fits, no traceback is seen."""
    owner = new_house.owner()
    (new_house.folder / "data" / "page.json.draft").mkdir()
    answer, text = owner.send("/access/displays", own_password=PASSWORD, name="salon")
    assert answer.status == 500
    assert "Rien n’est changé" in text
    wanted = {"old": PASSWORD, "password": PASSWORD[::-1], "again": PASSWORD[::-1]}
    assert owner.send("/access/password", **wanted)[0].status == 500
    assert new_house.visitor().post("/login", {"password": PASSWORD})[0].status == 303
    log = new_house.process.log.read_text()
    assert "nothing was changed" in log
    assert "Traceback" not in log


def test_the_daemon_stops_in_time_with_a_page_open(new_house):
    """A stream that would go on for ever is ended, and a browser that has connected and asks nothing; no traceback."""
    import socket

    owner = new_house.owner()
    silent = socket.create_connection(("127.0.0.1", new_house.port))
    events = stream(owner, 2)
    next(events)
    begun = time.monotonic()
    assert new_house.process.stop() == 0
    assert time.monotonic() - begun < 5
    assert "Traceback" not in new_house.process.log.read_text()
    events.close()
    silent.close()


def test_a_code_needs_a_page_and_a_running_gateway(new_house, tmp_path):
    """Otherwise one sentence says what is missing."""
    from gateway.commands.main import main

    bare = tmp_path / "bare.toml"
    bare.write_text('[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n')
    assert main(["page", "code", "--config", str(bare)]) == 78
    assert new_house.process.stop() == 0
    assert main(["page", "code", "--config", str(new_house.config)]) == 77


def test_a_visitor_who_says_nothing_is_no_traceback_at_the_end(new_house):
    """A browser opens connections that it may never use; the gateway stops all the same, and quietly."""
    with socket.create_connection(("127.0.0.1", new_house.port), timeout=20):
        # It has been let in before the next one is answered.
        assert new_house.visitor().get("/setup")[0].status == 200
        assert new_house.process.stop() == 0
    assert "Traceback" not in new_house.process.log.read_text()
    assert "a visitor was sent away" in new_house.process.log.read_text()
