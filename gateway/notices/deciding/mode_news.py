"""What a household is told of what its meter cannot say: in which mode it speaks, what that hides, how to change it.

Each is told once. It stands in ``status`` for a month, and with the doctor as long as it is so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.household.hidden import Hidden, HiddenKind
from gateway.links.alert_words import Topic
from gateway.live.uncounted import ERROR_VA
from gateway.notices.deciding.news import Item
from gateway.words.phrase import NOTHING, Phrase, joined

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from gateway.live.meter import LiveMeter

# What nobody has to do at once stands in sight for so long.
_SHOWN_S, _CHANGE_SHOWN_S = 30 * 86_400.0, 7 * 86_400.0

_CONTRACT = Phrase(
    "The meter “{meter}” is in historic mode (the old format). It shows a Base tariff there: either that is your"
    " contract, or this mode cannot show yours."
)
_PANELS = Phrase(
    "The meter “{meter}” is in historic mode (the old format), which says nothing about what your panels send to the"
    " grid: neither how much right now nor how much in total."
)
_NEEDS = Phrase(
    "Standard mode is needed for: weekend, super off-peak, solar or summer hours, Flex days, and selling a surplus."
)
_ASK = Phrase(
    "Ask your electricity supplier: “Please switch the customer output (TIC) of my Linky meter to standard mode"
    " (Enedis service F185).” It is free and done remotely, usually within one or two working days; nobody comes to"
    " your home."
)
_BEFORE = Phrase(
    "First check that no other device on the customer output (charging point, water heater, heat pump) needs "
    "historic mode."
)
_AFTER = Phrase(
    "The gateway will recognise the change by itself; your past consumption is kept. Your price and your hours do not"
    " change."
)
_CHANGED = Phrase(
    "The meter “{meter}” is now in standard mode: what historic mode did not send is known from here on, and your"
    " past consumption is kept."
)
_INJECTS = Phrase(
    "At the meter “{meter}”, electricity is sent to the grid without being counted: the meter knows of no contract to"
    " sell it."
)
_SEEN = Phrase(
    "It was about {va} VA when this was noticed, estimated from voltage and current, give or take {error} VA per"
    " phase; less than half an ampere cannot be seen."
)
_IN_NO_TOTAL = Phrase("None of it is in any total here. If you do have such a contract, tell your supplier.")


class ModeNews:
    """What is to be told of the meters' modes, in the same words for as long as it holds."""

    def __init__(self) -> None:
        self._said: dict[str, Item] = {}

    def items(self, hidden: Iterable[Hidden], meters: Mapping[str, LiveMeter], told: Container[str]) -> list[Item]:
        """What holds now; ``told`` are the keys of what was told before."""
        of: dict[str, list[Hidden]] = {}
        for one in hidden:
            of.setdefault(one.meter, []).append(one)
        found = [_item(name, several) for name, several in of.items()]
        for name, meter in meters.items():
            if meter.standard and not never_heard(name, told):
                found.append(_changed(name))
        self._said = {item.key: self._said.get(item.key, item) for item in found}
        return list(self._said.values())


def never_heard(meter: str, told: Container[str]) -> bool:
    """Whether the household never heard of what this meter's mode hides."""
    return _hidden_key(meter) not in told and _changed_key(meter) not in told


# A key begins with the place of the news among the alerts.
def _hidden_key(meter: str) -> str:
    return f"{Topic.MODE.value} {meter} hides"


def _changed_key(meter: str) -> str:
    return f"{Topic.MODE.value} {meter} changed"


def _changed(meter: str) -> Item:
    log = f"meter {meter}: it speaks standard mode now, what historic mode hid is known"
    text = _CHANGED.filled(meter=meter)
    return Item(_changed_key(meter), Topic.MODE, meter, text, log, _CHANGE_SHOWN_S, _hidden_key(meter))


def _item(meter: str, hidden: Sequence[Hidden]) -> Item:
    va = next((one.va for one in hidden if one.va is not None), None)
    # To tens: its steps are of more than a hundred.
    seen = NOTHING if va is None else _SEEN.filled(va=round(va, -1), error=ERROR_VA)
    kinds = {one.kind for one in hidden}
    if HiddenKind.INJECTION in kinds:
        key, log = (
            f"{Topic.INJECTION.value} {meter} uncounted",
            f"meter {meter}: it injects, and has no register for it",
        )
        text = joined(" ", (_INJECTS.filled(meter=meter), seen, _IN_NO_TOTAL))
        return Item(key, Topic.INJECTION, meter, text, log, _SHOWN_S, lasting=True)
    first = [said.filled(meter=meter) for kind, said in _FIRST.items() if kind in kinds]
    text = joined(" ", (*first, seen, _NEEDS, _ASK, _BEFORE, _AFTER))
    log = f"meter {meter}: historic mode may hide something of it from its household"
    return Item(_hidden_key(meter), Topic.MODE, meter, text, log, _SHOWN_S, _changed_key(meter), lasting=True)


_FIRST = {HiddenKind.CONTRACT: _CONTRACT, HiddenKind.PANELS: _PANELS}
