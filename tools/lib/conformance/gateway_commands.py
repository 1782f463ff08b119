"""The points of gateways and providers that need no consent: discovery, commands, refusals, requests, errors."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from conformance.checks import Checks
from conformance.gateway_peer import EVERYDAY, INVENTED, GatewayPeer
from conformance.points import LeftError, WrongError
from conformance.replies import ABSENT, IqReply, command, query
from gateway.federation.connection.disco import INFO, ITEMS
from gateway.federation.wire.form import COMMANDS, DATA
from gateway.federation.wire.stanza import OURS, QUOALISE, RECEIPTS
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

CHECKS: Final = Checks()
_FEATURES = (QUOALISE, OURS, RECEIPTS)
_QUOALISES = ("get_history", "subscribe", "unsubscribe")
_OWN = ("list_series", "request_access", "my_access")
# What a request is refused without, and with instead of what it should hold.
_REQUIRED = tuple("identifier granularity until purpose controller contact privacy role retention".split())
_WRONG = {
    "granularity": "PT7M",
    "until": "tomorrow",
    "history_from": "yesterday",
    "privacy": "somewhere",
    "role": "king",
    "retention": "long",
    "push": "perhaps",
}
_NOT_NOW = ("forbidden", "resource-constraint")
_MOST_ENTRIES = 50
_STATES = {
    f"{{{OURS}}}consent": {"valid", "waiting", "limited", "expired", "withdrawn", "erased"},
    f"{{{OURS}}}request": {"pending", "granted", "refused", "expired"},
}


def recent() -> tuple[str, str]:
    """The hour until now: what a consent gives, it gives of this one."""
    now = time.time()
    start, end = (datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") for at in (now - 3600, now))
    return start, end


@CHECKS.of("C1", "G P")
async def commands_are_answered(peer: GatewayPeer) -> str | None:
    """Those of quoalise, without a form: whatever it answers, it knows them."""
    return await _must_know(peer, _QUOALISES)


@CHECKS.of("C1", "G")
async def own_commands_are_answered(peer: GatewayPeer) -> str | None:
    """Ours as well."""
    return await _must_know(peer, _OWN)


async def _must_know(peer: GatewayPeer, nodes: Iterable[str]) -> None:
    for node in nodes:
        reply = await peer.command(node)
        if reply.condition in ABSENT | {"item-not-found"}:
            raise WrongError(f"{node}: {reply.words}")


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
    """Those of quoalise, each with a name for people and the address where it is asked; none that is hidden."""
    listed = await _listed(peer, _QUOALISES)
    if hidden := sorted(listed.keys() & {"health", "update"}):
        raise WrongError(f"listed: {', '.join(hidden)}")
    for node, item in listed.items():
        if not item.get("name") or item.get("jid", "").lower() != peer.jid.lower():
            raise WrongError(f"{node} is listed with the name {item.get('name')!r}, at {item.get('jid')!r}")
    return None


@CHECKS.of("C3", "G")
async def own_commands_are_listed(peer: GatewayPeer) -> str | None:
    """Ours as well."""
    await _listed(peer, _OWN)
    return None


async def _listed(peer: GatewayPeer, wanted: Iterable[str]) -> dict[str, ET.Element]:
    found = (await peer.ask(query(ITEMS, COMMANDS), "get")).answered
    listed = {item.get("node", ""): item for item in found.iter(f"{{{ITEMS}}}item")}
    if missing := sorted(set(wanted) - listed.keys()):
        raise WrongError(f"not listed: {', '.join(missing)}")
    return listed


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
        title = reply.command.findtext(f"{{{DATA}}}x/{{{DATA}}}title") or ""
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
    span = recent()
    asked = [*(peer.name(path) for path in EVERYDAY), peer.name(INVENTED), peer.nobodys(EVERYDAY[0])]
    refusals: dict[str, IqReply] = {}
    for name in asked:
        reply = await peer.history(name, *span)
        if not reply.succeeded:
            refusals[name] = reply.must_refuse("not-authorized", "auth")
    peer.closed = [name for name in asked[: len(EVERYDAY)] if name in refusals]
    if not peer.closed:
        raise LeftError("the account has a consent to every series that was tried: nothing that exists is closed to it")
    _must_be_alike(refusals.values())
    return None


@CHECKS.of("C7", "G P")
async def a_refused_subscription_tells_nothing(peer: GatewayPeer) -> str | None:
    """Likewise of what is to be pushed."""
    if not peer.closed:
        raise LeftError("nothing that exists is closed to the account")
    refusals = []
    for name in (*peer.closed, peer.name(INVENTED), peer.nobodys(EVERYDAY[0])):
        reply = await peer.command("subscribe", {"identifier": name})
        if reply.succeeded:
            # Another consent gives it, to be pushed alone, or the branch has it.
            await peer.command("unsubscribe", {"identifier": name})
        else:
            refusals.append(reply.must_refuse("not-authorized", "auth"))
    _must_be_alike(refusals)
    return None


def _must_be_alike(refusals: Iterable[IqReply]) -> None:
    different = {reply.refusal: reply.words for reply in refusals}
    if len(different) > 1:
        raise WrongError("; ".join(different.values()))


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
    """Each that is needed is missing once, and each that can be wrong is."""
    good = request_fields(peer)
    tries = [({name: value for name, value in good.items() if name != var}, var) for var in _REQUIRED]
    tries += [(good | {var: value}, var) for var, value in _WRONG.items()]
    for fields, var in tries:
        reply = await peer.command("request_access", fields)
        if reply.condition in _NOT_NOW:
            raise LeftError(f"the gateway takes no request of this account now: {reply.words}")
        if var not in reply.must_refuse("bad-request", "modify").text:
            raise WrongError(f"the field {var} is not named: {reply.text}")
    return None


@CHECKS.of("C9", "G")
async def a_request_opens_nothing(peer: GatewayPeer) -> str | None:
    """After it the same is refused as before, and the same request has the same number."""
    name = request_fields(peer)["identifier"]
    before = await peer.history(name, *recent())
    if before.succeeded:
        raise LeftError(f"the account may have {name} already: that a request opens nothing cannot be seen")
    before.must_refuse("not-authorized", "auth")
    first, second = await requested(peer), await _request(peer)
    if first.get("id") != second.get("id"):
        raise WrongError(f"the same request got the numbers {first.get('id')} and {second.get('id')}")
    if first.get("state") not in ("pending", "refused", "expired"):
        raise WrongError(f"the request is {first.get('state')!r} before anybody answered it")
    (await peer.history(name, *recent())).must_refuse("not-authorized", "auth")
    (await peer.command("subscribe", {"identifier": name})).must_refuse("not-authorized", "auth")
    return None


async def requested(peer: GatewayPeer) -> ET.Element:
    """The request for access of this run: made once, so that it is one, however soon the household answers it.

    LeftError where none is taken, WrongError where none is told.
    """
    if peer.request is None:
        peer.request = await _request(peer)
    return peer.request


async def _request(peer: GatewayPeer) -> ET.Element:
    reply = await peer.command("request_access", request_fields(peer))
    if reply.condition in _NOT_NOW:
        raise LeftError(f"the gateway takes no request of this account now: {reply.words}")
    request = reply.must_succeed().command.find(f"{{{OURS}}}request")
    if request is None:
        raise WrongError("the answer to a request has no <request>")
    return request


@CHECKS.of("C11", "G")
async def my_access_is_the_askers(peer: GatewayPeer) -> str | None:
    """The request that was made stands there, and the consent; nothing in a state that there is not, and 50 of each."""
    await requested(peer)
    access = (await peer.command("my_access")).must_succeed().command.find(f"{{{OURS}}}access")
    if access is None:
        raise WrongError("the answer has no <access>")
    for entry in access:
        if entry.get("state") not in _STATES.get(entry.tag, ()):
            raise WrongError(f"{entry.tag.partition('}')[2]} {entry.get('id')} is {entry.get('state')!r}")
    for tag in _STATES:
        if (count := len(access.findall(tag))) > _MOST_ENTRIES:
            raise WrongError(f"{count} {tag.partition('}')[2]}s are shown")
    asked = request_fields(peer)["identifier"]
    if not any(_is_of_same(asked, entry.get("series", "")) for entry in access.findall(f"{{{OURS}}}request")):
        raise WrongError(f"the request for {asked} is not there")
    valid = [one.get("series", "") for one in access.findall(f"{{{OURS}}}consent") if one.get("state") == "valid"]
    if peer.series and not any(_has(one, peer.series) or _has(peer.series, one) for one in valid):
        raise WrongError(f"no valid consent to {peer.series} is there")
    return "its own; that nobody else's are there needs --other"


@CHECKS.of("C11", "G")
async def my_access_is_nobody_elses(peer: GatewayPeer) -> str | None:
    """Another account is shown neither the request nor the consent of this one."""
    if peer.other is None:
        raise LeftError("needs another account: --other")
    await requested(peer)
    own = _access(await peer.command("my_access"))
    others = _access(IqReply(await peer.other.ask(peer.jid, command("my_access"), peer.patience)))
    if seen := sorted(own & others):
        raise WrongError(f"another account is shown {seen[0][0]} {seen[0][1]} of this one")
    return "its own, and nobody else's"


def _access(reply: IqReply) -> set[tuple[str, str]]:
    """What an answer shows: what it is, and its number. It may be refused to who has nothing."""
    if reply.condition == "not-authorized":
        return set()
    shown = reply.must_succeed().command.iterfind(f"{{{OURS}}}access/*")
    return {(one.tag.partition("}")[2], one.get("id", "")) for one in shown}


def _has(branch: str, series: str) -> bool:
    """Whether a branch has a series, by their paths: which form of name each has is the gateway's affair."""
    return parse_identifier(branch).covers(parse_identifier(series).path)


