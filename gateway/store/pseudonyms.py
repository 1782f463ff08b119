"""How each recipient sees the meters: by their own ids, or under a pseudonym that only this recipient is told.

A pseudonym is HMAC-SHA-256 (RFC 2104) of the recipient, the meter's id and a generation, under a key in a file of its
own beside the database: who has the database, or a copy of it, cannot tell which pseudonym is which meter. A recipient
has one manner for all that it receives, that of its latest consent; the *anonymous* one has a new pseudonym each month.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.errors import ConsentError, StoreError
from gateway.files import owner_of_folder, write_whole
from gateway.store.terms import Manner, Profile
from gateway.store.transactions import Transactions, translated
from gateway.tic.active_power import HALF_WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from gateway.store.journal import Journal
    from gateway.store.meters import Meters
    from gateway.store.points import MeterInfo, Point

KEY_NAME = "pseudonym.key"
_KEY_BYTES = 32
_CHARS = 16

# As coarse as half an hour of one small appliance: a kettle of 5 minutes is 170 Wh, a lamp is nothing.
_STEPS = {"Wh": 100, "VAh": 100, "varh": 100, "W": 200, "VA": 200, "var": 200, "A": 1, "V": 5, "l": 100, "/100": 5}

# A consent lasts three years at most; notices on older months would find nothing to erase.
_MOST_MONTHS = 48


@dataclass(frozen=True, slots=True)
class RecipientView:
    """What one recipient sees: the meters as it knows them, and how exact values are."""

    meters: tuple[MeterInfo, ...]
    profile: Profile

    def meter(self, name: str) -> MeterInfo:
        """The meter that this house calls ``name``."""
        return next(m for m in self.meters if m.name == name)

    def points(self, points: Iterable[Point]) -> list[Point]:
        """The points as this recipient gets them: whole, or rounded down so that an index never falls."""
        return list(points) if self.profile is Profile.EXACT else [rounded(p) for p in points]


def rounded(point: Point) -> Point:
    """A point as coarse as the profiles other than *exact* give it."""
    if isinstance(point.value, str):
        return point
    step = _STEPS.get(point.series.unit, 1)
    steps = point.value // step
    if point.series.path == HALF_WIDTH:
        steps += 2  # no surer than it is, nor than what was rounded down
    return replace(point, value=int(steps * step))


@dataclass(eq=False)
class Pseudonyms:
    """Who knows the meters by which names."""

    _db: Transactions
    _meters: Meters
    _journal: Journal

    @translated
    def view_of(self, recipient: str, now: float) -> RecipientView:
        """How the recipient sees this house at ``now``."""
        manner, meters = self.manner_of(recipient), self._meters.all()
        if manner.pseudonym:
            named = [(m, self._pseudonym(recipient, m, manner, now)) for m in meters]
            meters = [replace(m, sensor=sensor, prm=None, address=None) for m, sensor in named]
        return RecipientView(tuple(meters), manner.profile)

    @translated
    def known_under(self, recipient: str, meter: str, manner: Manner, now: float) -> str:
        """The id by which the recipient would know a meter of a consent in that manner."""
        info = next(m for m in self._meters.all() if m.name == meter)
        return self._pseudonym(recipient, info, manner, now) if manner.pseudonym else info.sensor

    @translated
    def manner_of(self, recipient: str) -> Manner:
        """The manner of the recipient's latest consent, also when that has ended; exact for a stranger."""
        row = self._db.execute(
            "SELECT profile, pseudonym FROM consent WHERE recipient = ? ORDER BY id DESC LIMIT 1", [recipient]
        ).fetchone()
        return Manner(Profile(row[0]), bool(row[1])) if row else Manner()

    @translated
    def rotate(self, recipient: str, now: float) -> RecipientView:
        """Give the recipient new pseudonyms from now on; what it has under the old ones stays under these."""
        if not self.manner_of(recipient).pseudonym:
            raise ConsentError(f"{recipient}: knows the meters by their own ids; give it a consent with --pseudonym")
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO pseudonym VALUES (?, ?, ?)", [recipient, self._generation(recipient) + 1, int(now)]
            )
        return self.view_of(recipient, now)

    def known_as(self, recipient: str, meter: str, now: float) -> list[str]:
        """Every id under which the recipient was ever given data of a meter, the present one last."""
        info = next(m for m in self._meters.all() if m.name == meter)
        known = dict.fromkeys(
            id_
            for profile, pseudonym, since in self._db.execute(
                "SELECT profile, pseudonym, min(given_at) FROM consent WHERE recipient = ? GROUP BY profile, pseudonym",
                [recipient],
            ).fetchall()
            for id_ in (self._pseudonyms(recipient, info, profile, since, now) if pseudonym else [info.sensor])
        )
        present = self.view_of(recipient, now).meter(meter).sensor
        known.pop(present, None)
        return [*known, present]

    def _pseudonyms(self, recipient: str, meter: MeterInfo, profile: str, since: float, now: float) -> list[str]:
        generations = range(self._generation(recipient) + 1)
        if Profile(profile) is not Profile.ANONYMOUS:
            return [self._name(recipient, meter, g, "") for g in generations]
        return [self._name(recipient, meter, g, month) for month in _months(since, now) for g in generations]

    def _pseudonym(self, recipient: str, meter: MeterInfo, manner: Manner, now: float) -> str:
        month = _month(now) if manner.profile is Profile.ANONYMOUS else ""
        return self._name(recipient, meter, self._generation(recipient), month)

    def _name(self, recipient: str, meter: MeterInfo, generation: int, month: str) -> str:
        words = "\0".join((recipient, meter.sensor, str(generation), month))
        return hmac.new(self._pseudonym_key(), words.encode(), hashlib.sha256).hexdigest()[:_CHARS]

    def _generation(self, recipient: str) -> int:
        row = self._db.execute("SELECT max(generation) FROM pseudonym WHERE recipient = ?", [recipient]).fetchone()
        return int(row[0] or 0)

    def _pseudonym_key(self) -> bytes:
        return read_or_make_key(self._journal.key_path.with_name(KEY_NAME))


def read_or_make_key(path: Path) -> bytes:
    """The key of the file, made when there is none; StoreError when it can be neither read nor written, or is none."""
    try:
        key = path.read_bytes() if path.exists() else _make(path)
    except OSError as error:
        raise StoreError(f"{path}: the key of the pseudonyms cannot be used: {error.strerror}") from error
    if len(key) != _KEY_BYTES:
        raise StoreError(f"{path}: is no key of pseudonyms; put the saved one back, or remove it for new pseudonyms")
    return key


def _make(path: Path) -> bytes:
    key = secrets.token_bytes(_KEY_BYTES)
    write_whole(path, key, owner=owner_of_folder(path))
    return key


def _month(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m}"


def _months(first: float, last: float) -> Sequence[str]:
    """The months from one time to another, the latest ones where there are many."""
    begin, end = datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)
    numbers = range(begin.year * 12 + begin.month - 1, end.year * 12 + end.month)
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in numbers[-_MOST_MONTHS:]]
