"""What a meter says of its household's contract: what it calls it, which kind that is, its classes, its power.

For whoever asks a household for its prices: what the meter knows need not be asked. A supplier's own calendar is none
of the kinds, and has the classes that the meter counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.balance.classes import NUMBERS, PREFIX, TEMPO, named, order, ordered
from gateway.household.house_facts import subscribed_power

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.store.points import Value
    from gateway.store.store import Archive

BASE, OFF_PEAK, TEMPO_KIND, EJP, OWN = "base", "hc", "tempo", "ejp", "own"
# The classes of each kind, in the order of a bill.
CLASSES: Mapping[str, tuple[str, ...]] = {
    BASE: ("base",), OFF_PEAK: ("hp", "hc"), TEMPO_KIND: TEMPO, EJP: ("hn", "pm"),
}  # fmt: skip

_OPTION, _CALENDAR = "contract/option", "contract/calendar"
# OPTARIF, of which the last character of Tempo's is a programme's letter.
_OPTIONS = (("BASE", BASE), ("HC", OFF_PEAK), ("BBR", TEMPO_KIND), ("EJP", EJP))
# Names of calendars of which no class need have been heard yet.
_CALENDARS = (
    (re.compile("TEMPO"), TEMPO_KIND),
    (re.compile("EJP"), EJP),
    (re.compile(r"\bBASE\b"), BASE),
    (re.compile(r"(PLEINE|\bHP).*(CREUSE|\bHC)|(CREUSE|\bHC).*(PLEINE|\bHP)"), OFF_PEAK),
)
# What only a supplier's own calendar says.
_OF_A_SUPPLIER = re.compile(r"WEEK|\bWE\b|\bSEM|SUPER|SOLEIL|SAISON|FLEX|MERCR|LUNDI|VENDR")


@dataclass(frozen=True, slots=True)
class ContractSaid:
    """What is known; empty and None where the meter has not said it.

    Attributes:
        text: what it calls the contract.
        kind: ``base``, ``hc``, ``tempo``, ``ejp``, or ``own`` for a supplier's own calendar.
        classes: class of ``[[tariff]]`` -> what the supplier calls it, empty where it did not say.
        power: subscribed, in kVA.
    """

    text: str = ""
    kind: str | None = None
    classes: Mapping[str, str] = field(default_factory=dict)
    power: int | None = None


def contract_said(archive: Archive, meter: str, now: int) -> ContractSaid:
    """Of a meter as it is stored; StoreError."""
    known = {one.name for one in archive.meters.all()}
    if meter not in known:
        return ContractSaid()
    option, calendar = (_newest(archive, meter, path, now) for path in (_OPTION, _CALENDAR))
    power = subscribed_power(archive, meter, now)
    if option and not (calendar and calendar[0] > option[0]):
        text = str(option[1]).strip(" .")
        kind = next((kind for begin, kind in _OPTIONS if text.startswith(begin)), None)
        return ContractSaid(text, kind, dict.fromkeys(CLASSES.get(kind or "", ()), ""), power)
    text = " ".join(str(calendar[1]).split()) if calendar else ""
    names = archive.tariff_notes.names(meter)
    words = named(ordered({int(number): name for number, name in names.items()}, text))
    indexes = {one: _newest(archive, meter, PREFIX + one, now) for one in NUMBERS}
    # Of Tempo all are its classes, whether they have counted or not.
    counted = {one for one, last in indexes.items() if last and last[1]} | words.keys()
    classes = {words.get(one, one): " ".join(names.get(one, "").split()) for one in counted}
    classes = {word: classes[word] for word in sorted(classes, key=order)}
    return ContractSaid(text, _kind(text, classes), classes, power)


def _newest(archive: Archive, meter: str, path: str, now: int) -> tuple[int, Value] | None:
    series = archive.meters.named(meter, path)
    return archive.energy.newest(series, now) if series else None


def _kind(text: str, classes: Mapping[str, str]) -> str | None:
    said = text.upper()
    if _OF_A_SUPPLIER.search(said):
        return OWN
    if found := next((kind for pattern, kind in _CALENDARS if pattern.search(said)), None):
        return found
    if not classes:
        return None
    return next((kind for kind, words in CLASSES.items() if classes.keys() <= set(words)), OWN)
