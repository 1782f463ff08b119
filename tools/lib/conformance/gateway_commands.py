"""The points of gateways and providers that need no consent: discovery, commands, refusals, requests, errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from conformance.checks import Checks
from conformance.gateway_peer import EVERYDAY, INVENTED, GatewayPeer
from conformance.points import LeftError, WrongError
from conformance.replies import ABSENT, IqReply, query
from gateway.federation.connection.disco import INFO, ITEMS
from gateway.federation.wire.form import COMMANDS
from gateway.federation.wire.stanza import OURS, QUOALISE, RECEIPTS
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKS: Final = Checks()
_FEATURES = (QUOALISE, OURS, RECEIPTS)
# An hour of long ago.
START, END = "2021-03-01T00:00:00Z", "2021-03-01T01:00:00Z"
_STATES = {
    f"{{{OURS}}}consent": {"valid", "waiting", "limited", "expired", "withdrawn", "erased"},
    f"{{{OURS}}}request": {"pending", "granted", "refused", "expired"},
}


@CHECKS.of("C1", "G P")
async def commands_are_answered(peer: GatewayPeer) -> str | None:
    """Whatever it answers to a command without a form, it answers."""
    reply = await peer.command("get_history")
    if reply.condition in ABSENT:
        raise WrongError(reply.words)
    return None


@CHECKS.of("C2", "G")
async def features_are_said(peer: GatewayPeer) -> str | None:
    """All three; that the hash fits is looked at later, when a presence of it may have come."""
    features = {one.get("var", "") for one in (await discovered(peer)).findall(f"{{{INFO}}}feature")}
    if missing := [feature for feature in _FEATURES if feature not in features]:
        raise WrongError(f"not said: {', '.join(missing)}")
    return "the features; no presence of it came, which has the hash"


async def discovered(peer: GatewayPeer) -> ET.Element:
    """What service discovery says of it. WrongError where it says nothing."""
    found = (await peer.ask(query(INFO), "get")).answered.find(f"{{{INFO}}}query")
    if found is None:
        raise WrongError("service discovery is not answered")
    return found


@CHECKS.of("C3", "G P")
async def commands_are_listed(peer: GatewayPeer) -> str | None:
    """Those of quoalise, of a gateway ours as well; none that is hidden."""
    found = (await peer.ask(query(ITEMS, COMMANDS), "get")).answered
    nodes = {item.get("node", "") for item in found.iter(f"{{{ITEMS}}}item")}
    wanted = {"get_history", "subscribe", "unsubscribe"}
    if missing := sorted(wanted - nodes):
        raise WrongError(f"not listed: {', '.join(missing)}")
    if hidden := sorted(nodes & {"health", "update"}):
        raise WrongError(f"listed: {', '.join(hidden)}")
    return None


@CHECKS.of("C4", "G P")
async def a_form_alone_is_enough(peer: GatewayPeer) -> str | None:
    """In each of its four ways."""
    for action in ("execute", "complete"):
        for typed in (True, False):
            fields = {"identifier": peer.name(INVENTED)}
            reply = await peer.command("unsubscribe", fields, action=action, typed=typed)
            if not reply.succeeded:
                types = "with" if typed else "without"
                raise WrongError(f"unsubscribe, {action!r}, {types} types: {reply.words}")
    return None


@CHECKS.of("C5", "G")
async def languages_are_kept(peer: GatewayPeer) -> str | None:
    """Two languages: each answer is in what was asked, or in one and the same, and says so."""
    said = {}
    for lang in ("fr", "en"):
        reply = await peer.command("request_access", lang=lang)
        title = reply.command.findtext("{jabber:x:data}x/{jabber:x:data}title") or ""
        if not reply.lang:
            raise WrongError(f"asked in {lang}, the answer does not say its language")
        said[lang] = (reply.lang, title)
    languages = {lang for lang, _ in said.values()}
    if len(languages) != len({title for _, title in said.values()}):
        raise WrongError(
            f"the words {said['fr'][1]!r} and {said['en'][1]!r} are said to be {' and '.join(sorted(languages))}"
        )
    # Its own language is one: where two came, what was not asked can be in none that it speaks otherwise.
    spoken = {lang.lower().partition("-")[0] for lang in languages}
    others = [lang for lang, (answered, _) in said.items() if answered.lower().partition("-")[0] != lang]
    if len(spoken) > 1 and (len(others) == len(said) or spoken & set(others)):
        raise WrongError(f"asked in {others[0]}, the answer says that it is in {said[others[0]][0]}")
    return None if languages == {"fr", "en"} else f"in {languages.pop()} alone"


@CHECKS.of("C6", "G P")
async def nothing_is_left_unanswered(peer: GatewayPeer) -> str | None:
    """A command in a question, and what nobody knows in both kinds."""
    odd = ET.Element("{urn:example:conformance}nothing")
    for payload, kind, what in (
        (ET.Element(f"{{{COMMANDS}}}command", {"node": "get_history"}), "get", "a command in an iq of type get"),
        (odd, "get", "an unknown iq of type get"),
        (odd, "set", "an unknown iq of type set"),
    ):
        reply = await peer.ask(payload, kind)
        if reply.xml is None:
            raise WrongError(f"{what}: no answer came")
        if reply.error is None:
            raise WrongError(f"{what}: answered as if it had been done")
    return None


@CHECKS.of("C7", "G P")
async def a_refusal_tells_nothing(peer: GatewayPeer) -> str | None:
    """Of what every meter has, of what none has, and of a meter that there is not: the same words."""
    peer.consented()
    asked = [*(peer.name(path) for path in EVERYDAY), peer.name(INVENTED), peer.nobodys(EVERYDAY[0])]
    refusals: dict[str, IqReply] = {}
    for name in asked:
        reply = await peer.history(name, START, END)
        if not reply.succeeded:
            refusals[name] = reply.must_refuse("not-authorized", "auth")
    peer.closed = [name for name in asked[: len(EVERYDAY)] if name in refusals]
    if not peer.closed:
        raise LeftError("the account has a consent to every series that was tried: nothing that exists is closed to it")
    different = {reply.refusal: reply.words for reply in refusals.values()}
    if len(different) > 1:
        raise WrongError("; ".join(different.values()))
    return None


def request_fields(peer: GatewayPeer) -> dict[str, str]:
    """A request for access that says what it is; the same again within a year, so that it stays one request."""
    return {
        "identifier": peer.closed[0] if peer.closed else peer.name(EVERYDAY[0]),
        "granularity": "P1D",
        "push": "0",
        "history": "1",
        "history_from": "2021-03-01",
        "until": f"{datetime.now(UTC).year + 1}-12-31",
        "purpose": "Conformance test of linky-gateway: please refuse it, no reading is needed",
        "controller": "whoever runs the conformance test",
        "contact": peer.line.account.jid,
        "privacy": "https://conformance.invalid/privacy",
        "role": "controller",
        "retention": "P1D",
    }


@CHECKS.of("C8", "G")
async def a_wrong_field_is_named(peer: GatewayPeer) -> str | None:
    """One that is missing, one that is wrong."""
    good = request_fields(peer)
    for wrong, var in (
        ({name: value for name, value in good.items() if name != "purpose"}, "purpose"),
        (good | {"until": "tomorrow"}, "until"),
    ):
        reply = (await peer.command("request_access", wrong)).must_refuse("bad-request", "modify")
        if var not in reply.text:
            raise WrongError(f"the field {var} is not named: {reply.text}")
    return None


@CHECKS.of("C9", "G")
async def a_request_opens_nothing(peer: GatewayPeer) -> str | None:
    """After it the same is refused as before, and the same request has the same number."""
    if peer.series and not peer.closed:
        raise LeftError("nothing is closed to the account: that a request opens nothing cannot be seen (C7)")
    first, second = [(await requested(peer, request_fields(peer))) for _ in range(2)]
    if first.get("id") != second.get("id"):
        raise WrongError(f"the same request got the numbers {first.get('id')} and {second.get('id')}")
    if first.get("state") not in ("pending", "refused"):
        raise WrongError(f"the request is {first.get('state')!r} before anybody answered it")
    reply = await peer.history(request_fields(peer)["identifier"], START, END)
    reply.must_refuse("not-authorized", "auth")
    return None


async def requested(peer: GatewayPeer, fields: Mapping[str, str]) -> ET.Element:
    """Make a request for access; what it is now. LeftError where none is taken, WrongError where none is told."""
    reply = await peer.command("request_access", fields)
    if reply.condition in ("forbidden", "resource-constraint"):
        raise LeftError(f"the gateway takes no request of this account now: {reply.words}")
    request = reply.must_succeed().command.find(f"{{{OURS}}}request")
    if request is None:
        raise WrongError("the answer to a request has no <request>")
    return request


@CHECKS.of("C11", "G")
async def my_access_is_the_askers(peer: GatewayPeer) -> str | None:
    """The request that was made stands there, and nothing in a state that there is not."""
    await requested(peer, request_fields(peer))
    access = (await peer.command("my_access")).must_succeed().command.find(f"{{{OURS}}}access")
    if access is None:
        raise WrongError("the answer has no <access>")
    for entry in access:
        if entry.get("state") not in _STATES.get(entry.tag, ()):
            raise WrongError(f"{entry.tag.partition('}')[2]} {entry.get('id')} is {entry.get('state')!r}")
    asked = request_fields(peer)["identifier"]
    if not any(_is_of_same(asked, entry.get("series", "")) for entry in access):
        raise WrongError(f"the request for {asked} is not there")
    return None


def _is_of_same(asked: str, series: str) -> bool:
    """Whether two names end in the same path; which form each has is the gateway's affair."""
    return parse_identifier(asked).path == parse_identifier(series).path


