"""What goes over the wire packed, what may not be, and that nobody finds a secret by how long an answer is."""

import asyncio
import gzip
import http.client
import re
import threading
import time
from urllib.parse import urlencode

import pytest
from microdot import Response

from gateway.web.access.sessions import BrowserSessions
from gateway.web.http import packing
from gateway.web.http.packing import pack, takes_gzip
from tests.gateway.web.conftest import PASSWORD

DAY = "/history?date=2026-10-25"
TEXTS = [
    DAY,
    "/cost",
    "/history/data?date=2026-10-25",
    "/history/csv?date=2026-10-25&table=minutes",
    "/history/csv?date=2026-10-25&table=half-hours&form=en",
]


def answer(years, path, method="GET", body=None, **headers):
    """The head and the bytes as they came."""
    link = http.client.HTTPConnection("127.0.0.1", years.port, timeout=20)
    cookies = "; ".join(f"{name}={value}" for name, value in years.owner.cookies.items())
    asked = {"Host": f"127.0.0.1:{years.port}", "Cookie": cookies}
    asked |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        link.request(method, path, body, asked)
        found = link.getresponse()
        return found, found.read()
    finally:
        link.close()


@pytest.mark.parametrize("path", TEXTS)
def test_a_text_is_packed_for_who_can_unpack_it(years, path):
    """It is the same text, half of it or less, with its true length, and HEAD says the same without it."""
    plain, whole = answer(years, path)
    found, packed = answer(years, path, Accept_Encoding="gzip, deflate, br")
    assert found.status == plain.status == 200
    assert found.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Content-Encoding"] is None
    # A token of a form is another text each time.
    assert len(gzip.decompress(packed)) == len(whole)
    assert gzip.decompress(packed)[:200] == whole[:200]
    assert int(found.headers["Content-Length"]) == len(packed) < len(whole) / 2
    assert int(plain.headers["Content-Length"]) == len(whole)
    for one in (found, plain):
        assert one.headers["Vary"] == "Accept-Encoding, Sec-Fetch-Site"
    head, nothing = answer(years, path, "HEAD", Accept_Encoding="gzip")
    assert nothing == b""
    assert head.headers["Content-Encoding"] == "gzip"
    # The mask of a token is packed a byte longer or shorter.
    assert abs(int(head.headers["Content-Length"]) - len(packed)) < 20


FIRST_LOADS = [
    (DAY, "/history/data?date=2026-10-25", 80_000),
    ("/history?period=year", None, 80_000),
    ("/cost", None, 80_000),
]


def wire_bytes(years, path):
    """How many bytes the answer is, with its head; and its text."""
    link = http.client.HTTPConnection("127.0.0.1", years.port, timeout=20)
    cookies = "; ".join(f"{name}={value}" for name, value in years.owner.cookies.items())
    try:
        link.request("GET", path, headers={"Cookie": cookies, "Accept-Encoding": "gzip, deflate"})
        found = link.getresponse()
        body = found.read()
    finally:
        link.close()
    assert found.status == 200, path
    text = gzip.decompress(body) if found.headers["Content-Encoding"] == "gzip" else body
    return len(str(found.headers).encode()) + len(body), text.decode()


@pytest.mark.parametrize(("page", "drawn_of", "most"), FIRST_LOADS)
def test_a_first_visit_is_light_over_the_wire(years, page, drawn_of, most):
    """The page, its styles, its scripts with those that they load, what is drawn: with all heads, nothing kept."""
    told, text = wire_bytes(years, page)
    left, seen = [*re.findall(r'(?:src|href)="(/static/[^"]+)"', text), *([drawn_of] if drawn_of else [])], {}
    while left:
        path = left.pop()
        # A picture is fetched by who puts the page on a home screen.
        if path not in seen and ".png" not in path:
            seen[path], text = wire_bytes(years, path)
            if ".js" in path:
                left += re.findall(r'(?:from|import)\s*\(?"(/static/[^"]+)"', text)
    print(f"{page}: {told} and {seen}, together {told + sum(seen.values())}")
    assert told + sum(seen.values()) <= most


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("gzip", True),
        ("br;q=1.0, gzip;q=0.2", True),
        ("deflate, GZIP ; q=0.001", True),
        ("*", True),
        ("gzip;q=0, *", False),
        ("gzip; q=0.000", False),
        ("*;q=0", False),
        ("identity", False),
        ("x-gzipped", False),
        ("", False),
        (";;,=q", False),
    ],
)
def test_only_who_says_so_can_unpack(said, taken):
    """RFC 9110 §12.5.3: weights, the star, what is no name of it."""
    assert takes_gzip({"Accept-Encoding": said}) is taken