def _is_of_same(asked: str, series: str) -> bool:
    """Whether two names end in the same path; which form each has is the gateway's affair."""
    return parse_identifier(asked).path == parse_identifier(series).path


@CHECKS.of("C25", "G P")
async def unsubscribe_succeeds(peer: GatewayPeer) -> str | None:
    """Of what nobody has allowed, whether it exists or not, and again."""
    for name in (peer.name(INVENTED), *peer.closed[:1]):
        for time_ in ("once", "twice"):
            reply = await peer.command("unsubscribe", {"identifier": name})
            if not reply.succeeded:
                raise WrongError(f"{time_}: {reply.words}")
    return None


@CHECKS.of("C34", "G")
async def health_is_hidden(peer: GatewayPeer) -> str | None:
    """The answer is that to a command that there is not; ``update``, which the same may ask, is hidden likewise."""
    nothing = (await peer.command("no_such_command")).must_refuse("item-not-found", "cancel")
    hidden = [(node, await peer.command(node)) for node in ("health", "update")]
    for node, reply in hidden:
        if not reply.succeeded and _all_of(reply) != _all_of(nothing):
            raise WrongError(f"{node}: {reply.words}; a command that there is not: {nothing.words}")
    if any(reply.succeeded for _, reply in hidden):
        raise LeftError("the household lets this account ask for health")
    return None


