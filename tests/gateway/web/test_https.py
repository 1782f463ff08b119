"""The encrypted page of a running daemon, by real TLS: the same pages, within the same bounds, with its own cookies."""

import asyncio
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from microdot import Response

from gateway.config.web import WebTable
from gateway.errors import AccessError
from gateway.upkeep.authority.certificates import make
from gateway.web.http import server as server_module
from gateway.web.http.guard import RequestGuard
from gateway.web.http.server import Server
from gateway.web.http.tls import ShownCertificate, server_context
from gateway.web.https.certificate import PageCertificate
from gateway.web.https.encrypted import EncryptedPage
from harness.house import links_of
from servers import free_port, wait_until
from tests.gateway.web.conftest import PASSWORD
from tests.gateway.web.crowd import crowd
from tests.gateway.web.encrypted import NAME, EncryptedHouse, SecureVisitor
from tests.gateway.web.test_page import stream
from tests.rights import with_own_files_only

# The beginning of a ClientHello of 508 bytes (RFC 8446 §5.1), of which no more comes.
HALF_A_HELLO = b"\x16\x03\x01\x01\xfc\x01\x00\x01\xf8\x03\x03"
HALF_OPEN = 200
LONG, SLOW_S = 400_000, 3.0


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A house with a password, whose owner is signed in, encrypted."""
    with EncryptedHouse(tmp_path_factory.mktemp("https") / "house") as house:
        house.owner()
        house.inside = house.secure_visitor()
        assert house.inside.post("/login", {"password": PASSWORD})[0].status == 303
        yield house


def https_link(house):
    """What ``status`` says of the encrypted page."""
    return links_of(house.config).get("page https")


def test_both_ways_lead_to_the_same_pages_at_once(house):
    """A browser that is signed in at both keeps both: nothing that one sets is in the other's way."""
    clear = house.visitor()
    assert clear.post("/login", {"password": PASSWORD})[0].status == 303
    both = dict(house.inside.cookies)
    both |= clear.cookies
    assert set(both) == {"linky_session", "linky_device", "__Host-linky_session", "__Host-linky_device"}
    for visitor in (clear, house.inside):
        visitor.cookies = dict(both)
        for path in ("/", "/links", "/settings", "/access"):
            assert visitor.get(path)[0].status == 200, path
        assert next(stream(visitor, 1))["meters"] is not None
        answer, _ = visitor.send("/settings/commit")
        assert answer.headers["Location"] == "/settings?done=committed"


def test_after_the_steps_there_is_a_way_back(house):
    """To the page that one came from, else to the settings, and for who is not signed in to the first page."""
    clear, inside = house.visitor(), house.inside
    for visitor, path, back in (
        (inside, "/https?to=/access", "/access"),
        (inside, "/https", "/settings"),
        (inside, "/https?to=//evil.example", "/"),
        (clear, "/https", "/"),
        (clear, "/https?to=/settings/notices", "/settings/notices"),
    ):
        for lang, word in (("fr", "Revenir à la page"), ("en", "Back to the page")):
            text = visitor.get(path, Accept_Language=lang)[1]
            main = text.partition("<main")[2].partition("</main>")[0]
            assert main.endswith(f'<a class="button second" href="{back}">{word}</a></p>'), (path, main[-200:])
    assert 'href="/https?to=/access"' in inside.get("/access")[1]


def test_the_page_of_nobody_and_the_help_say_the_same_time(house):
    """How long the gateway takes after a power cut is one figure, on the page that is kept and in the guide."""
    for lang, said in (("fr", "trois minutes"), ("en", "three minutes")):
        assert said in house.inside.get("/offline", Accept_Language=lang)[1]
        assert said in house.inside.get("/help/questions", Accept_Language=lang)[1]


