"""Data flow one way: a room imports only from the rooms that the house's plan lets it know."""

import ast
import re
from pathlib import Path

import pytest

from floor_plan import measure

ROOT = Path(__file__).parent.parent
GATEWAY = ROOT / "gateway"

# Room -> the rooms that it imports from, the ground floor first. That is the whole plan: what is not here
# is not imported, and what is here is. Two rooms know nearly all others: ``daemon`` builds, ``commands`` starts.
KNOWS = {
    "files": set(),
    "tic": set(),
    "words": set(),
    "addresses": set("words".split()),
    "errors": set("words".split()),
    "live": set("tic words".split()),
    "journal": set("errors files words".split()),
    "senml": set("errors".split()),
    "sources": set("errors tic words".split()),
    "doctor": set("errors live sources tic words".split()),
    "first_boot": set("addresses files sources words".split()),
    "store": set("addresses errors files journal tic words".split()),
    "backup": set("errors files store".split()),
    "balance": set("store words".split()),
    "consent": set("addresses errors store words".split()),
    "federation": set("addresses errors journal senml store words".split()),
    "pulses": set("errors store tic words".split()),
    "upkeep": set("errors files first_boot journal words".split()),
    "config": set("addresses balance errors files pulses senml sources words".split()),
    "links": set("doctor errors federation files live sources store tic words".split()),
    "privacy": set("consent errors files store".split()),
    "household": set("balance config errors federation links live pulses senml sources store tic words".split()),
    "operation": set("config errors journal words".split()),
    "process": set("errors links words".split()),
    "bridges": set("config errors federation process senml store tic".split()),
    "collector": set("config errors federation operation process senml words".split()),
    "control": set("config consent errors household links privacy pulses store tic words".split()),
    "display": set("errors process words".split()),
    "mqtt": set("config errors federation files household links live sources words".split()),
    "notices": set("addresses balance config errors federation household links live store words".split()),
    "web": set(
        (
            "addresses balance config consent display doctor errors federation files household journal "
            "links live mqtt privacy store words"
        ).split()
    ),
    "account": set("config control errors federation files web words".split()),
    "daemon": set(
        (
            "account config consent control errors federation household journal links live mqtt notices process "
            "pulses sources store tic upkeep web words"
        ).split()
    ),
    "commands": set(
        (
            "account backup balance config consent control daemon doctor errors federation first_boot "
            "household journal links live mqtt operation privacy process senml sources store tic upkeep web words"
        ).split()
    ),
    "__main__": set("commands".split()),
}
MOST_ROOMS, MOST_ARROWS = 40, 207
EVERYBODYS = {"errors", "files", "words"}
CORE = (
    "addresses/appearance.py",
    "addresses/validity.py",
    *(f"tic/{name}.py" for name in ("frame", "parity", "labels", "reading", "states", "events", "profile")),
    *(f"tic/{name}.py" for name in ("industrial", "load_curve", "phases")),
    *(f"tic/{name}.py" for name in ("day_classes", "hours", "learned_hours", "observed", "off_peak", "season")),
    *(f"tic/{name}.py" for name in ("standard_days", "tariff_calendar", "tariff_memory", "tariff_outlook")),
    "tic/tariff_prediction.py",
    *(f"tic/{name}.py" for name in ("plausibility", "judges", "quality", "continuity", "clock")),
    "collector/chain.py",
    "collector/rows.py",
    "display/state.py",
    "display/pages.py",
    "display/sheet.py",
    "display/lamps.py",
    "display/relay.py",
    "display/button.py",
    *(f"first_boot/{name}.py" for name in ("checks", "faults", "settings")),
    "bridges/naming.py",
    "live/compact.py",
    "live/curve.py",
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
    "upkeep/releases/keys.py",
    "upkeep/releases/latest.py",
    "upkeep/releases/versions.py",
    "mqtt/boards/fileset.py",
    *(f"balance/{name}.py" for name in ("calendar", "classes", "energy", "self_use", "tariff", "projection", "rows")),
    *(f"balance/{name}.py" for name in ("holidays", "offer_bill", "offer_hours", "own_contract", "supplier_offer")),
    *(f"balance/{name}.py" for name in ("base_load", "equivalence", "objective", "words")),
    *(f"operation/{name}.py" for name in ("keys", "parts", "steps", "totals")),
    "pulses/quantity.py",
    "pulses/debounce.py",
    "web/cost/values.py",
    "web/cost/pages.py",
    "web/cost/words.py",
    "web/dates.py",
    "web/sharing/health_words.py",
    "web/history/data.py",
    "web/history/pages.py",
    "web/history/words.py",
    "web/history/values.py",
    "web/notices/kinds.py",
    "web/notices/words.py",
    "web/accounts/words.py",
    *(f"web/places/{name}.py" for name in ("chart", "choice", "measure", "pages", "values", "words")),
    "web/repair/pages.py",
    "web/repair/values.py",
    "web/repair/words.py",
    "web/access/sessions.py",
    "web/displays/words.py",
    "web/settings/words.py",
    "web/sharing/answer.py",
    "web/sharing/in_words.py",
    "web/sharing/pages.py",
    "web/sharing/values.py",
    "web/settings/form.py",
    "web/settings/pages.py",
    "web/settings/values.py",
    "web/tariff/form.py",
    "web/tariff/values.py",
    "web/tariff/words.py",
    "web/state/pages.py",
    "web/access/pages.py",
    "web/templates.py",
    "web/view.py",
    "web/sharing/words.py",
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


@pytest.fixture(scope="module")
def plan():
    """Read where it is needed: each worker collects this file, and one of them runs it."""
    return measure.plan(GATEWAY)


@pytest.mark.parametrize("room", sorted(KNOWS))
def test_a_room_knows_what_the_plan_says(room, plan):
    """No import against the flow of data; a new room says what it knows before it is built."""
    assert plan.known(room) == KNOWS[room], {arrow: plan.arrows[arrow] for arrow in plan.arrows if arrow[0] == room}


def test_the_plan_has_no_room_that_is_not_there(plan):
    """Nor too many of them, nor too many arrows: a person can keep it in mind."""
    assert sorted(KNOWS) == sorted(plan.rooms)
    assert len(plan.rooms) <= MOST_ROOMS
    assert len(plan.arrows) <= MOST_ARROWS


def test_the_table_for_who_carries_it_on_is_the_plan():
    """CONTRIBUTING.md has each room, and what it imports but for what is everybody's."""
    document = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| \[`gateway/(\w+)/`\]\(.*\| ([^|]+) \|$", document, re.MULTILINE)
    said = {room: set(known.split(", ")) - {"nothing of ours"} for room, known in rows}
    assert said == {room: KNOWS[room] - EVERYBODYS for room in KNOWS if (GATEWAY / room).is_dir()}


def test_no_rooms_stand_in_a_circle(plan):
    """Each stands above all that it imports."""
    assert measure.circles(plan) == []
    assert [room for floor in measure.floors(plan) for room in floor] == list(KNOWS)


def test_a_circle_is_seen(tmp_path):
    """Also one of three rooms, made by types alone and within a function."""
    package = tmp_path / "house"
    for room, line in (("a", "from house.b import x"), ("b", "def f():\n    import house.c.deep"), ("d", "")):
        package.mkdir(exist_ok=True)
        (package / f"{room}.py").write_text(line)
    (package / "c").mkdir()
    (package / "c" / "deep.py").write_text("if TYPE_CHECKING:\n    from house import a, d")
    found = measure.plan(package)
    assert measure.circles(found) == [["a", "b", "c"]]
    assert measure.floors(found) == [["d"], ["a", "b", "c"]]


def test_of_the_page_only_the_desks_open_the_store():
    """Routes, HTML and words are given what they show."""
    opens = {path.name for path in (GATEWAY / "web").rglob("*.py") if "gateway.store.store" in set(imports(path))}
    assert opens == {"curves.py", "reader.py", "stored.py"}


def test_sql_is_spoken_in_two_rooms_alone():
    """The store's and the collector's: whoever needs rows elsewhere asks a part of theirs."""
    verb = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|PRAGMA|BEGIN|COMMIT|ROLLBACK|VACUUM|WITH)\s")
    found = []
    for path in sorted(GATEWAY.rglob("*.py")):
        if path.relative_to(GATEWAY).parts[0] in {"store", "collector"}:
            continue
        if {name.partition(".")[0] for name in imports(path)} & {"sqlite3", "sqlite_utils", "psycopg"}:
            found.append(f"{path.name} imports a database")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and verb.match(node.value):
                found.append(f"{path.name}:{node.lineno} {node.value[:40]}")
            if isinstance(node, ast.Attribute) and node.attr in {"execute", "executemany", "executescript"}:
                found.append(f"{path.name}:{node.lineno} {node.attr}")
    assert found == []


def test_the_two_ends_of_the_federation_know_nothing_of_each_other():
    """What is written is below, the connection between; a provider and a recipient meet on the wire alone."""
    inside = measure.plan(GATEWAY / "federation", "gateway.federation")
    assert {room: inside.known(room) for room in inside.rooms} == {
        "wire": set(),
        "connection": {"wire"},
        "provider": {"connection", "wire"},
        "recipient": {"connection", "wire"},
    }


def test_only_what_is_everybodys_stands_loose():
    """Every other file is in a room."""
    loose = {path.stem for path in GATEWAY.glob("*.py")}
    assert loose == {"__init__", "__main__"} | EVERYBODYS - {"words"}


# Of a file its lines, of a function those without its docstring, as ``tools/floor-plan`` prints them; ruff holds the
# complexity (15).
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 40


def test_files_and_functions_are_short():
    """One that grows beyond a screen or two is two."""
    code = measure.code(ROOT)
    long = {found.where for found in measure.files(code, ROOT) if found.lines > MOST_LINES}
    for found in measure.functions(code, ROOT):
        if found.lines > MOST_LINES_OF_A_FUNCTION:
            long.add(re.sub(r":\d+ ", " ", found.where))
    assert long == set()


@pytest.mark.parametrize("name", CORE)
def test_the_core_has_no_clock_and_no_edge(name):
    """Parsers, codecs and roll-ups work on values alone."""
    assert not {found.split(".")[0] for found in imports(GATEWAY / name)} & NO_CORE


@pytest.mark.parametrize("name", ["tic/frame.py", "tic/parity.py", "live/compact.py"])
def test_what_also_runs_on_micropython_imports_nothing_of_ours(name):
    """A file that a board gets a copy of stands alone."""
    assert set(imports(GATEWAY / name)) <= {"collections", "struct", "typing"}
