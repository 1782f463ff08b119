"""Visitors of the page who mean harm, from many addresses of the house: slow, malformed, persistent, and one signed in.

Whoever is signed in does nothing that the household itself could not do by mistake: its forms carry wrong tokens, or go
to where nothing is given away.
"""

from __future__ import annotations

import asyncio
import random
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from fuzz.injuries import mutate
from fuzz.shots import Fired, Shot, cancel, drive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# So many sockets are held open at once, by all hostile addresses together.
HELD = 150
_HOLD_S, _ANSWER_S = 20.0, 10.0
_ADDRESSES = 40

PAGES = (
    "/", "/links", "/display", "/events", "/access", "/login", "/setup", "/static/page.css", "/metrics", "/display.png",
    "/sharing", "/sharing/health", "/sharing/requests/1", "/sharing/texts/0", "/settings", "/repair", "/repair/point",
    "/history", "/bill", "/cost", "/health", "/nothing", "/sharing/requests/99999999999999999999", "/static/../page.py",
)  # fmt: skip
_FORMS = (
    "/login", "/setup", "/logout", "/access/password", "/access/displays", "/access/displays/remove", "/repair/check",
    "/repair/do", "/settings/objective", "/settings/household", "/settings/commit", "/sharing/withdraw",
    "/sharing/requests/1/yes", "/nothing",
)  # fmt: skip
# With the token of one's own forms: what is refused, or only looked at.
_HARMLESS = (
    "/repair/check",
    "/settings/objective",
    "/settings/commit",
    "/sharing/requests/1/no",
    "/access/displays/remove",
)
_NAMES = (
    "lang", "day", "from", "to", "month", "year", "meter", "series", "path", "time", "value", "before", "done", "guest",
    "token", "width", "height", "colours", "code", "password", "again", "form_token", "recipient", "consent", "kwh",
)  # fmt: skip
_VALUES = (
    "", "fr", "en", "../..", "house", "2026-11-28", "2026-02-30", "0001-01-01", "9999-12-31", "-1", "0", "9" * 30,
    "NaN", "1e308", "%00", "\u202e", "\U0001f525" * 50, "<script>", "' OR 1=1", "x" * 3000,
    "consumption/power/apparent/raw",
)  # fmt: skip


def shots(seed: int) -> Iterator[Shot]:
    """For ever, the same for the same seed. The note: ``slow``, ``pieces``, or nothing; and from which address."""
    chance = random.Random(f"{seed}-http")
    made: tuple[tuple[str, str, Callable[[random.Random], bytes]], ...] = (
        ("slow", "slow", _slow), ("slow", "slow", _slow), ("silent", "slow", lambda _: b""), ("pieces", "pieces", _get),
        ("malformed", "", _malformed), ("malformed", "", _mutated), ("length games", "", _lengths),
        ("routes", "", _get), ("routes, signed in", "", _get_inside), ("routes, signed in", "", _get_inside),
        ("forms", "", _post), ("forms, signed in", "", _post_inside), ("big bodies", "", _big), ("passwords", "", _try),
        ("given up", "gone", _get),
    )  # fmt: skip
    while True:
        kind, manner, make = chance.choice(made)
        yield Shot(kind, make(chance), f"{manner} {chance.randrange(_ADDRESSES)}")