def test_what_is_set_encrypted_is_never_sent_in_clear(house):
    """By the flag Secure and the prefix that a page in clear cannot set (RFC 6265bis); a link for a display, too."""
    visitor = house.secure_visitor()
    answer, _ = visitor.post("/login", {"password": PASSWORD})
    cookies = answer.headers.get_all("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert re.fullmatch(r"__Host-linky_\w+=[\w-]+; Path=/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure", cookie)
    _, text = visitor.send("/access/displays", own_password=PASSWORD, name="salon")
    link = re.search(rf"<code>https://{re.escape(visitor.host)}(/display[^<]+)</code>", text)[1]
    wall = house.secure_visitor()
    wall.get(link)
    assert set(wall.cookies) == {"__Host-linky_display"}
    assert wall.get("/display")[0].status == 200
    assert "Strict-Transport-Security" not in dict(answer.headers), "it would take the page in clear away"


def test_a_cookie_of_one_way_is_worth_nothing_at_the_other(house):
    """Whoever listens, or plants one by the page in clear, is nobody at the encrypted one."""
    session = house.inside.cookies["__Host-linky_session"]
    planted = house.secure_visitor()
    planted.cookies = {"linky_session": session}
    assert planted.get("/")[0].headers["Location"] == "/login"
    clear = house.visitor()
    clear.cookies = {"__Host-linky_session": session}
    assert clear.get("/")[0].headers["Location"] == "/login"


def test_a_form_of_the_page_in_clear_is_none_of_the_encrypted_one(house):
    """Somebody on the way could have changed it."""
    fields = {"form_token": house.inside.form_token()}
    answer, _ = house.inside.post("/settings/commit", fields, Origin=f"http://{house.inside.host}")
    assert answer.status == 403
    assert house.inside.post("/settings/commit", fields, Origin=f"https://{house.inside.host}")[0].status == 303


def test_only_who_believes_the_authority_comes_in(house):
    """By its name and its addresses; by TLS 1.3 alone; by another name nobody."""
    assert house.secure_visitor().get("/https")[0].status == 200
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        SecureVisitor(house.secure, house.https / "ca.crt", name="nas.local").get("/https")
    stranger = house.secure_visitor()
    stranger.context = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError, match=r"self.signed|local issuer"):
        stranger.get("/https")
    older = house.secure_visitor()
    older.context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match=r"PROTOCOL_VERSION|EOF"):
        older.get("/https")
    misled = house.secure_visitor()
    misled.host = f"evil.example:{house.secure}"
    assert misled.get("/https")[0].status == 421


def test_big_and_malformed_requests_are_refused_within_tls(house):
    """As in clear; the refusal arrives, although there is no half of TLS to close."""
    visitor = house.secure_visitor()
    assert visitor.post("/login", {"password": "x" * 10_000})[0].status == 413
    assert visitor.get("/", X_Long="y" * 10_000)[0].status == 431
    assert visitor.ask("PUT", "/")[0].status == 400


def test_what_is_no_tls_is_passed_over(house):
    """HTTP, a hello that lies, records of nothing, bytes of chance: the next one is let in, and nothing is logged."""
    before = house.process.log.read_text()
    for data in (
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\xff\xff" + b"\x01" * 70_000,
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x17\x03\x03\x00\x05hello" * 100,
        b"\x16\x03\x01\x00\x00" * 1000,
        b"\x80\x2e\x01\x00\x02" + b"\x00" * 50,
        bytes(range(256)) * 40,
        b"",
    ):
        with socket.create_connection(("127.0.0.1", house.secure), 20) as link:
            try:
                link.sendall(data)
                link.shutdown(socket.SHUT_WR)
                while link.recv(4096):
                    pass
            except OSError:
                pass
        assert house.inside.get("/links")[0].status == 200
    logged = house.process.log.read_text().removeprefix(before)
    assert "Traceback" not in logged
    assert not [line for line in logged.splitlines() if line.startswith(("WARNING", "ERROR"))]


def resident_mb(house):
    """The daemon's memory."""
    return int(Path(f"/proc/{house.process.pid}/statm").read_text().split()[1]) * 4096 / 1e6


