"""What changed at a meter: another one answers, another contract, another subscribed power; and when all was off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.household.changes import ChangeKind, changes
from gateway.links.alert_words import Topic
from gateway.notices.deciding.news import Item
from gateway.store.local_time import local_time
from gateway.words.numbers import decimal
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.household.days import DayParts
    from gateway.live.meter import LiveMeter

# Of what is older nobody is told any more; and it stands in sight for so long.
_LOOKS_BACK_S, _SHOWN_S = 14 * 86_400, 7 * 86_400.0
# A restart takes as long; what is longer is a cut, or somebody who pulled the plug.
_OFF_S, _JUST_BOOTED_S, _OFF_SHOWN_S = 180, 900.0, 86_400.0

_OTHER_METER = Phrase(
    "Another meter has been answering as “{meter}” since {time}. If yours was replaced, there is nothing to do: what"
    " the two counted is kept apart. If not, check which cable is in which adapter."
)
_CONTRACT = Phrase(
    "The meter “{meter}” has been showing another contract since {time}: {before} before, {after} now. If you changed"
    " it, enter the new prices on the “Settings” page; if not, ask your supplier."
)
_POWER = Phrase("The meter “{meter}” shows a different subscribed power from before: {kva} kVA now.")
_OFF = Phrase(
    "The gateway was off, or without power, from {begin} to {end}; what the meter counted in the meantime is not lost."
)


def exchanged(stored: DayParts, meters: Iterable[str], now: int) -> list[Item]:
    """Other meters and other contracts of late; ``now`` is POSIX seconds. Raises StoreError."""
    found = []
    for name in meters:
        for one in changes(stored, name, now - _LOOKS_BACK_S, now):
            since, what = local_time(one.at), str(one.at)
            if one.kind is ChangeKind.METER:
                text = _OTHER_METER.filled(meter=name, time=since)
                found.append(_item(Topic.OTHER_METER, name, what, text, "another meter answers"))
            else:
                text = _CONTRACT.filled(meter=name, time=since, before=one.before, after=one.after)
                found.append(_item(Topic.CONTRACT, name, what, text, "the contract has changed"))
    return found


def _item(topic: Topic, meter: str, what: str, text: Phrase, log: str) -> Item:
    return Item(f"{topic.value} {meter} {what}", topic, meter, text, f"meter {meter}: {log}", _SHOWN_S)


def subscribed(meters: Mapping[str, LiveMeter], now: float, told: dict[str, int]) -> list[Item]:
    """Another subscribed power than the one before; the first that is heard is known without a word.

    ``told`` are the keys of what was told; ``now`` is monotonic seconds.
    """
    found = []
    for name, meter in meters.items():
        va = meter.snapshot(now, count=False).subscribed_va
        if va is None:
            continue
        first = f"{Topic.CONTRACT.value} {name} power "
        others = [key for key in told if key.startswith(first) and key != f"{first}{va}"]
        if f"{first}{va}" in told:
            # One that comes back is another change.
            for key in others:
                del told[key]
        elif not others:
            # Told long ago, as it were: it stands nowhere as news.
            told[f"{first}{va}"] = 0
        text = _POWER.filled(meter=name, kva=decimal(va / 1000, int(va % 1000 > 0)))
        found.append(_item(Topic.CONTRACT, name, f"power {va}", text, "the subscribed power has changed"))
    return found


class PowerCut:
    """Whether this start is the end of a time without power, and from when to when that was.

    Args:
        last: POSIX second of the last reading before this start; None where there is none.
        since_boot: seconds since the machine started, when the gateway did.
    """

    def __init__(self, last: int | None, since_boot: float) -> None:
        self._last = last if since_boot < _JUST_BOOTED_S else None
        self._found: list[Item] = []

    def items(self, meters: Mapping[str, LiveMeter]) -> list[Item]:
        """What is to be told of it, as soon as a meter has said the time."""
        times = [int(meter.time.timestamp()) for meter in meters.values() if meter.time]
        if self._last is not None and times:
            begin, end, self._last = self._last, min(times), None
            if end - begin >= _OFF_S:
                text = _OFF.filled(begin=local_time(begin), end=local_time(end))
                key, log = f"{Topic.POWER_CUT.value} {end}", f"the gateway was off for {end - begin} s"
                self._found = [Item(key, Topic.POWER_CUT, "", text, log, _OFF_SHOWN_S)]
        return self._found
