"""Data flow one way: a room imports only from the rooms that the house's plan lets it know."""

import ast
from pathlib import Path

import pytest

from tests.conftest import LONGEST

ROOT = Path(__file__).parent.parent
GATEWAY = ROOT / "gateway"

# Room -> the rooms that it may import from; the wiring (files directly in gateway/) may import from all.
MAY_KNOW = {
    "tic": set(),
    "senml": {"errors"},
    "live": {"tic", "language"},
    # A program of its own: passwords as the gateway reads them, and what systemd is told.
    "collector": {"federation", "senml", "errors", "ending", "config", "systemd", "errand", "progress"},
    "display": {"errors", "ending", "language"},
    "sources": {"tic", "errors", "language"},
    "first_boot": {"address", "sources", "errors", "files"},
    "doctor": {"tic", "sources", "errors", "language", "live"},
    "journal": {"errors", "files"},
    "boards": {"errors", "files", "language"},
    "balance": {"store", "errors", "language"},
    "store": {"address", "tic", "journal", "errors", "files", "language"},
    "consent": {"address", "store", "errors", "language"},
    "privacy": {"store", "consent", "journal", "errors", "files"},
    "backup": {"store", "errors", "files"},
    "pulses": {"tic", "store", "errors", "language"},
    "federation": {"address", "store", "senml", "journal", "errors", "language"},
    "bridges": {"federation", "senml", "tic", "errors", "config", "config_faults"},
    "web": {"address", "live", "doctor", "errors", "files", "language"},
}
CORE = (
    *(f"tic/{name}.py" for name in ("frame", "labels", "reading", "states", "events", "profile", "industrial")),
    *(f"tic/{name}.py" for name in ("plausibility", "judges", "quality", "continuity", "clock")),
    "collector/chain.py",
    "collector/rows.py",
    "display/state.py",
    "display/pages.py",
    "display/lamps.py",
    "display/relay.py",
    "display/button.py",
    *(f"first_boot/{name}.py" for name in ("checks", "faults", "settings")),
    "bridges/naming.py",
    "live/compact.py",
    "live/discovery.py",
    "live/meter.py",
    "live/metrics.py",
    "live/picture.py",
    "live/state.py",
    "live/topics.py",
    "senml/pack.py",
    "senml/syntax.py",
    "senml/naming.py",
    "store/recorder.py",
    "journal/entry.py",
    "journal/verify.py",
    "boards/fileset.py",
    *(f"balance/{name}.py" for name in ("calendar", "classes", "energy", "self_use", "tariff", "projection", "rows")),
    *(f"balance/{name}.py" for name in ("base_load", "equivalence", "objective", "words")),
    "pulses/quantity.py",
    "pulses/debounce.py",
    "web/bill.py",
    "web/cost_page.py",
    "web/cost_words.py",
    "web/dates.py",
    "web/health_pages.py",
    "web/health_words.py",
    "web/history_data.py",
    "web/history_page.py",
    "web/history_words.py",
    "web/pages.py",
    "web/past.py",
    "web/repair_pages.py",
    "web/repair_words.py",
    "web/sessions.py",
    "web/displays_words.py",
    "web/settings_words.py",
    "web/sharing_answer.py",
    "web/sharing_pages.py",
    "web/sharing_words.py",
    "web/words.py",
    "web/written.py",
)
NO_CORE = {"asyncio", "socket", "serial", "slixmpp", "sqlite3", "sqlite_utils", "time", "threading", "subprocess"}


def imports(path):
    """Dotted names of everything that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def files():
    return sorted(path for room in MAY_KNOW for path in (GATEWAY / room).glob("*.py"))


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(GATEWAY)))
def test_a_room_knows_only_what_the_plan_says(path):
    """No import against the flow of data."""
    room = path.parent.name
    known = {name.split(".")[1] for name in imports(path) if name.startswith("gateway.")}
    assert known <= MAY_KNOW[room] | {room}


@pytest.mark.parametrize("name", CORE)
def test_the_core_has_no_clock_and_no_edge(name):
    """Parsers, codecs and roll-ups work on values alone."""
    assert not {found.split(".")[0] for found in imports(GATEWAY / name)} & NO_CORE


def test_every_room_is_in_the_plan():
    """A new room says what it may know before it is built."""
    assert {path.name for path in GATEWAY.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(MAY_KNOW)


@pytest.mark.parametrize("name", ["tic/frame.py", "live/compact.py"])
def test_what_also_runs_on_micropython_imports_nothing_of_ours(name):
    """A file that a board gets a copy of stands alone."""
    assert set(imports(GATEWAY / name)) <= {"collections", "struct", "typing"}


def test_the_files_that_are_run_first_are_there():
    """Whoever moves one of the longest tests moves its turn too, or the last worker runs it alone."""
    assert [name for name in LONGEST if not (Path(__file__).parent / name).is_file()] == []
