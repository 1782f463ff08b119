"""Notices on a device itself: sealed for it as the RFCs say, to the Internet alone, no more once nobody is there."""

import asyncio
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.addresses.notice import PUSH, NoticeAddress, read
from gateway.daemon.ways_at_page import PageWays
from gateway.links.alert_words import FaultKind
from gateway.notices.delivery import turn, ways
from gateway.notices.events import Urgency
from gateway.notices.ways import push, sealed
from gateway.notices.ways.outcome import MOST_PUSH, Message, NoticeAnswer
from gateway.notices.ways.reach import Reach, Unreachable
from gateway.notices.ways.services import most_characters
from harness import ROOT
from servers.certificates import Authority
from tests.gateway.daemon.test_renewal import opened
from tests.gateway.notices.push_service import MOST_BYTES, PushedBrowser, PushService
from tests.gateway.notices.test_delivery import House, live, until
from tests.gateway.notices.test_intake import alert
from tests.gateway.notices.test_ways import NOW, Here

HOST, PATH = "push.example.net", "/send/abc:D-_?token=a%2Fb"
TEXT = "Plus que la puissance souscrite est tirée : éteignez un gros appareil."
MESSAGE = Message("linky-ab12-7", Urgency.URGENT, "Linky", TEXT, "fr", NOW, ("overload",), NOW + 900)
# RFC 8291 section 5 and appendix A.
VECTOR = {
    "text": b"When I grow up, I want to be a watermelon",
    "own": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    "browser": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "private": "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
    "secret": "BTBZMqHH6r4Tts7J_aSIgg",
    "salt": "DGv6ra1nlYgDCS1FRnbzlw",
    "body": (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    ),
}


def key_of(text):
    """A private key as RFCs write it."""
    return ec.derive_private_key(int.from_bytes(sealed.decoded(text), "big"), ec.SECP256R1())


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """A service with one browser, and the address that it has given."""
    folder = tmp_path_factory.mktemp("push")
    authority = Authority(folder).create()
    private, public = sealed.new_key()
    browser = PushedBrowser(public)
    with PushService(HOST, authority.issue(HOST, folder), lambda: NOW) as service:
        service.authority = authority.certificate
        service.url = f"webpush://{browser.keys['p256dh']}:{browser.keys['auth']}.{private}@{HOST}{PATH}"
        service.browser = browser
        yield service


@pytest.fixture
def service(pushed, monkeypatch):
    """The same, with nothing told; what leaves for port 443 comes to its own."""
    real = push.request_of
    monkeypatch.setattr(push, "request_of", lambda *words: replace(real(*words), port=pushed.port))
    pushed.browsers, pushed.answer, pushed.clock = {PATH: pushed.browser}, None, lambda: NOW
    pushed.browser.told.clear()
    return pushed


def told(service, message=MESSAGE, url=None, contact="mailto:somebody@example.org"):
    """What comes of a message there."""
    reach = Here(service.authority)
    reach.contact = contact
    return asyncio.run(push.tell(reach, read(url or service.url), message, NOW))


def test_it_is_sealed_as_the_standard_shows():
    """The example of RFC 8291, byte by byte, and opened again by who it is for."""
    own, salt = key_of(VECTOR["own"]), sealed.decoded(VECTOR["salt"])
    made = sealed.sealed_with(VECTOR["text"], VECTOR["browser"], VECTOR["secret"], own, salt, 1)
    assert sealed.encoded(made) == VECTOR["body"]
    browser = PushedBrowser("", key_of(VECTOR["private"]), sealed.decoded(VECTOR["secret"]))
    assert browser.opened(made) == VECTOR["text"]


def test_neither_text_nor_length_is_seen_on_the_way():
    """Another key and salt for each, and a few lengths for all; what is longer than a service takes is refused."""
    browser = PushedBrowser("")
    rest = browser.keys["p256dh"], browser.keys["auth"]
    bodies = [sealed.sealed(b"x" * length, *rest) for length in (1, 1, 40, 400, 511, 512, sealed.MOST_BYTES)]
    assert len({body[:86] for body in bodies}) == len(bodies)
    assert [len(body) for body in bodies] == [*5 * [614], 1126, MOST_BYTES]
    assert browser.opened(bodies[-1]) == b"x" * sealed.MOST_BYTES
    with pytest.raises(ValueError, match="too long"):
        sealed.sealed(b"x" * (sealed.MOST_BYTES + 1), *rest)
    with pytest.raises(ValueError, match=r"point|curve|key"):
        sealed.sealed(b"x", "B" + "A" * 86, rest[1])


