"""Makes every drawing of this folder anew, and the tables between markers in its documents.

``python hardware/make.py`` writes; with ``--check`` it only says which files would change, and fails if there are any.
Needs schemdraw and ngspice. Another release of ngspice gives figures that are off by little: ``--check`` lets pass what
is as near as ``nearness.py`` says, and never another verdict.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parent
sys.path += [str(ROOT), str(ROOT / "tic-adapter"), str(ROOT / "wiring")]

import nearness  # noqa: E402 - found in the folders above
import report  # noqa: E402
import schematic  # noqa: E402
import scope  # noqa: E402
import stripboard  # noqa: E402
import ways  # noqa: E402
import wiring  # noqa: E402

LANGUAGES = {"README.md": "en", "LISEZMOI.md": "fr"}

_USAGE = "usage: python hardware/make.py [--check]"
_BLOCK = re.compile(r"(<!-- (?P<name>[a-z-]+): begin -->\n)(?P<text>.*?)(<!-- (?P=name): end -->)", re.DOTALL)


def pictures() -> dict[Path, Callable[[], str]]:
    """Every drawing that is the same bytes each time, and what makes it."""
    made: dict[Path, Callable[[], str]] = {
        ROOT / "ways.svg": ways.draw,
        ROOT / "at-home.svg": ways.at_home,
        ROOT / "tic-adapter/schematic.svg": schematic.draw,
        ROOT / "tic-adapter/stripboard.svg": stripboard.draw,
    }
    made |= {ROOT / "wiring" / f"{name}.svg": draw for name, draw in wiring.drawings().items()}
    return made


def scopes() -> dict[Path, Callable[[], str]]:
    """The drawings that are made of a simulation."""
    return {ROOT / "tic-adapter" / name: lambda case=case: scope.draw(case) for name, case in scope.PICTURES.items()}


def tables() -> dict[str, Callable[[str], str]]:
    """Name of a block -> what stands in it, in a language."""
    return {
        "readings": report.readings,
        "limits": report.limits,
        "meter-sees": report.meter_sees,
        "speeds": report.speeds,
        "bill": report.bill,
        "nets": report.nets,
        **wiring.tables(),
    }


def documents() -> list[Path]:
    """The documents with tables."""
    return [path for name in LANGUAGES for path in sorted(ROOT.rglob(name))]


def blocks(text: str) -> dict[str, str]:
    """The blocks of a document: name -> what stands in it."""
    return {found["name"]: found["text"] for found in _BLOCK.finditer(text)}


def filled(text: str, language: str, made: Mapping[str, Callable[[str], str]]) -> str:
    """The document with its tables made anew; a block that nobody makes is a KeyError."""
    return _BLOCK.sub(lambda found: f"{found[1]}{made[found['name']](language)}\n{found[4]}", text)


def outdated() -> dict[Path, str]:
    """Every file that would change, and its new text."""
    new = {path: draw() for path, draw in {**pictures(), **scopes()}.items()}
    new |= {path: filled(path.read_text(encoding="utf-8"), LANGUAGES[path.name], tables()) for path in documents()}
    return {path: text for path, text in new.items() if not path.exists() or path.read_text(encoding="utf-8") != text}


def is_near(path: Path, new: str) -> bool:
    """Whether what is there may be another ngspice's: a curve by its points, a document by its simulated tables."""
    if not path.exists():
        return False
    old = path.read_text(encoding="utf-8")
    if path in scopes():
        return nearness.same_curves(scope.traces(old), scope.traces(new))
    there, here = blocks(old), blocks(new)
    if path.name not in LANGUAGES or there.keys() != here.keys() or _BLOCK.sub("", old) != _BLOCK.sub("", new):
        return False
    return all(there[name] == here[name] or nearness.same_table(name, there[name], here[name]) for name in there)


def main(arguments: list[str]) -> int:
    """Write or check."""
    if arguments in (["--help"], ["-h"]):
        print(f"{_USAGE}\n\n{__doc__}")
        return 0
    if arguments not in ([], ["--check"]):
        sys.exit(_USAGE)
    changed = outdated()
    if arguments:
        changed = {path: text for path, text in changed.items() if not is_near(path, text)}
    for path, text in changed.items():
        print(path.relative_to(ROOT.parent))
        if not arguments:
            path.write_text(text, encoding="utf-8")
    return 1 if arguments and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
