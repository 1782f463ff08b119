"""What an asker may have: where its consents meet what it asks for, and the one refusal where they do not.

Values only; the store is asked by who calls. A series without consent and one that does not exist are refused alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.federation.wire.form import RequestError
from gateway.store.points import Consent, Granularity, MeterInfo, finest_allowed, stated_retention, under
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.federation.wire.stanza import Publisher
    from gateway.senml.naming import Identifier
    from gateway.store.meters import Meters


@dataclass(frozen=True, slots=True)
class Scope:
    """What one query may read: series under ``prefix``, this fine, since ``start``, but not those under ``without``."""

    prefix: str
    granularity: Granularity
    without: tuple[str, ...] = ()
    start: int = 0

    def __contains__(self, path: str) -> bool:
        return not any(under(path, finer) for finer in self.without)


def scopes(consents: Sequence[Consent], meter: str, path: str, asked: Granularity | None) -> list[Scope]:
    """Where the consents meet the branch ``path`` of a meter, each series once, at the finest granularity allowed.

    Raises RequestError when they do not meet, or when all that meet are coarser than what is asked.
    """
    given = [c for c in consents if c.meter == meter and (under(c.prefix, path) or under(path, c.prefix))]
    met: dict[str, Granularity] = {}
    for consent in given:
        prefix = max(consent.prefix, path, key=len)
        met[prefix] = min(consent.granularity, met.get(prefix, consent.granularity))
    if not met:
        raise not_authorized()
    if asked is not None:
        if asked < min(met.values()):
            finest = min(met.values()).code
            raise not_authorized(Phrase("the consent is no finer than {finest}").filled(finest=finest))
        met = {prefix: asked for prefix, granularity in met.items() if granularity <= asked}
    starts = {prefix: _reach(given, prefix, granularity) for prefix, granularity in met.items()}
    kept = {
        prefix: granularity
        for prefix, granularity in met.items()
        if not any(
            other != prefix and under(prefix, other) and g <= granularity and starts[other] <= starts[prefix]
            for other, g in met.items()
        )
    }
    return [Scope(p, g, tuple(o for o in kept if o != p and under(o, p)), starts[p]) for p, g in sorted(kept.items())]


def matching_series(meters: Meters, meter: str, path: str, allowed: Sequence[Scope]) -> int:
    """How many series there are now at or below ``path`` that are given within these scopes; on the store's thread."""
    return sum(
        under(path_of, path)
        and any(under(path_of, s.prefix) and finest_allowed(kind, s.granularity) is not None for s in allowed)
        for path_of, kind in meters.kinds(meter)
    )


def series_count(count: int) -> list[tuple[str, Phrase, str]]:
    """The field that says so: none is a mistyped name, or one that is still to come."""
    return [("series", Phrase("Series concerned now"), str(count))]


def _reach(consents: Sequence[Consent], prefix: str, granularity: Granularity) -> int:
    """How far back the consents to all of ``prefix``, at least that fine, reach at most."""
    covering = [c for c in consents if under(prefix, c.prefix) and c.granularity <= granularity]
    return min(c.terms.history_from or 0 for c in covering)


def meter_of(publisher: Publisher, meters: Iterable[MeterInfo], identifier: Identifier) -> MeterInfo | None:
    """The meter of this house that a name means; None when there is none."""
    if identifier.prm is not None:
        return next((m for m in meters if m.prm == identifier.prm), None)
    if not is_ours(publisher, identifier):
        return None
    return next((m for m in meters if m.sensor == identifier.sensor), None)


def is_ours(publisher: Publisher, identifier: Identifier) -> bool:
    """Whether a name begins as this gateway's names do; by a PRM nobody can tell."""
    ours = (publisher.application, publisher.server, publisher.server)
    return identifier.prm is not None or ours == (
        identifier.application,
        identifier.server,
        identifier.sensor_server,
    )


def bound(publisher: Publisher, consents: Iterable[Consent]) -> Publisher:
    """The publisher with the retention that binds who receives under these consents: the shortest that was promised."""
    return publisher.bound(stated_retention(consents))


def not_authorized(why: Phrase | None = None) -> RequestError:
    """The one refusal: it must not tell a series without consent from one that does not exist."""
    plain = Phrase("no consent in force gives you access to this identifier")
    return RequestError("auth", "not-authorized", why or plain)
