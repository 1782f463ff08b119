"""Writes the parts of documents that are made from code and from files, between their marks.

``tools/documents`` writes; with ``--check`` it only says which documents would change, and fails if there
are any. Those of ``hardware/`` are made by ``hardware/make.py``.
"""

from __future__ import annotations

import argparse
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance import fulfilled
from fleet import arithmetic, curve, fullness
from floor_plan import tables
from gateway.doctor.causes import Cause
from gateway.doctor.sentences import words
from gateway.errors import EXITS
from gateway.federation.wire.fields import FIELDS
from gateway.household import series
from gateway.live.credentials import example
from gateway.upkeep.duties.duties import read_duties
from gateway.upkeep.owner import owner
from gateway.words.catalogue import ENGLISH, FRENCH
from image import models
from website import member, offline, owned

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).resolve().parents[2]
_BLOCK: Final = re.compile(r"(<!-- (?P<name>[a-z-]+): begin -->\n)(?P<text>.*?)(<!-- (?P=name): end -->)", re.DOTALL)
_LIMITS: Final = ROOT / "tools" / "lib" / "servers" / "limits"

# What stands in place of what the doctor finds.
_PLACES: Final = {
    FRENCH: {"port": "`/dev/ttyTIC`", "holder": "minicom", "group": "dialout", "owner": "atelier"}
    | {"heard": "standard", "wanted": "historique"},
    ENGLISH: {"port": "`/dev/ttyTIC`", "holder": "minicom", "group": "dialout", "owner": "workshop"}
    | {"heard": "standard", "wanted": "historic"},
}
# Causes that say something of a source that is no serial port.
_SOURCES: Final = {
    Cause.SEVERAL_PORTS: "`usb:0403:6015`",
    Cause.NO_ANSWER: "`socket://192.168.1.20:7000`",
    Cause.BOARD_AWAY: "`board:salon`",
    Cause.BROKER_AWAY: "`board:salon`",
    Cause.GATEWAY_OFF: "`board:salon`",
}
_HEADS: Final = {FRENCH: ("Cause probable :", "Que faire :"), ENGLISH: ("Likely cause:", "What to do:")}

_FIELDS: Final = {
    FRENCH: ("facultatif", "| commande | champ | à donner | quoi |"),
    ENGLISH: ("optional", "| command | field | needed | what |"),
}
_SERIES: Final = {
    FRENCH: "| série | ce que c'est | unité | niveaux de détail | étiquettes du compteur |",
    ENGLISH: "| series | what it is | unit | granularities | labels of the meter |",
}
_DUTIES: Final = {
    FRENCH: ("Le projet :", "Au fabricant :", "Ce qui le montre :"),
    ENGLISH: ("The project:", "The manufacturer's own:", "What shows it:"),
}
_CONTACT: Final = {
    FRENCH: "L’adresse pour cela : {} ; vous recevez une réponse sous 7 jours.\n",
    ENGLISH: "The address for it: {}; you are answered within 7 days.\n",
}
_NO_CONTACT: Final = {
    FRENCH: "Aucune adresse n’est encore décidée (`gateway/upkeep/owner.toml`) : dites-le à qui vous a remis la\n"
    "passerelle. Sans adresse, nous ne promettons pas de délai de réponse.\n",
    ENGLISH: "No address is decided yet (`gateway/upkeep/owner.toml`): tell whoever gave you the gateway. Until there\n"
    "is an address, we cannot promise how soon we will answer.\n",
}
_TEXT: Final = {FRENCH: "texte", ENGLISH: "text"}
_COLON: Final = {FRENCH: " : ", ENGLISH: ": "}


def causes(lang: str) -> str:
    """Every cause that the doctor knows, in a household's words."""
    likely, remedy = _HEADS[lang]
    parts = []
    for cause in Cause:
        places = _PLACES[lang] | ({"port": _SOURCES[cause]} if cause in _SOURCES else {})
        said = words(cause, lang, places)
        parts.append(f"### {said.title}\n{said.seen}\n- **{likely}** {said.likely}\n- **{remedy}** {said.remedy}\n")
    return "\n".join(parts)


def commands(lang: str) -> str:
    """The fields of every ad-hoc command that a recipient may send."""
    optional, head = _FIELDS[lang]
    rows = [head, "|---|---|---|---|"]
    for node, fields in FIELDS.items():
        for number, field in enumerate(fields):
            needed = "" if field.required else optional
            what = field.label.in_language(lang)
            if field.description:
                what += f"{_COLON[lang]}{field.description.in_language(lang)}"
            if field.options:
                what += " (" + ", ".join(f"`{value}`" for value, _ in field.options) + ")"
            what = re.sub(r"urn:dev:prm:<PRM>_consumption/power/active/raw", "`urn:dev:prm:…`", what)
            rows.append(
                f"| {'' if number else f'`{node}`'} | `{field.var}` | {needed} | {what} |".replace("|  |", "| |")
            )
    return "\n".join(rows) + "\n"


def every(lang: str) -> str:
    """Every series that a meter can have; of each what it means, its unit, its granularities, and who feeds it."""
    rows = [_SERIES[lang], "|---|---|---|---|---|"]
    for one in series.every_series():
        labels = ", ".join(f"`{label}`" for label in one.labels)
        granularities = " ".join(one.granularities)
        cells = (f"`{one.path}`", one.meaning.in_language(lang), one.unit or _TEXT[lang], granularities, labels)
        rows.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return "\n".join(rows) + "\n"


