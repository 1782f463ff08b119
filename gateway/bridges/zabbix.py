"""Zabbix, as logNact shows it: hosts and items made by the API, values by the trapper with the meter's own time.

Zabbix answers "processed" for values that it then drops (an item that its server has not heard of yet, a value older
than the item's history). So what was sent is looked for in its history, and only what is seen there counts as handed
on. The same (item, clock, ns) sent again changes neither history nor trends (measured with 7.0.22), and a value without
nanoseconds gets some that depend on its place in the message: each value has its own, 1 for a whole second.
"""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, Any

from zabbix_utils import ItemValue, Sender
from zabbix_utils.exceptions import ModuleBaseException

from gateway.bridges.energy import TOTALS, EnergySteps, read_at
from gateway.bridges.zabbix_api import TIMEOUT_S, ZabbixApi
from gateway.bridges.zabbix_hosts import ZabbixHosts, key, portions
from gateway.bridges.zabbix_word import EVERY, SEEN, LastWords
from gateway.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.bridges.config import ZabbixTable
    from gateway.bridges.core import Value
    from gateway.bridges.energy import Reading

log = logging.getLogger(__name__)

# The history is written once a second.
_VISIBLE_S, _LOOK_S = 5.0, 0.2
# Of new items the server hears every ten seconds (CacheUpdateFrequency), unless its operator says otherwise.
_HEARD_S = 30.0
# So much before and after a border an index is looked for.
_NEAR_S = 900
_HOUR_S, _APART_S = 3600, 2 * 86_400
_TEXT_TYPES = (1, 2, 4)


