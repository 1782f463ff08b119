"""The file's outside: what is encrypted comes back, and nothing that was changed is ever given."""

import io
import random

import pytest

from gateway.backup import cipher
from gateway.backup.cipher import MAGIC, Decrypting, Encrypting
from gateway.errors import ArchiveError

PASSPHRASE = "correct horse battery"
BLOCK, TAG = 65_536, 16
HEADER = len(MAGIC) + 3 + 16 + 32
WHOLE_BLOCK = BLOCK + TAG


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """The work of scrypt is the header's word; what is tested here is all the rest."""
    monkeypatch.setattr(cipher, "_LOG_N", 4)


def encrypted(plain, passphrase=PASSPHRASE, piece=10_240):
    out = io.BytesIO()
    with Encrypting(out, passphrase) as file:
        for start in range(0, len(plain), piece):
            file.write(plain[start : start + piece])
    return out.getvalue()


def decrypted(file, passphrase=PASSPHRASE):
    with Decrypting(io.BytesIO(file), "b", passphrase) as stream:
        return b"".join(iter(lambda: stream.read(50_000), b""))


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 200_001])
@pytest.mark.parametrize("piece", [777, 1 << 20])
def test_what_goes_in_comes_out(size, piece):
    """At every edge of a block, however it is cut into pieces; never twice the same bytes."""
    plain = random.Random(size).randbytes(size)
    file = encrypted(plain, piece=piece)
    assert decrypted(file) == plain
    assert file != encrypted(plain, piece=piece)
    assert len(file) == HEADER + size + TAG * max(1, -(-size // BLOCK))


def test_a_wrong_passphrase_is_said_before_anything_is_read():
    """And is told from a damaged file."""
    with pytest.raises(ArchiveError, match=r"^b: the passphrase is wrong$"):
        decrypted(encrypted(b"x" * 10), PASSPHRASE + " ")


def _without(file, number):
    start = HEADER + number * WHOLE_BLOCK
    return file[:start] + file[start + WHOLE_BLOCK :]


def _exchanged(file):
    one, two = (file[HEADER + n * WHOLE_BLOCK : HEADER + (n + 1) * WHOLE_BLOCK] for n in (0, 1))
    return file[:HEADER] + two + one + file[HEADER + 2 * WHOLE_BLOCK :]


@pytest.mark.parametrize(
    "injure",
    [
        lambda f: f[:-1],
        lambda f: f[: HEADER + WHOLE_BLOCK],
        lambda f: f[: HEADER + 2 * WHOLE_BLOCK],
        lambda f: f[:HEADER],
        lambda f: f + b"\0",
        lambda f: f + f[HEADER:],
        _exchanged,
        lambda f: _without(f, 0),
        lambda f: _without(f, 1),
    ],
    ids=["byte", "block", "last", "all", "more", "twice", "exchanged", "first", "middle"],
)
def test_cut_exchanged_or_longer_is_seen(injure):
    """A file that ends at the end of a block, too: the last block says that it is the last."""
    file = encrypted(random.Random(1).randbytes(2 * BLOCK + 100))
    with pytest.raises(ArchiveError, match=r"^b: is (damaged|no backup)"):
        decrypted(injure(file))


def test_blocks_of_another_backup_do_not_fit():
    """Also under the same passphrase: each file has a key of its own."""
    one, two = encrypted(b"a" * 100), encrypted(b"b" * 100)
    with pytest.raises(ArchiveError, match="damaged"):
        decrypted(one[:HEADER] + two[HEADER:])


def test_no_changed_bit_is_given():
    """In the header or in a block: one sentence, whatever the bit was, and no more work than a backup asks for."""
    file = encrypted(b"the meter's word " * 10)
    chance = random.Random(7)
    for place in [*range(HEADER), *chance.sample(range(HEADER, len(file)), 40)]:
        broken = bytearray(file)
        broken[place] ^= 1 << chance.randrange(8)
        with pytest.raises(ArchiveError, match=r"^b: "):
            decrypted(bytes(broken))


def test_a_file_that_asks_for_a_gigabyte_is_refused():
    """Before its passphrase is tried."""
    file = bytearray(encrypted(b""))
    file[len(MAGIC)] = 30
    with pytest.raises(ArchiveError, match="asks for more work than any backup does"):
        decrypted(bytes(file))