@pytest.mark.parametrize(
    ("event", "level", "urgency", "page"),
    [
        (("overload",), Urgency.URGENT, "high", "/"),
        (("meter",), Urgency.NORMAL, "normal", "/links"),
        (("objective", "base-load"), Urgency.DIGEST, "low", "/cost"),
        (("objective", "meter"), Urgency.NORMAL, "normal", "/"),
        ((), Urgency.NORMAL, "normal", "/settings/notices"),
    ],
)
def test_a_browser_is_told_what_and_how_urgent_and_where_more_is(service, event, level, urgency, page):
    """Its service verifies who sends, and learns for how long it is of use; the same twice takes one place."""
    message = replace(MESSAGE, events=event, level=level)
    assert told(service, message).answer is NoticeAnswer.DONE
    ((headers, said),) = service.browser.told
    assert (headers["Urgency"], headers["TTL"], headers["Topic"]) == (urgency, "900", "linky-ab12-7")
    assert said == {
        "title": "Linky", "text": TEXT, "lang": "fr", "tag": "linky-ab12-7", "path": page,
        "urgent": level is Urgency.URGENT,
    }  # fmt: skip
    assert not {"Cookie", "X-Linky-Id"} & headers.keys()


def test_a_topic_is_one_that_a_service_takes(service):
    """Of 32 letters at most, and of the few that may be in it (RFC 8030 §5.4): any other is refused there."""
    assert told(service, replace(MESSAGE, ident="linky-" + "é.x" * 40)).answer is NoticeAnswer.DONE
    assert service.browser.told[0][0]["Topic"] == "linky-" + "x" * 26


@pytest.mark.parametrize("contact", ["", "https://example.org"])
def test_a_service_may_be_told_whom_to_write_to(service, contact):
    """Where the project's owner has said so; else nothing is invented."""
    assert told(service, contact=contact).answer is NoticeAnswer.DONE
    token = service.browser.told[0][0]["Authorization"].removeprefix("vapid t=").partition(",")[0]
    assert (b'"sub"' in sealed.decoded(token.split(".")[1])) is bool(contact)


def test_apple_is_told_by_whom_or_the_household_why_not(pushed, monkeypatch, tmp_path):
    """Its service takes nothing from nobody; then the person reads what to do instead, and not to try again."""
    name = "web.push.apple.com"
    authority = Authority(tmp_path).create()
    with PushService(name, authority.issue(name, tmp_path), lambda: NOW) as apple:
        apple.authority, apple.browsers = authority.certificate, {PATH: PushedBrowser(pushed.browser.sender)}
        url = pushed.url.replace(HOST, name).replace(
            "{p256dh}:{auth}".format(**pushed.browser.keys), "{p256dh}:{auth}".format(**apple.browsers[PATH].keys)
        )
        real = push.request_of
        monkeypatch.setattr(push, "request_of", lambda *words: replace(real(*words), port=apple.port))
        outcome = told(apple, url=url, contact="")
        assert (list(apple.refused), outcome.answer) == (["nobody to write to"], NoticeAnswer.REFUSED)
        assert "use the ntfy app instead" in str(outcome.why)
        assert told(apple, url=url).answer is NoticeAnswer.DONE
        apple.answer = 403, {}
        assert "ntfy" not in str(told(apple, url=url).why), "there it is something else"


def test_the_longest_text_fits(service):
    """As many characters as it is cut to, each of four bytes."""
    long = replace(MESSAGE, text="\N{ELECTRIC PLUG}" * MOST_PUSH, title="Linky : ce matin")
    assert most_characters(read(service.url)) == MOST_PUSH
    assert told(service, long).answer is NoticeAnswer.DONE


@pytest.mark.parametrize(
    ("status", "headers", "answer", "gone"),
    [
        (404, {}, "refused", True), (410, {}, "refused", True), (413, {}, "refused", False),
        (403, {}, "refused", False), (301, {"Location": "https://192.168.1.1/"}, "refused", False),
        (429, {"Retry-After": "120"}, "again", False), (503, {}, "again", False),
    ],
)  # fmt: skip
def test_what_a_service_answers_is_understood(service, status, headers, answer, gone):
    """Nobody there any more; never like this; later, and when."""
    service.answer = status, headers
    outcome = told(service)
    assert (outcome.answer.value, outcome.gone) == (answer, gone)
    assert outcome.after_s == (120 if status == 429 else None)
    assert outcome.why


def test_a_key_that_is_none_is_said(service):
    """What is no point of the curve, whatever a browser gave; nothing is sent."""
    spoilt = service.url.replace(service.browser.keys["p256dh"], "B" + "A" * 86)
    assert told(service, url=spoilt).why.in_language("fr").startswith("ce que cet appareil a donné n’est pas une clé")
    assert not service.browser.told