def test_r16_handshakes_that_never_end_keep_nobody_out(house):
    """R16: two hundred at once, of one address: the household is answered at both ways, and memory stays bounded."""
    before = resident_mb(house)
    with crowd(house.secure, ["127.0.0.66"], HALF_OPEN, seed=9, beginning=HALF_A_HELLO) as slow:
        began = slow.began
        looks = [(house.inside.get("/")[0].status, house.visitor().get("/login")[0].status) for _ in range(10)]
        assert looks == [(200, 200)] * 10
        assert slow.began >= began
        grown = resident_mb(house) - before
    print(f"{HALF_OPEN} handshakes half open: {grown:.1f} MB")
    assert grown < 30
    wait_until(lambda: open_sockets(house) < 5, 20, "they are gone")


def open_sockets(house):
    """How many connections the daemon has at the encrypted page."""
    ended = f":{house.secure:04X} "
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(ended in row[:21] and row.split()[3] == "01" for row in rows)


def test_r16_requests_that_never_end_keep_nobody_out_of_the_encrypted_page(house):
    """R16: also of somebody who has finished the handshake."""
    links = []
    try:
        for number in range(120):
            visitor = house.secure_visitor(address="127.0.0.67")
            link = visitor.link()
            link.connect()
            link.sock.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            links.append(link)
            if number % 20 == 0:
                assert house.inside.get("/")[0].status == 200
        # The oldest of them made room for the others.
        assert links[0].sock.recv(1) == b""
    finally:
        for link in links:
            link.close()


def test_another_certificate_is_shown_without_a_restart(house):
    """Streams go on; who comes next is shown the next one, which the same authority has signed."""

    def serial():
        link = house.secure_visitor().link()
        link.connect()
        told = link.sock.getpeercert()["serialNumber"]
        link.close()
        return told

    events, first = stream(house.inside, 99), serial()
    next(events)
    house.make()
    wait_until(lambda: serial() != first, 30, "the next certificate")
    assert next(events)
    assert "is served encrypted at" not in house.process.log.read_text().partition("is served encrypted at")[2]


def test_a_certificate_that_cannot_be_read_takes_nothing_away(house):
    """The one before is shown; status says why; when it can be read again all is well."""
    file = house.https / "server.pem"
    good = file.read_bytes()
    file.write_bytes(b"-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n")
    wait_until(lambda: https_link(house)["state"] == "broken", 30, "it is said")
    assert "no certificate with its key" in https_link(house)["detail"]
    assert house.inside.get("/")[0].status == 200
    file.write_bytes(good)
    wait_until(lambda: https_link(house)["state"] == "ok", 30, "all is well")


def test_the_authority_can_be_taken_along(house):
    """Without signing in, at both ways, as a file that systems know; its fingerprint is said where it helps."""
    authority = (house.https / "ca.crt").read_text()
    for visitor in (house.visitor(), house.secure_visitor()):
        answer, text = visitor.get("/ca.crt")
        assert (answer.status, text) == (200, authority)
        assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256"],
        input=authority,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    digits = said.partition("=")[2].strip().replace(":", "")
    for command in (("page", "certificate"), ("page", "code"), ("page", "code", "--first")):
        done = house.command(*command)
        assert digits in (done.stdout + done.stderr).replace(" ", "").replace("\n", ""), command
    assert digits in https_link(house)["detail"].replace(" ", "")
    assert digits in house.visitor().get("/https")[1].replace(" ", "")
    told = house.folder / "welcome.json"
    house.command("page", "welcome", "--to", told)
    assert json.loads(told.read_text())["fingerprint"].replace(" ", "") == digits
    assert json.loads(told.read_text())["encrypted"] == f"https://{NAME}:{house.secure}"