def _all_of(reply: IqReply) -> tuple[str | None, str, str]:
    return reply.answered.get("type"), reply.lang, reply.refusal


@CHECKS.of("C36", "G P")
async def errors_are_those_of_the_table(peer: GatewayPeer) -> str | None:
    """What is tried of them: no such command, no consent, a field that is wrong, a page that is not known."""
    (await peer.command("no_such_command")).must_refuse("item-not-found", "cancel")
    (await peer.command("unsubscribe", {"identifier": "nothing"})).must_refuse("bad-request", "modify")
    if not peer.series:
        return "no such command, a wrong field; the others need --series"
    start, end = recent()
    for name, *span in ((peer.series, start[:19], end), (peer.series, end, start)):
        (await peer.history(name, *span)).must_refuse("bad-request", "modify")
    if peer.closed:
        (await peer.history(peer.closed[0], start, end)).must_refuse("not-authorized", "auth")
    # A provider has no catalogue: that is the same answer.
    (await peer.command("list_series", {"after": "nowhere"})).must_refuse("item-not-found", "cancel")
    return _OTHERS


@CHECKS.of("C36", "G")
async def errors_of_a_gateway_are_those_of_the_table(peer: GatewayPeer) -> str | None:
    """A command in an ``iq`` of type get, and a page of the history that is not known."""
    asked = ET.Element(f"{{{COMMANDS}}}command", {"node": "my_access", "action": "execute"})
    (await peer.ask(asked, "get")).must_refuse("bad-request", "modify")
    if peer.series:
        start, end = recent()
        fields = {"identifier": peer.series, "start_time": start, "end_time": end}
        reply = await peer.command("get_history", fields, page=(10, "nowhere"))
        reply.must_refuse("item-not-found", "cancel")
    return _OTHERS


_OTHERS = "forbidden, resource-constraint and what fails by itself nobody brings about from here"
