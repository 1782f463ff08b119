"""A peer's nonsense fails its point; what was found before, and what comes after, stands."""

import asyncio
from xml.etree import ElementTree as ET

import msgspec
import pytest

from conformance import __main__ as tool
from conformance import (
    gateway_answers,
    gateway_commands,
    gateway_delivery,
    gateway_history,
    gateway_household,
    gateway_pushes,
)
from conformance.checks import Check, Checks
from conformance.connection import CLIENT
from conformance.gateway_peer import GatewayPeer
from conformance.gateway_pushes import Pushed
from conformance.options import parser
from conformance.points import Findings, LeftError, PointOutcome, WrongError, points
from conformance.recipient_peer import RecipientPeer
from conformance.replies import IqReply
from gateway.config.tables import FederationTable
from gateway.errors import FederationError
from gateway.federation.connection.session import Account, Stanza
from gateway.federation.wire.form import (
    Answer,
    Command,
    RequestError,
    ResultPage,
    build_page,
    build_result,
)
from gateway.federation.wire.stanza import OURS, SENML
from gateway.senml.naming import NameForm
from gateway.words.phrase import same
from harness.accounts import FAR, HOME
from tests.tools.conformance.lying import mark, on
from tests.tools.conformance.model import Gateway, Peer

SERIES = "maison:sen1.test/ab12:sen1.test/consumption/power/apparent/raw"
HELD = {point.number: point for point in points()}


class Saying(GatewayPeer):
    """A gateway that answers each command with what stands in ``answers``, without a line."""

    def __init__(self, answers):
        super().__init__(None, f"{HOME}/proxy", SERIES)
        self.answers = answers

    async def ask(self, payload, kind="set", lang="en"):
        said = self.answers.get(payload.get("node"), Answer())
        return said(lang) if callable(said) else answer(said)


def answer(said, lang="en", title="Done"):
    """The whole stanza of an answer."""
    stanza = ET.Element(f"{{{CLIENT}}}iq", {"type": "result", "{http://www.w3.org/XML/1998/namespace}lang": lang})
    stanza.append(build_result(Command("x", "execute", "", {}, None), lang, same(title), said))
    return IqReply(stanza)


def fields(**said):
    """An answer's form."""
    return Answer(tuple((name, same(name), value) for name, value in said.items()))


def catalogue(bt="946684800", first="2026-03-01T00:00:00Z", last="2026-03-01T01:00:00Z"):
    """A catalogue of one series with one sample."""
    found = ET.Element(f"{{{OURS}}}catalogue")
    words = {"name": SERIES, "first": first, "last": last, "granularities": "raw"}
    one = ET.SubElement(found, f"{{{OURS}}}series", words)
    pack = ET.SubElement(ET.SubElement(one, f"{{{OURS}}}sample", {"invented": "true"}), f"{{{SENML}}}sensml")
    ET.SubElement(pack, f"{{{SENML}}}senml", {"bn": SERIES, "bt": bt, "u": "VA", "v": "1"})
    return Answer((), [found])


def found_of(number, peer, part=gateway_delivery):
    """What one check says of a peer."""
    checks, findings = Checks(), Findings()
    checks.all = [check for check in part.CHECKS.all if check.number == number][:1]
    asyncio.run(checks.make("G", peer, findings))
    return findings.of(HELD[number])


def pushed(*numbers):
    """A conversation that was held, whose subscriptions said these first numbers."""
    return Pushed([answer(fields(epoch="e", first=first, last="9")) for first in numbers])


def message(interval=None):
    """A push, with or without numbers, that asks for a receipt."""
    after, last = interval or (0, 0)
    outbox = f'<outbox xmlns="urn:linky-gateway:0" epoch="e" after="{after}" last="{last}"/>' if interval else ""
    text = (
        f'<message xmlns="jabber:client"><quoalise xmlns="urn:quoalise:0"><data><meta>{outbox}</meta></data></quoalise>'
        '<request xmlns="urn:xmpp:receipts"/></message>'
    )
    return Stanza("1", "chat", f"{HOME}/proxy", HOME, "", ET.fromstring(text), None)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (catalogue(bt="x"), "a pack or a name that is none"),
        (catalogue(bt="4102444800"), "a sample is of the time 4102444800"),
        (catalogue(bt=""), "a pack or a name that is none"),
    ],
)
def test_a_sample_of_no_time_fails_its_point(said, words):
    """Resolved, and not the base time alone."""
    assert found_of("C12", Saying({"list_series": catalogue()}), gateway_history) == (PointOutcome.PASSED, "")
    outcome, told = found_of("C12", Saying({"list_series": said}), gateway_history)
    assert (outcome, told[: len(words)]) == (PointOutcome.FAILED, words)


