"""What the store holds and hands out, as values: granularities, points, consents, outbox rows.

No SQL here: these types are what the other rooms know of the store. Times are POSIX seconds UTC, periods are
stamped at their beginning, values are in the series' SenML unit (whole numbers for what a meter counts or measures).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.store.terms import PLAIN_MANNER, PLAIN_PROOF, PLAIN_TERMS, ConsentChangeKind, Manner, Proof, Terms, days

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Value = int | float | str

# The column ``quality`` of a reading: whose clock (the meter's, the host's), our own reckoning, a person's entry.
DERIVED, MANUAL = 2, 3
QUALITIES = {None: "", 0: "meter", 1: "host", DERIVED: "derived", MANUAL: "manual"}


class Granularity(enum.IntEnum):
    """How fine a point is; the number is the period in seconds (0: as the meter said it). Finer is smaller."""

    RAW = 0
    MINUTE = 60
    QUARTER = 900
    HALF_HOUR = 1800
    DAY = 86400

    @property
    def code(self) -> str:
        """The ISO 8601 duration of the period, or ``raw`` (the form of the command line and of the wire)."""
        return _CODES[self]

    @classmethod
    def parse(cls, code: str) -> Granularity:
        """The granularity written ``raw``, ``PT1M``, ``PT15M``, ``PT30M`` or ``P1D``; ValueError for anything else."""
        for granularity, known in _CODES.items():
            if known == code:
                return granularity
        raise ValueError(f"unknown granularity {code!r}: use {', '.join(_CODES.values())}")


_CODES = {
    Granularity.RAW: "raw",
    Granularity.MINUTE: "PT1M",
    Granularity.QUARTER: "PT15M",
    Granularity.HALF_HOUR: "PT30M",
    Granularity.DAY: "P1D",
}


class GivenUp(enum.IntEnum):
    """What is not kept where too little is left to keep all of it, of gauges; each includes those before it.

    Gauges have no quarter hours; those of indexes and load curves are never given up.
    """

    NOTHING = 0
    RAW = 1
    MINUTES = 2
    HALF_HOURS = 3

    @property
    def words(self) -> str:
        """As a sentence begins."""
        return _GIVEN_UP[self]


_GIVEN_UP = {
    GivenUp.NOTHING: "no values",
    GivenUp.RAW: "raw values",
    GivenUp.MINUTES: "raw values and minutes",
    GivenUp.HALF_HOURS: "raw values, minutes and half hours of powers",
}


class Confirm(enum.Enum):
    """What lets a row leave the outbox: the recipient's receipt after its commit, or one's own server's word."""

    RECEIPT = "receipt"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class MeterInfo:
    """A meter as the store knows it: ``name`` from the configuration, ``sensor`` the random id used in names."""

    id: int
    name: str
    sensor: str
    prm: str | None
    address: str | None
    last_time: int


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of one meter: its path, SenML unit (empty for text) and the kind of reading it holds."""

    id: int
    meter: str
    path: str
    unit: str
    kind: str
    first_time: int
    last_time: int


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one series at one time: the identity is (series, granularity, time).

    ``quality`` says of a raw value where it is from: ``meter`` or ``host`` (whose clock), ``derived``, ``manual``.
    ``rectified``: it had another value before.
    """

    series: Series
    granularity: Granularity
    time: int
    value: Value
    quality: str = field(default="", compare=False)
    rectified: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Correction:
    """A point with the value that it was given, the one it had ``before``, and who changed it when and why.

    Where it was ``removed`` the point has the value that was taken away; what was put back had none ``before``.
    """

    point: Point
    before: Value | None
    at: int
    by: str
    reason: str
    removed: bool = False

    @property
    def after(self) -> Value | None:
        """The value from then on; None where it was removed."""
        return None if self.removed else self.point.value


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """Something that happened to a meter; ``series`` is empty when it concerns the meter itself."""

    meter: str
    time: int
    kind: str
    series: str
    detail: dict[str, object]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A point promised to a recipient; ``seq`` grows by recipient and is never used twice.

    ``retention`` is the shortest that the consents state on whose word it leaves, empty where none does.
    """

    seq: int
    point: Point
    retention: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What one message is about to hand over: its rows, and ``last``, the highest number that it covers."""

    recipient: str
    last: int
    rows: tuple[OutboxRow, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """What a household allows: this recipient (bare JID), these series of this meter, this fine, from then until then.

    ``withdrawn_at`` is when it ended before its time, by any of the changes that end one; ``last`` the last change.
    """

    id: int
    recipient: str
    meter: str
    prefix: str
    granularity: Granularity
    given_at: int
    until: int
    withdrawn_at: int | None
    begins: int = 0
    replaces: int | None = None
    terms: Terms = PLAIN_TERMS
    proof: Proof = PLAIN_PROOF
    last: ConsentChangeKind | None = None
    manner: Manner = PLAIN_MANNER
    held: bool = False

    @property
    def limited(self) -> bool:
        """Whether it is suspended: nothing is given out, and unless it is ``held`` what it allows is kept meanwhile.

        Held is what came with an imported archive and was not said to apply here: it keeps nothing for anybody.
        """
        return self.held or self.last is ConsentChangeKind.LIMITED

    def valid(self, now: float) -> bool:
        """Whether it allows anything at ``now`` (POSIX seconds)."""
        return self.standing(now) and not self.limited and max(self.given_at, self.begins) <= now

    def standing(self, now: float) -> bool:
        """Whether it has not ended; unlike ``valid`` it does not need a clock that has been set."""
        return self.withdrawn_at is None and now < self.until

    def state(self, now: float) -> str:
        """How it stands at ``now``, in one word."""
        if self.withdrawn_at is not None:
            return (self.last or ConsentChangeKind.WITHDRAWN).value
        if not self.standing(now):
            return "expired"
        if self.limited:
            return ConsentChangeKind.LIMITED.value
        return "valid" if self.valid(now) else "waiting"

    def covers(self, meter: str, path: str) -> bool:
        """Whether the series lies under the consent's prefix, by whole levels of its path."""
        return meter == self.meter and under(path, self.prefix)

    @property
    def pushes_from(self) -> int:
        """The time of the first point that may be pushed, when it was given to begin later; 0 when at once.

        The moment of giving is no such time: the meter's clock may differ from the host's.
        """
        return self.begins if self.begins > self.given_at else 0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A recipient's wish to be sent what it may have; ``form`` is the name form in which it asked."""

    recipient: str
    meter: str
    prefix: str
    form: str
    confirm: Confirm


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one recipient: rows, the oldest's time, the last number given out, when it was suspended."""

    recipient: str
    rows: int
    oldest: int | None
    last_seq: int
    suspended_at: int | None = None


def point(
    series: Series, granularity: int, time: int, value: Value, quality: int | None = None, rectified: int = 0
) -> Point:
    """A row as a point; means are rounded to a tenth, which is finer than any meter measures."""
    rounded = round(value, 1) if isinstance(value, float) else value
    # Making one of what is one already is the dearest part of reading a year.
    period = granularity if isinstance(granularity, Granularity) else Granularity(granularity)
    return Point(series, period, time, rounded, QUALITIES[quality], bool(rectified))


def pushed_from(consents: Sequence[Consent], series: Series, granularity: Granularity) -> int | None:
    """The time of the first point of that series that one of the consents lets be pushed; None when none does."""
    return min((c.pushes_from for c in pushing(consents, series, granularity)), default=None)


def pushing(consents: Iterable[Consent], series: Series, granularity: Granularity) -> list[Consent]:
    """Those of the consents that let points of that series, so fine, be pushed."""
    return [c for c in giving(consents, series, granularity) if c.terms.push]


def giving(consents: Iterable[Consent], series: Series, granularity: Granularity) -> list[Consent]:
    """Those of the consents that are about that series, and allow it so fine."""
    return [c for c in consents if c.granularity <= granularity and c.covers(series.meter, series.path)]


def stated_retention(consents: Iterable[Consent]) -> str:
    """The shortest retention that one of the consents states; empty where none does: the house's own binds alone."""
    return min(filter(None, (c.terms.retention for c in consents)), key=days, default="")


def under(path: str, prefix: str) -> bool:
    """Whether ``path`` is ``prefix`` or lies below it, by whole levels; the empty prefix covers everything."""
    return not prefix or path == prefix or path.startswith(prefix + "/")


def offered(kind: str) -> tuple[Granularity, ...]:
    """The granularities in which a series of that kind exists, finest first."""
    return _OFFERED[kind]


def finest_allowed(kind: str, consent: Granularity) -> Granularity | None:
    """The finest granularity of that kind of series that is no finer than the consent; None when there is none.

    Quarter hours are given to who was allowed them by that name: a curve goes by half hours to who has a consent to
    minutes, as it did before there were quarters, and a recipient that knows none is never sent any.
    """
    return _FINEST.get((kind, consent))


_ALL = tuple(Granularity)
# A mean or a maximum comes from the meter with a period of its own, so it has no minutes; text has no mean.
_OFFERED = {
    "index": _ALL,
    # Means of volt-amperes, volts and amperes settle nothing, and would be more rows than all other quarters.
    "gauge": (Granularity.RAW, Granularity.MINUTE, Granularity.HALF_HOUR, Granularity.DAY),
    "curve": (Granularity.RAW, Granularity.QUARTER, Granularity.HALF_HOUR),
    "mean": (Granularity.RAW,),
    "maximum": (Granularity.RAW, Granularity.DAY),
    "text": (Granularity.RAW, Granularity.MINUTE),
    "daily": (Granularity.DAY,),
}
_FINEST = {
    (kind, consent): next(g for g in known if g >= consent and (g is consent or g is not Granularity.QUARTER))
    for kind, known in _OFFERED.items()
    for consent in Granularity
    if known[-1] >= consent
}
