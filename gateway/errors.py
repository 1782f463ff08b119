"""The errors a person may meet: one root, one sentence each.

An edge translates its library's exceptions into one of these, once, with ``from``. The command line prints the
sentence and exits with ``exit_code``; anything else that escapes is a bug. ``reason`` is why the system
refused, in both languages.
"""

from __future__ import annotations

import enum
import errno
import os

from gateway.language import Phrase, same


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
    Exit.DONE: Phrase("c’est fait", "done"),
    Exit.FAILED: Phrase(
        "ce n’est pas fait, ou, pour status et fleet status, tout ne va pas bien",
        "not done; of status and fleet status: not all is well",
    ),
    Exit.USAGE: Phrase(
        "la commande ne peut pas être donnée ainsi ; pour fleet status : une passerelle ne répond pas",
        "the command cannot be given so; of fleet status: a gateway was not heard",
    ),
    Exit.DATA: Phrase(
        "ce qui a été donné (fichier, valeur, clé, archive) n’est pas ce qu’il faut",
        "what was handed in (a file, a value, a key, an archive) is not what it must be",
    ),
    Exit.UNAVAILABLE: Phrase(
        "injoignable : un port, un serveur, le courtier, la passerelle en marche",
        "not reachable: a port, a server, the broker, the running gateway",
    ),
    Exit.SOFTWARE: Phrase(
        "une faute du programme ; son journal dit laquelle", "a fault of the program; its log says which"
    ),
    Exit.STORE: Phrase(
        "la base ou un fichier ne peut pas être lu ou écrit", "the database or a file cannot be read or written"
    ),
    Exit.PERMISSION: Phrase("ce n’est pas permis", "not allowed"),
    Exit.CONFIGURATION: Phrase("la configuration manque ou est fausse", "the configuration is missing or wrong"),
    Exit.INTERRUPTED: Phrase("interrompu (Ctrl-C)", "interrupted (Ctrl-C)"),
}


class GatewayError(Exception):
    """Root of all errors of this program: one sentence, where, what, and what to do.

    ``str(error)`` is the sentence in English, for logs; ``phrase`` is what a household reads. What only an
    engineer meets may be given in English alone.
    """

    exit_code: int = Exit.FAILED

    def __init__(self, sentence: str | Phrase) -> None:
        self.phrase = sentence if isinstance(sentence, Phrase) else same(sentence)
        super().__init__(self.phrase.en)


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
