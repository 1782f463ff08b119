"""Each way tells a message, and what comes back of it is understood: taken, later, never; whatever a server does."""

import asyncio
import gzip
import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections import deque
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest

from gateway.addresses.notice import read
from gateway.notices.events import Urgency
from gateway.notices.ways import apprise, http, mail, reach, services
from gateway.notices.ways.outcome import Message, NoticeAnswer
from gateway.notices.ways.reach import Reach
from servers import free_port, wait_until
from servers.certificates import Authority
from tests.gateway.notices.services import (
    BOT,
    CANARIES,
    CHAT,
    FREE_KEY,
    FREE_USER,
    GOTIFY_TOKEN,
    MAIL_PASSWORD,
    MAIL_USER,
    TOO_MANY,
    Mails,
    Services,
)

NOW = 1_800_000_000
TEXT = "Plus que la puissance souscrite est tirée : éteignez un gros appareil."
MESSAGE = Message("linky-ab12-7", Urgency.URGENT, "Linky\u00a0: urgent", TEXT, "fr", NOW, ("overload",))


class Here(Reach):
    """The network as it is, but for this machine, where a test's servers are; names that a test gives are here too."""

    def __init__(self, authority=None, **ports):
        self.authority, self.ports = authority, ports

    async def numbers(self, host, port, *, tls, outside=False):
        return ["127.0.0.1"]

    def may_be_met(self, number):
        return True

    async def context(self):
        context = await super().context()
        context.load_verify_locations(self.authority)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """An authority of these tests."""
    return Authority(tmp_path_factory.mktemp("authority")).create()


def told(address, here=None, message=MESSAGE):
    """What comes of a message at an address."""
    where = read(address)
    tell = (
        mail.tell(here or Here(), where, message)
        if where.kind == "mail"
        else services.tell(here or Here(), where, message, NOW)
    )
    return asyncio.run(tell)


# ---- what is told, and its answers ---------------------------------------------------------------------------------


