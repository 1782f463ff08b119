"""What a household may change of its configuration, and how that lies over the administrator's file. No I/O.

A change is kept by table and key, so that the file counts for every other key. Of tables of which there may be several
those with a name (a meter, a provider) are changed by that; tariffs and off-peak hours are taken whole. ``None`` is
"not there": a key is its default again, a table or a named one is left out, whatever the file says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Tables = dict[str, Any]

# Which tables may be changed, and which of their keys stay the administrator's: what names the series of years, and
# paths, which the gateway would read or write for whoever has got at the page; so every key that ends in "_file".
HOUSEHOLDS: Mapping[str, frozenset[str]] = {
    "meter": frozenset(("name", "sensor")),
    "store": frozenset(("directory", "commit_interval_s")),
    "federation": frozenset(),
    "household": frozenset(),
    "mqtt": frozenset(),
    # Who is at home, and at which door: a stolen session of the page would open it to everybody.
    "web": frozenset(("listen", "networks", "https", "http")),
    "notice": frozenset(("name",)),
    "backup": frozenset(("directory",)),
    "received": frozenset(("name",)),
    "tariff": frozenset(("offer",)),
    "off_peak": frozenset(),
    "objective": frozenset(),
    "updates": frozenset(("url",)),
}
# What an erasure of everything leaves: how the meter is read and where things are; of a meter not its delivery point.
TECHNICAL = frozenset(("meter", "store", "federation", "mqtt", "web", "backup", "updates"))
NAMED, WHOLE = frozenset(("meter", "notice", "received")), frozenset(("tariff", "off_peak"))


class SettingsOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a configuration comes from: the administrator's ``file`` and what stands in it, and the household's tables.

    ``refused``: table → why what was kept of it does not go with the file any more; then the file counts.
    ``unread``: what was kept could not be read, so that nobody knows what it says; ``tables`` are of the time before.
    """

    file: str = ""
    written: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    refused: dict[str, Any] = {}
    unread: bool = False

    @property
    def in_force(self) -> Tables:
        """What the household changed, without what is refused."""
        return {name: table for name, table in self.tables.items() if name not in self.refused}

    def origin(self, place: str) -> str:
        """Who says a key, such as ``federation.jid`` or ``meter.house.source``: settings, file, or nobody: default."""
        if _has(self.in_force, place):
            return "settings"
        return "file" if _has(_by_name(self.written), place) else "default"


def laid_over(written: Mapping[str, Any], tables: Mapping[str, Any]) -> Tables:
    """The file's tables with the household's over them, as a file would say them; neither is changed."""
    laid = dict(written)
    for name, table in tables.items():
        if table is None:
            laid.pop(name, None)
        elif name in NAMED:
            laid[name] = _laid_by_name(laid.get(name, []), table)
        elif name in WHOLE:
            laid[name] = table
        else:
            laid[name] = _laid(laid.get(name, {}), table)
    return laid


def is_households(place: str) -> bool:
    """Whether a household may change what stands at a place."""
    name, _, key = place.partition(".")
    key = key.rpartition(".")[2]
    return name in HOUSEHOLDS and key not in HOUSEHOLDS[name] and not key.endswith("_file")


def foreign(tables: Mapping[str, Any]) -> str | None:
    """The place of the first table or key that is not the household's; None where all of it is."""
    for name, table in tables.items():
        if name not in HOUSEHOLDS:
            return name
        for inside, value in _single(name, table):
            for key, said in value.items() if isinstance(value, dict) else ():
                # A file that is replayed is a path like any other.
                if not is_households(f"{name}.{key}") or (key == "source" and str(said).startswith("replay:")):
                    return f"{inside}.{key}"
    return None


def is_plain(value: object) -> bool:
    """Whether each text in it is one line that can be printed: a pattern's end lets a line feed pass."""
    match value:
        case str():
            return value.isprintable()
        case dict():
            return all(is_plain(one) for pair in value.items() for one in pair)
        case list():
            return all(map(is_plain, value))
    return True


def forgotten(tables: Mapping[str, Any]) -> Tables:
    """What is left of them when all that says something of the household goes."""
    left = {name: table for name, table in tables.items() if name in TECHNICAL}
    if meters := left.get("meter"):
        left["meter"] = {name: one and {k: v for k, v in one.items() if k != "prm"} for name, one in meters.items()}
    return left


def is_shaped(tables: Mapping[str, Any]) -> bool:
    """Whether each table has the form in which it is kept: by key, by name and key, or whole."""
    return all(table is None or _is_shaped(name, table) for name, table in tables.items())


def _is_shaped(name: str, table: object) -> bool:
    if name in WHOLE:
        return isinstance(table, list)
    if not isinstance(table, dict):
        return False
    return name not in NAMED or all(one is None or isinstance(one, dict) for one in table.values())


def put(tables: Mapping[str, Any], place: str, value: object) -> Tables:
    """The household's tables with this value at a place. KeyError where there can be no such place."""
    name, *below = _steps(place)
    if not below:
        return {**tables, name: value}
    return {**tables, name: _put(tables.get(name) or {}, below, value)}


def taken_out(tables: Mapping[str, Any], place: str) -> Tables:
    """Without what stands at a place, and without what is empty then. KeyError where nothing does."""
    name, *below = _steps(place)
    left = dict(tables)
    if below and (inner := _taken_out(left[name], below)):
        left[name] = inner
    else:
        del left[name]
    return left


def _steps(place: str) -> list[str]:
    name, *below = place.split(".")
    most = 0 if name in WHOLE else 2 if name in NAMED else 1
    if len(below) > most or not all((name, *below)):
        raise KeyError(place)
    return [name, *below]


def _put(table: Mapping[str, Any], steps: list[str], value: object) -> Tables:
    name, *below = steps
    return {**table, name: _put(table.get(name) or {}, below, value) if below else value}


def _taken_out(table: Mapping[str, Any], steps: list[str]) -> Tables:
    name, *below = steps
    left = dict(table)
    if below and (inner := _taken_out(left[name], below)):
        left[name] = inner
    else:
        del left[name]
    return left


def _single(name: str, table: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (whatever stands in a file)
    """Each table of that name, and its place."""
    if name in NAMED and isinstance(table, dict):
        yield from ((f"{name}.{one}", value) for one, value in table.items())
    elif name in WHOLE and isinstance(table, list):
        yield from ((f"{name}[{number}]", value) for number, value in enumerate(table))
    else:
        yield name, table


def _laid(written: Mapping[str, Any], table: Mapping[str, Any]) -> Tables:
    laid = {**written, **table}
    return {key: value for key, value in laid.items() if value is not None}


def _laid_by_name(written: list[Tables], table: Mapping[str, Any]) -> list[Tables]:
    known = {one.get("name", "house"): one for one in written}
    for name, changes in table.items():
        if changes is None:
            known.pop(name, None)
        else:
            known[name] = _laid(known.get(name, {"name": name}), changes)
    return list(known.values())


def _by_name(written: Mapping[str, Any]) -> Tables:
    """The file's tables in the form of the household's."""
    return {
        name: {one.get("name", "house"): one for one in table} if name in NAMED else table
        for name, table in written.items()
    }


def _has(tables: Any, place: str) -> bool:  # noqa: ANN401 (whatever stands in a file)
    for step in place.split("."):
        if not isinstance(tables, dict) or step not in tables:
            return False
        tables = tables[step]
    return True
