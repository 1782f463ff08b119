"""What a consent says and how it was given, what strangers ask for, what recipients are told: values, no SQL.

What comes from outside is checked here (``check_terms``, ``check_path``, ``check_recipient``), since a stranger's words
are shown to a household on a terminal and on a page. Times are POSIX seconds UTC, durations are ISO 8601 in whole
years, months, weeks and days.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from gateway.addresses.validity import fault
from gateway.errors import ConsentError
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.store.points import Granularity

# The languages in which people are spoken to; the first where nothing else is known.
LANGS = ("fr", "en")

# Long enough for an honest sentence or two; what is longer is not read by anybody before a "yes".
LONGEST_PURPOSE = 500
LONGEST_WORDS = 200

# A consent is asked for again, not for ever.
LONGEST_DAYS = 3 * 366

# For how long all requests of a domain are refused: who floods goes elsewhere, and a neighbour under the same name is
# not shut out for good.
REFUSED_DAYS = 90

_JID = re.compile(r"[^@/\s]+@[^@/\s]+")
_PATH = re.compile(r"(consumption|production|power|contract|status|message|water|gas|heat|other)(/[a-z0-9-]+)*")
_URL = re.compile(r"https?://\S+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DURATION = re.compile(r"P(\d{1,5}[YMWD])+")
_DAYS = {"Y": 365, "M": 30, "W": 7, "D": 1}

# In the year 9999 every calendar of ours ends.
_LAST_TIME = 253_370_764_800


class RecipientRole(enum.Enum):
    """What the recipient is in law for the data that it receives (GDPR Art. 4(7), 4(8), 26)."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"
    JOINT = "joint"


class Channel(enum.Enum):
    """By which way the household gave its word."""

    COMMAND = "command"
    WEB = "web"
    BUTTON = "button"
    INSTALLER = "installer"


class ConsentChangeKind(enum.Enum):
    """What happens to a consent after it was given; the first three end it for good."""

    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    ERASED = "erased"
    LIMITED = "limited"
    RESUMED = "resumed"


class Profile(enum.Enum):
    """How exact what a recipient gets is: *coarse* is rounded, *anonymous* besides names nothing that lasts."""

    EXACT = "exact"
    COARSE = "coarse"
    ANONYMOUS = "anonymous"


class NoticeKind(enum.Enum):
    """What a recipient or an asker is told; the value stands on the wire."""

    ACCESS_GRANTED = "access-granted"
    ACCESS_REFUSED = "access-refused"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    CONSENT_LIMITED = "consent-limited"
    CONSENT_RESUMED = "consent-resumed"
    DATA_RECTIFIED = "data-rectified"
    DATA_ERASED = "data-erased"
    RECIPIENT_SUSPENDED = "recipient-suspended"

    @property
    def erases(self) -> bool:
        """Whether what it names is to be deleted."""
        return self in (NoticeKind.CONSENT_WITHDRAWN, NoticeKind.DATA_ERASED)


class AccessState(enum.Enum):
    """Where a request for access stands."""

    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms data are given. An empty word was not stated; ``history_from`` None is everything stored.

    ``code_*`` is the code of conduct that the recipient declares: where it is, its version, the SHA-256 of its text.
    ``retention`` is how long the recipient means to keep the data, where that is shorter than the house's own limit.
    """

    push: bool = True
    history: bool = True
    history_from: int | None = None
    purpose: str = ""
    controller: str = ""
    contact: str = ""
    privacy: str = ""
    role: RecipientRole = RecipientRole.CONTROLLER
    code_url: str = ""
    code_version: str = ""
    code_hash: str = ""
    retention: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Who gave a consent, by which way, and which text was shown (empty where none was)."""

    given_by: str = ""
    channel: Channel = Channel.COMMAND
    text_version: str = ""
    lang: str = ""
    text_hash: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """Under which name and how exactly a recipient gets what it may have; the same for all its consents."""

    profile: Profile = Profile.EXACT
    pseudonym: bool = False


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """Something that happened to a consent after it was given."""

    consent: int
    at: int
    kind: ConsentChangeKind
    by: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class ShownText:
    """The very words that a household read before it consented, by their SHA-256."""

    hash: str
    lang: str
    words: str