def test_a_webhook_gets_the_text_and_a_signature_by_which_it_can_check_it():
    """The form of apprise's json://, the same number each time; HMAC-SHA256 of the second and the body."""
    with Services() as server:
        outcome = told(f"json://user:pa%2Fss@here.local:{server.port}/hook?sign=canary-key")
        (name, headers, body), *_ = server.asked
    assert (outcome.answer, name) == (NoticeAnswer.DONE, "webhook")
    said = json.loads(body)
    assert (said["message"], said["title"], said["id"]) == (TEXT, "Linky\u00a0: urgent", "linky-ab12-7")
    assert (said["level"], said["events"], said["time"]) == ("urgent", ["overload"], NOW)
    time_of, _, made = headers["X-Linky-Signature"].partition(",v1=")
    assert made == hmac.new(b"canary-key", time_of[2:].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["Authorization"] == "Basic dXNlcjpwYS9zcw=="


def test_what_stands_behind_the_question_mark_of_a_webhook_is_the_other_sides():
    """Jeedom's key and scenario, say; the key of the signature stays here."""
    asked = []
    with Services() as server:
        real = server.answer
        server.answer = lambda path, *rest: (asked.append(path), real(path, *rest))[1]
        assert told(f"json://here.local:{server.port}/api.php?apikey=a%26b&id=3&sign=canary").answer.value == "done"
    assert asked == ["/api.php?apikey=a%26b&id=3"]


@pytest.mark.parametrize(
    ("address", "service"),
    [
        (f"gotify://here.local:PORT/{GOTIFY_TOKEN}", "gotify"),
        (f"gotify://here.local:PORT/below/{GOTIFY_TOKEN}", "gotify"),
        ("json://here.local:PORT/", "webhook"),
    ],
)
def test_a_service_of_the_house_takes_the_text_once(address, service):
    """With its key in a header, never in the query."""
    with Services() as server:
        assert told(address.replace("PORT", str(server.port))).answer is NoticeAnswer.DONE
        assert [(name, said["message"]) for name, said in server.told] == [(service, TEXT)]


@pytest.fixture
def outside(authority, tmp_path, monkeypatch):
    """Free Mobile and Telegram, with TLS, at their own names."""
    names = ("smsapi.free-mobile.fr", "api.telegram.org")
    found = {}
    servers = []
    for name in names:
        server = Services(certificate=authority.issue(name, tmp_path)).__enter__()
        servers.append(server)
        found[name] = server
    real = services.request

    def request(address, message, now):
        post = real(address, message, now)
        port = found[post.host].port if post.host in found else post.port
        return http.Post(post.host, port, post.tls, post.path, post.body, post.headers)

    monkeypatch.setattr(services, "request", request)
    yield {"free": found[names[0]], "telegram": found[names[1]], "here": Here(authority.certificate)}
    for server in servers:
        server.__exit__()


def test_free_mobile_and_telegram_are_told_by_post_with_tls(outside):
    """The key is in the body; a wrong one is a refusal with what to do about it."""
    assert told(f"freemobile://{FREE_USER}@{FREE_KEY}", outside["here"]).answer is NoticeAnswer.DONE
    assert [said["msg"] for _, said in outside["free"].told] == [TEXT]
    assert told(f"tgram://{BOT}/{CHAT}", outside["here"]).answer is NoticeAnswer.DONE
    ((_, said),) = outside["telegram"].told
    assert (said["chat_id"], said["text"], said["disable_notification"]) == (CHAT, f"{MESSAGE.title}\n{TEXT}", False)
    refused = [
        told(f"freemobile://{FREE_USER}@canaryFREEKEY1", outside["here"]),
        told(f"tgram://{BOT[:-4]}AAAA/{CHAT}", outside["here"]),
        told(f"tgram://{BOT}/5551234", outside["here"]),
    ]
    assert [one.answer for one in refused] == [NoticeAnswer.REFUSED] * 3
    assert "Notifications par SMS" in refused[0].why.in_language("fr")
    for outcome in refused:
        assert not any(canary in f"{outcome.why.in_every_language()}" for canary in (*CANARIES, "canary"))


def test_each_service_says_for_how_long_it_wants_no_more(outside):
    """Free's 402 names no time, Telegram's 429 does in its answer; Retry-After in seconds or as a date."""
    here = outside["here"]
    outside["free"].answers["free"] = deque([(402, {}, b"")])
    free = told(f"freemobile://{FREE_USER}@{FREE_KEY}", here)
    outside["telegram"].answers["telegram"] = deque([(429, {}, TOO_MANY)])
    telegram = told(f"tgram://{BOT}/{CHAT}", here)
    with Services() as server:
        found = []
        for value in ("120", "Fri, 15 Jan 2027 08:05:00 GMT", "nonsense", "-1", "9" * 30):
            server.answers["webhook"] = deque([(503, {"Retry-After": value}, b"")])
            found.append(told(f"json://here.local:{server.port}/").after_s)
    assert (free.answer, free.after_s) == (NoticeAnswer.AGAIN, 600.0)
    assert (telegram.answer, telegram.after_s) == (NoticeAnswer.AGAIN, 35.0)
    assert datetime.fromtimestamp(NOW, UTC).isoformat() == "2027-01-15T08:00:00+00:00"
    assert found == [120.0, 300.0, None, None, None]


@pytest.mark.parametrize(
    ("status", "answer"),
    [(200, "done"), (202, "done"), (204, "done"), (301, "refused"), (302, "refused"), (307, "refused"),
     (400, "refused"), (401, "refused"), (403, "refused"), (404, "again"), (408, "again"), (410, "refused"),
     (413, "refused"), (425, "again"), (429, "again"), (500, "again"), (502, "again"), (503, "again"), (599, "again")],
)  # fmt: skip
def test_what_a_status_means(status, answer):
    """2xx done; 408, 425, 429, 5xx again; all other 4xx never, and no redirect is followed.

    At home a webhook that is not found yet may be about to start.
    """
    with Services() as server, Services() as elsewhere:
        server.answers["webhook"] = deque([(status, {"Location": f"http://127.0.0.1:{elsewhere.port}/"}, b"")])
        assert told(f"json://here.local:{server.port}/").answer.value == answer
        assert (len(server.asked), len(elsewhere.asked)) == (1, 0)


@pytest.fixture(scope="session")
def ntfy_program():
    """Debian's ntfy."""
    found = shutil.which("ntfy")
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian package that is not installed: ntfy")
    return found


@contextmanager
def running_ntfy(program, folder):
    """A real ntfy server in which one user may write."""
    port, users = free_port(), folder / "users.db"
    (folder / "server.yml").write_text(
        f'base-url: "http://127.0.0.1:{port}"\nlisten-http: "127.0.0.1:{port}"\nauth-file: "{users}"\n'
        f'auth-default-access: "deny-all"\ncache-file: "{folder / "cache.db"}"\nvisitor-request-limit-burst: 5\n'
        "visitor-request-limit-replenish: 1h\nvisitor-subscription-limit: 30\n"
    )
    config = ["--config", str(folder / "server.yml")]
    with (folder / "ntfy.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", *config], stdout=log, stderr=log)
        try:
            wait_until(lambda: users.exists() and _accepts(port), 30, "ntfy listens")
            subprocess.run(
                [program, "user", *config, "add", "--role=admin", "house"],
                check=True, capture_output=True, env={"NTFY_PASSWORD": "canary-house", "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
            yield port
        finally:
            process.terminate()
            process.wait()


def _accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def test_debians_ntfy_shows_the_text_and_its_limit_is_kept(ntfy_program, tmp_path):
    """Title, text and priority as a subscriber gets them; a stranger is refused, too many are told to come later."""
    with running_ntfy(ntfy_program, tmp_path) as port:
        address = f"ntfy://house:canary-house@here.local:{port}/linky-3f2a"
        outcomes = [told(address, message=MESSAGE) for _ in range(2)]
        refused = told(f"ntfy://here.local:{port}/linky-3f2a")
        login = "Basic aG91c2U6Y2FuYXJ5LWhvdXNl"
        question = urllib.request.Request(
            f"http://127.0.0.1:{port}/linky-3f2a/json?poll=1", headers={"Authorization": login}
        )
        with urllib.request.urlopen(question, timeout=60) as answer:
            heard = [json.loads(line) for line in answer.read().splitlines()]
    assert [one.answer for one in outcomes] == [NoticeAnswer.DONE] * 2
    assert refused.answer is NoticeAnswer.REFUSED
    assert [(one["title"], one["message"], one["priority"]) for one in heard] == [("Linky\u00a0: urgent", TEXT, 5)] * 2


# ---- mail ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def post_office(authority, tmp_path):
    """A mail server with TLS and a password."""
    with Mails(authority.issue("smtp.maison.test", tmp_path)) as server:
        login = f"{MAIL_USER.replace('@', '%40')}:{MAIL_PASSWORD.replace('/', '%2F')}"
        to = "anne@maison.test,paul@maison.test"
        server.address = f"mailtos://{login}@smtp.maison.test:{server.port}?from={MAIL_USER}&to={to}"
        server.here = Here(authority.certificate)
        yield server


def test_a_mail_goes_over_tls_to_all_of_its_addresses_once(post_office):
    """Subject, text in UTF-8, a number that is the same each time, and no holiday answers to it."""
    assert told(post_office.address, post_office.here).answer is NoticeAnswer.DONE
    (mail_,) = post_office.came
    assert mail_.get_content().strip() == TEXT
    assert (mail_["Subject"], mail_["To"]) == ("[urgent] Linky\u00a0: urgent", "anne@maison.test, paul@maison.test")
    assert (mail_["Message-ID"], mail_["Auto-Submitted"]) == ("<linky-ab12-7@maison.test>", "auto-generated")


@pytest.mark.parametrize(("code", "answer"), [("550 no such mailbox", "refused"), ("451 greylisted", "again")])
def test_what_a_mail_server_says_to_a_recipient_is_understood(post_office, code, answer):
    """5xx never, 4xx later."""
    post_office.refuses = code
    assert told(post_office.address, post_office.here).answer.value == answer
    assert not post_office.came


def test_a_mailbox_that_is_refused_among_others_is_named(post_office):
    """The others have it: it was told."""
    post_office.refuses = {"paul@maison.test": "550 no such mailbox"}
    outcome = told(post_office.address, post_office.here)
    assert (outcome.answer, len(post_office.came)) == (NoticeAnswer.DONE, 1)
    assert str(outcome.why).endswith("refuses these mailboxes: paul@maison.test")


def test_a_server_that_wants_no_login_says_so(authority, tmp_path):
    """Another sentence than where there is no encryption."""
    with Mails(authority.issue("smtp.maison.test", tmp_path), tls=False) as clear:
        outcome = told(f"mailto://me:canary@here.local:{clear.port}?from=a@b.test")
    assert outcome.answer is NoticeAnswer.REFUSED
    assert "name and password" in str(outcome.why)


def test_a_wrong_password_and_a_server_without_tls_are_refused_and_nothing_leaves(post_office, authority, tmp_path):
    """And none of it is in the sentence."""
    wrong = told(post_office.address.replace("canary-secret", "canary-wrong"), post_office.here)
    with Mails(authority.issue("smtp.maison.test", tmp_path), tls=False) as clear:
        address = post_office.address.replace(f":{post_office.port}?", f":{clear.port}?")
        no_tls = told(address, post_office.here)
        assert not clear.came
    assert (wrong.answer, no_tls.answer) == (NoticeAnswer.REFUSED, NoticeAnswer.REFUSED)
    assert "canary" not in f"{wrong.why.in_every_language()}{no_tls.why.in_every_language()}"


def test_a_certificate_of_nobody_is_not_trusted(post_office):
    """By neither mail nor HTTP: it may be right again later."""

    class Trusting(Here):
        async def context(self):
            return await Reach.context(self)

    assert told(post_office.address, Trusting()).answer is NoticeAnswer.AGAIN
    assert not post_office.came


# ---- servers that do anything -------------------------------------------------------------------------------------


@contextmanager
def rude(behave):
    """A server that does that with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve():
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=_rudely, args=(behave, connection, ended), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        ended.set()
        server.close()


def _rudely(behave, connection, ended):
    with connection, suppress(OSError):
        behave(connection, ended)


def _endless(connection, ended):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not ended.is_set():
        connection.sendall(b"x" * 65536)


def _drips(connection, ended):
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
        connection.sendall(bytes((byte,)))
        if ended.wait(0.2):
            return


def _says(text):
    def behave(connection, _ended):
        connection.recv(65536)
        connection.sendall(text)

    return behave


def _mute(_connection, ended):
    ended.wait(60)


@pytest.mark.parametrize(
    ("behave", "answer"),
    [
        (_endless, "done"),
        (_says(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 10_000_000), "done"),
        (_says(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"), "done"),
        (_says(b"HTTP/1.1 429 no\r\nContent-Type: application/json\r\n\r\n" + b"[" * 60_000), "again"),
        (_says(b'HTTP/1.1 429 no\r\n\r\n{"parameters": {"retry_after": 1e999}}'), "again"),
        (_says(b"HTTP/1.1 429 no\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"0" * 10_000_000)), "again"),
        (_says(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 5000 + b"\r\n"), "again"),
        (_says(b"HTTP/1.1 99999 x\r\n\r\n"), "again"),
        (_says(b"SSH-2.0-OpenSSH_9.2\r\n"), "again"),
        (_says(b"\x00\xff\xfe" * 100), "again"),
        (_says(b""), "again"),
    ],
)
def test_an_answer_that_is_none_or_too_much_costs_neither_memory_nor_time(behave, answer):
    """Ten megabytes, ten thousand headers, another protocol: a few kilobytes are read of it, in the loop's own time."""
    with rude(behave) as port:
        began = time.monotonic()
        assert told(f"json://here.local:{port}/").answer.value == answer
    assert time.monotonic() - began < 9


def test_a_server_that_drips_or_says_nothing_is_left_after_ten_seconds_and_the_loop_goes_on(monkeypatch):
    """All of it has one time, whatever it does between; others are not held up."""
    monkeypatch.setattr(http, "TIMEOUT_S", 1.0)
    monkeypatch.setattr(mail, "TIMEOUT_S", 1.0)

    async def scenario(port):
        beats = 0

        async def beat():
            nonlocal beats
            while True:
                await asyncio.sleep(0.01)
                beats += 1

        heart = asyncio.create_task(beat())
        ways = [services.tell(Here(), read(f"json://here.local:{port}/"), MESSAGE, NOW)]
        ways.append(mail.tell(Here(), read(f"mailto://here.local:{port}?from=a@b.test"), MESSAGE))
        outcomes = await asyncio.gather(*ways)
        heart.cancel()
        return [one.answer for one in outcomes], beats

    for behave in (_mute, _drips):
        with rude(behave) as port:
            began = time.monotonic()
            answers, beats = asyncio.run(scenario(port))
        assert answers == [NoticeAnswer.AGAIN] * 2
        assert time.monotonic() - began < 5
        assert beats > 30


def test_a_mail_server_that_talks_without_end_is_left(monkeypatch):
    """A greeting of a million lines is cut after some kilobytes."""

    def talk(connection, ended):
        while not ended.is_set():
            connection.sendall(b"220-welcome\r\n" * 1000)

    with rude(talk) as port:
        began = time.monotonic()
        assert told(f"mailto://here.local:{port}?from=a@b.test").answer is NoticeAnswer.AGAIN
    assert time.monotonic() - began < 5


# ---- where a notice may go ------------------------------------------------------------------------------------------


@pytest.fixture
def named(monkeypatch):
    """A name has these numbers."""
    behind = []

    async def found(_self, _host, port, **_):
        families = {number: socket.AF_INET6 if ":" in number else socket.AF_INET for number in behind}
        return [(family, socket.SOCK_STREAM, 6, "", (number, port)) for number, family in families.items()]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", found)
    return behind


def reached(*, tls):
    """The numbers that are tried, or what is answered instead."""

    async def ask():
        try:
            return await Reach().numbers("name.example", 80, tls=tls)
        except reach.Unreachable as error:
            return error.outcome.answer.value

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("number", "clear", "tls"),
    [
        ("127.0.0.1", False, False), ("::1", False, False), ("::ffff:127.0.0.1", False, False),
        ("169.254.169.254", False, False), ("fe80::1", False, False), ("0.0.0.0", False, False),
        ("224.0.0.1", False, False), ("192.0.2.1", False, False), ("100.64.0.1", False, True),
        ("192.168.1.20", True, True), ("10.0.0.1", True, True), ("172.16.3.4", True, True), ("fd00::5", True, True),
        ("9.9.9.9", False, True), ("2620:fe::fe", False, True),
    ],
)  # fmt: skip
def test_the_numbers_behind_a_name_decide_where_it_may_go(named, number, clear, tls):
    """Never this machine; in clear to the house alone; looked at after the name was asked for."""
    named.append(number)
    assert reached(tls=False) == ([number] if clear else "again")
    assert reached(tls=True) == ([number] if tls else "again")


def test_of_several_numbers_those_that_may_be_met_are(named):
    """A box gives its machines a public number besides, and one that no router passes on."""
    named += ["2a01:e0a:1:2::5", "fe80::5", "192.168.1.20"]
    assert reached(tls=False) == ["192.168.1.20"]
    assert reached(tls=True) == ["2a01:e0a:1:2::5", "192.168.1.20"]


def test_a_number_that_leads_nowhere_is_left_for_the_next_one(monkeypatch):
    """Where IPv6 is announced and dead, IPv4 is tried in time; by mail too."""
    monkeypatch.setattr(http, "_CONNECT_S", 0.3)
    monkeypatch.setattr(mail, "_CONNECT_S", 0.3)

    class Dead(Here):
        async def numbers(self, host, port, *, tls, outside=False):
            return ["127.0.0.2", "127.0.0.1"]

    real = asyncio.open_connection

    async def slow(number, *rest, **more):
        await asyncio.sleep(60 if number == "127.0.0.2" else 0)
        return await real(number, *rest, **more)

    monkeypatch.setattr(asyncio, "open_connection", slow)
    with Services() as server:
        assert told(f"json://here.local:{server.port}/", Dead()).answer is NoticeAnswer.DONE


def test_a_name_that_nobody_knows_is_tried_again():
    """The box may be starting."""

    async def ask():
        try:
            await Reach().numbers("no-such-name.invalid", 80, tls=False)
        except reach.Unreachable as error:
            return error.outcome.answer

    assert asyncio.run(ask()) is NoticeAnswer.AGAIN


# ---- apprise -------------------------------------------------------------------------------------------------------


def test_apprise_is_a_child_whose_arguments_say_nothing_secret(tmp_path):
    """What it is given: the address by a file that it alone reads, the text by its standard input."""
    program = tmp_path / "apprise"
    program.write_text(
        '#!/bin/sh\nprintf \'%s\\n\' "$@" > "$(dirname "$0")/words"\n'
        'cat "$2" > "$(dirname "$0")/config"\ncat > "$(dirname "$0")/text"\nexit 0\n'
    )
    program.chmod(0o755)
    outcome = asyncio.run(apprise.tell(read("apprise+pover://canary@token"), MESSAGE, f"{tmp_path}:/usr/bin:/bin"))
    assert outcome.answer is NoticeAnswer.DONE
    assert "canary" not in (tmp_path / "words").read_text()
    assert (tmp_path / "config").read_text() == "pover://canary@token\n"
    assert (tmp_path / "text").read_text() == TEXT


def test_without_apprise_the_sentence_says_what_to_install(tmp_path):
    """It is no part of the gateway."""
    outcome = asyncio.run(apprise.tell(read("apprise+pover://canary@token"), MESSAGE, str(tmp_path)))
    assert outcome.answer is NoticeAnswer.REFUSED
    assert "apt install apprise" in str(outcome.why)


def test_debians_apprise_tells_a_webhook_of_its_own(tmp_path):
    """The real program, with an address of its form; a scheme that it does not know is refused."""
    if not shutil.which("apprise"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian package that is not installed: apprise")
    with Services() as server:
        done = asyncio.run(apprise.tell(read(f"apprise+json://127.0.0.1:{server.port}/x"), MESSAGE))
        unknown = asyncio.run(apprise.tell(read("apprise+nosuchthing://canary"), MESSAGE))
        texts = [said["message"] for _, said in server.told]
    assert (done.answer, unknown.answer) == (NoticeAnswer.DONE, NoticeAnswer.REFUSED)
    assert texts == [TEXT]
