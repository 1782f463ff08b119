"""The 40 bytes: what the document says is what is sent, and what is sent is read again."""

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.live import compact
from gateway.live.compact import COLOURS, TARIFFS, Compact, CompactError, decode, encode
from gateway.live.topics import as_compact

README = Path(compact.__file__).with_name("README.md")
NUMBERS = st.none() | st.integers(0, 2**32 - 2)
FRAMES = st.builds(
    Compact,
    st.integers(0, 255),
    st.integers(0, 2**16 - 1),
    st.none() | st.integers(1, 2**32 - 1),
    st.none() | st.integers(0, 2**16 - 2),
    st.integers(0, len(TARIFFS) - 1),
    st.none() | st.integers(1, 255),
    st.integers(0, len(COLOURS) - 1),
    st.integers(0, len(COLOURS) - 1),
    st.integers(0, 255),
    st.none() | st.integers(1, 2**16 - 1).map(lambda hectos: hectos * 100),
    *[NUMBERS] * 6,
)


@given(FRAMES)
def test_what_is_sent_is_read_again(frame):
    """Every frame comes back as it was, in 40 bytes."""
    data = encode(frame)
    assert len(data) == compact.SIZE == 40
    assert decode(data) == frame


def test_what_is_too_large_is_sent_as_the_greatest(snapshot):
    """A number beyond its field never turns into a small one, nor into "unknown"."""
    frame = as_compact(snapshot)
    fields = dict(zip(Compact._fields, frame, strict=True)) | {"age_s": 10**9, "drawn_va": 2**40, "sequence": 65537}
    read = decode(encode(Compact(**fields)))
    assert (read.age_s, read.drawn_va, read.sequence) == (65534, 2**32 - 2, 1)


@pytest.mark.parametrize("data", [b"", bytes(39), bytes(41), bytes(40), b"\x02" + bytes(39)])
def test_other_bytes_are_refused(data):
    """Another length or version is an error of its own, not a wrong number on a display."""
    with pytest.raises(CompactError):
        decode(data)


def test_any_bytes_of_this_version_can_be_read():
    """No byte of a broker makes a display fail otherwise."""
    chance = random.Random(5)
    for _ in range(2000):
        frame = decode(b"\x01" + chance.randbytes(39))
        assert frame.tariff < len(TARIFFS)
        assert max(frame.today, frame.tomorrow) < len(COLOURS)


def test_the_worked_example_of_the_document_is_true(snapshot):
    """The forty bytes in README.md are those of the example, field by field where its table says."""
    text = README.read_text(encoding="utf-8")
    data = encode(as_compact(snapshot))
    assert data.hex(" ", 4) in text
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ") and "`" in line]
    fields = [(int(row[1]), row[2].strip(" `"), row[4].strip()) for row in rows if row[1].strip().isdecimal()]
    assert len(fields) == 16
    for offset, kind, example in fields:
        assert str(struct.unpack_from(f">{kind}", data, offset)[0]) == example, offset
    assert sum(struct.calcsize(f">{kind}") for _, kind, _ in fields) == compact.SIZE


def test_a_board_reads_the_same(snapshot, tmp_path):
    """The same file under MicroPython decodes and encodes what CPython does."""
    micropython = shutil.which("micropython")
    if not micropython:
        pytest.skip("Debian package that is not installed: micropython")
    data = encode(as_compact(snapshot))
    script = tmp_path / "read.py"
    folder = Path(compact.__file__).parent
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(folder)!r})\nimport compact\n"
        f"frame = compact.decode(bytes.fromhex({data.hex()!r}))\n"
        "print(tuple(frame))\nprint(compact.encode(frame).hex())\n"
        "try:\n    compact.decode(bytes(40))\nexcept compact.CompactError as error:\n    print(error)\n"
    )
    done = subprocess.run([micropython, script], capture_output=True, text=True, check=True)
    fields, again, refusal = done.stdout.splitlines()
    assert (fields, again) == (str(tuple(decode(data))), data.hex())
    assert "do not fit together" in refusal
