"""What a series is called for a person, in French and English; a path that nobody has named is its own label.

Those that a household meets are named here; what only industrial meters say is named as their labels are
(``gateway.tic.labels``).
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import TYPE_CHECKING

from gateway.language import NOTHING, Phrase
from gateway.store.points import under
from gateway.tic.labels import known_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_SUCH = Phrase("série {path!r} : il n’y en a pas de ce nom", "series {path!r}: there is none of that name")
_PERHAPS = Phrase(" ; peut-être {near}", "; perhaps {near}")

# Path -> (French, English).
_NAMES = {
    "consumption/current/max": ("Intensité maximale soutirée", "Maximum current drawn"),
    "consumption/current/overload": ("Dépassement de la puissance souscrite", "Subscribed power exceeded"),
    "consumption/current/raw": ("Intensité soutirée", "Current drawn"),
    "consumption/energy/active/daily": ("Énergie consommée par jour", "Energy consumed by day"),
    "consumption/energy/active/index": ("Index d'énergie consommée", "Index of energy consumed"),
    "consumption/power/active/raw": ("Courbe de charge (puissance active soutirée)", "Load curve (active power drawn)"),
    "consumption/power/active/max": ("Puissance active maximale", "Maximum active power"),
    "consumption/power/apparent/max": ("Puissance apparente maximale du jour", "Maximum apparent power of the day"),
    "consumption/power/apparent/raw": ("Puissance apparente soutirée", "Apparent power drawn"),
    "consumption/voltage/mean": ("Tension moyenne", "Mean voltage"),
    "consumption/voltage/raw": ("Tension", "Voltage"),
    "contract/peak/notice": ("Préavis de pointe mobile", "Notice of a mobile peak"),
    "contract/peak/running": ("Pointe mobile en cours", "Mobile peak in progress"),
    "contract/tariff": ("Tarif en cours", "Current tariff"),
    "contract/tariff/index": ("Numéro de l'index tarifaire en cours", "Number of the current tariff index"),
    "contract/tempo/today": ("Couleur Tempo du jour", "Tempo colour of today"),
    "contract/tempo/tomorrow": ("Couleur Tempo du lendemain", "Tempo colour of tomorrow"),
    "gas/volume/index": ("Index de gaz", "Gas index"),
    "heat/energy/index": ("Index de chaleur", "Heat index"),
    "production/energy/active/daily": ("Énergie produite par jour", "Energy produced by day"),
    "production/energy/active/index": ("Index d'énergie injectée", "Index of energy injected"),
    "production/power/active/raw": ("Courbe de puissance injectée", "Curve of power injected"),
    "production/power/apparent/max": (
        "Puissance apparente maximale injectée du jour",
        "Maximum apparent power injected, of the day",
    ),
    "production/power/apparent/raw": ("Puissance apparente injectée", "Apparent power injected"),
    "status/breaker": ("Organe de coupure", "Breaker"),
    "status/clock": ("Horloge du compteur", "Clock of the meter"),
    "status/contact": ("Contact sec", "Dry contact"),
    "status/cover": ("Cache-bornes", "Terminal cover"),
    "status/overload": ("Dépassement de puissance", "Overload"),
    "status/producing": ("Injection en cours", "Injecting now"),
    "water/volume/index": ("Index d'eau", "Water index"),
}
# Branches by which a household chooses what is shared; one that lies in another comes before it.
_BRANCHES = {
    "consumption/energy/active": ("Énergie consommée (index et totaux)", "Energy consumed (indexes and totals)"),
    "consumption/energy/reactive": ("Énergie réactive", "Reactive energy"),
    "consumption/power/apparent": ("Puissance apparente soutirée", "Apparent power drawn"),
    "consumption/power/active": ("Courbe de charge (puissance active)", "Load curve (active power)"),
    "consumption/voltage": ("Tension", "Voltage"),
    "consumption/current": ("Intensité soutirée", "Current drawn"),
    "production/energy/active": ("Énergie injectée (index et totaux)", "Energy injected (indexes and totals)"),
    "production/power/apparent": ("Puissance apparente injectée", "Apparent power injected"),
    "production/power/active": ("Courbe de puissance injectée", "Curve of power injected"),
    "contract": ("Contrat : tarif, couleurs, puissance", "Contract: tariff, colours, power"),
    "status": ("État du compteur", "State of the meter"),
    "message": ("Messages du compteur", "Messages of the meter"),
    "water": ("Eau", "Water"),
    "gas": ("Gaz", "Gas"),
    "heat": ("Chaleur", "Heat"),
    "consumption/energy": ("Énergie consommée, toute", "All energy consumed"),
    "consumption/power": ("Puissance soutirée, toute", "All power drawn"),
    "production/energy": ("Énergie injectée, toute", "All energy injected"),
    "production/power": ("Puissance injectée, toute", "All power injected"),
    "consumption": ("Tout ce que le logement consomme", "All that the home consumes"),
    "production": ("Tout ce que le logement produit", "All that the home produces"),
    "other": ("Autres mesures", "Other measurements"),
}
# A level that may be anything, such as the tariff's period.
_ANY = "*"
_PHASE = re.compile(r"(.+)/phase/([123])")
_NUMBERED = (
    (
        re.compile("consumption/energy/active/index/provider/([0-9]+)"),
        ("Index {} du fournisseur", "Index {} of the supplier"),
    ),
    (
        re.compile("consumption/energy/active/index/distributor/([0-9]+)"),
        ("Index {} du distributeur", "Index {} of the distributor"),
    ),
    (
        re.compile("consumption/energy/reactive/index/([1-4])"),
        ("Énergie réactive, quadrant {}", "Reactive energy, quadrant {}"),
    ),
)


@cache
def label_of(path: str) -> tuple[str, str]:
    """The label of a series in French and in English."""
    if path in _NAMES:
        return _NAMES[path]
    if phase := _PHASE.fullmatch(path):
        french, english = label_of(phase[1])
        return f"{french}, phase {phase[2]}", f"{english}, phase {phase[2]}"
    for pattern, (french, english) in _NUMBERED:
        if found := pattern.fullmatch(path):
            return french.format(found[1]), english.format(found[1])
    return next((names for pattern, names in _of_meters() if pattern.fullmatch(path)), (path, path))


def branch_label(path: str) -> tuple[str, str]:
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
    near = difflib.get_close_matches(path, sorted({*known_names(), *known}), 3)
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
def _of_meters() -> tuple[tuple[re.Pattern[str], tuple[str, str]], ...]:
    """Pattern of a path -> what its label means; a level in braces (the tariff period) is any."""
    return tuple(
        (re.compile(re.sub(r"\\\{[0-9]\\\}", "[^/]+", re.escape(label.series))), (label.fr, label.en))
        for label in known_labels()
        if label.series
    )