@pytest.mark.parametrize(
    "last", ["9999-12-31T23:59:59Z", "yesterday", "2026-03-01T00:00:00", "9999-12-31T23:59:59-23:00"]
)
def test_a_moment_that_is_none_fails_its_point(last):
    """Beyond what a calendar has as well."""
    outcome, told = found_of("C28", Saying({"list_series": catalogue(last=last)}), gateway_history)
    assert outcome is PointOutcome.FAILED
    assert told.startswith(("the time ", "what came cannot be read: "))


@pytest.mark.parametrize("first", ["²", "-1", "", "1" * 16])
def test_a_number_that_is_none_fails_its_point(first):
    """In the answer to a subscription."""
    peer = Saying({})
    peer.pushed = pushed("1", "1", first)
    peer.pushed.first = peer.pushed.waiting = message((0, 1))
    peer.pushed.all = [peer.pushed.first]
    for number in ("C15", "C21"):
        outcome, told = found_of(number, peer)
        assert (outcome, "first" in told) == (PointOutcome.FAILED, True), told


def test_a_point_twice_fails_its_point():
    """Where both readings hold it twice they are the same."""
    pack = ET.fromstring(
        f'<quoalise xmlns="urn:quoalise:0"><data><sensml xmlns="{SENML}"><senml bn="{SERIES}" bt="1772326000" u="VA"'
        ' v="1"/><senml u="VA" v="1"/></sensml></data></quoalise>'
    )
    outcome, told = found_of(
        "C28",
        Saying({"list_series": catalogue(), "get_history": Answer((), [pack, build_page("1", None, 0, 2)])}),
        gateway_history,
    )
    assert (outcome, "came twice" in told) == (PointOutcome.FAILED, True)


def test_forms_without_a_point_say_nothing():
    """All alike, and nothing seen."""
    gateway = Gateway()
    gateway.stored = []
    outcome, told = found_of("C40", Peer(gateway), gateway_history)
    assert outcome is PointOutcome.LEFT, told


@pytest.mark.parametrize("number", ["C19", "C21", "C17"])
def test_what_has_no_numbers_cannot_be_tried(number):
    """An account that knows the house by a pseudonym."""
    peer = Saying({})
    peer.pushed = pushed("1", "1", "1")
    peer.pushed.first = message()
    peer.pushed.all = [peer.pushed.first]
    outcome, told = found_of(number, peer)
    assert (outcome, "monthly pseudonym" in told) == (PointOutcome.LEFT, True)


def test_where_nothing_is_closed_a_request_says_nothing():
    """The account may have all that was tried, whether the tool was told so or not."""
    for series in (SERIES, ""):
        gateway = Gateway()
        gateway.allow = lambda _: NameForm.SENML
        outcome, told = found_of("C9", Peer(gateway, series), gateway_commands)
        assert (outcome, gateway.asked) == (PointOutcome.LEFT, []), told


def test_an_answered_request_is_not_waited_for():
    """A gateway may say of the same request what became of it the last time."""
    gateway = Gateway()
    on("request_access", mark(f"{{{OURS}}}request", state="refused"))(gateway)
    peer = Peer(gateway)
    assert found_of("C9", peer, gateway_commands)[0] is PointOutcome.PASSED
    assert found_of("C10", peer, gateway_answers)[0] is PointOutcome.LEFT
    assert gateway.notices == []


@pytest.mark.parametrize(
    ("french", "english", "outcome"),
    [
        (("fr", "Accès"), ("en", "Access"), PointOutcome.PASSED),
        (("en", "Access"), ("en", "Access"), PointOutcome.PASSED),
        (("de", "Zugang"), ("en", "Access"), PointOutcome.PASSED),
        (("en", "Access"), ("fr", "Accès"), PointOutcome.FAILED),
        (("de", "Zugang"), ("fr", "Accès"), PointOutcome.FAILED),
        (("de", "Zugang"), ("it", "Accesso"), PointOutcome.FAILED),
    ],
)
def test_each_question_has_its_own_language(french, english, outcome):
    """Two that are swapped are not those that were asked."""
    said = {"fr": french, "en": english}
    peer = Saying({"request_access": lambda lang: answer(Answer(), *said[lang])})
    assert found_of("C5", peer, gateway_commands)[0] is outcome


