"""What of a co-operative's machine is full first, and what collectors that share an account cost; tables and a picture.

The costs are those of ``arithmetic.unit`` and of ``sharing.json``; half of a core is used, as of a node.
"""

from __future__ import annotations

import json
from typing import Any, Final

from fleet.arithmetic import (
    ENGLISH,
    FRENCH,
    MINUTES_A_DAY,
    SHARING,
    ServerNode,
    Unit,
    markdown,
    number,
    unit,
)
from fleet.household import SERIES

# A disk, and how long readings by the minute stay on it.
_DISK_GB, _KEPT_DAYS = 1_000, 365
_A_MINUTE: Final = 60

_FULL_HEAD: Final = {
    ENGLISH: ("what", "full at (gateways)", "then"),
    FRENCH: ("quoi", "plein à (passerelles)", "alors"),
}
_FULL: Final = {
    "disk": {
        ENGLISH: (
            f"a disk of {_DISK_GB // 1000} TB on which values by the minute stay a year",
            "ask for half hours where they do (thirty times less), keep minutes for a month and the years as Parquet",
        ),
        FRENCH: (
            f"un disque de {_DISK_GB // 1000} To où les valeurs par minute restent un an",
            "demander la demi-heure là où elle suffit (trente fois moins), garder les minutes un mois et les années en"
            " Parquet",
        ),
    },
    "collector": {
        ENGLISH: ("one collector: half a core", "another process, up to 64: nothing has to be set"),
        FRENCH: ("un collecteur : un demi-cœur", "un processus de plus, jusqu'à 64 : rien à régler"),
    },
    "server": {
        ENGLISH: ("the recipients' Prosody: half of its one core", "ejabberd there too, or a second domain"),
        FRENCH: (
            "le Prosody des destinataires : la moitié de son seul cœur",
            "y mettre ejabberd, ou un second domaine",
        ),
    },
    "node": {
        ENGLISH: ("an ejabberd node: half of its memory and cores", "one node more"),
        FRENCH: ("un nœud ejabberd : la moitié de sa mémoire et de ses cœurs", "un nœud de plus"),
    },
}


_SHARED_HEAD: Final = {
    ENGLISH: (
        *("collectors", "homes shared out after (s)"),
        "ms of processor a message: collectors / PostgreSQL / both",
        "until confirmed, median / 99 in 100 (ms)",
    ),
    FRENCH: (
        *(
            "collecteurs",
            "foyers répartis en (s)",
            "ms de processeur par message : collecteurs / PostgreSQL / ensemble",
        ),
        "jusqu'à confirmation, médiane / 99 sur 100 (ms)",
    ),
}
_SHARED: Final = {
    ENGLISH: "Measured on {day}, {cores} cores ({architecture}), Python {python}: {homes} homes that send once a"
    " minute, every commit on the disk. {said} messages came, {points}. Until the homes were shared out again:"
    " {kills}.",
    FRENCH: "Mesuré le {day}, {cores} cœurs ({architecture}), Python {python} : {homes} foyers qui envoient une fois"
    " par minute, chaque enregistrement sur le disque. {said} messages sont venus, {points}. Jusqu'à un nouveau partage"
    " des foyers : {kills}.",
}
_POINTS: Final = {
    ENGLISH: ("every point once", "not every point once"),
    FRENCH: ("chaque point une fois", "pas chaque point une fois"),
}
_KILLS: Final = {
    "a process leaves": {ENGLISH: "a process leaves {s} s", FRENCH: "un processus s'arrête {s} s"},
    "a process is killed": {ENGLISH: "a process is killed {s} s", FRENCH: "un processus est tué {s} s"},
    "PostgreSQL is killed": {ENGLISH: "PostgreSQL is killed {s} s", FRENCH: "PostgreSQL est tué {s} s"},
    "Prosody is killed": {ENGLISH: "Prosody is killed {s} s", FRENCH: "Prosody est tué {s} s"},
}