@pytest.mark.parametrize(
    ("origin", "heard"),
    [("http://localhost:8080", True), ("http://192.168.1.20", True), ("http://evil.example", False), ("null", False),
     ("https://localhost", False), ("http://localhost/x", False), (None, False)],
)  # fmt: skip
def test_only_the_gateways_own_page_hears_whether_it_is_believed(house, origin, heard):
    """Another site in the household's browser learns nothing."""
    answer, _ = house.secure_visitor().get("/https/seen", **({"Origin": origin} if origin else {}))
    assert answer.status == 204
    assert (answer.headers["Access-Control-Allow-Origin"] == origin) is heard or not heard
    assert ("Access-Control-Allow-Origin" in answer.headers) is heard


def test_a_house_without_a_certificate_is_served_in_clear_alone(tmp_path):
    """And says how to make one; once it is made it is served, without a restart."""
    with EncryptedHouse(tmp_path / "house", listens=False) as house:
        visitor = house.visitor()
        text = visitor.get("/https", Accept_Language="en")[1]
        assert "nobody has made a certificate yet" in text
        assert "sudo linky-gateway page certificate" in text
        assert visitor.get("/ca.crt")[0].status == 404
        assert https_link(house) is None
        done = house.command("page", "certificate", "--lang", "fr")
        assert (done.returncode, done.stderr) == (0, "")
        assert NAME in done.stdout
        wait_until(lambda: house.says("the page is served encrypted"), 30, "it is served")
        assert house.secure_visitor().get("/setup")[0].status == 200
        again = house.command("page", "certificate", "--again").stdout
        assert again.partition("SHA-256")[2].splitlines()[1:3] == done.stdout.partition("SHA-256")[2].splitlines()[1:3]


def test_a_certificate_that_has_ended_is_said(tmp_path):
    """In status, with what to do; it is shown all the same: who trusts the authority is told by the browser."""
    with EncryptedHouse(tmp_path / "house", now=datetime(2024, 5, 1, tzinfo=UTC)) as house:
        link = https_link(house)
        assert link["state"] == "broken"
        assert "ended on 2025-05-31" in link["detail"]
        assert "page certificate --again" in link["detail"]
        assert "expiré le 31/05/2025" in link["detail_fr"]
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            house.secure_visitor().get("/https")
        assert house.visitor().get("/https")[0].status == 200


def test_in_clear_it_leads_to_the_encrypted_page_where_that_is_wanted(tmp_path):
    """Or to the steps to it; what needs no secret stays; while nothing is encrypted the page in clear is the page."""
    with EncryptedHouse(tmp_path / "house", extra='http = "redirect"\n', listens=False) as house:
        clear = house.visitor()
        assert clear.get("/")[0].headers["Location"] == "/setup"
        house.make()
        wait_until(lambda: house.says("the page is served encrypted"), 30, "it is served")
        for path, led in (
            ("/", "/https?to=/"),
            ("/cost?period=year", "/https?to=/cost%3Fperiod%3Dyear"),
            ("/setup", "/https?to=/"),
        ):
            assert (clear.get(path)[0].status, clear.get(path)[0].headers["Location"]) == (303, led)
        assert clear.post("/login", {"password": PASSWORD})[0].headers["Location"] == "/https?to=/"
        answer, _ = clear.get("/metrics?x=1")
        # By the number that it was called by, if its certificate is good for that, else by its name.
        assert (answer.status, answer.headers["Location"]) == (308, f"https://{NAME}:{house.secure}/metrics?x=1")
        assert f'href="https://{NAME}:{house.secure}/cost"' in clear.get("/https?to=/cost")[1]
        # There is no way back in clear: at the end of the steps stands the way on.
        end = clear.get("/https?to=/cost")[1].rpartition("<p")[2]
        assert f'href="https://{NAME}:{house.secure}/cost"' in end
        for path in ("/https", "/ca.crt", "/manifest.webmanifest", "/offline"):
            assert clear.get(path)[0].status == 200
        assert house.secure_visitor().get("/")[0].headers["Location"] == "/setup"