def test_a_peer_that_pushes_without_end_is_left(monkeypatch):
    """So many are held, and not one more."""
    monkeypatch.setattr(gateway_pushes, "_MOST_PUSHES", 3)

    class Line:
        async def hear(self, fits, seconds):
            return message((0, 1))

    peer, held = Saying({}), Pushed()
    peer.connection = type("Open", (), {"line": Line()})()

    async def push():
        for _ in range(4):
            await gateway_pushes._push(peer, held, 1)

    with pytest.raises(WrongError, match="more than 3 pushes"):
        asyncio.run(push())
    assert len(held.all) == 3


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("first"), OverflowError("big")])
def test_whatever_cannot_be_read_fails_the_point_alone(error):
    """Those behind it are made."""

    async def nonsense(_peer):
        raise error

    async def well(_peer):
        return "well"

    checks, findings = Checks(), Findings()
    checks.all = [Check("C1", frozenset("G"), nonsense), Check("C2", frozenset("G"), well)]
    asyncio.run(checks.make("G", None, findings))
    assert findings.of(HELD["C1"]) == (PointOutcome.FAILED, f"what came cannot be read: {error}")
    assert findings.of(HELD["C2"]) == (PointOutcome.PASSED, "well")


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_connection_leaves_what_was_found(monkeypatch, tmp_path, capsys, done):
    """What was open has failed; where nothing was found there is the one sentence."""

    async def lost(_options, _account, _jid, _role, findings):
        if done:
            findings.add("C1", PointOutcome.PASSED, "well")
        raise FederationError("the server went away")

    monkeypatch.setattr(tool, "_try_gateway", lost)
    (tmp_path / "password").write_text("secret\n")
    words = [f"{HOME}/proxy", "--jid", FAR, "--password-file", str(tmp_path / "password"), "--as", "gateway"]
    code, told = tool.main(words), capsys.readouterr()
    if not done:
        assert (code, told.out, told.err) == (69, "", "tools/conformance: the server went away\n")
        return
    assert (code, told.err) == (1, "")
    assert "| passed | well |" in told.out
    assert "| C2 |" in told.out
    assert "failed | the connection was lost before it was tried: the server went away |" in told.out
    assert told.out.count("| passed |") == 1


def recipient():
    """The gateway that a recipient is tried with, its history full, without a session."""
    line = type("Line", (), {"account": Account(HOME, "secret")})()
    peer = RecipientPeer(type("Open", (), {"line": line})(), FAR)
    peer.history = [peer.point(1_772_324_100 + n, 480 + n) for n in range(5)]
    return peer


def asked(peer, page=None, **more):
    """A question for that history."""
    times = {"start_time": "2026-03-01T00:15:00Z", "end_time": "2026-03-01T00:15:05Z"}
    return Command("get_history", "execute", "", {"identifier": peer.name()} | times | more, page)


def test_only_what_was_asked_is_answered():
    """Of the series and the time, start included and end not."""
    peer = recipient()
    whole = asked(peer).fields
    assert peer.meant(whole) == [0, 1, 2, 3, 4]
    assert peer.meant(whole | {"end_time": "2026-03-01T00:15:03Z"}) == [0, 1, 2]
    assert peer.meant(whole | {"start_time": "2026-03-01T00:15:04Z"}) == [4]
    assert peer.meant(whole | {"identifier": peer.name().replace("power/apparent", "voltage")}) == []
    later = peer._page(asked(peer, ResultPage(10, "1")))
    assert [row.get("v") for row in later[0].iter(f"{{{SENML}}}senml")] == ["482", "483"]


@pytest.mark.parametrize("after", ["²", "x", "-1"])
def test_a_page_behind_nothing_is_refused(after):
    """As a gateway of ours refuses it."""
    peer = recipient()
    with pytest.raises(RequestError):
        peer._page(asked(peer, ResultPage(10, after)))


def test_it_listens_for_longer_than_a_gateway_gathers():
    """What a gateway pushes on after a withdrawal comes up to its default later."""
    longest = next(one.default for one in msgspec.structs.fields(FederationTable) if one.name == "batch_s")
    words = [f"{HOME}/proxy", "--jid", FAR, "--password-file", "password"]
    assert parser().parse_args(words).quiet == GatewayPeer(None, HOME).quiet > longest > 0


def test_after_a_withdrawal_it_listens_for_as_long_as_it_was_told(monkeypatch):
    """In ``test_lies.py`` a push and a live value come then."""
    monkeypatch.setattr(gateway_household, "_GRACE_S", 0.0)
    peer, listened = Peer(Gateway()), []
    peer.quiet, peer.pushed = 33, pushed("1", "1")
    peer.pushed.first = message((0, 1))
    hear = peer.line.hear

    async def hearing(fits, seconds):
        listened.append(seconds)
        return await hear(fits, seconds)

    monkeypatch.setattr(peer.line, "hear", hearing)
    assert found_of("C35", peer, gateway_household)[0] is PointOutcome.PASSED
    assert 32 < listened[-1] <= 33


def test_left_is_no_failure():
    """What cannot be tried is said so."""

    async def left(_peer):
        raise LeftError("no meter")

    checks, findings = Checks(), Findings()
    checks.all = [Check("C1", frozenset("G"), left)]
    asyncio.run(checks.make("G", None, findings))
    assert (findings.of(HELD["C1"])[0], findings.failed) == (PointOutcome.LEFT, False)
