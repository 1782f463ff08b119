"""Zabbix's hosts and items: one host for each household, one item for each series, made where there is none.

What a thousand values need is looked up and made in a few calls, of whichever households: with calls for each of them a
co-operative's first day took hours. What exists is left as it is. Tags are what an operator filters by.
"""

from __future__ import annotations

import json
import logging
import re
import threading
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

log = logging.getLogger(__name__)
# As zabbix.yaml calls them.
HOUSEHOLD, BRIDGE = "Linky household", "Linky bridge"
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
        self._said = False
        self._templates: dict[str, str] | None = None
        # The program tells of itself in another thread.
        self._turn = threading.Lock()
        # Monotonic seconds; the server hears of what is new some seconds later.
        self.made_at = -float("inf")

    def item(self, value: Value) -> ZabbixItem:
        """The item of a value that was prepared for."""
        return self._items[value.household.name, key(value)]

    def forget(self) -> None:
        """Look everything up anew: what was deleted in Zabbix meanwhile is made again."""
        self._hosts.clear()
        self._items.clear()
        self._templates = None

    def has(self, name: str, key: str) -> bool:
        """Whether a household that was prepared for has an item of that key, as by the template, and takes values."""
        item = self._items.get((name, key))
        return item is not None and item.is_on

    def prepare(self, values: Sequence[Value]) -> None:
        """Have a host for each household, and an item for each series."""
        wanted = {(value.household.name, key(value)): value for value in values}
        households = {value.household.name: value.household for value in values}
        for names in portions(sorted(households.keys() - self._hosts.keys())):
            self._find_hosts(names)
            if new := [households[name] for name in names if name not in self._hosts]:
                self._make_hosts(new)
            self._depend([self._hosts[name] for name in names])
        unknown = sorted(wanted.keys() - self._items.keys())
        for names in portions(sorted({name for name, _ in unknown})):
            self._read_items(names)
        for places in portions([place for place in unknown if place not in self._items]):
            self._make_items([wanted[place] for place in places])

    def _find_hosts(self, names: Sequence[str]) -> None:
        for row in self._api.ask("host.get", output=["hostid", "host"], filter={"host": list(names)}):
            self._hosts[row["host"]] = row["hostid"]

    def _make_hosts(self, households: Sequence[BridgedHouseholdTable]) -> None:
        ids = self._made(HOUSEHOLD, {one.name: one.tags for one in households})
        self._hosts |= zip((one.name for one in households), ids, strict=True)

    def _made(self, template: str, tags: dict[str, dict[str, str]]) -> list[str]:
        """New hosts by name, with their tags, and with the template where Zabbix has it."""
        group = self._settings.group
        found = self._api.ask("hostgroup.get", output=["groupid"], filter={"name": [group]})
        groupid = found[0]["groupid"] if found else self._api.change("hostgroup.create", [{"name": group}])[0]
        linked = [{"templateid": known} for name, known in self._imported().items() if name == template]
        shared = {"groups": [{"groupid": groupid}], "templates": linked}
        return self._api.change(
            "host.create", [{"host": name, "tags": _tags(its), **shared} for name, its in tags.items()]
        )

    def _imported(self) -> dict[str, str]:
        """Which of our templates Zabbix has, with their ids."""
        if self._templates is None:
            rows = self._api.ask("template.get", output=["templateid", "host"], filter={"host": [HOUSEHOLD, BRIDGE]})
            self._templates = {row["host"]: row["templateid"] for row in rows}
            if len(self._templates) < 2 and not self._said:
                log.info(
                    "Zabbix has no templates of ours: import gateway/bridges/zabbix.yaml for alarms and dashboards"
                )
                self._said = True
        return self._templates

    def bridge(self) -> list[str]:
        """Have the bridge's own host, if its template is there; what it is to tell of itself, by its items' keys."""
        with self._turn:
            name = self._settings.bridge
            asked = {"output": ["hostid"], "filter": {"host": [name]}, "selectItems": ["key_"]}
            hosts = self._api.ask("host.get", **asked)
            if not hosts and BRIDGE in self._imported():
                self._made(BRIDGE, {name: {}})
                hosts = self._api.ask("host.get", **asked)
            return [item["key_"] for host in hosts for item in host["items"]]

    def _depend(self, hostids: Sequence[str]) -> None:
        """Have no household called silent while nothing comes through the bridge: that is one alarm, not thousands."""
        silent = self._api.ask(
            "trigger.get", hostids=list(hostids), selectDependencies=["triggerid"], **_by_tag("silent")
        )
        if alone := [row for row in silent if not row["dependencies"]]:
            self.bridge()
            if found := self._api.ask("trigger.get", host=self._settings.bridge, **_by_tag("bridge")):
                depends = [{"triggerid": found[0]["triggerid"]}]
                changes: list[dict[str, object]] = [
                    {"triggerid": row["triggerid"], "dependencies": depends} for row in alone
                ]
                self._api.change("trigger.update", changes)

    def _read_items(self, names: Sequence[str]) -> None:
        ids = {self._hosts[name]: name for name in names}
        output = ["itemid", "hostid", "key_", "value_type", "history", "status"]
        for row in self._api.ask("item.get", hostids=list(ids), output=output, search={"key_": "linky"}):
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


def _by_tag(value: str) -> dict[str, object]:
    """Which triggers of our templates, by the tag that says what they are for."""
    return {"output": ["triggerid"], "tags": [{"tag": "linky", "value": value, "operator": 1}]}


def _seconds(period: str) -> int | None:
    found = _PERIOD.fullmatch(period)
    return int(found[1]) * _SECONDS[found[2]] if found else None


def portions(things: Sequence[_Thing]) -> Iterator[Sequence[_Thing]]:
    """As many as go into one call, at a time."""
    yield from (things[place : place + _TOGETHER] for place in range(0, len(things), _TOGETHER))
