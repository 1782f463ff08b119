"""Writes the parts of documents that are made from code and from files, between their marks.

``PYTHONPATH=. python tools/documents.py`` writes; with ``--check`` it only says which documents would change, and fails
if there are any. Those of ``hardware/`` are made by ``hardware/make.py``.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.doctor.causes import Cause
from gateway.doctor.sentences import ENGLISH, FRENCH, words

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).resolve().parent.parent
_BLOCK: Final = re.compile(r"(<!-- (?P<name>[a-z-]+): begin -->\n)(?P<text>.*?)(<!-- (?P=name): end -->)", re.DOTALL)
_LIMITS: Final = ROOT / "tools" / "federation" / "limits"

# What stands in place of what the doctor finds.
_PLACES: Final = {
    FRENCH: {"port": "`/dev/ttyTIC`", "holder": "minicom", "group": "dialout", "bad": "12"}
    | {"heard": "standard", "wanted": "historique"},
    ENGLISH: {"port": "`/dev/ttyTIC`", "holder": "minicom", "group": "dialout", "bad": "12"}
    | {"heard": "standard", "wanted": "historic"},
}
_HEADS: Final = {FRENCH: ("Cause probable :", "Que faire :"), ENGLISH: ("Likely cause:", "What to do:")}


def causes(lang: str) -> str:
    """Every cause that the doctor knows, in a household's words."""
    likely, remedy = _HEADS[lang]
    parts = []
    for cause in Cause:
        said = words(cause, lang, _PLACES[lang])
        parts.append(f"### {said.title}\n{said.seen}\n- **{likely}** {said.likely}\n- **{remedy}** {said.remedy}\n")
    return "\n".join(parts)


def _code(name: str, language: str) -> str:
    return f"```{language}\n{(_LIMITS / name).read_text(encoding='utf-8')}```\n"


# Document -> name of a block -> what stands in it.
BLOCKS: Final[dict[str, dict[str, Callable[[], str]]]] = {
    "gateway/doctor/LISEZMOI.md": {"causes": lambda: causes(FRENCH)},
    "gateway/doctor/README.md": {"causes": lambda: causes(ENGLISH)},
    "tools/federation/README.md": {
        "ejabberd": lambda: _code("gateways.yml", "yaml"),
        "prosody": lambda: _code("gateways.cfg.lua", "lua"),
    },
}


def outdated() -> dict[Path, str]:
    """Every document that would change, and its new text; a block that is missing is a KeyError."""
    new = {}
    for name, blocks in BLOCKS.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        if missing := set(blocks) - {found["name"] for found in _BLOCK.finditer(text)}:
            raise KeyError(f"{name}: {missing}")
        made = _BLOCK.sub(lambda found, blocks=blocks: f"{found[1]}{blocks[found['name']]()}{found[4]}", text)
        if made != text:
            new[path] = made
    return new


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description="Writes the parts of documents that are made from code.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if anything would change")
    check = parser.parse_args().check
    changed = outdated()
    for path, text in changed.items():
        print(f"{'differs' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
