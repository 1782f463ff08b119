"""The errors a person may meet: one root, one sentence each.

An edge translates its library's exceptions into one of these, once, with ``from``. The command line prints the
sentence and exits with ``exit_code``; anything else that escapes is a bug.
"""

from __future__ import annotations


class GatewayError(Exception):
    """Root of all errors of this program. ``str(error)`` is one sentence: where, what, and what to do."""

    exit_code = 1


class ConfigError(GatewayError, ValueError):
    """The configuration file is missing, unreadable or wrong; the sentence names the path inside the file."""

    exit_code = 78  # EX_CONFIG of sysexits.h


class PortError(GatewayError, OSError):
    """A source of bytes cannot be opened or was lost."""

    exit_code = 69  # EX_UNAVAILABLE


class StoreError(GatewayError):
    """The database cannot be opened, migrated or written."""

    exit_code = 74  # EX_IOERR


class ConsentError(GatewayError, ValueError):
    """A consent that cannot be given as asked (a wildcard, a date in the past, an unknown granularity)."""

    exit_code = 2


class RequestLimitError(ConsentError):
    """Somebody asks for access more often than a household can be asked; ``str`` may be shown to the asker."""

    exit_code = 69


class JournalError(GatewayError, ValueError):
    """A journal, or one line of it, that is not what was written, or a key that is none."""

    exit_code = 65  # EX_DATAERR


class ArchiveError(GatewayError, ValueError):
    """An archive of a household that is broken, of a newer format, or not an archive at all."""

    exit_code = 65  # EX_DATAERR


class ReadingError(GatewayError, ValueError):
    """A reading by hand that cannot be right (not a number, an index that falls, a time to come)."""

    exit_code = 65  # EX_DATAERR


class BoardError(GatewayError, ValueError):
    """An ESP32 board that is not known here, or a set of files that no board can take."""

    exit_code = 65  # EX_DATAERR


class SenMLError(GatewayError, ValueError):
    """A pack, record or name that RFC 8428 does not allow."""

    exit_code = 65  # EX_DATAERR


class AccessError(GatewayError, ValueError):
    """The page's password, code or links: the file that keeps them cannot be used, or what is asked cannot be."""

    exit_code = 77  # EX_NOPERM


class BrokerError(GatewayError):
    """The MQTT broker cannot be reached, or does not take what it is given."""

    exit_code = 69


class BridgeError(GatewayError):
    """The system that a bridge hands values on to cannot be reached, or does not take them."""

    exit_code = 69


class DaemonError(GatewayError):
    """The daemon does not run, or does not answer this user."""

    exit_code = 69


class FederationError(GatewayError):
    """The federation refused something; ``condition`` is the stanza error's defined condition (RFC 6120 §8.3.3)."""

    exit_code = 69

    def __init__(self, message: str, condition: str = "undefined-condition") -> None:
        super().__init__(message)
        self.condition = condition