def _head(chance: random.Random, method: str, target: str, *more: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.{chance.randrange(2)}", "Host: localhost", *more]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"


def _target(chance: random.Random, paths: tuple[str, ...] = PAGES) -> str:
    fields = [(chance.choice(_NAMES), chance.choice(_VALUES)) for _ in range(chance.choice((0, 1, 1, 2, 5)))]
    asked = urlencode(fields) if chance.random() < 0.8 else quote(chance.choice(_VALUES))
    return chance.choice(paths) + (f"?{asked}" if fields else "")


def _get(chance: random.Random) -> bytes:
    return _head(chance, chance.choice(("GET", "GET", "HEAD")), _target(chance), *_cookies(chance))


def _cookies(chance: random.Random) -> tuple[str, ...]:
    if chance.random() < 0.7:
        return ()
    cookie, lang = chance.choice(("x" * 43, "", "\u00e9", "a" * 4000)), chance.choice(("fr", "zz"))
    return (f"Cookie: linky_session={cookie}; lang={lang}",)


def _get_inside(chance: random.Random) -> bytes:
    return _head(chance, "GET", _target(chance), "Cookie: COOKIE")


def _body(chance: random.Random, *more: tuple[str, str]) -> bytes:
    fields = [(chance.choice(_NAMES), chance.choice(_VALUES)) for _ in range(chance.choice((0, 1, 3, 10, 100)))]
    return urlencode([*fields, *more]).encode()[: chance.choice((7000, 7000, 20))]


def _post(chance: random.Random) -> bytes:
    body = _body(chance)
    return _head(chance, "POST", _target(chance, _FORMS), _kind(chance), f"Content-Length: {len(body)}") + body


def _kind(chance: random.Random) -> str:
    forms = "application/x-www-form-urlencoded"
    return f"Content-Type: {chance.choice((forms, forms, 'application/json', 'multipart/form-data; boundary=x', ''))}"


def _post_inside(chance: random.Random) -> bytes:
    """With a cookie that is good: a token that is not, or a form that gives nothing away."""
    known = chance.random() < 0.5
    body = urlencode([("form_token", "TOKEN")]).encode() + b"&" + _body(chance) if known else _body(chance)
    target = chance.choice(_HARMLESS if known else _FORMS)
    # The token is put in later, and is longer than the word that stands for it.
    return _head(chance, "POST", target, _kind(chance), "Cookie: COOKIE", "Content-Length: LENGTH") + body


def _try(chance: random.Random) -> bytes:
    word = chance.choice(("1234", "linky", "x" * 2000, "\u00e9")) + str(chance.random())
    body = urlencode([("password", word)]).encode()
    kind, length = "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"
    return _head(chance, "POST", "/login", kind, length) + body


def _slow(chance: random.Random) -> bytes:
    """The beginning of something, of which no more comes."""
    whole = _get(chance) if chance.random() < 0.5 else _post(chance)
    return whole[: chance.randrange(len(whole))]


def _malformed(chance: random.Random) -> bytes:
    return chance.choice((
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(200), b"\r\n" * 500, b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00" * chance.randrange(1, 5000),
        b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"A" * 10_000, b"GET /" + b"a" * 9000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2000,
        b"GET / HTTP/1.1\nHost: localhost\n\n", b"GET /%ff%fe?%=%&&& HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://evil.test/ HTTP/1.1\r\nHost: x\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ))  # fmt: skip


def _mutated(chance: random.Random) -> bytes:
    return mutate(chance, [_get(chance), _post(chance)])


def _lengths(chance: random.Random) -> bytes:
    """Chunks, two lengths, lengths that are none, a second request behind the first."""
    more = chance.choice((
        ("Transfer-Encoding: chunked",), ("Transfer-Encoding: chunked", "Content-Length: 5"), ("Content-Length: -1",),
        ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: 99999999999",), ("Content-Length: 0x10",),
        ("Content-Length: \u0665",), ("Transfer-Encoding: xchunked",), ("Expect: 100-continue", "Content-Length: 5"),
    ))  # fmt: skip
    body = chance.choice(
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello", b"ffffffffffffffff\r\n", b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    )
    return _head(chance, "POST", chance.choice(_FORMS), *more) + body


def _big(chance: random.Random) -> bytes:
    size = chance.choice((8192, 8193, 100_000, 1_000_000))
    said = chance.choice((size, 8192, 10**8))
    return _head(chance, "POST", chance.choice(_FORMS), f"Content-Length: {said}") + b"a=" + b"x" * size


@dataclass(frozen=True, slots=True)
class WaysIn:
    """Host and port of the page, of the encrypted one, and by which authority and name that is believed."""

    clear: tuple[str, int]
    encrypted: tuple[str, int]
    authority: Path
    name: str


class Visitors:
    """Everybody who comes to the page and means harm: half of them in clear, of the others each second by TLS.

    The rest says what it has to say to the encrypted page without a handshake: to that it is damaged TLS.

    Args:
        ways: where the page is.
        prefix: the first three numbers of their addresses.
        cookie: of who is signed in; ``token`` of its forms.
        fired: what is noted.
    """

    def __init__(self, ways: WaysIn, prefix: str, cookie: str, token: str, fired: Fired) -> None:
        self._ways, self._prefix, self._fired = ways, prefix, fired
        self._cookie, self._token = cookie.encode(), token.encode()
        self._context = ssl.create_default_context(cafile=ways.authority)
        self._held = asyncio.Semaphore(HELD)
        self._open: set[asyncio.Task[None]] = set()

    async def run(self, shots: Iterator[Shot], seed: str) -> None:
        """Until there are no more."""
        try:
            await drive(shots, self.send, self._fired, seed)
        finally:
            await cancel(self._open.copy())

    async def send(self, shot: Shot) -> None:
        """Have a visitor of its own say it, when there are not too many."""
        await self._held.acquire()
        task = asyncio.create_task(self._visit(shot), name="hostile visitor")
        self._open.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        self._held.release()
        if not task.cancelled() and (error := task.exception()):
            self._fired.answers[f"visitor: {type(error).__name__}"] += 1

    async def _visit(self, shot: Shot) -> None:
        manner, _, number = shot.note.rpartition(" ")
        source = (f"{self._prefix}.{1 + int(number)}", 0)
        way = int(number) % 4
        address = self._ways.encrypted if way % 2 else self._ways.clear
        by_tls = {"ssl": self._context, "server_hostname": self._ways.name} if way == 1 else {}
        try:
            async with asyncio.timeout(_ANSWER_S):
                reader, writer = await asyncio.open_connection(*address, local_addr=source, **by_tls)
        except (OSError, TimeoutError):
            self._fired.answers["no connection"] += 1
            return
        try:
            await self._say(writer, self._filled(shot.data, b"__Host-" if by_tls else b""), manner)
            if manner != "gone":
                async with asyncio.timeout(_HOLD_S if manner == "slow" else _ANSWER_S):
                    answer = await reader.read(4096)
                self._fired.answers[_status(answer)] += 1
                async with asyncio.timeout(_ANSWER_S):
                    while await reader.read(65_536):
                        pass
        except TimeoutError:
            self._fired.answers["held"] += 1
        except OSError:
            self._fired.answers["cut off"] += 1
        finally:
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter, data: bytes, manner: str) -> None:
        pieces = [data[at : at + 7] for at in range(0, len(data), 7)][:100] if manner == "pieces" else [data]
        for piece in pieces:
            writer.write(piece)
            async with asyncio.timeout(_ANSWER_S):
                await writer.drain()
            if manner == "pieces":
                await asyncio.sleep(0.05)

    def _filled(self, data: bytes, prefix: bytes) -> bytes:
        head, gap, body = data.replace(b"COOKIE", prefix + self._cookie).partition(b"\r\n\r\n")
        body = body.replace(b"TOKEN", self._token)
        return head.replace(b"LENGTH", str(len(body)).encode()) + gap + body


def _status(answer: bytes) -> str:
    found = re.match(rb"HTTP/1\.[01] ([0-9]{3})", answer)
    return found[1].decode() if found else "closed without a word" if not answer else "no HTTP"
