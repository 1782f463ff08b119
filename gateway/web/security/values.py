"""What the page *security* shows, as values: what the house knows of itself, and how each point stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# How a point stands. Nothing is ``good`` but what was looked at for this very answer: ``built`` is what the program
# does by itself and its tests show, not this page; ``absent`` what this house has not; ``maker`` what whoever sells
# such a device answers for.
GOOD, BAD, WARN, UNKNOWN, NOTE, BUILT, ABSENT, MAKER = STATES = (
    "good", "bad", "warn", "unknown", "note", "built", "absent", "maker"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SecurityPoint:
    """One point: ``key`` names its sentence, with ``places``; ``door`` is the page that mends it, empty for none."""

    key: str
    state: str
    places: Mapping[str, object] = field(default_factory=dict)
    door: str = ""


@dataclass(frozen=True, slots=True)
class UpdateFacts:
    """Updates. Times are POSIX seconds, ``support_end`` an ISO date, empty where nobody has said.

    ``keys``: how many are known by which a version is believed; ``kind``: ``setup``, ``deb`` or ``none``; ``fixes``:
    whether the system takes its own security fixes by itself, None where that is not seen here.
    """

    running: str
    newer: str = ""
    security: bool = False
    under_way: bool = False
    checked: float | None = None
    wanted: bool = False
    failed: bool = False
    support_end: str = ""
    keys: int = 0
    kind: str = "none"
    fixes: bool | None = None


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """The encrypted page: whether it is served, is all there is, is at fault; its certificate's end and fingerprint.

    ``here`` is whether this very look came by it; ``authority`` the fingerprint of the house's own, if it signed.
    """

    served: bool = False
    alone: bool = False
    broken: bool = False
    until: float | None = None
    fingerprint: str = ""
    authority: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class RefusedFacts:
    """Who was refused: since the gateway runs, but ``denied``, which the journal has, in 30 days.

    ``sign_ins`` of a wrong password or code, ``strangers`` of them by who has never signed in, ``last`` when; ``away``
    were not at home; ``senders`` sent too much by XMPP, None without an account; ``boards`` sent what no board does,
    None without a broker. ``waiting`` requests for access wait; ``domains`` are refused for good.
    """

    sign_ins: int = 0
    strangers: int = 0
    last: float | None = None
    away: int = 0
    senders: int | None = None
    denied: int = 0
    denied_last: float | None = None
    boards: int | None = None
    waiting: int = 0
    domains: int = 0


@dataclass(frozen=True, slots=True)
class BoardNow:
    """A board: its role and chip; when it was heard last (POSIX seconds; None: not since the start); its program.

    ``there``: whether it is there, None where nobody knows. ``standing``: ``current`` (the last set that was signed for
    it), ``pending``, ``trial``, ``refused``, ``cable`` (never updated from here), ``silent``.
    """

    name: str
    role: str
    chip: str
    there: bool | None
    seen: float | None
    version: str
    standing: str


@dataclass(frozen=True, slots=True)
class BrowserNow:
    """A browser that is signed in: what it says that it is, since when, its last look (POSIX seconds), if it asks."""

    number: str
    browser: str
    since: float
    used: float
    own: bool


@dataclass(frozen=True, slots=True)
class AccessFacts:
    """Who has access. ``links``: name and role of displays with a link; ``broker``: name of each that listens there.

    ``account`` is empty where there is none, ``account_state`` how its link is, ``pinned`` whether its
    server is known by its key and by no certificate. ``recipients`` have a consent,
    ``installers`` may ask how the house is (until when, POSIX seconds), ``asks`` would like to.
    """

    password: bool = True
    password_at: int | None = None
    browsers: tuple[BrowserNow, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    account: str = ""
    account_state: str = ""
    pinned: bool = False
    recipients: tuple[str, ...] = ()
    installers: tuple[tuple[str, float], ...] = ()
    asks: str = ""
    broker: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """The machine as it shows itself now; None where that cannot be seen.

    ``ports``: at which it listens for others; ``own`` of them are of the gateway and its broker. ``enclosed``: whether
    the gateway runs without root and shut in; ``exposed``: how many of its secret files others may read. ``broker``:
    ``none``, ``here``, ``encrypted``, ``clear``. ``broken``: links at fault, ``waiting``: those of which
    nothing is known yet. ``told``: ways to tell the household.
    """

    ports: tuple[int, ...] | None = None
    own: tuple[int, ...] = ()
    enclosed: bool | None = None
    root: bool = False
    exposed: int | None = None
    foreign: int = 0
    broker: str = "none"
    broken: int = 0
    waiting: int = 0
    told: bool = False
    contact: bool = False


@dataclass(frozen=True, slots=True)
class JournalFacts:
    """The journal: how many entries; when it was checked last since the start (POSIX seconds), and whether it held."""

    entries: int = 0
    at: float | None = None
    whole: bool | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """What is known of the installation, for a report: when the house began, each version with its first start.

    ``meters``: name and port; ``acts``: when root's helper was asked for what, and whether it did it; ``duties``: what
    the rules ask, by id: where that stands, and what it is; ``installer``: who is named in the settings.
    """

    begun: int | None = None
    versions: tuple[tuple[str, int], ...] = ()
    meters: tuple[tuple[str, str], ...] = ()
    acts: tuple[tuple[int, str, bool], ...] = ()
    duties: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    installer: str = ""


@dataclass(frozen=True, slots=True)
class SecurityFacts:
    """All of it, at ``now``; ``since`` is when the gateway was started (POSIX seconds).

    ``nightly`` is how the nightly backup stands, as the page *backup* has it.
    """

    now: float
    since: float
    nightly: Mapping[str, object]
    update: UpdateFacts
    tls: TlsFacts
    refused: RefusedFacts
    boards: tuple[BoardNow, ...]
    access: AccessFacts
    machine: MachineFacts
    journal: JournalFacts