@pytest.mark.parametrize(
    "host",
    ["localhost", "nas.local", "box.lan", "intranet", "192.168.1.1", "8.8.8.8", "[::1]", f"{HOST}:8443", "a b.fr"],
)
def test_no_browser_sends_the_gateway_into_the_house(service, host):
    """A machine of the house, a number, another port: that is no push service."""
    address = read(service.url.replace(HOST, host))
    assert not isinstance(address, NoticeAddress)
    assert service.browser.keys["auth"] not in str(address)


@pytest.mark.parametrize(
    "number", ["127.0.0.1", "192.168.1.1", "10.0.0.1", "169.254.1.1", "100.64.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
)
def test_a_name_that_leads_into_the_house_is_not_met(number):
    """Whatever a name server says of it, after it was asked."""

    async def asked():
        await Reach().numbers(number, 443, tls=True, outside=True)

    with pytest.raises(Unreachable):
        asyncio.run(asked())
    assert asyncio.run(Reach().numbers("8.8.8.8", 443, tls=True, outside=True)) == ["8.8.8.8"]


@pytest.mark.parametrize("path", ["", "/", "/a b", "/é", "/" + "x" * 1300])
def test_what_a_browser_gives_is_bounded(service, path):
    """An address without a place, with what is no address, longer than any."""
    assert not isinstance(read(service.url.partition(HOST)[0] + HOST + path), NoticeAddress)


def test_its_address_is_shown_to_nobody(service):
    """The host and its last characters; its mark says nothing of it."""
    address = read(service.url)
    assert (address.kind, address.has_secret, address.shown) == (PUSH, True, f"webpush://{HOST}/…%2Fb")
    assert address.mark not in service.url
    assert "webpush" not in str(read("hello")), "nobody types it"


def test_a_device_that_is_gone_is_told_elsewhere_and_taken_away(service, tmp_path, monkeypatch):
    """Its notices are told to it as to any other; once its browser has left, another way says so and it goes."""
    for name in ("GATHER_S", "PACE_S"):
        monkeypatch.setattr(turn, name, 0)
    monkeypatch.setattr(ways, "CLOCK_PATIENCE_S", 10**9)
    (tmp_path / "url").write_text(service.url)
    table = 'name = "push"\nurl_file = "url"\nquiet = ""\nlanguage = "en"\n'
    other = 'name = "home"\nurl = "json://192.168.1.20/x"\nquiet = ""\nevents = []\nlanguage = "en"\n'
    house = House(tmp_path, table, other)
    service.clock = time.time

    async def scenario(found):
        found._reach.authority = service.authority
        gone = []
        found.take_away = gone.append
        found.tell(alert(FaultKind.OVERLOAD, "house"))
        await until(lambda: service.browser.told, 60)
        service.browsers.clear()
        found.tell(alert(FaultKind.BREAKER, "house"))
        await until(lambda: gone, 60)
        return gone

    assert live(house, scenario) == ["push"]
    assert ("push", "breaker", "refused") in house.rows
    assert ("home", "notices") in {(way, event) for way, event, _ in house.rows}
    assert service.browser.told[0][1]["text"].startswith("The subscribed power is exceeded: switch")
    house.store.close()


def test_a_way_whose_device_is_gone_leaves_nothing(service, tmp_path):
    """Of the settings and of the secrets, by whoever found it out; the others stay."""

    async def scenario():
        async with opened(tmp_path) as gateway:
            page = PageWays(gateway.house, gateway._requests)
            await page.add("push", {"language": "fr"}, service.url)
            await page.add("push", {"language": "fr"}, "json://192.168.1.20/x")
            assert [row["name"] for row in page.listed()] == ["push", "push-2"]
            assert page.listed()[0]["mark"] == read(service.url).mark
            gateway.house.ways.take_away("push")
            secrets = tmp_path / "data/secrets"
            await until(lambda: [file.name for file in secrets.iterdir()] == ["notices_push-2"], 60)
            assert [row["name"] for row in page.listed()] == ["push-2"]

    asyncio.run(scenario())


def test_a_trial_of_a_device_that_is_gone_takes_nobody_away(service, tmp_path, monkeypatch):
    """Not even a way of the household's that is called as the trial is."""
    monkeypatch.setattr(ways, "Reach", lambda: Here(service.authority))
    service.browsers.clear()
    service.clock = time.time

    async def scenario():
        async with opened(tmp_path) as gateway:
            page, gone = PageWays(gateway.house, gateway._requests), []
            await page.add("new", {"language": "fr"}, "json://192.168.1.20/x")
            gateway.house.ways.take_away = gone.append
            answer = (await page.try_out({"language": "en"}, service.url))["answer"]
            return answer, gone, [row["name"] for row in page.listed()]

    assert asyncio.run(scenario()) == ("refused", [], ["new"])


def test_nothing_is_loaded_before_the_first_one_is_sealed():
    """Whoever is told otherwise has no use for ``cryptography``, a tenth of the gateway's memory."""
    script = "import gateway.notices.ways.push, sys; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT).returncode == 0