def test_a_taken_port_leaves_the_page_in_clear(tmp_path):
    """It is said, and tried again."""
    house = EncryptedHouse(tmp_path / "house", listens=False)
    house.make()
    with socket.create_server(("127.0.0.1", house.secure)), house:
        wait_until(lambda: house.says(f"port {house.secure} of 127.0.0.1 cannot be had"), 30, "it is said")
        assert house.visitor().get("/setup")[0].status == 200
        assert https_link(house)["state"] == "broken"
        text = house.visitor().get("/https", Accept_Language="en")[1]
        assert "cannot be had" in text
        assert "sudo linky-gateway" not in text, "another certificate would be no help"


class NobodyAtHome(RequestGuard):
    """A door as it is for an address of the Internet: all of those here are at home."""

    def admits(self, _):
        return False


def test_who_is_not_at_home_gets_no_handshake(tmp_path):
    """Not a byte: what could be told would have to be encrypted first."""
    make(tmp_path, (NAME,), (), datetime.now(UTC))
    context, port = server_context(tmp_path / "server.pem", tmp_path / "server.pem"), free_port()

    async def run():
        server = Server(None, NobodyAtHome(frozenset()))
        server.start_tls("127.0.0.1", port, context)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.timeout(20):
                return await reader.read()
        finally:
            writer.close()
            await server.stop()

    assert asyncio.run(run()) == b""


class Maker:
    """Says what a certificate should be good for, and counts who asks for one."""

    def __init__(self, folder, names, addresses):
        self.folder, self.names, self.addresses = folder, frozenset(names), frozenset(addresses)
        self.asked, self.fault, self.makes = 0, None, False

    def wanted(self):
        return self.names, self.addresses

    async def make(self):
        self.asked += 1
        if self.fault:
            raise self.fault
        if self.makes:
            make(self.folder, sorted(self.names), self.addresses, datetime(2026, 11, 29, tzinfo=UTC))
        return True


def test_it_is_renewed_in_time_and_when_names_change(tmp_path):
    """After 300 of its 397 days, by the right time alone; at once for another name or address; a refusal is said."""
    made = datetime(2026, 1, 1, tzinfo=UTC)
    make(tmp_path, ("linky.local", "linky.home.arpa"), ("192.168.1.20", "fd12::20"), made)
    maker = Maker(tmp_path, ["linky.local"], ["192.168.1.20", "fd12::20"])
    known = PageCertificate(WebTable(), tmp_path, tmp_path, maker)
    assert known.look()
    assert not known.look(), "nothing has changed"

    def asked(now):
        before = maker.asked
        asyncio.run(known.renew(now))
        return maker.asked - before

    assert [asked(made + timedelta(days=days)) for days in (0, 298, 300, 500)] == [0, 0, 1, 1]
    assert asked(made - timedelta(days=30)) == 1, "made by a clock that was ahead"
    assert asked(None) == 0, "nobody knows the time"
    maker.names |= {"linky-2.local"}
    assert asked(None) == 1
    maker.names, maker.addresses = frozenset({"linky.local"}), frozenset({"192.168.1.21"})
    maker.fault = AccessError("the helper said no")
    assert asked(made) == 1
    assert "the helper said no" in str(known.fault(made))
    maker.fault = None
    asked(made)
    assert not known.fault(made)
    assert str(known.fault(made - timedelta(days=9))).endswith("good from 2025-12-31 only")


