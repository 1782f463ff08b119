"""Zabbix, as logNact shows it: hosts and items made by the API, values by the trapper with the meter's own time.

Zabbix answers "processed" for values that it then drops (an item that its server has not heard of yet, a value older
than the item's history). So what was sent is looked for in its history, and only what is seen there counts as handed
on. The same (item, clock, ns) sent again changes neither history nor trends (measured with 7.0.22), and a value without
nanoseconds gets some that depend on its place in the message: each value has its own, 1 for a whole second.
"""

from __future__ import annotations

import json
import logging
import math
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from zabbix_utils import ItemValue, Sender, ZabbixAPI
from zabbix_utils.exceptions import ModuleBaseException

from gateway.bridges.naming import title
from gateway.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.bridges.config import ZabbixTable
    from gateway.bridges.core import Value

log = logging.getLogger(__name__)
# Its errors are raised as well, and said by us.
logging.getLogger("zabbix_utils").setLevel(logging.CRITICAL)

_TIMEOUT_S = 20
# The history is written once a second.
_VISIBLE_S, _LOOK_S = 5.0, 0.2
_HOUR_S, _APART_S = 3600, 2 * 86_400
# https://www.zabbix.com/documentation/7.0/en/manual/api/reference/item/object
_TRAPPER, _FLOAT, _TEXT = 2, 0, 4
_TEXT_TYPES = (1, 2, 4)
_PERIOD = re.compile("([0-9]+)([smhdw]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class _Item:
    id: str
    kind: int
    # For how many seconds it keeps values; None where that is a macro.
    history_s: int | None


class ZabbixSink:
    """One Zabbix. Blocks: it is called in a thread, once at a time.

    Args:
        settings: ``[zabbix]``.
        token: of an API user who may write the host group.
    """

    most = 1000

    def __init__(self, settings: ZabbixTable, token: str) -> None:
        self._settings, self._token = settings, token
        host, _, port = settings.server.rpartition(":")
        self._sender = Sender(server=host.strip("[]"), port=int(port), timeout=_TIMEOUT_S, use_ipv6="[" in host)
        self._api: Any = None
        self._hosts: dict[str, str] = {}
        self._items: dict[tuple[str, str], _Item] = {}
        self._said: set[str] = set()

    def missing(self, values: Sequence[Value]) -> list[Value]:
        """Those that are not in Zabbix's history."""
        self._prepare(values)
        there: dict[tuple[str, int, int], str] = {}
        for kind, asked in self._asked_together(values):
            clocks = [_moment(value.time)[0] for value in asked]
            rows = self._ask(
                "history.get", history=kind, itemids=sorted({self._item(value).id for value in asked}),
                time_from=min(clocks), time_till=max(clocks), output=["itemid", "clock", "ns", "value"],
            )  # fmt: skip
            there |= {(row["itemid"], int(row["clock"]), int(row["ns"])): row["value"] for row in rows}
        places = {(self._item(value).id, *_moment(value.time)): value for value in values}
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
            homes.setdefault((value.household.name, self._item(value).kind), []).append(value)
        groups: dict[tuple[object, ...], list[Value]] = {}
        for (name, kind), known in homes.items():
            for n, run in enumerate(_runs(sorted(known, key=lambda value: value.time))):
                near = run[-1].time - run[0].time <= _HOUR_S
                place = ("", run[0].time // _HOUR_S) if near else (name, n)
                groups.setdefault((kind, *place), []).extend(run)
        return [(self._item(asked[0]).kind, asked) for asked in groups.values()]

    def send(self, values: Sequence[Value]) -> None:
        """Give values to the trapper, and wait until they are in the history."""
        self._prepare(values)
        values = [value for value in values if self._is_kept(value)]
        if not values:
            return
        packed = [
            ItemValue(value.household.name, _key(value), str(value.value), *_moment(value.time)) for value in values
        ]
        try:
            failed = self._sender.send(packed).failed
        except (ModuleBaseException, OSError, ValueError) as error:
            raise BridgeError(f"Zabbix's trapper at {self._settings.server} does not take values: {error}") from error
        if failed:
            # One that was deleted in Zabbix is made again.
            self._items.clear()
            raise BridgeError(
                f"Zabbix's server does not know the items of {failed} values yet, as in their first seconds"
            )
        deadline = time.monotonic() + _VISIBLE_S
        while left := self.missing(values):
            if time.monotonic() > deadline:
                raise BridgeError(
                    f"Zabbix took {len(values)} values and has not {len(left)} of them in its history; look into its "
                    "server's log"
                )
            time.sleep(_LOOK_S)

    def _prepare(self, values: Sequence[Value]) -> None:
        """Have a host for each household, and an item for each series."""
        wanted = {(value.household.name, _key(value)): value for value in values}
        for name in sorted({name for name, _ in wanted} - self._hosts.keys()):
            self._hosts[name] = self._host(name)
        unknown = sorted(wanted.keys() - self._items.keys())
        for name in sorted({name for name, _ in unknown}):
            self._read_items(name)
            for host, key in unknown:
                if host == name and (host, key) not in self._items:
                    self._make_item(key, wanted[host, key])

    def _host(self, name: str) -> str:
        found = self._ask("host.get", output=["hostid"], filter={"host": [name]})
        if found:
            return str(found[0]["hostid"])
        groups = self._ask("hostgroup.get", output=["groupid"], filter={"name": [self._settings.group]})
        group = (groups or self._make("hostgroup.create", "groupids", name=self._settings.group))[0]
        made: list[dict[str, str]] = self._make(
            "host.create", "hostids", host=name, groups=[{"groupid": group["groupid"]}]
        )
        return made[0]["hostid"]

    def _make(self, method: str, ids: str, **params: object) -> list[dict[str, str]]:
        """Create one thing; its id as ``get`` would give it."""
        return [{ids[:-1]: str(one)} for one in self._ask(method, **params)[ids]]

    def _read_items(self, host: str) -> None:
        output = ["itemid", "key_", "value_type", "history"]
        for row in self._ask("item.get", hostids=[self._hosts[host]], output=output, search={"key_": "linky["}):
            found = _PERIOD.fullmatch(row["history"])
            history_s = int(found[1]) * _SECONDS[found[2]] if found else None
            self._items[host, row["key_"]] = _Item(row["itemid"], int(row["value_type"]), history_s)

    def _make_item(self, key: str, value: Value) -> None:
        household, settings = value.household, self._settings
        is_text = isinstance(value.value, str)
        facts = {"Type": "Production" if value.path.startswith("production/") else "Consommation"}
        facts["Titre"] = household.name
        facts |= {name: text for name, text in msgspec.to_builtins(household.facts).items() if text}
        self._ask(
            "item.create", hostid=self._hosts[household.name], key_=key, type=_TRAPPER,
            name=title(value.path, value.granularity, settings.language)[:255],
            value_type=_TEXT if is_text else _FLOAT, units="" if is_text else value.unit,
            history=settings.history, trends="0" if is_text else settings.trends,
            description=json.dumps(facts, ensure_ascii=False, indent=2),
        )  # fmt: skip
        self._read_items(household.name)

    def _item(self, value: Value) -> _Item:
        return self._items[value.household.name, _key(value)]

    def _is_kept(self, value: Value) -> bool:
        """Whether Zabbix will keep the value at all."""
        item = self._item(value)
        if item.history_s == 0:
            raise BridgeError(f"Zabbix keeps no history of {_key(value)}: set its history storage period")
        if isinstance(value.value, str) != (item.kind in _TEXT_TYPES):
            self._warn(
                _key(value), f"Zabbix's item {_key(value)} has the wrong type of information; its values are left out"
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

    def _ask(self, method: str, **params: object) -> Any:  # noqa: ANN401 (what the method gives)
        try:
            if self._api is None:
                self._api = ZabbixAPI(url=self._settings.url, token=self._token, timeout=_TIMEOUT_S)
            name, _, action = method.partition(".")
            return getattr(getattr(self._api, name), action)(**params)
        except (ModuleBaseException, OSError, ValueError) as error:
            # What was deleted in Zabbix meanwhile is made again.
            self._hosts.clear()
            self._items.clear()
            raise BridgeError(f"Zabbix's API at {self._settings.url} refuses {method}: {error}") from error


def _runs(values: Sequence[Value]) -> list[list[Value]]:
    """Values in order of time, cut where nothing is for longer than two days: a day's value follows the day after."""
    runs: list[list[Value]] = []
    for value in values:
        if not runs or value.time - runs[-1][-1].time > _APART_S:
            runs.append([])
        runs[-1].append(value)
    return runs


def _key(value: Value) -> str:
    return f"linky[{value.path}]" if value.granularity == "raw" else f"linky[{value.path},{value.granularity}]"


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