def full_at(costs: Unit) -> dict[str, int]:
    """What -> at how many gateways that push once a minute it is full; what is full first comes first."""
    node = ServerNode()
    a_second = node.used * 1000 * _A_MINUTE
    found = {
        "disk": _DISK_GB * 1e9 / (len(SERIES) * MINUTES_A_DAY * _KEPT_DAYS * costs.bytes_a_row),
        "collector": a_second / costs.collector_ms_a_message,
        "server": a_second / costs.server_ms_a_message,
        "node": min(
            node.cores * a_second / costs.node_ms_a_message, node.used * node.memory_gb * 1e6 / costs.node_kb_a_session
        ),
    }
    return {what: int(count) for what, count in sorted(found.items(), key=lambda item: item[1])}


def first(lang: str) -> str:
    """The table of what is full when."""
    rows = []
    for what, count in full_at(unit()).items():
        name, then = _FULL[what][lang]
        rows.append([name, number(float(count), lang), then])
    return markdown(_FULL_HEAD[lang], rows)


def shared(lang: str) -> str:
    """What a message cost one, two and four collectors, and how soon they had shared anew."""
    found = json.loads(SHARING.read_text())
    (run,) = found["runs"]
    kills = ", ".join(_KILLS[kill["what"]][lang].format(s=number(kill["settled_s"], lang)) for kill in run["kills"])
    said = _SHARED[lang].format(
        **found["machine"],
        homes=number(run["homes"], lang),
        said=number(run["said"], lang),
        points=_POINTS[lang][bool(run["wrong"])],
        kills=kills,
    )
    rows = [
        [
            str(share["processes"]),
            number(share["settled_s"], lang),
            " / ".join(number(ms, lang) for ms in (*_both(share), sum(_both(share)))),
            " / ".join(number(share["latency_ms"][name], lang) for name in ("median", "p99")),
        ]
        for share in run["shares"]
    ]
    return said + "\n\n" + markdown(_SHARED_HEAD[lang], rows)


def draw() -> str:
    """What a message costs by the number of collectors, with a tenth above and below what it costs one."""
    (run,) = json.loads(SHARING.read_text())["runs"]
    costs = {share["processes"]: _both(share) for share in run["shares"]}
    one, most = sum(costs[1]), max(sum(cost) for cost in costs.values()) * 1.3
    parts: list[str] = []

    def y(value: float) -> float:
        return 200 - 160 * value / most

    parts += [
        f'<line x1="60" x2="420" y1="{y(one * edge):.1f}" y2="{y(one * edge):.1f}" stroke="#222222"'
        ' stroke-dasharray="5 4"/>'
        for edge in (0.9, 1.1)
    ]
    parts.append(f'<text x="426" y="{y(one) + 4:.1f}">\u00b1 10\u00a0%</text>')
    for place, (count, (collectors, database)) in enumerate(costs.items()):
        x = 90 + 115 * place
        for value, base, color in ((collectors, 0.0, "#b45f06"), (database, collectors, "#999999")):
            parts.append(
                f'<rect x="{x}" width="70" y="{y(base + value):.1f}" height="{160 * value / most:.1f}" fill="{color}"/>'
            )
        parts.append(f'<text x="{x + 35}" y="218" text-anchor="middle">{count}</text>')
        both = f"{collectors + database:.2f}"
        parts.append(f'<text x="{x + 35}" y="190" text-anchor="middle" fill="#ffffff">{both}</text>')
    labels = (("#b45f06", "collectors / collecteurs"), ("#999999", "PostgreSQL"))
    for place, (color, label) in enumerate(labels):
        parts.append(f'<rect x="{60 + 190 * place}" y="12" width="11" height="11" fill="{color}"/>')
        parts.append(f'<text x="{76 + 190 * place}" y="22">{label}</text>')
    parts.append('<text x="60" y="236">ms CPU / message; collectors / collecteurs: 1, 2, 4</text>')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 244" font-family="DejaVu Sans,sans-serif"'
        ' font-size="12" fill="#222222">\n<title>What a message costs</title>\n'
        '<rect width="480" height="244" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _both(share: dict[str, Any]) -> tuple[float, float]:
    return float(share["cpu_ms_each"]["collectors"]), float(share["cpu_ms_each"]["database"])
