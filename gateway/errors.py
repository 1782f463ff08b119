"""The errors a person may meet: one root, one sentence each.

An edge translates its library's exceptions into one of these, once, with ``from``. The command line prints the
sentence and exits with ``exit_code``; anything else that escapes is a bug. ``reason`` is why the system
refused, in both languages; ``Once`` is how what we recover from is said in the log.
"""

from __future__ import annotations

import enum
import errno
import logging
import os
import traceback
from pathlib import Path

from gateway.words.phrase import NOTHING, Phrase, same


class Exit(enum.IntEnum):
    """The exit codes of ``linky-gateway``; those from 65 on are those of sysexits.h."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DATA = 65
    UNAVAILABLE = 69
    SOFTWARE = 70
    STORE = 74
    PERMISSION = 77
    CONFIGURATION = 78
    INTERRUPTED = 130


# What each of them says to whoever waits for it.
EXITS = {
    Exit.DONE: Phrase("done"),
    Exit.FAILED: Phrase("not done; of status and fleet status: not all is well"),
    Exit.USAGE: Phrase("the command cannot be given so; of fleet status: a gateway was not heard"),
    Exit.DATA: Phrase("what was handed in (a file, a value, a key, an archive) is not what it must be"),
    Exit.UNAVAILABLE: Phrase("not reachable: a port, a server, the broker, the running gateway"),
    Exit.SOFTWARE: Phrase("a fault of the program; its log says which"),
    Exit.STORE: Phrase("the database or a file cannot be read or written"),
    Exit.PERMISSION: Phrase("not allowed"),
    Exit.CONFIGURATION: Phrase("the configuration is missing or wrong"),
    Exit.INTERRUPTED: Phrase("interrupted (Ctrl-C)"),
}


class GatewayError(Exception):
    """Root of all errors of this program: one sentence, where, what, and what to do.

    ``str(error)`` is the sentence in English, for logs; ``phrase`` is what a household reads. What only an
    engineer meets may be given in English alone.
    """

    exit_code: int = Exit.FAILED

    def __init__(self, sentence: str | Phrase) -> None:
        self.phrase = sentence if isinstance(sentence, Phrase) else same(sentence)
        super().__init__(str(self.phrase))


class ConfigError(GatewayError, ValueError):
    """The configuration file is missing, unreadable or wrong; the sentence names the path inside the file."""

    exit_code = Exit.CONFIGURATION


class PortError(GatewayError, OSError):
    """A source of bytes cannot be opened or was lost."""

    exit_code = Exit.UNAVAILABLE

    def __init__(self, sentence: Phrase) -> None:
        super().__init__(sentence)


class StoreError(GatewayError):
    """The database cannot be opened, migrated or written."""

    exit_code = Exit.STORE


class ConsentError(GatewayError, ValueError):
    """A consent that cannot be given as asked (a wildcard, a date in the past, an unknown granularity)."""

    exit_code = Exit.USAGE


class InvitationError(GatewayError, ValueError):
    """An invitation that is none, was altered, is over, or is not taken by whoever is said to have made it."""

    exit_code = Exit.DATA


class SeriesError(GatewayError, ValueError):
    """A series that no meter here has, and none could have."""

    exit_code = Exit.USAGE


class CaptureError(GatewayError, ValueError):
    """What was captured is not what a meter says."""

    exit_code = Exit.DATA


class RequestLimitError(ConsentError):
    """Somebody asks for access more often than a household can be asked; ``str`` may be shown to the asker."""

    exit_code = Exit.UNAVAILABLE


class RequestUnheardError(RequestLimitError):
    """The household hears no requests of the domain from which this one comes."""


class JournalError(GatewayError, ValueError):
    """A journal, or one line of it, that is not what was written, or a key that is none."""

    exit_code = Exit.DATA


class ReleaseError(GatewayError, ValueError):
    """A release, or the list that names it, that is not believed."""

    exit_code = Exit.DATA


class ArchiveError(GatewayError, ValueError):
    """An archive of a household that is broken, of a newer format, or not an archive at all."""

    exit_code = Exit.DATA


class ReadingError(GatewayError, ValueError):
    """A reading by hand that cannot be right (not a number, an index that falls, a time to come)."""

    exit_code = Exit.DATA


class BoardError(GatewayError, ValueError):
    """An ESP32 board that is not known here, or a set of files that no board can take."""

    exit_code = Exit.DATA


class SenMLError(GatewayError, ValueError):
    """A pack, record or name that RFC 8428 does not allow."""

    exit_code = Exit.DATA


class AccessError(GatewayError, ValueError):
    """The page's password, code or links: the file that keeps them cannot be used, or what is asked cannot be."""

    exit_code = Exit.PERMISSION


