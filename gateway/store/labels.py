"""What a series is called for a person, in French and English; a path that nobody has named is its own label.

Those that a household meets are named here; what only industrial meters say is named as their labels are
(``gateway.tic.labels``).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from gateway.store.points import under
from gateway.tic.labels import known_labels
from gateway.words.catalogue import ENGLISH, FRENCH
from gateway.words.phrase import NOTHING, Phrase, same, written

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_SUCH = Phrase("series {path!r}: there is none of that name")
_PERHAPS = Phrase("; perhaps {near}")

_NAMES = {
    "consumption/current/max": Phrase("Maximum current drawn"),
    "consumption/current/overload": Phrase("Subscribed power exceeded"),
    "consumption/current/raw": Phrase("Current drawn"),
    "consumption/energy/active/daily": Phrase("Energy consumed by day"),
    "consumption/energy/active/index": Phrase("Index of energy consumed"),
    "consumption/power/active/raw": Phrase("Load curve (active power drawn)"),
    "consumption/power/active/max": Phrase("Maximum active power"),
    "consumption/power/apparent/max": Phrase("Maximum apparent power of the day"),
    "consumption/power/apparent/raw": Phrase("Apparent power drawn"),
    "consumption/voltage/mean": Phrase("Mean voltage"),
    "consumption/voltage/raw": Phrase("Voltage"),
    "contract/ejp/left": Phrase("Peak days of EJP left in the season"),
    "contract/off-peak/moved": Phrase("Off-peak hours that have moved: since when, before, after"),
    "contract/off-peak/next": Phrase("Next beginning of off-peak hours"),
    "contract/off-peak/today": Phrase("Off-peak hours of today"),
    "contract/off-peak/tomorrow": Phrase("Off-peak hours of tomorrow"),
    "contract/peak/notice": Phrase("Notice of a mobile peak"),
    "contract/peak/running": Phrase("Mobile peak in progress"),
    "contract/tariff": Phrase("Current tariff"),
    "contract/tariff/index": Phrase("Number of the current tariff index"),
    "contract/tariff/next": Phrase("Next tariff"),
    "contract/tariff/until": Phrase("End of the current tariff"),
    "contract/tempo/red/left": Phrase("Red days of Tempo left in the season"),
    "contract/tempo/today": Phrase("Tempo colour of today"),
    "contract/tempo/tomorrow": Phrase("Tempo colour of tomorrow", "series"),
    "contract/tempo/white/left": Phrase("White days of Tempo left in the season"),
    "gas/volume/index": Phrase("Gas index"),
    "heat/energy/index": Phrase("Heat index"),
    "power/active/estimate": Phrase("Active power now: + drawn, - injected (estimate)"),
    "power/active/estimate/cos-phi": Phrase("Power factor (cos φ) of the estimated power"),
    "power/active/estimate/half-width": Phrase("Uncertainty of the estimated power (±)"),
    "production/energy/active/daily": Phrase("Energy injected by day"),
    "production/energy/active/index": Phrase("Index of energy injected"),
    "production/power/active/raw": Phrase("Curve of power injected"),
    "production/power/apparent/max": Phrase("Maximum apparent power injected, of the day"),
    "production/power/apparent/raw": Phrase("Apparent power injected"),
    "status/breaker": Phrase("Breaker"),
    "status/clock": Phrase("Clock of the meter"),
    "status/contact": Phrase("Dry contact"),
    "status/cover": Phrase("Terminal cover"),
    "status/overload": Phrase("Overload"),
    "status/producing": Phrase("Injecting now"),
    "water/volume/index": Phrase("Water index"),
}
# The same paths, where no meter of the grid counts but one at the panels.
_MADE_HERE = {
    "production/energy/active/daily": Phrase("Energy produced by day"),
    "production/energy/active/index": Phrase("Index of energy produced"),
    "production/power/active/raw": Phrase("Curve of power produced"),
}

# Branches by which a household chooses what is shared; one that lies in another comes before it.
_BRANCHES = {
    "consumption/energy/active": Phrase("Energy consumed (indexes and totals)"),
    "consumption/energy/reactive": Phrase("Reactive energy"),
    "consumption/power/apparent": Phrase("Apparent power drawn"),
    "consumption/power/active": Phrase("Load curve (active power)"),
    "consumption/voltage": Phrase("Voltage"),
    "consumption/current": Phrase("Current drawn"),
    "power/active/estimate": Phrase("Active power now, with its uncertainty (estimate)"),
    "production/energy/active": Phrase("Energy injected (indexes and totals)"),
    "production/power/apparent": Phrase("Apparent power injected"),
    "production/power/active": Phrase("Curve of power injected"),
    "contract": Phrase("Contract: tariff, colours, power"),
    "status": Phrase("State of the meter"),
    "message": Phrase("Messages of the meter"),
    "water": Phrase("Water"),
    "gas": Phrase("Gas"),
    "heat": Phrase("Heat"),
    "consumption/energy": Phrase("All energy consumed"),
    "consumption/power": Phrase("All power drawn"),
    "production/energy": Phrase("All energy injected"),
    "production/power": Phrase("All power injected"),
    "consumption": Phrase("All that the home consumes"),
    "production": Phrase("All that the home produces"),
    "other": Phrase("Other measurements"),
}
# A level that may be anything, such as the tariff's period.
_ANY = "*"
_PHASE = re.compile(r"(.+)/phase/([123])")
_NUMBERED = (
    (
        re.compile("consumption/energy/active/index/provider/([0-9]+)"),
        Phrase("Index {number} of the supplier"),
    ),
    (
        re.compile("consumption/energy/active/index/distributor/([0-9]+)"),
        Phrase("Index {number} of the distributor"),
    ),
    (
        re.compile("consumption/energy/reactive/index/([1-4])"),
        Phrase("Reactive energy, quadrant {number}"),
    ),
)
_OF_PHASE = Phrase("{label}, phase {phase}")


@cache
def label_of(path: str, *, made_here: bool = False) -> Phrase:
    """The label of a series; ``made_here``: of a counter at the panels, whose paths are those of injection."""
    if made_here and path in _MADE_HERE:
        return _MADE_HERE[path]
    if path in _NAMES:
        return _NAMES[path]
    if phase := _PHASE.fullmatch(path):
        return _OF_PHASE.filled(label=label_of(phase[1]), phase=phase[2])
    for pattern, label in _NUMBERED:
        if found := pattern.fullmatch(path):
            return label.filled(number=found[1])
    return next((names for pattern, names in _of_meters() if pattern.fullmatch(path)), same(path))


def branch_label(path: str) -> Phrase:
    """The label of a series, or of all that lies below a path."""
    return _BRANCHES.get(path) or label_of(path)


def branch_of(path: str, asked: str) -> str:
    """The branch by which a household is asked about a series: no wider than what was ``asked`` for."""
    found = next((branch for branch in _BRANCHES if under(path, branch)), path)
    return found if under(found, asked) else asked


@cache
def known_names() -> frozenset[str]:
    """Every path that has a name here, and every branch of one; without those in which a level is any."""
    return frozenset(
        "/".join(levels[:depth]) for levels in _levels() if _ANY not in levels for depth in range(1, len(levels) + 1)
    )


def is_known(path: str) -> bool:
    """Whether a meter or a counter could have a series at or below a path."""
    asked = path.split("/")
    return any(
        len(asked) <= len(levels) and all(level in (_ANY, one) for one, level in zip(asked, levels, strict=False))
        for levels in _levels()
    )


def misspelt(path: str, stored: Iterable[str]) -> Phrase | None:
    """Why nothing can lie at or below a path, with names that are near; None when a meter has it, or could."""
    known = set(stored)
    if is_known(path) or any(under(one, path) for one in known):
        return None
    from difflib import get_close_matches  # noqa: PLC0415 (few names are wrong)

    near = get_close_matches(path, sorted({*known_names(), *known}), 3)
    more = _PERHAPS.filled(near=", ".join(near)) if near else NOTHING
    return (_NO_SUCH + more).filled(path=path)


@cache
def _levels() -> tuple[tuple[str, ...], ...]:
    """The paths of all that is named, level by level; ``_ANY`` where a level is whatever the meter says."""
    numbered = ("consumption/energy/active/index/provider", "consumption/energy/active/index/distributor")
    written = {*_NAMES, *(label.series for label in known_labels() if label.series)}
    paths = [re.sub(r"\{[0-9]\}", _ANY, path) for path in written]
    return tuple(
        tuple(path.split("/"))
        for path in (
            *paths,
            *(f"{path}/{_ANY}" for path in (*numbered, "consumption/energy/reactive/index", "message", "other")),
        )
        for path in (path, f"{path}/phase/{_ANY}")
    )


@cache
def _of_meters() -> tuple[tuple[re.Pattern[str], Phrase], ...]:
    """Pattern of a path -> what its label means; a level in braces (the tariff period) is any."""
    return tuple(
        (
            re.compile(re.sub(r"\\\{[0-9]\\\}", "[^/]+", re.escape(label.series))),
            written({FRENCH: label.fr, ENGLISH: label.en}),
        )
        for label in known_labels()
        if label.series
    )