class ZabbixSink:
    """One Zabbix. Blocks: it is called in a thread, once at a time.

    Args:
        settings: ``[zabbix]``.
        token: of an API user who may write the host group.
    """

    most = 1000

    def __init__(self, settings: ZabbixTable, token: str) -> None:
        self._settings = settings
        host, _, port = settings.server.rpartition(":")
        self._sender = Sender(server=host.strip("[]"), port=int(port), timeout=TIMEOUT_S, use_ipv6="[" in host)
        self._api = ZabbixApi(settings.url, token)
        self._hosts = ZabbixHosts(self._api, settings)
        self._steps = EnergySteps(self._look)
        self._words = LastWords()
        self._said: set[str] = set()

    def missing(self, values: Sequence[Value]) -> list[Value]:
        """Those that are not in Zabbix's history, or whose energy is not."""
        self._prepare(values)
        absent = self._absent(values)
        if len(absent) == len(values):
            return absent
        left = {value.household.name for value in self._absent(self._energy(values))}
        known = set(map(id, absent))
        missing = absent + [
            one for one in values if one.household.name in left and one.path in TOTALS and id(one) not in known
        ]
        if not missing:
            # Taken earlier, and seen only now: what comes next continues it.
            self._steps.keep()
        return missing

    def _absent(self, values: Sequence[Value]) -> list[Value]:
        there: dict[tuple[str, int, int], str] = {}
        for kind, asked in self._asked_together(values):
            clocks = [_moment(value.time)[0] for value in asked]
            rows = self._ask(
                "history.get", history=kind, itemids=sorted({self._hosts.item(value).id for value in asked}),
                time_from=min(clocks), time_till=max(clocks), output=["itemid", "clock", "ns", "value"],
            )  # fmt: skip
            there |= {(row["itemid"], int(row["clock"]), int(row["ns"])): row["value"] for row in rows}
        places = {(self._hosts.item(value).id, *_moment(value.time)): value for value in values}
        for place in places.keys() & there.keys():
            if not _is_same(places[place].value, there[place]):
                self._warn("corrected", "a household corrected values that Zabbix has, and keeps as they were")
        return [value for place, value in places.items() if place not in there]

    def _asked_together(self, values: Sequence[Value]) -> list[tuple[int, list[Value]]]:
        """Values of one type and about one hour, of whichever homes; what spans more is asked for each home by itself.

        One value of last year must not have Zabbix look through a year, of everybody's or of one home's.
        """
        homes: dict[tuple[str, int], list[Value]] = {}
        for value in values:
            homes.setdefault((value.household.name, self._hosts.item(value).kind), []).append(value)
        groups: dict[tuple[object, ...], list[Value]] = {}
        for (name, kind), known in homes.items():
            for n, run in enumerate(_runs(sorted(known, key=lambda value: value.time))):
                near = run[-1].time - run[0].time <= _HOUR_S
                place = ("", run[0].time // _HOUR_S) if near else (name, n)
                groups.setdefault((kind, *place), []).extend(run)
        return [(self._hosts.item(asked[0]).kind, asked) for asked in groups.values()]

    def send(self, values: Sequence[Value]) -> None:
        """Give values to the trapper, and wait until they are in the history."""
        self._prepare(values)
        values = [value for value in values if self._is_kept(value)]
        if not values:
            return
        values = [*values, *self._energy(values)]
        packed = [
            ItemValue(value.household.name, key(value), str(value.value), *_moment(value.time)) for value in values
        ]
        self._push([*packed, *self._last_words(values)])
        deadline = time.monotonic() + _VISIBLE_S
        while left := self._absent(values):
            if time.monotonic() > deadline:
                raise BridgeError(
                    f"Zabbix took {len(values)} values and has not {len(left)} of them in its history; look into its "
                    "server's log"
                )
            time.sleep(_LOOK_S)
        self._steps.keep()

    def tell(self, figures: Mapping[str, float]) -> None:
        """Tell Zabbix how the bridge itself is, as far as its template asks."""
        wanted = {f"linky.bridge[{name}]": value for name, value in figures.items()}
        name = self._settings.bridge
        told = [ItemValue(name, one, f"{wanted[one]:.0f}") for one in self._hosts.bridge() if one in wanted]
        if told:
            # Of new items the server hears until the next time.
            self._give(told)

    def _last_words(self, values: Sequence[Value]) -> list[ItemValue]:
        """What is said of each household besides, where its host has the template."""
        now = time.time()
        told = [one for one in values if all(self._hosts.has(one.household.name, word) for word in (SEEN, EVERY))]
        return [
            ItemValue(name, one, str(said))
            for name, every in self._words.of(told, now)
            for one, said in ((SEEN, int(now)), (EVERY, every))
        ]

    def _energy(self, values: Sequence[Value]) -> list[Value]:
        """What follows of indexes; an item that its operator has switched off gets nothing."""
        steps = self._steps.of(values)
        self._prepare(steps)
        return [value for value in steps if self._hosts.item(value).history_s != 0 and self._is_kept(value)]

    def _look(self, asked: Sequence[tuple[Value, int]]) -> list[list[Reading]]:
        """Readings that Zabbix has of indexes about some borders, each border of many homes in one call."""
        itemids: dict[tuple[int, int], set[str]] = {}
        for value, border in asked:
            item = self._hosts.item(value)
            itemids.setdefault((item.kind, border), set()).add(item.id)
        found: dict[tuple[str, int], list[tuple[int, float]]] = {}
        for (kind, border), ids in itemids.items():
            for some in portions(sorted(ids)):
                rows = self._ask(
                    "history.get", history=kind, itemids=some, output=["itemid", "clock", "value"],
                    time_from=border - _NEAR_S, time_till=border + _NEAR_S,
                )  # fmt: skip
                for row in rows:
                    found.setdefault((row["itemid"], border), []).append((int(row["clock"]), float(row["value"])))
        return [
            [(read_at(value, clock), index) for clock, index in found.get((self._hosts.item(value).id, border), [])]
            for value, border in asked
        ]

    def _is_kept(self, value: Value) -> bool:
        """Whether Zabbix will keep the value at all."""
        item = self._hosts.item(value)
        if not item.is_on:
            self._warn(key(value), f"Zabbix's item {key(value)} is disabled; its values are left out")
            return False
        if item.history_s == 0:
            raise BridgeError(f"Zabbix keeps no history of {key(value)}: set its history storage period")
        if isinstance(value.value, str) != (item.kind in _TEXT_TYPES):
            self._warn(
                key(value), f"Zabbix's item {key(value)} has the wrong type of information; its values are left out"
            )
            return False
        if item.history_s is not None and value.time < time.time() - item.history_s:
            self._warn("old", "values older than the history storage period of their items are left out")
            return False
        return True

    def _warn(self, kind: str, sentence: str) -> None:
        if kind not in self._said:
            log.warning("%s", sentence)
        self._said.add(kind)

    def _push(self, packed: Sequence[ItemValue]) -> None:
        """Give everything to the trapper; where the server has to hear of new items first, until it has."""
        while failed := self._give(packed):
            if time.monotonic() > self._hosts.made_at + _HEARD_S:
                # One that was deleted in Zabbix is made again.
                self._hosts.forget()
                self._words.forget()
                raise BridgeError(f"Zabbix's server does not know the items of {failed} values")
            time.sleep(_LOOK_S)

    def _give(self, packed: Sequence[ItemValue]) -> int:
        """Give everything to the trapper; how many it did not take."""
        try:
            return int(self._sender.send(packed).failed)
        except (ModuleBaseException, OSError, ValueError) as error:
            where = self._settings.server
            raise BridgeError(f"Zabbix's trapper at {where} does not take values: {error}") from error

    def _prepare(self, values: Sequence[Value]) -> None:
        try:
            self._hosts.prepare(values)
        except BridgeError:
            self._hosts.forget()
            raise

    def _ask(self, method: str, **params: object) -> Any:  # noqa: ANN401 (what the method gives)
        try:
            return self._api.ask(method, **params)
        except BridgeError:
            self._hosts.forget()
            raise


def _runs(values: Sequence[Value]) -> list[list[Value]]:
    """Values in order of time, cut where nothing is for longer than two days: a day's value follows the day after."""
    runs: list[list[Value]] = []
    for value in values:
        if not runs or value.time - runs[-1][-1].time > _APART_S:
            runs.append([])
        runs[-1].append(value)
    return runs


def _moment(at: float) -> tuple[int, int]:
    """Clock and nanoseconds."""
    second = math.floor(at)
    return second, round((at - second) * 1e9) or 1


def _is_same(ours: float | str, theirs: str) -> bool:
    return (
        theirs.strip() == ours.strip()
        if isinstance(ours, str)
        else math.isclose(float(theirs), ours, rel_tol=1e-9, abs_tol=1e-6)
    )