class BrokerError(GatewayError):
    """The MQTT broker cannot be reached, or does not take what it is given."""

    exit_code = Exit.UNAVAILABLE

    def __init__(self, sentence: Phrase) -> None:
        super().__init__(sentence)


class BridgeError(GatewayError):
    """The system that a bridge hands values on to cannot be reached, or does not take them."""

    exit_code = Exit.UNAVAILABLE


class DaemonError(GatewayError):
    """The daemon does not run, or does not answer this user."""

    exit_code = Exit.UNAVAILABLE


class FederationError(GatewayError):
    """The federation refused something; ``condition`` is the stanza error's defined condition (RFC 6120 §8.3.3)."""

    exit_code = Exit.UNAVAILABLE

    def __init__(self, message: str | Phrase, condition: str = "undefined-condition") -> None:
        super().__init__(message)
        self.condition = condition


# The system's reasons that a household meets, as it writes them; it has them in English alone.
_REASONS = {
    errno.EACCES: Phrase("Permission denied"),
    errno.EPERM: Phrase("Operation not permitted"),
    errno.ENOENT: Phrase("No such file or directory"),
    errno.ENOTDIR: Phrase("Not a directory"),
    errno.EISDIR: Phrase("Is a directory"),
    errno.EEXIST: Phrase("File exists"),
    errno.ENOSPC: Phrase("No space left on device"),
    errno.EROFS: Phrase("Read-only file system"),
    errno.EIO: Phrase("Input/output error"),
    errno.ENODEV: Phrase("No such device"),
    errno.ENXIO: Phrase("No such device or address"),
    errno.EBUSY: Phrase("Device or resource busy"),
    errno.EADDRINUSE: Phrase("Address already in use"),
    errno.EADDRNOTAVAIL: Phrase("Cannot assign requested address"),
    errno.ECONNREFUSED: Phrase("Connection refused"),
    errno.ECONNRESET: Phrase("Connection reset by peer"),
    errno.ECONNABORTED: Phrase("Software caused connection abort"),
    errno.EPIPE: Phrase("Broken pipe"),
    errno.ENOTCONN: Phrase("Transport endpoint is not connected"),
    errno.ETIMEDOUT: Phrase("Connection timed out"),
    errno.EHOSTUNREACH: Phrase("No route to host"),
    errno.ENETUNREACH: Phrase("Network is unreachable"),
    errno.ENETDOWN: Phrase("Network is down"),
    errno.ENAMETOOLONG: Phrase("File name too long"),
    errno.EMFILE: Phrase("Too many open files"),
    # Of a name's look-up (netdb.h).
    -2: Phrase("Name or service not known"),
    -3: Phrase("Temporary failure in name resolution"),
    -5: Phrase("No address associated with hostname"),
}


# A time that is over has no reason of the system's.
NO_ANSWER = Phrase("no answer")


def reason(error: OSError) -> Phrase:
    """Why the system refused; what a library says in words of its own is the same in both."""
    number = error.errno or 0
    # asyncio's words hold the address a second time; a name's look-up has numbers of its own, and words.
    said = os.strerror(number) if number > 0 else error.strerror or str(error)
    return _REASONS.get(number, same(said))


def because(number: int) -> Phrase:
    """The same of a number alone."""
    return reason(OSError(number, os.strerror(number)))


class Once:
    """Says each thing aloud the first time, and at DEBUG from then on, until ``clear``; true once it has said one.

    Args:
        log: where it is said.
        aloud: the level of the first time.
        last: only the last thing is remembered: what comes after another is said aloud again.

    What it remembers is bounded: a key may hold another's words.
    """

    MOST = 1_000

    def __init__(self, log: logging.Logger, aloud: int = logging.WARNING, *, last: bool = False) -> None:
        self._log, self._aloud, self._last = log, aloud, last
        self._said: set[object] = set()

    def __call__(self, what: object, message: object, *args: object) -> None:
        """Log the message; ``what`` is by what it is known again."""
        self._log.log(logging.DEBUG if what in self._said else self._aloud, message, *args, stacklevel=2)
        if self._last or len(self._said) >= self.MOST:
            self._said.clear()
        self._said.add(what)

    def __bool__(self) -> bool:
        return bool(self._said)

    def clear(self) -> None:
        """It is over: the next time is a first one."""
        self._said.clear()


_ROOT = Path(__file__).parents[1]
_PLACE = Phrase(" in {file}, line {line}")
_UNEXPECTED = Phrase("an unexpected {kind}{where}")


def cause_of(error: BaseException) -> Phrase:
    """One sentence: an error of ours in its own words; of any other only what and where, for it may quote readings."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, GatewayError):
        return error.phrase
    where = NOTHING
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(_ROOT / "gateway"):
            where = _PLACE.filled(file=file.relative_to(_ROOT), line=line)
    return _UNEXPECTED.filled(kind=type(error).__name__, where=where)
