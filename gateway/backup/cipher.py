"""The file's outside: a passphrase's key by scrypt, then 64 kB blocks, each of them encrypted and authenticated.

Header: ``MAGIC``, log2 N, r, p (a byte each), 16 bytes of salt, HMAC-SHA-256 of what is before it. Blocks of up to
65,536 bytes: ChaCha20-Poly1305 (RFC 8439), nonce = 11 bytes of number, big-endian, and 1 for the last block, 0 for the
others; the header is authenticated with each. So no block can be left out, exchanged, cut off or taken from another
file unseen.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
from typing import IO, TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from gateway.backup.faults import BackupError, BackupFault

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"linky-gateway backup 1\n"
LEAST_CHARACTERS = 12

_BLOCK, _TAG, _SALT, _MAC = 65_536, 16, 16, 32
_HEADER = len(MAGIC) + 3 + _SALT + _MAC
# 32 MB and a second or two on a Raspberry Pi Zero; a file may say less or a little more, and no more than that.
_LOG_N, _R, _P = 15, 8, 1
_MOST = (18, 16, 4)
_MOST_BYTES = 1 << 30


class Encrypting(io.RawIOBase):
    """Takes plain bytes, writes the file's; what is written is whole only after ``close``."""

    def __init__(self, out: IO[bytes], passphrase: str) -> None:
        self._out, self._number, self._waiting = out, 0, bytearray()
        self.digest = hashlib.sha256()
        start = MAGIC + bytes((_LOG_N, _R, _P)) + secrets.token_bytes(_SALT)
        key, mac_key = _keys(start, passphrase)
        self._header = start + hmac.digest(mac_key, start, "sha256")
        self._cipher = ChaCha20Poly1305(key)
        out.write(self._header)

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, block: ReadableBuffer, /) -> int:
        """Take all of it."""
        self._waiting += block
        # The last block says that it is the last, so one is always kept back.
        while len(self._waiting) > _BLOCK:
            self._put(bytes(self._waiting[:_BLOCK]), last=False)
            del self._waiting[:_BLOCK]
        return memoryview(block).nbytes

    def close(self) -> None:
        """Write the last block; the file below stays open."""
        if self.closed:
            return
        try:
            self._put(bytes(self._waiting), last=True)
        finally:
            # A disk that is full is told once, and not again when this is thrown away.
            super().close()

    def _put(self, block: bytes, *, last: bool) -> None:
        self.digest.update(block)
        self._out.write(self._cipher.encrypt(_nonce(self._number, last=last), block, self._header))
        self._number += 1


class Decrypting(io.RawIOBase):
    """Gives the plain bytes of a file; nothing that was not authenticated is ever given.

    Args:
        source: the file, at its beginning.
        name: what the sentences of BackupError begin with.
        passphrase: that of the file.
    """

    def __init__(self, source: IO[bytes], name: str, passphrase: str) -> None:
        self._source, self._name, self._number, self._plain, self._ended = source, name, 0, b"", False
        self.digest = hashlib.sha256()
        self._header = source.read(_HEADER)
        if not self._header.startswith(MAGIC) or len(self._header) < _HEADER:
            raise BackupError(BackupFault.FOREIGN, f"{name}: is no backup of linky-gateway, or is cut off")
        start = self._header[:-_MAC]
        key, mac_key = _keys(start, passphrase, name)
        if not hmac.compare_digest(hmac.digest(mac_key, start, "sha256"), self._header[-_MAC:]):
            raise BackupError(BackupFault.LOCKED, f"{name}: the passphrase is wrong")
        self._cipher = ChaCha20Poly1305(key)
        self._next = source.read(_BLOCK + _TAG)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer from the block at hand."""
        view = memoryview(buffer).cast("B")
        while not self._plain and not self._ended:
            self._plain = self._take()
        count = min(len(view), len(self._plain))
        view[:count], self._plain = self._plain[:count], self._plain[count:]
        return count

    def _take(self) -> bytes:
        block, self._next = self._next, self._source.read(_BLOCK + _TAG)
        self._ended = not self._next
        try:
            plain = self._cipher.decrypt(_nonce(self._number, last=self._ended), block, self._header)
        except InvalidTag:
            raise BackupError(
                BackupFault.DAMAGED,
                f"{self._name}: is damaged or cut off after {self._number * _BLOCK // 1024} kB: take another backup",
            ) from None
        self._number += 1
        self.digest.update(plain)
        return plain


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _keys(start: bytes, passphrase: str, name: str = "") -> tuple[bytes, bytes]:
    """The key of the blocks and that of the header."""
    log_n, r, p = start[len(MAGIC) : len(MAGIC) + 3]
    if not all(1 <= said <= most for said, most in zip((log_n, r, p), _MOST, strict=True)):
        said = f"{name}: its header asks for more work than any backup does: it is damaged, or no backup"
        raise BackupError(BackupFault.DAMAGED, said)
    salt = start[len(MAGIC) + 3 :]
    key = hashlib.scrypt(
        passphrase.encode("utf-8", "surrogatepass"), salt=salt, n=1 << log_n, r=r, p=p, maxmem=_MOST_BYTES, dklen=64
    )
    return key[:32], key[32:]
