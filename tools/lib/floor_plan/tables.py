"""The two tables of CONTRIBUTING.md: the rooms as their imports have them, and a byte's walk as it was traced."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

from floor_plan import measure

ROOT: Final = Path(__file__).resolve().parents[3]
_GATEWAY: Final = ROOT / "gateway"
# The room that every other may import.
_EVERYBODYS: Final = "words"

# What is no room of the package: folder, what lives there, what it imports.
_BESIDE: Final = (
    (
        "micropython",
        "Programs of ESP32 boards; `lib/board.py` alone knows the hardware",
        "`tic/frame.py`, `tic/parity.py`, `live/compact.py`",
    ),
    ("hardware", "Drawings and tables made by code, beside the code", "nothing of ours"),
    ("tools", "What a person runs from a checkout", "the package"),
    ("tests", "Mirrors `gateway/`; `tests/integration/` starts real servers", "everything"),
)

# Each step: the functions that are entered there, as file and name below gateway/, and what happens. In the order in
# which a frame enters them for the first time: tests/integration/test_walk.py traces one from a port to the disk of a
# recipient.
WALK: Final[tuple[tuple[tuple[tuple[str, str], ...], str], ...]] = (
    (
        (("sources/serial_port.py", "SerialSource.read"),),
        "the kernel checks the parity; a byte that fails becomes NUL",
    ),
    ((("sources/line.py", "Line._feed"),), "speed and mode are found, a lost port is opened again"),
    ((("tic/frame.py", "Reader.feed"),), "bytes → frame → groups; a wrong checksum is counted and gone"),
    ((("daemon/meter.py", "MeterReader.accept"),), "the frame gets a date, or waits for one"),
    ((("tic/reading.py", "Interpreter.interpret"),), "groups → readings: series, UTC, whole numbers"),
    ((("tic/plausibility.py", "Plausibility.check"),), "may this follow what was before?"),
    ((("store/recorder.py", "Recorder.add"),), "only what changed, and the sum of the open minute"),
    (
        (("store/batches.py", "Batches.write"), ("store/outbox.py", "Outbox.promise")),
        "one transaction: readings, roll-ups (`rollups.py`), and the rows that are owed",
    ),
    (
        (("federation/provider/delivery.py", "Delivery._send_one"), ("federation/provider/batch.py", "first_batch")),
        "rows → messages, each row asked again of the consents; which share one",
    ),
    (
        (("federation/wire/stanza.py", "build_quoalise"), ("senml/pack.py", "to_element")),
        "points → SenML in `<quoalise>`",
    ),
    ((("federation/provider/flight.py", "Lane.sent"),), "what is under way, and when it goes again"),
    (
        (("store/transfers.py", "Transfers.add"), ("federation/connection/session.py", "Session.send_message")),
        "noted as handed over; out, over the federation",
    ),
    (
        (
            ("federation/recipient/intake.py", "Intake.receive"),
            ("federation/recipient/recipient.py", "Keeper.add"),
            ("federation/recipient/receipts.py", "Receipts.confirm"),
        ),
        "the other side: commit, then the receipt",
    ),
    ((("store/outbox.py", "Outbox.confirm"),), "the receipt is here: the rows go"),
)


def rooms() -> str:
    """Each folder of ``gateway/``, the ground floor first: what its docstring says, and what of ours it imports."""
    plan = measure.plan(_GATEWAY)
    standing = [room for floor in measure.floors(plan) for room in floor if (_GATEWAY / room).is_dir()]
    rows = ["| room | what lives there | imports |", "|---|---|---|"]
    for room in standing:
        known = [other for other in standing if other in plan.known(room) and other != _EVERYBODYS]
        knows = ", ".join(known) or "nothing of ours"
        rows.append(f"| [`gateway/{room}/`](gateway/{room}) | {_contract(room)} | {knows} |")
    rows += [f"| [`{name}/`]({name}) | {words} | {knows} |" for name, words, knows in _BESIDE]
    return "\n".join(rows) + "\n"


def _contract(room: str) -> str:
    """The first line of a room's docstring."""
    said = ast.get_docstring(ast.parse((_GATEWAY / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    return said.split("\n")[0].replace("``", "`").removesuffix(".")


def walk() -> str:
    """The steps of a byte, each with its files."""
    rows = ["| step | file | what happens |", "|---|---|---|"]
    for number, (entered, words) in enumerate(WALK, start=1):
        files = ", ".join(f"`gateway/{file}`" for file, _ in entered)
        rows.append(f"| {number} | {files} | {words} |")
    return "\n".join(rows) + "\n"