@pytest.mark.parametrize("site", ["cross-site", "same-site", "whatever"])
def test_what_another_page_asks_for_is_not_packed(years, site):
    """BREACH needs many answers to addresses that an attacker chose: those have the length of what stands in them."""
    found, whole = answer(years, DAY, Accept_Encoding="gzip", Sec_Fetch_Site=site)
    assert found.headers["Content-Encoding"] is None
    assert whole.startswith(b"<!DOCTYPE html>")
    for own in ("same-origin", "none"):
        found, _ = answer(years, DAY, Accept_Encoding="gzip", Sec_Fetch_Site=own)
        assert found.headers["Content-Encoding"] == "gzip"


def test_an_answer_to_a_form_is_not_packed(years):
    """It may show a new secret beside what was typed."""
    form = urlencode({"name": "salon" * 8, "own_password": PASSWORD, "form_token": years.owner.form_token()})
    kind = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{years.port}"}
    found, whole = answer(years, "/access/displays", "POST", form, Accept_Encoding="gzip", **kind)
    assert found.status == 200
    assert b"/display?token=" in whole
    assert len(whole) > 1000
    assert found.headers["Content-Encoding"] is None


def test_no_file_no_stream_and_no_little_word_is_packed_anew(years):
    """Files are packed once, at the start; a stream is read as it comes; what is small stays what it is."""
    _, page = answer(years, "/")
    (style,) = {one for one in page.decode().split('"') if one.startswith("/static/page.css")}
    found, packed = answer(years, style, Accept_Encoding="gzip")
    assert found.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed) == answer(years, style)[1]
    found, plain = answer(years, "/static/icon-180.png", Accept_Encoding="gzip;q=0")
    assert found.headers["Content-Encoding"] is None
    assert plain.startswith(b"\x89PNG")
    found, word = answer(years, "/history/csv?period=week&date=2020-01-01", Accept_Encoding="gzip")
    assert (found.status, found.headers["Content-Encoding"], 0 < len(word) < 512) == (200, None, True)

    async def of_nothing():
        stream, moved = Response(iter(()), 200, {"Content-Type": "text/event-stream"}), Response("", 303, {})
        for one in (stream, moved):
            await pack(one, "GET", {"Accept-Encoding": "gzip"})
            assert "Content-Encoding" not in one.headers
            assert "Vary" not in one.headers

    asyncio.run(of_nothing())


def test_a_long_answer_is_packed_beside_the_loop(monkeypatch):
    """The loop reads meters; what takes milliseconds of it is done in a thread."""
    where, real = [], packing._packed
    monkeypatch.setattr(packing, "_packed", lambda body: (where.append(threading.get_ident()), real(body))[1])

    async def both():
        for size in (2_000, 200_000):
            one = Response("é" * (size // 2), 200, {"Content-Type": "text/html; charset=UTF-8"})
            await pack(one, "GET", {"Accept-Encoding": "gzip"})
            assert gzip.decompress(one.body).decode() == "é" * (size // 2)
        return threading.get_ident()

    loop = asyncio.run(both())
    assert where[0] == loop
    assert where[1] != loop


def test_the_token_of_a_form_cannot_be_guessed_by_lengths():
    """It is another text in each answer, none has any part of the secret, and each of them is taken."""
    sessions = BrowserSessions()
    session = sessions.find(sessions.open(time.monotonic()), time.monotonic())
    other = sessions.find(sessions.open(time.monotonic()), time.monotonic())
    tokens = [session.form_token for _ in range(50)]
    parts = [{token[place : place + 6] for place in range(len(token) - 5)} for token in tokens]
    assert len(set(tokens)) == 50
    assert all(not one & another for place, one in enumerate(parts) for another in parts[:place])
    assert all(session.made(token) for token in tokens)
    for wrong in ("", "x" * 88, other.form_token, tokens[0][:-1], tokens[0][1:], tokens[0] + "AAAA", "é\udc80" * 44):
        assert not session.made(wrong)
    # A mask that somebody chose is worth nothing without the secret.
    assert not session.made("A" * 88)
