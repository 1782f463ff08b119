"""What is fed: each target takes bytes, and may raise only its own kind of refusal."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from fuzz.relatives import FRAMES
from gateway.errors import ArchiveError, FederationError, SenMLError
from gateway.federation.wire.fields import (
    read_confirm,
    read_granularity,
    read_identifier,
    read_limit,
    read_live,
    read_number,
    read_page,
    read_point_after,
    read_time,
)
from gateway.federation.wire.form import CommandRequest, RequestError, parse_command
from gateway.federation.wire.notice import parse_notice
from gateway.federation.wire.stanza import parse_quoalise
from gateway.journal.verify import verify
from gateway.privacy.manifest import read
from gateway.senml.naming import parse_identifier
from gateway.senml.pack import decode_json, decode_xml
from gateway.store.recorder import Recorder
from gateway.tic.clock import Choice, MeterClock
from gateway.tic.continuity import Continuity
from gateway.tic.events import Events
from gateway.tic.frame import Reader
from gateway.tic.parity import looks_8n1, strip_parity
from gateway.tic.plausibility import Plausibility
from gateway.tic.reading import Interpreter, meter_time

if TYPE_CHECKING:
    from collections.abc import Callable

_NOW = datetime(2026, 11, 25, tzinfo=UTC)

_PACKS = (
    b'[{"bn":"gw:a.test/ab12:a.test/","bt":1276020076,"bver":26,"n":"p","u":"Wh","v":120},{"n":"q","vs":"HP"}]',
    b'<sensml xmlns="urn:ietf:params:xml:ns:senml"><senml bn="urn:dev:ow:1_" bt="1276020076" n="p" u="W" v="1.5e2"/>'
    b'<senml n="d" vd="aGk"/><senml n="b" vb="true" t="-5"/></sensml>',
)
_STANZAS = (
    b'<notice xmlns="urn:linky-gateway:0" id="n1" kind="data-erased" series="a@b.c/d@b.c" first="1" last="9"/>',
    b'<quoalise xmlns="urn:quoalise:0"><data><meta><device><identifier type="prm" value="1"/></device>'
    b'<outbox xmlns="urn:linky-gateway:0" epoch="0a1b2c3d" after="1" last="9"/></meta>'
    b'<sensml xmlns="urn:ietf:params:xml:ns:senml"><senml bn="a@b.c/d@b.c/" bt="1583016600" n="x" u="VA" v="450"/>'
    b"</sensml></data></quoalise>",
    b'<command xmlns="http://jabber.org/protocol/commands" node="get_history" action="execute">'
    b'<x xmlns="jabber:x:data" type="submit"><field var="identifier"><value>urn:dev:prm:00000000000000_a</value>'
    b'</field></x><set xmlns="http://jabber.org/protocol/rsm"><max>10</max></set></command>',
)
_JOURNAL = (
    b'{"event":"{\\"epoch\\":\\"0a1b2c3d\\",\\"format\\":1,\\"key\\":\\"' + b"0" * 64 + b'\\",\\"kind\\":\\"begun\\"}",'
    b'"hash":"' + b"0" * 64 + b'","prev":"' + b"0" * 64 + b'","seq":1,"sig":"' + b"0" * 128 + b'","time":1795581752}\n'
)
_MANIFESTS = (
    b'{"archive":"linky-gateway","format":1,"made":"2026-11-25T00:00:00Z","version":"1","schema":["a"],"files":'
    b'{"tables/meter.jsonl":{"bytes":1,"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}}}',
)
_NAMES = (b"gw@sen1.test/ab12@sen1.test/consumption/power", b"urn:dev:prm:00000000000000_a/b", b"a:b.c/d:e.f/g")


class FuzzedWire:
    """The meter's wire, as one endless stream: what lasts from input to input must stay bounded."""

    def __init__(self) -> None:
        self._reader, self._interpreter = Reader(), Interpreter()
        self._clock, self._plausibility = MeterClock(), Plausibility()
        self._continuity, self._events = Continuity({}), Events({})
        self._recorder = Recorder("house", {})
        self._now = _NOW

    def feed(self, data: bytes) -> None:
        """Bytes to a batch, which is thrown away."""
        stream = strip_parity(data) if looks_8n1(data) else data
        for frame in self._reader.feed(stream):
            self._now += timedelta(seconds=1)
            choice = self._clock.choose(meter_time(frame, self._now), self._now)
            if choice is Choice.NOT_YET:
                continue
            interpretation = self._interpreter.interpret(frame, self._now, clock_wrong=self._clock.ignored)
            if interpretation is not None:
                believed = self._plausibility.check(interpretation).interpretation
                self._continuity.observe(frame.mode, believed)
                self._events.observe(believed)
                self._recorder.add(believed)
        self._recorder.take()


def pack(data: bytes) -> None:
    """A SenML pack in either form."""
    for decode in (decode_json, decode_xml):
        with contextlib.suppress(SenMLError):
            decode(data, 1_780_000_000.0, allow_at=True)


def stanza(data: bytes) -> None:
    """A payload that a peer sent, as far as the stream's own XML parser lets it through."""
    try:
        element = ET.fromstring(data)
    except ET.ParseError:
        return
    with contextlib.suppress(SenMLError):
        parse_quoalise(element, 1_780_000_000.0)
    with contextlib.suppress(FederationError):
        parse_notice(element)
    with contextlib.suppress(RequestError):
        command = parse_command(element)
        fields = command.fields or {}
        with contextlib.suppress(RequestError):
            page = read_page(CommandRequest(fields, command.page, "coop@sen2.test"))
            read_limit(page, 1000)
            read_point_after(page)
        with contextlib.suppress(RequestError):
            read_live(fields, _NOW.timestamp())
        for read in (read_identifier, read_granularity, read_confirm):
            with contextlib.suppress(RequestError):
                read(fields)
        for var in fields:
            for read_one in (read_time, read_number):
                with contextlib.suppress(RequestError):
                    read_one(fields, var)


def name(data: bytes) -> None:
    """The identifier of a request."""
    with contextlib.suppress(SenMLError):
        parse_identifier(data.decode("utf-8", "replace"))


def journal(data: bytes) -> None:
    """A journal that somebody hands over to be checked: whatever it is, the answer is a verdict."""
    verify(data.splitlines(keepends=True))


def archive(data: bytes) -> None:
    """What somebody gives to ``privacy import``."""
    with contextlib.suppress(ArchiveError):
        read(data)


def targets() -> list[tuple[str, Callable[[bytes], None], list[bytes]]]:
    """(name, function, seeds)."""
    captures = [path.read_bytes() for path in sorted(FRAMES.glob("*/*.raw"))]
    return [
        ("wire", FuzzedWire().feed, captures),
        ("pack", pack, list(_PACKS)),
        ("stanza", stanza, list(_STANZAS)),
        ("name", name, list(_NAMES)),
        ("journal", journal, [_JOURNAL]),
        ("archive", archive, list(_MANIFESTS)),
    ]
