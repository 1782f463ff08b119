"""A captured file: all of its bytes, at the line's own pace or N times that, on a clock that jumps."""

import asyncio
from pathlib import Path

import pytest

from gateway.errors import PortError
from gateway.sources.replay import ReplaySource
from tests.gateway.sources.clock import run_jumping

FRAMES = Path(__file__).parents[2] / "frames" / "real"
STANDARD = FRAMES / "s1-hc-linky-enedis.raw"
HISTORIC = FRAMES / "h1-base-linky-jlesauce.raw"


async def play(source):
    """Every piece with the second at which it came, and the second of the end."""
    await source.open()
    loop = asyncio.get_running_loop()
    began, pieces = loop.time(), []
    while data := await source.read():
        pieces.append((loop.time() - began, data))
    ended = loop.time() - began
    source.close()
    return pieces, ended


@pytest.mark.parametrize("speed", [0.1, 1, 20, 1e6])
@pytest.mark.parametrize(("file", "per_second"), [(STANDARD, 960), (HISTORIC, 120)])
def test_the_pace_is_the_lines_times_what_was_asked(file, per_second, speed):
    """Ten bits a character at 9600 or 1200 Bd, N times; never a byte before its time, and all of them at the end."""
    pieces, ended = run_jumping(play(ReplaySource(file, speed)))
    assert b"".join(data for _, data in pieces) == file.read_bytes()
    rate = per_second * speed
    sent = 0
    for second, data in pieces:
        assert sent / rate == pytest.approx(second, abs=1e-4)
        sent += len(data)
    assert ended == pytest.approx(file.stat().st_size / rate, abs=1e-4)


def test_pieces_are_fine_enough_for_a_live_display():
    """At the line's own pace no piece is longer than a twentieth of a second."""
    pieces, _ = run_jumping(play(ReplaySource(STANDARD, 1)))
    assert max(len(data) for _, data in pieces) <= 960 / 20


def test_the_end_is_told_again_and_again():
    """A reader that asks after the end gets the end, without a wait that grows."""

    async def read_on():
        source = ReplaySource(STANDARD, 100)
        await source.open()
        while await source.read():
            pass
        return [await source.read() for _ in range(3)]

    assert run_jumping(read_on()) == [b""] * 3


def test_a_wait_cut_short_loses_nothing():
    """A reader that gives up every few milliseconds gets the same bytes, at the same pace."""

    async def hurry():
        source, got = ReplaySource(STANDARD, 1), b""
        await source.open()
        began = asyncio.get_running_loop().time()
        while True:
            try:
                async with asyncio.timeout(0.007):
                    data = await source.read()
            except TimeoutError:
                continue
            if not data:
                return got, asyncio.get_running_loop().time() - began
            got += data

    got, seconds = run_jumping(hurry())
    assert got == STANDARD.read_bytes()
    assert seconds == pytest.approx(len(got) / 960, abs=0.05)


def test_an_empty_file_ends_at_once(tmp_path):
    """Nothing captured is no error."""
    (tmp_path / "empty").touch()
    assert run_jumping(play(ReplaySource(tmp_path / "empty", 1))) == ([], 0)


def test_a_file_opened_again_begins_again():
    """Opening goes back to the first byte, with the pace counted from then."""

    async def twice():
        source = ReplaySource(STANDARD, 1)
        return [await play(source) for _ in range(2)]

    one, two = run_jumping(twice())
    assert [data for _, data in one[0]] == [data for _, data in two[0]]
    assert two[1] == pytest.approx(one[1], abs=1e-4)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    """The sentence names the source as the configuration does, and the reason."""
    with pytest.raises(PortError) as caught:
        run_jumping(play(ReplaySource(tmp_path / "none", 1)))
    assert str(caught.value) == f"replay:{tmp_path / 'none'}: cannot be read: No such file or directory"