def test_a_certificate_of_the_administrators_is_shown_and_never_made(tmp_path):
    """Its key in a file of its own; what is wrong with either is said with its name."""
    make(tmp_path / "theirs", ("linky.local",), (), datetime.now(UTC))
    pem = (tmp_path / "theirs/server.pem").read_text()
    key, _, certificate = pem.partition("-----BEGIN CERTIFICATE-----")
    (tmp_path / "key.pem").write_text(key)
    (tmp_path / "full.pem").write_text("-----BEGIN CERTIFICATE-----" + certificate)
    maker = Maker(tmp_path, ["other.local"], [])
    known = PageCertificate(
        WebTable(certificate_file="full.pem", key_file="key.pem"), tmp_path, tmp_path / "https", maker
    )
    assert known.look()
    asyncio.run(known.renew(datetime.now(UTC)))
    assert (maker.asked, known.authority) == (0, None)
    (tmp_path / "key.pem").unlink()
    assert not known.look()
    assert str(known.fault(None)) == f"{tmp_path}/key.pem: cannot be read: No such file or directory"
    assert known.context is not None
    (tmp_path / "key.pem").write_text(key)
    with with_own_files_only():
        (tmp_path / "key.pem").chmod(0)
        assert not known.look()
        assert "Permission denied" in str(known.fault(None))
        (tmp_path / "key.pem").chmod(0o600)
        assert known.look(), "rights are no part of what a file says"
    assert not known.fault(None)


@pytest.mark.parametrize(
    ("names", "given", "called", "host"),
    [
        (["*.maison.example"], ["compteur.maison.example"], "", "compteur.maison.example"),
        (["*.maison.example"], ["compteur.maison.example"], "pi.maison.example", "pi.maison.example"),
        (["*.maison.example"], ["compteur.maison.example"], "a.b.maison.example", "compteur.maison.example"),
        (["*.maison.example"], [], "192.168.1.20", "192.168.1.20"),
        (["*.maison.example"], [], "", None),
        (["linky.home.arpa", "linky.local"], [], "", "linky.local"),
        (["linky.home.arpa", "linky.local"], [], "linky.home.arpa", "linky.home.arpa"),
        (["linky.home.arpa", "linky.local"], [], "linky", "linky.local"),
    ],
)
def test_nobody_is_led_to_a_name_that_is_none(tmp_path, names, given, called, host):
    """A certificate for all names below one, as ACME by DNS gives them, is believed by each of them."""
    known = PageCertificate(WebTable(names=tuple(given)), tmp_path, tmp_path, None)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    known.shown = ShownCertificate(frozenset(names), frozenset(), "", since, since + timedelta(days=90))
    assert known.host(called) == host


def test_of_two_machines_of_one_name_each_says_its_own(tmp_path):
    """The second is found as linky-2.local, which its certificate says as well: nobody is led to the first one."""
    make(tmp_path, ("linky.local", "linky-2.local"), (), datetime.now(UTC))
    certificate = PageCertificate(WebTable(), tmp_path, tmp_path, None)
    certificate.look()
    page = EncryptedPage(certificate, ("127.0.0.1", 8443), time.time)
    assert page.where("linky-2.local:8080") == {}, "it is not served yet"
    page._server = SimpleNamespace(speaks_tls=True)
    assert page.where("linky-2.local:8080")["encrypted"] == "https://linky-2.local:8443"
    assert page.where("192.168.1.20:8080")["encrypted"] == "https://linky.local:8443"


def test_while_the_helper_is_busy_all_else_goes_on(tmp_path):
    """It may be for ten minutes; a refusal is no failure of this part, and is asked for again ever more rarely."""

    async def run():
        begun, stop, port = asyncio.Event(), asyncio.Event(), free_port()

        class Busy(Maker):
            async def make(self):
                begun.set()
                await asyncio.Event().wait()

        certificate = PageCertificate(WebTable(), tmp_path, tmp_path, Busy(tmp_path, [NAME], []))
        page, server = (
            EncryptedPage(certificate, ("127.0.0.1", port), time.time),
            Server(None, NobodyAtHome(frozenset())),
        )
        page.join(server)
        running = asyncio.create_task(page.run(stop))
        async with asyncio.timeout(20):
            await begun.wait()
            served = page.is_served
            stop.set()
            await running
        return served, page.is_served

    make(tmp_path, (NAME,), (), datetime(2020, 1, 1, tzinfo=UTC))
    assert asyncio.run(run()) == (True, False)


