"""Zabbix's hosts and items: one host for each household, one item for each series, made where there is none.

What a thousand values need is looked up and made in a few calls, of whichever households: with calls for each of them a
co-operative's first day took hours. What exists is left as it is. Tags are what an operator filters by.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from gateway.bridges.naming import title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.bridges.config import BridgedHouseholdTable, ZabbixTable
    from gateway.bridges.core import Value
    from gateway.bridges.zabbix_api import ZabbixApi

# https://www.zabbix.com/documentation/7.0/en/manual/api/reference/item/object
_TRAPPER, _FLOAT, _TEXT = 2, 0, 4
_ENABLED = "0"
# As it is, not in thousands of it, which Zabbix would call KkWh.
_UNITS = {"kWh": "!kWh"}
_PERIOD = re.compile("([0-9]+)([smhdw]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
# So many hosts, or items, in one call: each stays well below the time that a call may take.
_TOGETHER = 100
_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class ZabbixItem:
    """One item: its id, its type of information, for how many seconds it keeps values (None: a macro says so)."""

    id: str
    kind: int
    history_s: int | None
    is_on: bool = True


class ZabbixHosts:
    """What is in Zabbix for the households of some values. Raises BridgeError."""

    def __init__(self, api: ZabbixApi, settings: ZabbixTable) -> None:
        self._api, self._settings = api, settings
        self._hosts: dict[str, str] = {}
        self._items: dict[tuple[str, str], ZabbixItem] = {}
        # Monotonic seconds; the server hears of what is new some seconds later.
        self.made_at = -float("inf")

    def item(self, value: Value) -> ZabbixItem:
        """The item of a value that was prepared for."""
        return self._items[value.household.name, key(value)]

    def forget(self) -> None:
        """Look everything up anew: what was deleted in Zabbix meanwhile is made again."""
        self._hosts.clear()
        self._items.clear()

    def prepare(self, values: Sequence[Value]) -> None:
        """Have a host for each household, and an item for each series."""
        wanted = {(value.household.name, key(value)): value for value in values}
        households = {value.household.name: value.household for value in values}
        for names in portions(sorted(households.keys() - self._hosts.keys())):
            self._find_hosts(names)
            if new := [households[name] for name in names if name not in self._hosts]:
                self._make_hosts(new)
        unknown = sorted(wanted.keys() - self._items.keys())
        for names in portions(sorted({name for name, _ in unknown})):
            self._read_items(names)
        for places in portions([place for place in unknown if place not in self._items]):
            self._make_items([wanted[place] for place in places])

    def _find_hosts(self, names: Sequence[str]) -> None:
        for row in self._api.ask("host.get", output=["hostid", "host"], filter={"host": list(names)}):
            self._hosts[row["host"]] = row["hostid"]

    def _make_hosts(self, households: Sequence[BridgedHouseholdTable]) -> None:
        group = self._settings.group
        found = self._api.ask("hostgroup.get", output=["groupid"], filter={"name": [group]})
        groupid = found[0]["groupid"] if found else self._api.change("hostgroup.create", [{"name": group}])[0]
        hosts: list[dict[str, object]] = [
            {"host": one.name, "groups": [{"groupid": groupid}], "tags": _tags(one.tags)} for one in households
        ]
        ids = self._api.change("host.create", hosts)
        self._hosts |= zip((one.name for one in households), ids, strict=True)

    def _read_items(self, names: Sequence[str]) -> None:
        ids = {self._hosts[name]: name for name in names}
        output = ["itemid", "hostid", "key_", "value_type", "history", "status"]
        for row in self._api.ask("item.get", hostids=list(ids), output=output, search={"key_": "linky["}):
            self._items[ids[row["hostid"]], row["key_"]] = ZabbixItem(
                row["itemid"], int(row["value_type"]), _seconds(row["history"]), row["status"] == _ENABLED
            )

    def _make_items(self, values: Sequence[Value]) -> None:
        made = self._api.change("item.create", [self._described(value) for value in values])
        self.made_at = time.monotonic()
        for value, itemid in zip(values, made, strict=True):
            kind = _TEXT if isinstance(value.value, str) else _FLOAT
            self._items[value.household.name, key(value)] = ZabbixItem(itemid, kind, _seconds(self._settings.history))

    def _described(self, value: Value) -> dict[str, object]:
        household, settings = value.household, self._settings
        is_text = isinstance(value.value, str)
        flow, _, rest = value.path.partition("/")
        facts = {"Type": "Production" if flow == "production" else "Consommation"}
        facts["Titre"] = household.name
        facts |= {name: text for name, text in msgspec.to_builtins(household.facts).items() if text}
        tags = {"component": rest.partition("/")[0] or flow, "flow": flow, "series": value.path}
        tags["granularity"] = value.granularity
        return {
            "hostid": self._hosts[household.name], "key_": key(value), "type": _TRAPPER,
            "name": title(value.path, value.granularity, settings.language)[:255],
            "value_type": _TEXT if is_text else _FLOAT, "units": "" if is_text else _UNITS.get(value.unit, value.unit),
            "history": settings.history, "trends": "0" if is_text else settings.trends,
            "description": json.dumps(facts, ensure_ascii=False, indent=2), "tags": _tags(tags),
        }  # fmt: skip


def key(value: Value) -> str:
    """The key of a value's item."""
    return f"linky[{value.path}]" if value.granularity == "raw" else f"linky[{value.path},{value.granularity}]"


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"tag": tag, "value": value} for tag, value in tags.items()]


def _seconds(period: str) -> int | None:
    found = _PERIOD.fullmatch(period)
    return int(found[1]) * _SECONDS[found[2]] if found else None


def portions(things: Sequence[_Thing]) -> Iterator[Sequence[_Thing]]:
    """As many as go into one call, at a time."""
    yield from (things[place : place + _TOGETHER] for place in range(0, len(things), _TOGETHER))
