"""From what was measured to fleets that fit on no machine here: nodes, bandwidth, rows; tables in both languages.

``curve.json`` and ``crash.json`` are what ``tools/fleet --json`` wrote, without and with ``--kill``, ``sharing.json``
with ``--homes``. Everything but the node of ``ServerNode`` is measured; what grows with the fleet is taken to grow in
proportion.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fleet.household import SERIES

_HERE: Final = Path(__file__).resolve().parent
CURVE, CRASH, SHARING = _HERE / "curve.json", _HERE / "crash.json", _HERE / "sharing.json"
FLEETS: Final = (10_000, 100_000, 1_000_000)
# A minute's values of one gateway arrive before it has the next ones to send.
_CARRIED_MS = 5_000
MINUTES_A_DAY = 1440

ENGLISH, FRENCH = "en", "fr"


@dataclass(frozen=True, slots=True)
class ServerNode:
    """The machine that a node is reckoned to run on, and the part that is used: the rest is for a node that is lost."""

    cores: int = 8
    memory_gb: int = 16
    used: float = 0.5


@dataclass(frozen=True, slots=True)
class Unit:
    """What one thing costs, of the largest run that the machine carried; a row, of the one with the most rows."""

    gateways: int
    node_ms_a_message: float
    node_ms_a_login: float
    node_kb_a_session: float
    server_ms_a_message: float
    collector_ms_a_message: float
    bytes_up: int
    bytes_down: int
    bytes_a_row: float


def runs(file: Path) -> list[dict[str, Any]]:
    """The runs of a measurement."""
    found: list[dict[str, Any]] = json.loads(file.read_text())["runs"]
    return found


def carried(run: dict[str, Any]) -> bool:
    """Whether the machine kept up: every push at its time, confirmed long before the next."""
    push = run["push"]
    return bool(push["behind_s"] < 1 and push["latency_ms"]["p99"] < _CARRIED_MS and _whole(run))


def unit() -> Unit:
    """What one message, one login and one session cost; a message of the collectors, with one process of them."""
    run = max((run for run in runs(CURVE) if carried(run)), key=lambda run: int(run["gateways"]))
    push, connect = run["push"]["cpu_ms_each"], run["connect"]["cpu_ms_each"]
    wire = run["push"]["wire_bytes"]
    return Unit(
        run["gateways"],
        _nodes(push),
        _nodes(connect),
        run["memory"]["node_kb_a_session"],
        push["recipients' server"],
        json.loads(SHARING.read_text())["runs"][0]["shares"][0]["cpu_ms_each"]["collectors"],
        wire["up"],
        wire["down"],
        max((*runs(CURVE), *runs(CRASH)), key=lambda one: int(one["points"]["expected"]))["points"]["bytes_a_row"],
    )


def needs(gateways: int, unit: Unit, server: ServerNode = ServerNode()) -> dict[str, float | tuple[float, float]]:
    """What so many gateways need that push once a minute, in the order of the page.

    Messages a second; cores that all nodes keep busy, and their memory for sessions; nodes: enough for both, and one
    more, two at the least; seconds until all have logged in again, on all cores of the nodes; megabits a second from
    the gateways and to them; cores of the recipients' server (a Prosody has one) and of the collectors; a day's rows in
    the recipient's database, and gigabytes there.
    """
    messages, rows = gateways / 60, gateways * len(SERIES) * MINUTES_A_DAY
    cores, memory_gb = messages * unit.node_ms_a_message / 1000, gateways * unit.node_kb_a_session / 1e6
    enough = max(cores / (server.cores * server.used), memory_gb / (server.memory_gb * server.used))
    nodes = max(2, math.ceil(enough) + 1)
    return {
        "messages": messages,
        "node_cores": cores,
        "node_memory_gb": memory_gb,
        "nodes": nodes,
        "return_s": gateways * unit.node_ms_a_login / 1000 / (nodes * server.cores),
        "megabits": (unit.bytes_up * messages * 8 / 1e6, unit.bytes_down * messages * 8 / 1e6),
        "server_cores": messages * unit.server_ms_a_message / 1000,
        "collector_cores": messages * unit.collector_ms_a_message / 1000,
        "rows": rows,
        "gigabytes": rows * unit.bytes_a_row / 1e9,
    }


_ROWS: Final = {
    ENGLISH: (
        "messages a second",
        "cores that the nodes keep busy",
        "memory for sessions, all nodes (GB)",
        "**nodes** of {cores} cores and {memory} GB, half used, one to spare",
        "all log in again (s), by the nodes' cores",
        "from the gateways / to them (Mbit/s)",
        "cores of the recipients' server",
        "cores of the collectors",
        "rows a day",
        "GB a day in PostgreSQL",
    ),
    FRENCH: (
        "messages par seconde",
        "cœurs occupés par les nœuds",
        "mémoire des sessions, tous les nœuds (Go)",
        "**nœuds** de {cores} cœurs et {memory} Go, utilisés à moitié, un de réserve",
        "tous reconnectés (s), d'après les cœurs des nœuds",
        "depuis les passerelles / vers elles (Mbit/s)",
        "cœurs du serveur des destinataires",
        "cœurs des collecteurs",
        "lignes par jour",
        "Go par jour dans PostgreSQL",
    ),
}


def table(lang: str) -> str:
    """The page of arithmetic."""
    costs = unit()
    names = [name.format(cores=ServerNode().cores, memory=ServerNode().memory_gb) for name in _ROWS[lang]]
    head = ("gateways" if lang == ENGLISH else "passerelles", *(number(n, lang) for n in FLEETS))
    columns = (needs(gateways, costs).values() for gateways in FLEETS)
    return markdown(
        head, [[name, *(_numbers(cell, lang) for cell in row)] for name, *row in zip(names, *columns, strict=True)]
    )


_MEASURED: Final = {
    ENGLISH: (
        *("gateways", "connects a second", "messages a second", "until confirmed, median / 99 in 100 (ms)"),
        *("kB a session at the nodes", "processor unused", "keeps up", "every point, once"),
    ),
    FRENCH: (
        *(
            "passerelles",
            "connexions par seconde",
            "messages par seconde",
            "jusqu'à confirmation, médiane / 99 sur 100 (ms)",
        ),
        *("ko par session aux nœuds", "processeur libre", "suit", "chaque point, une fois"),
    ),
}


def measured(lang: str) -> str:
    """What the runs of the curve gave."""
    rows = []
    for run in runs(CURVE):
        push = run["push"]
        latency = push["latency_ms"]
        rows.append(
            [
                number(run["gateways"], lang),
                number(run["connect"]["per_second"], lang),
                number(push["per_second"], lang),
                _numbers((latency["median"], latency["p99"]), lang),
                number(run["memory"]["node_kb_a_session"], lang),
                f"{push['idle_share']:.0%}".replace("%", " %" if lang == FRENCH else "%"),
                _yes(carried(run), lang),
                _yes(_whole(run), lang),
            ]
        )
    return _where(CURVE, lang) + markdown(_MEASURED[lang], rows)


_CRASH: Final = {
    ENGLISH: (
        *("gateways", "pushes of each", "sessions lost with the node", "all back after (s)"),
        *("messages sent again", "longest until confirmed (ms)", "points expected / missing / wrong"),
    ),
    FRENCH: (
        *("passerelles", "envois de chacune", "sessions perdues avec le nœud", "toutes revenues en (s)"),
        *("messages renvoyés", "au plus jusqu'à confirmation (ms)", "points attendus / manquants / faux"),
    ),
}


def crash(lang: str) -> str:
    """What the kill of a node and a collector cost."""
    rows = []
    for run in runs(CRASH):
        push, points = run["push"], run["points"]
        kill = push["kill"]
        rows.append(
            [
                number(run["gateways"], lang),
                number(run["minutes"], lang),
                number(kill["sessions_lost"], lang),
                number(kill["all_back_s"], lang),
                number(push["sent"] - push["pushed"], lang),
                number(kill["latency_ms"]["max"], lang),
                " / ".join(number(points[name], lang) for name in ("expected", "missing", "wrong")),
            ]
        )
    return _where(CRASH, lang) + markdown(_CRASH[lang], rows)


_WHERE: Final = {
    ENGLISH: "Measured on {day}, {cores} cores ({architecture}), Python {python}: {minutes} pushes, {period} s apart."
    " Other programs and the system took up to {others} % of the processor.",
    FRENCH: "Mesuré le {day}, {cores} cœurs ({architecture}), Python {python} : {minutes} envois, toutes les"
    " {period} s. D'autres programmes et le système ont pris jusqu'à {others} % du processeur.",
}


def _where(file: Path, lang: str) -> str:
    found = json.loads(file.read_text())
    run = found["runs"][0]
    others = max(one["push"]["others_share"] for one in found["runs"])
    said = _WHERE[lang].format(
        **found["machine"],
        period=f"{run['period_s']:g}",
        minutes=run["minutes"],
        others=f"{others * 100:.0f}",
    )
    return (said.replace(" %", "%") if lang == ENGLISH else said) + "\n\n"


def _whole(run: dict[str, Any]) -> bool:
    points = run["points"]
    return bool(points["right"] == points["expected"] and not points["wrong"])


def _yes(said: bool, lang: str) -> str:
    return {ENGLISH: ("no", "yes"), FRENCH: ("non", "oui")}[lang][said]


def _nodes(costs: dict[str, float]) -> float:
    return sum(cost for name, cost in costs.items() if name.startswith("node "))


def _numbers(cell: float | tuple[float, float], lang: str) -> str:
    return " / ".join(number(value, lang) for value in (cell if isinstance(cell, tuple) else (cell,)))


def number(value: float, lang: str) -> str:
    """Three figures are more than a proportion is good for; whole numbers as they are."""
    if isinstance(value, int):
        text = f"{value:,}"
    elif value >= 100:
        text = f"{float(f'{value:.3g}'):,.0f}"
    else:
        text = f"{value:.2g}" if value < 10 else f"{value:.0f}"
    return text.replace(",", " ").replace(".", ",") if lang == FRENCH else text


def markdown(head: tuple[str, ...], rows: list[list[str]]) -> str:
    """A table."""
    lines = [head, ("---",) * len(head), *rows]
    return (
        "".join("| " + " | ".join(line) + " |\n" for line in lines).replace("| --- ", "|---").replace("|--- |", "|---|")
    )