@CHECKS.of("C25", "G P")
async def unsubscribe_succeeds(peer: GatewayPeer) -> str | None:
    """Of what nobody has allowed, and again."""
    for time in ("once", "twice"):
        reply = await peer.command("unsubscribe", {"identifier": peer.name(INVENTED)})
        if not reply.succeeded:
            raise WrongError(f"{time}: {reply.words}")
    return None


@CHECKS.of("C34", "G")
async def health_is_hidden(peer: GatewayPeer) -> str | None:
    """The answer is that to a command that there is not."""
    health, nothing = [await peer.command(node) for node in ("health", "no_such_command")]
    if health.succeeded:
        raise LeftError("the household lets this account ask for health")
    if (health.answered.get("type"), health.lang, health.refusal) != (
        nothing.answered.get("type"),
        nothing.lang,
        nothing.refusal,
    ):
        raise WrongError(f"health: {health.words}; a command that there is not: {nothing.words}")
    return None


@CHECKS.of("C36", "G P")
async def errors_are_those_of_the_table(peer: GatewayPeer) -> str | None:
    """What is tried of them: no such command, no consent, a wrong field, a page that is not known."""
    (await peer.command("no_such_command")).must_refuse("item-not-found", "cancel")
    if not peer.series:
        return "no such command; the others need --series"
    wrong = await peer.history(peer.series, "2021-03-01T00:00:00", END)
    wrong.must_refuse("bad-request", "modify")
    if peer.closed:
        (await peer.history(peer.closed[0], START, END)).must_refuse("not-authorized", "auth")
    # A provider has no catalogue: that is the same answer.
    (await peer.command("list_series", {"after": "nowhere"})).must_refuse("item-not-found", "cancel")
    return None
