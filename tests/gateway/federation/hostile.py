"""Stanzas that no honest client sends, seeded: too deep, too wide, of odd kinds, from odd addresses."""

import random
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import FederationError
from gateway.federation.wire.form import COMMANDS
from tests.gateway.federation.conftest import eventually, running

# What a server of today passes on, and ours shall survive; an ejabberd is sent nothing deeper.
DEEPEST = 2_000

TYPES = {
    "iq": ("get", "set", "result", "error", "", "fly"),
    "message": ("chat", "headline", "normal", "groupchat", "error", "fly"),
    "presence": ("", "subscribe", "unavailable", "error", "probe"),
}
ORIGINS = (
    "@",
    "a@b@c",
    "@sen9.test",
    "x@",
    "a b@sen9.test",
    "sen9.test/" + "r" * 1100,
    "\u202e@sen9.test",
    "a@sen9..test",
    "",
)
NAMESPACES = ("foo", "urn:quoalise:0", "http://jabber.org/protocol/commands", "urn:xmpp:ping", "jabber:iq:roster", "")


def nested(depth, name="a"):
    """So many elements, each in the one before."""
    return f"<{name}>" * depth + f"</{name}>" * depth


def payload(to, depth=600, number="shot"):
    """The first of the family: 4 kB, from an ordinary account."""
    return f"<iq type='get' to='{to}' id='{number}'><query xmlns='foo'>{nested(depth)}</query></iq>"


def relatives(seed, count, to, *, forged=False):
    """So many different ones; ``forged`` gives them addresses that no server should let through."""
    draw = random.Random(seed)
    for number in range(count):
        name = draw.choice((*TYPES, "iq", "iq"))
        kind = draw.choice(TYPES[name])
        start = f"{name} to='{to}' id='h{number}'" + (f" type='{kind}'" if kind else "")
        if forged:
            start += f" from='{draw.choice(ORIGINS)}'"
        if draw.random() < 0.2:
            start += f" xml:lang='{draw.choice(('fr', 'en', 'x' * 3000))}'"
        yield f"<{start}>{draw.choice(_BODIES)(draw)}</{name}>"


def _deep(draw):
    depth = draw.choice((19, 20, 21, 100, 600, 1500, DEEPEST - 2, draw.randrange(19, DEEPEST - 2)))
    return f"<query xmlns='{draw.choice(NAMESPACES)}'>{nested(depth, draw.choice('ab'))}</query>"


def _wide(draw):
    return f"<query xmlns='{draw.choice(NAMESPACES)}'>{'<a/>' * draw.randrange(500, 30_000)}</query>"


def _attributes(draw):
    many = "".join(f" a{n}='{n}'" for n in range(draw.randrange(500, 10_000)))
    return f"<query xmlns='foo'{many}/>"


def _names(draw):
    return "<query xmlns='foo'>" + "".join(f"<n{draw.getrandbits(64):x}/>" for _ in range(3_000)) + "</query>"


def _prefixes(draw):
    many = "".join(f" xmlns:p{n}='urn:{n}'" for n in range(draw.randrange(10, 500)))
    return f"<query xmlns='foo'{many}/>"


def _text(draw):
    letter = draw.choice(("x", "&amp;", "&#x10FFFF;", "\u202e"))
    return f"<body>{letter * draw.randrange(1, 20_000)}</body>"


def _combs(draw):
    return f"<query xmlns='foo'>{nested(18) * draw.randrange(2, 200)}</query>"


def _command(draw):
    node = draw.choice(("get_history", "subscribe", "fly"))
    inner = nested(draw.randrange(1, 50), "x")
    return f"<command xmlns='http://jabber.org/protocol/commands' node='{node}'>{inner}</command>"


_BODIES = (_deep, _deep, _deep, _wide, _attributes, _names, _prefixes, _text, _combs, _command)


async def pester(gate, start, pest, told):
    """Shoot at a program that asks a gateway for something; whether it is the same session that answers afterwards.

    Args:
        gate: the gateway's end, not running yet.
        start: starts the program, which asks the gateway.
        pest: the session of an ordinary account, not running yet.
        told: what the program has logged so far.
    """
    origins = []
    gate.session.listen(f"{{jabber:client}}iq/{{{COMMANDS}}}command", lambda asked: origins.append(asked.origin))
    async with gate, running(pest):
        with start():
            await eventually(lambda: origins and pest.connected.is_set(), 40, "a question of the program")
            for text in (payload(origins[0]), payload(origins[0], 1500), payload(origins[0])):
                pest._client.send_raw(text)
            with pytest.raises(FederationError) as last:
                await pest.request(origins[0], ET.Element("{urn:example}unheard-of"), 20)
            assert last.value.condition in {"feature-not-implemented", "service-unavailable"}
            said = told()
    assert said.count("connected to the federation") == 1, said
    assert "Traceback" not in said, said
    return origins[0]
