"""What the plan of ``gateway/`` is, read from its imports; nothing of it is run.

A *room* is a file directly in the package, or a folder of it. An *arrow* is a room that imports another one: when it
runs or for types alone, at its top or within a function. A *circle* is rooms that import each other, directly or not.
Of a house without circles each room stands above all that it imports: no arrow goes up.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Of others, as released.
_OTHERS = ("microdot.py", "umqtt_simple.py")


@dataclass(frozen=True, slots=True)
class Plan:
    """The rooms by name with their files; the arrows (from, to) with the imports that make each, as file → module."""

    rooms: dict[str, list[Path]]
    arrows: dict[tuple[str, str], list[str]]

    def known(self, room: str) -> set[str]:
        """The rooms that this one imports."""
        return {to for begin, to in self.arrows if begin == room}


@dataclass(frozen=True, slots=True, order=True)
class Length:
    """How many lines something has; of a function without its docstring. ``where`` is path and name."""

    lines: int
    where: str


def plan(package: Path, name: str | None = None) -> Plan:
    """The plan of a package, such as ``gateway``; ``name`` is its dotted name where it lies in another one."""
    name = name or package.name
    rooms: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package).parts
        if len(place) > 1 or path.stem != "__init__":
            rooms[place[0].removesuffix(".py")].append(path)
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for room, paths in rooms.items():
        for path in paths:
            for module in imported(path, name):
                to = module.removeprefix(f"{name}.").split(".")[0]
                if to != room and to in rooms:
                    arrows[room, to].append(f"{path.relative_to(package)} → {module}")
    return Plan(dict(rooms), dict(arrows))


def imported(path: Path, package: str) -> Iterator[str]:
    """Dotted names of what a file imports of its own package, the package itself left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(f"{package}."))
        elif isinstance(node, ast.ImportFrom) and node.module == package:
            yield from (f"{package}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}."):
            yield node.module or ""


def circles(found: Plan) -> list[list[str]]:
    """Rooms that import each other: each circle with all that is tied into it, sorted."""
    reach = {room: _reached(room, found) for room in found.rooms}
    tied = {room: [other for other in sorted(reach[room]) if room in reach[other]] for room in reach}
    return sorted([room, *others[1:]] for room, others in tied.items() if others and others[0] == room)


def _reached(room: str, found: Plan) -> set[str]:
    reached: set[str] = set()
    waiting = [room]
    while waiting:
        new = found.known(waiting.pop()) - reached
        reached |= new
        waiting += new
    return reached


def floors(found: Plan) -> list[list[str]]:
    """The rooms by floor, the ground first: each stands just above the highest room that it imports."""
    built: list[list[str]] = []
    standing: set[str] = set()
    while left := [room for room in sorted(found.rooms) if room not in standing]:
        # Rooms of a circle stand on no floor: what is left then is one, the last.
        floor = [room for room in left if found.known(room) <= standing] or left
        built.append(floor)
        standing |= set(floor)
    return built


def code(root: Path) -> list[Path]:
    """The Python files that are ours, but for tests and drawings."""
    places = [root / place for place in ("gateway", "tools", "micropython")]
    return [path for place in places for path in sorted(place.rglob("*.py")) if path.name not in _OTHERS]


def files(paths: Iterable[Path], root: Path) -> list[Length]:
    """Files by their lines, the longest first."""
    counted = (
        Length(len(path.read_text(encoding="utf-8").splitlines()), path.relative_to(root).as_posix()) for path in paths
    )
    return sorted(counted, reverse=True)


def functions(paths: Iterable[Path], root: Path) -> list[Length]:
    """Functions by their lines, the longest first; a docstring is not counted."""
    return sorted((length for path in paths for length in _functions(path, root)), reverse=True)


def _functions(path: Path, root: Path) -> Iterator[Length]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, _FUNCTIONS):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node, clean=False) is not None:
                words = node.body[0]
                lines -= (words.end_lineno or words.lineno) - words.lineno + 1
            yield Length(lines, f"{path.relative_to(root).as_posix()}:{node.lineno} {node.name}")
