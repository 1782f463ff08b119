"""A form with a file as it comes in: whatever pieces it comes in, and whatever comes that is none."""

import asyncio
import random
from urllib.parse import parse_qs

import pytest

from gateway.web.http import upload
from gateway.web.http.guard import BadRequestError
from gateway.web.http.upload import UploadedForm
from tests.gateway.web.test_restore import form

FIELDS = {"form_token": "abc", "back_phrase": "é & = +", "back_password": "\r\n--", "empty": ""}


def fed(body, kind, pieces=None, length=None, *, ends=True):
    """The fields and the file of a form that comes in these pieces."""

    async def scenario():
        reader = asyncio.StreamReader(limit=4096)
        coming = UploadedForm(reader, {"content-type": kind, "content-length": str(length or len(body))})

        async def feed():
            for piece in pieces or [body]:
                reader.feed_data(piece)
                await asyncio.sleep(0)
            if ends:
                reader.feed_eof()

        feeding = asyncio.create_task(feed())
        try:
            fields = await coming.read_fields()
            return parse_qs(fields.decode(), keep_blank_values=True), b"".join([block async for block in coming.file()])
        finally:
            await feeding

    return asyncio.run(scenario())


@pytest.mark.parametrize("seed", range(20))
def test_a_file_is_what_was_sent_in_whatever_pieces_it_comes(seed):
    """Also one that holds what looks like its end, and one that is empty."""
    chance = random.Random(seed)
    looks_like = b"\r\n------canar"
    file = b"".join(
        chance.choice((chance.randbytes(9000), looks_like, b"\r\n--", b"\r")) for _ in range(chance.randrange(40))
    )
    body, kind = form(FIELDS, file)
    pieces, at = [], 0
    while at < len(body):
        step = chance.choice((1, 2, 3, 700, 70_000))
        pieces.append(body[at : at + step])
        at += step
    assert fed(body, kind, pieces) == ({name: [value] for name, value in FIELDS.items()}, file)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "multipart/form-data", 415),
        (b"", "multipart/mixed; boundary=x", 415),
        (b"x" * 20_000, "multipart/form-data; boundary=x", 413),
        (b"--y\r\n\r\n\r\n", "multipart/form-data; boundary=x", 400),
        (b"--x\r\nContent-Type: text/plain\r\n\r\n", "multipart/form-data; boundary=x", 400),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            400,
        ),
        (form({"a": "x" * 9000}, b"")[0], "multipart/form-data; boundary=----canary", 413),
        (form({}, b"123")[0][:-20], "multipart/form-data; boundary=----canary", 400),
    ],
)
def test_what_is_no_such_form_is_refused(body, kind, status):
    """Neither kept nor waited for."""
    with pytest.raises(BadRequestError) as refused:
        fed(body, kind)
    assert refused.value.status == status


def test_who_says_nothing_more_is_not_waited_for(monkeypatch):
    """Half a minute in service; and all of it in an hour."""
    body, kind = form({}, b"x" * 100)
    monkeypatch.setattr(upload, "_SILENT_S", 0.05)
    with pytest.raises(BadRequestError) as refused:
        fed(body[:80], kind, length=len(body), ends=False)
    assert refused.value.status == 408
    monkeypatch.setattr(upload, "_SILENT_S", 30.0)
    monkeypatch.setattr(upload, "LONGEST_S", 0.05)
    with pytest.raises(BadRequestError) as refused:
        fed(body[:80], kind, length=len(body), ends=False)
    assert refused.value.status == 408
    for length, status in (("4000000001", 413), ("-1", 411), ("", 411)):
        with pytest.raises(BadRequestError) as refused:
            UploadedForm(None, {"content-type": kind, "content-length": length})
        assert refused.value.status == status


def test_what_was_refused_is_read_within_bounds(monkeypatch):
    """So much of it that a browser hears why, and no more: neither for ever nor for hours."""
    body, kind = form({}, b"x" * 1_000_000)

    async def left(most, seconds, *, comes):
        monkeypatch.setattr(upload, "_MOST_UNWANTED_BYTES", most)
        monkeypatch.setattr(upload, "_UNWANTED_S", seconds)
        reader = asyncio.StreamReader()
        reader.feed_data(body if comes else body[:10_000])
        coming = UploadedForm(reader, {"content-type": kind, "content-length": str(len(body))})
        await coming.read_fields()
        async with asyncio.timeout(60):
            await coming.pass_over()
        return coming._left

    assert asyncio.run(left(32_000_000, 10.0, comes=True)) == 0
    assert asyncio.run(left(300_000, 10.0, comes=True)) > 500_000
    assert asyncio.run(left(32_000_000, 0.05, comes=False)) > 0