PLAIN_TERMS = Terms()
PLAIN_MANNER = Manner()
PLAIN_PROOF = Proof()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a household is about to allow: these series of this meter, this fine, between these times."""

    meter: str
    prefix: str
    granularity: Granularity
    until: int
    begins: int
    terms: Terms = PLAIN_TERMS
    manner: Manner = PLAIN_MANNER


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What somebody asks for; ``sensor`` is the meter as they name it, ``consents`` what came of it."""

    id: int
    at: int
    jid: str
    sensor: str
    prefix: str
    granularity: Granularity
    terms: Terms
    until: int | None
    lang: str
    state: AccessState = AccessState.PENDING
    answered_at: int | None = None
    consents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingNotice:
    """Something that ``recipient`` is to be told; ``payload`` holds facts, the words are made when it is sent.

    ``superseded``: a later one has made it untrue, and it is not told any more.
    """

    id: int
    recipient: str
    at: int
    kind: NoticeKind
    payload: dict[str, object]
    lang: str
    attempts: int
    sent_at: int | None
    confirmed_at: int | None
    superseded: bool = False

    @property
    def held_until(self) -> int:
        """The POSIX second before which it is not told, so that the household may think it over; 0 for at once."""
        held = self.payload.get("held")
        return held if isinstance(held, int) and not self.attempts else 0


def check_jid(text: str) -> str:
    """The bare JID in lower case (RFC 7622: both parts are case-folded); ConsentError if it is none."""
    bare = text.strip().partition("/")[0].lower()
    if not _JID.fullmatch(bare) or not bare.isprintable():
        raise ConsentError(f"recipient {text!r}: write an address such as coop@example.org")
    return bare


def check_recipient(text: str) -> str:
    """The same of somebody who is to be given something; ConsentError also for an address that nobody can have."""
    bare = check_jid(text)
    if reason := fault(bare):
        raise ConsentError(Phrase("recipient {text!r}: {reason}").filled(text=text, reason=reason))
    return bare


def check_path(text: str) -> str:
    """The path of what is shared, without its last slash; ConsentError for a wildcard or for everything."""
    path = text.rstrip("/")
    if not _PATH.fullmatch(path) or len(path) > LONGEST_WORDS:
        raise ConsentError(
            f"series {text!r}: name what is shared by its path, for example consumption/power/apparent/raw"
            " or consumption/energy; a wildcard is refused"
        )
    return path


def check_terms(terms: Terms) -> Terms:
    """The terms with their white space made plain; ConsentError names the first word that cannot stand."""
    words = {f.name: getattr(terms, f.name) for f in fields(terms)}
    clean: dict[str, Any] = {name: _clean(name, word) for name, word in words.items() if isinstance(word, str)}
    for name in ("privacy", "code_url"):
        if clean[name] and not _URL.fullmatch(clean[name]):
            raise ConsentError(f"{_said(name)} {clean[name]!r}: write an address that begins with https://")
    if clean["code_hash"] and not _SHA256.fullmatch(clean["code_hash"]):
        raise ConsentError("code of conduct: write the SHA-256 of its text as 64 hexadecimal digits in lower case")
    if clean["retention"]:
        days(clean["retention"])
    if not terms.push and not terms.history:
        raise ConsentError("neither new readings nor history: then there is nothing to consent to")
    check_time(terms.history_from)
    if terms.history_from is not None and not terms.history:
        raise ConsentError("a beginning of the history, and no history: name one of the two")
    return replace(terms, **clean)


def check_time(time: int | None) -> None:
    """ConsentError for a time that stands in no calendar; None is no time."""
    if time is not None and not 0 <= time < _LAST_TIME:
        raise ConsentError("a time is out of every calendar; write a date such as 2027-06-30")


def days(duration: str) -> int:
    """How long an ISO 8601 duration is, with years of 365 and months of 30 days; ConsentError if it is none."""
    if not _DURATION.fullmatch(duration):
        raise ConsentError(f"retention {duration!r}: write a duration such as P1Y, P6M or P30D")
    return sum(int(count) * _DAYS[unit] for count, unit in re.findall(r"(\d+)([YMWD])", duration))


def shortest(durations: Iterable[str], house: str) -> str:
    """The shortest of some durations and the house's own limit; empty ones say nothing."""
    return min([house, *filter(None, durations)], key=days)


def _clean(name: str, text: str) -> str:
    """Words on one line; what a terminal or a page would obey instead of showing is refused."""
    words = " ".join(text.split())
    longest = LONGEST_PURPOSE if name == "purpose" else LONGEST_WORDS
    if len(words) > longest:
        raise ConsentError(f"{_said(name)}: at most {longest} characters")
    if not words.isprintable():
        raise ConsentError(f"{_said(name)}: a character in it cannot be shown; write plain words")
    return words


def _said(name: str) -> str:
    words = {"privacy": "privacy notice", "code_url": "code of conduct", "code_version": "version of the code"}
    return words.get(name, name.replace("_", " "))