class OneAnswer:
    """A site with one page, as long as a history over years."""

    app = None

    def knows(self, _):
        return None

    async def answer(self, _):
        return Response("x" * LONG, 200, {"Content-Type": "text/plain"})


@pytest.mark.parametrize("way", ["clear", "encrypted"])
def test_a_browser_that_is_slow_is_given_all_of_it(tmp_path, monkeypatch, way):
    """Weak Wi-Fi, a phone that is carried around: by TLS as in clear it has 20 s for what was written last."""
    make(tmp_path, (NAME,), (), datetime.now(UTC))
    # As small as a router's, so that the kernel keeps little of it for the browser.
    listen = server_module._listen

    def small(*where):
        listening = listen(*where)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        return listening

    monkeypatch.setattr(server_module, "_listen", small)
    ports = {"clear": free_port(), "encrypted": free_port()}

    def visit():
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        link.settimeout(20)
        link.connect(("127.0.0.1", ports[way]))
        if way == "encrypted":
            context = ssl.create_default_context(cafile=tmp_path / "ca.crt")
            link = context.wrap_socket(link, server_hostname=NAME)
        with link:
            link.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            # The one wait of a test that is of being slow: longer than a server that loses patience would have.
            threading.Event().wait(SLOW_S)
            taken = 0
            while piece := link.recv(65_536):
                taken += len(piece)
        return taken

    async def run():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        server = Server(OneAnswer(), RequestGuard(frozenset({"localhost"})))
        await server.start("127.0.0.1", ports["clear"])
        server.start_tls(
            "127.0.0.1", ports["encrypted"], server_context(tmp_path / "server.pem", tmp_path / "server.pem")
        )
        try:
            return await asyncio.to_thread(visit)
        finally:
            await server.stop()

    faults = []
    assert asyncio.run(run()) > LONG
    assert faults == []


def test_at_a_first_start_it_follows_the_network_and_the_clock(tmp_path):
    """Names, addresses and time are looked at each minute; what was made is given five, a refusal ever longer."""
    maker = Maker(tmp_path, ["linky.local"], [])
    certificate = PageCertificate(WebTable(), tmp_path, tmp_path, maker)
    page = EncryptedPage(certificate, ("127.0.0.1", 1), lambda: datetime(2026, 11, 29, tzinfo=UTC).timestamp())

    async def passes(seconds):
        """What was asked for in so many seconds from now on, looked at each ten of them."""
        before = maker.asked
        for _ in range(0, seconds, 10):
            passes.now += 10
            page._renew(passes.now)
            if page._renewal:
                await asyncio.wait({page._renewal})
            certificate.look()
        return maker.asked - before

    passes.now = 0.0
    maker.makes = True

    async def run():
        assert await passes(10) == 1, "at once"
        assert await passes(600) == 0
        maker.addresses = frozenset({"192.168.1.20"})
        assert await passes(80) == 1, "a cable, within a minute"
        maker.fault, maker.addresses = AccessError("no"), frozenset({"192.168.1.21"})
        assert await passes(400) == 1
        assert await passes(86_400) < 12
        maker.fault = None
        assert await passes(86_400) == 1

    asyncio.run(run())


def test_a_port_that_nobody_has_chosen_is_no_fault(tmp_path):
    """Another program has had 8443 for years: it is said, and nobody is woken for it."""
    make(tmp_path, (NAME,), (), datetime.now(UTC))
    certificate = PageCertificate(WebTable(), tmp_path, tmp_path, None)
    certificate.look()
    with socket.create_server(("127.0.0.1", 0)) as other:
        for chosen, state in ((False, "waiting"), (True, "broken")):
            page = EncryptedPage(certificate, other.getsockname(), time.time, chosen=chosen)
            page._open(Server(None, NobodyAtHome(frozenset())))
            (link,) = page.links(time.monotonic())
            assert (link.state, "cannot be had" in str(link.detail)) == (state, True)
