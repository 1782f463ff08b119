"""The errors a person may meet: one root, one sentence each.

An edge translates its library's exceptions into one of these, once, with ``from``. The command line prints the
sentence and exits with ``exit_code``; anything else that escapes is a bug. ``reason`` is why the system
refused, in both languages.
"""

from __future__ import annotations

import errno
import os

from gateway.language import Phrase, same


class GatewayError(Exception):
    """Root of all errors of this program: one sentence, where, what, and what to do.

    ``str(error)`` is the sentence in English, for logs; ``phrase`` is what a household reads. What only an
    engineer meets may be given in English alone.
    """

    exit_code = 1

    def __init__(self, sentence: str | Phrase) -> None:
        self.phrase = sentence if isinstance(sentence, Phrase) else same(sentence)
        super().__init__(self.phrase.en)


class ConfigError(GatewayError, ValueError):
    """The configuration file is missing, unreadable or wrong; the sentence names the path inside the file."""

    exit_code = 78  # EX_CONFIG of sysexits.h


class PortError(GatewayError, OSError):
    """A source of bytes cannot be opened or was lost."""

    exit_code = 69  # EX_UNAVAILABLE

    def __init__(self, sentence: Phrase) -> None:
        super().__init__(sentence)


class StoreError(GatewayError):
    """The database cannot be opened, migrated or written."""

    exit_code = 74  # EX_IOERR


class ConsentError(GatewayError, ValueError):
    """A consent that cannot be given as asked (a wildcard, a date in the past, an unknown granularity)."""

    exit_code = 2


class RequestLimitError(ConsentError):
    """Somebody asks for access more often than a household can be asked; ``str`` may be shown to the asker."""

    exit_code = 69


class RequestUnheardError(RequestLimitError):
    """The household hears no requests of the domain from which this one comes."""


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

    def __init__(self, sentence: Phrase) -> None:
        super().__init__(sentence)


class BridgeError(GatewayError):
    """The system that a bridge hands values on to cannot be reached, or does not take them."""

    exit_code = 69


class DaemonError(GatewayError):
    """The daemon does not run, or does not answer this user."""

    exit_code = 69


class FederationError(GatewayError):
    """The federation refused something; ``condition`` is the stanza error's defined condition (RFC 6120 §8.3.3)."""

    exit_code = 69

    def __init__(self, message: str | Phrase, condition: str = "undefined-condition") -> None:
        super().__init__(message)
        self.condition = condition


# The system's reasons that a household meets; Python has them in English alone.
_REASONS = {
    errno.EACCES: "accès refusé",
    errno.EPERM: "opération non permise",
    errno.ENOENT: "fichier ou dossier introuvable",
    errno.ENOTDIR: "un élément du chemin n’est pas un dossier",
    errno.EISDIR: "c’est un dossier",
    errno.EEXIST: "le fichier existe déjà",
    errno.ENOSPC: "plus de place",
    errno.EROFS: "on ne peut que lire, pas écrire",
    errno.EIO: "erreur de lecture ou d’écriture",
    errno.ENODEV: "appareil introuvable",
    errno.ENXIO: "appareil introuvable",
    errno.EBUSY: "déjà utilisé par un autre programme",
    errno.EADDRINUSE: "adresse déjà utilisée",
    errno.EADDRNOTAVAIL: "cette machine n’a pas cette adresse",
    errno.ECONNREFUSED: "connexion refusée",
    errno.ECONNRESET: "connexion coupée par l’autre bout",
    errno.ECONNABORTED: "connexion interrompue",
    errno.EPIPE: "connexion coupée par l’autre bout",
    errno.ENOTCONN: "pas de connexion",
    errno.ETIMEDOUT: "pas de réponse à temps",
    errno.EHOSTUNREACH: "machine injoignable",
    errno.ENETUNREACH: "réseau injoignable",
    errno.ENETDOWN: "réseau arrêté",
    errno.ENAMETOOLONG: "nom trop long",
    errno.EMFILE: "trop de fichiers ouverts",
    # Of a name's look-up (netdb.h).
    -2: "nom de machine inconnu",
    -3: "le nom de la machine ne peut pas être cherché pour l’instant",
    -5: "ce nom de machine n’a pas d’adresse",
}


# A time that is over has no reason of the system's.
NO_ANSWER = Phrase("pas de réponse", "no answer")


def reason(error: OSError) -> Phrase:
    """Why the system refused; what a library says in words of its own is the same in both."""
    number = error.errno or 0
    # asyncio's words hold the address a second time; a name's look-up has numbers of its own, and words.
    said = os.strerror(number) if number > 0 else error.strerror or str(error)
    return Phrase(_REASONS.get(number, said), said)


def because(number: int) -> Phrase:
    """The same of a number alone."""
    return reason(OSError(number, os.strerror(number)))