def exits() -> str:
    """The exit codes of linky-gateway."""
    rows = [f"| {code.value} | {EXITS[code]} |" for code in sorted(EXITS)]
    return "\n".join(["| exit code | means |", "|---|---|", *rows]) + "\n"


def duties(lang: str) -> str:
    """What is asked of a manufacturer, what the project does, what shows it."""
    does, yours, shown = _DUTIES[lang]
    parts = []
    for one in read_duties():
        lines = [f"### {one.asked[lang]}", f"*{one.source}*", "", f"- **{does}** {one.done[lang]}"]
        lines += [f"- **{yours}** {one.manufacturer[lang]}"] if one.manufacturer else []
        lines += (
            [f"- **{shown}** {', '.join(_evidence(place, lang) for place in one.evidence)}"] if one.evidence else []
        )
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def contact(lang: str) -> str:
    """Where a weakness is reported besides, as the project's owner has said it."""
    given = owner().security_contact
    return _CONTACT[lang].format(given) if given else _NO_CONTACT[lang]


def _evidence(place: str, lang: str) -> str:
    file, _, test = place.partition("::")
    french = file.replace("README.md", "LISEZMOI.md")
    if lang == FRENCH and (ROOT / french).exists():
        file = french
    return f"[`{test or file}`](../../../{file})"


def _code(name: str, language: str) -> str:
    return f"```{language}\n{(_LIMITS / name).read_text(encoding='utf-8')}```\n"


def _program(language: str) -> str:
    return f"```python\n{example(language)}```\n"


# Document -> name of a block -> what stands in it.
BLOCKS: Final[dict[str, dict[str, Callable[[], str]]]] = {
    "gateway/doctor/LISEZMOI.md": {"causes": lambda: causes(FRENCH)},
    "gateway/doctor/README.md": {"causes": lambda: causes(ENGLISH)},
    "gateway/upkeep/duties/LISEZMOI.md": {"duties": lambda: duties(FRENCH)},
    "gateway/upkeep/duties/README.md": {"duties": lambda: duties(ENGLISH)},
    "README.md": {"get": owned.published},
    **owned.blocks(),
    "gateway/commands/README.md": {"exit-codes": exits},
    "gateway/federation/WIRE.md": {"fulfilled": fulfilled.table},
    "tools/lib/image/README.md": {"boards": models.table},
    "SECURITY.md": {"contact-french": lambda: contact(FRENCH), "contact-english": lambda: contact(ENGLISH)},
    "CONTRIBUTING.md": {"rooms": tables.rooms, "walk": tables.walk},
    **{
        f"gateway/collector/{name}": owned.blocks()[f"gateway/collector/{name}"]
        | {"member": partial(member.member_text, ROOT / "gateway/collector" / name, lang)}
        for name, lang in (("LISEZMOI.md", FRENCH), ("README.md", ENGLISH))
    },
    "gateway/federation/LISEZMOI.md": {"commands": lambda: commands(FRENCH), "series": lambda: every(FRENCH)},
    "gateway/federation/README.md": {"commands": lambda: commands(ENGLISH), "series": lambda: every(ENGLISH)},
    **{
        f"gateway/live/{name}": {
            "maker-python": partial(_program, "python"),
            "maker-micropython": partial(_program, "micropython"),
        }
        for name in ("LISEZMOI.md", "README.md")
    },
    **{
        f"tools/lib/servers/{name}": {
            "ejabberd": lambda: _code("gateways.yml", "yaml"),
            "prosody": lambda: _code("gateways.cfg.lua", "lua"),
        }
        for name in ("LISEZMOI.md", "README.md")
    },
    **{
        f"tools/lib/servers/operators/{name}": {
            "fleet-measured": partial(arithmetic.measured, lang),
            "fleet-crash": partial(arithmetic.crash, lang),
            "fleet-arithmetic": partial(arithmetic.table, lang),
            "fleet-sharing": partial(fullness.shared, lang),
            "fleet-first": partial(fullness.first, lang),
        }
        for name, lang in (("LISEZMOI.md", FRENCH), ("README.md", ENGLISH))
    },
}
# File that is made whole -> what makes it: a picture, a page of the guide as the gateway shows it.
WHOLE: Final[dict[str, Callable[[], str]]] = {
    "tools/lib/servers/operators/fleet.svg": curve.draw,
    "tools/lib/servers/operators/sharing.svg": fullness.draw,
    **offline.pages(),
}


def outdated() -> dict[Path, str]:
    """Every document, picture and page that would change, and its new text; a block that is missing is a KeyError."""
    new = {}
    for name, blocks in BLOCKS.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        if missing := set(blocks) - {found["name"] for found in _BLOCK.finditer(text)}:
            raise KeyError(f"{name}: {missing}")
        made = _BLOCK.sub(lambda found, blocks=blocks: _filled(found, blocks), text)
        if made != text:
            new[path] = made
    for name, make in WHOLE.items():
        path = ROOT / name
        made = make()
        if not path.exists() or made != path.read_text(encoding="utf-8"):
            new[path] = made
    return new


def _filled(found: re.Match[str], blocks: dict[str, Callable[[], str]]) -> str:
    """A block with what stands in it now; one that somebody else makes as it is."""
    return f"{found[1]}{blocks[found['name']]()}{found[4]}" if found["name"] in blocks else found[0]


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(prog="tools/documents", description="Writes the parts made from code.")
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
