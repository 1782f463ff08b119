"""The page that reckons larger fleets: from the figures of a measurement, and nothing from anywhere else."""

import copy
import json
from xml.etree import ElementTree as ET

import pytest

from fleet import arithmetic, curve, fullness, shares
from fleet.arithmetic import ENGLISH, FRENCH, ServerNode, Unit, needs

COSTS = Unit(
    gateways=1000,
    node_ms_a_message=2.0,
    node_ms_a_login=8.0,
    node_kb_a_session=50.0,
    server_ms_a_message=1.0,
    collector_ms_a_message=3.0,
    bytes_up=1500,
    bytes_down=600,
    bytes_a_row=100.0,
)
RUN = {
    "gateways": 100,
    "minutes": 3,
    "period_s": 60.0,
    "connect": {"per_second": 40.0, "cpu_ms_each": {"node 1": 3.0, "node 2": 4.0, "gateways": 20.0}},
    "memory": {"node_kb_a_session": 50.0},
    "push": {
        "per_second": 1.6,
        "behind_s": 0.1,
        "idle_share": 0.9,
        "others_share": 0.02,
        "latency_ms": {"median": 12.0, "p99": 40.0, "max": 50.0},
        "wire_bytes": {"up": 1500, "down": 600},
        "cpu_ms_each": {
            **{"node 1": 1.25, "node 2": 0.75, "recipients' server": 1.0, "collectors": 3.0},
            **{"gateways": 6.0, "database": 0.5},
        },
    },
    "points": {"expected": 600, "right": 600, "missing": 0, "wrong": 0, "bytes_a_row": 100.0},
}


SHARES = {
    "homes": 600,
    "shares": [
        {
            "processes": count,
            "settled_s": 2.5,
            "cpu_ms_each": {"collectors": 0.5 + count / 4, "database": 0.25},
            "latency_ms": {"median": 900.0, "p99": 1900.0, "max": 2000.0},
        }
        for count in (1, 2, 4)
    ],
    "kills": [{"what": "a process leaves", "settled_s": 1.5}, {"what": "Prosody is killed", "settled_s": 6.25}],
    "said": 2400,
    "wrong": [],
}


@pytest.fixture
def shared(monkeypatch, tmp_path):
    """Stand in for the file of collectors that share an account."""
    machine = {"cores": 2, "architecture": "x86_64", "python": "3.13.5", "day": "2026-11-30"}
    file = tmp_path / "sharing.json"
    file.write_text(json.dumps({"machine": machine, "runs": [SHARES]}))
    for module in (arithmetic, fullness):
        monkeypatch.setattr(module, "SHARING", file)


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Stand in for the file of the curve: the runs that are given, each a change of ``RUN``."""

    def write(*changes):
        found = []
        for change in changes:
            run = copy.deepcopy(RUN)
            for path, value in change.items():
                *way, last = path.split(".")
                place = run
                for part in way:
                    place = place[part]
                place[last] = value
            found.append(run)
        machine = {"cores": 2, "architecture": "x86_64", "python": "3.13.5", "day": "2026-11-26"}
        file = tmp_path / "curve.json"
        file.write_text(json.dumps({"machine": machine, "runs": found}))
        monkeypatch.setattr(arithmetic, "CURVE", file)
        monkeypatch.setattr(arithmetic, "CRASH", file)
        monkeypatch.setattr(curve, "CURVE", file)

    return write


def test_a_million_gateways_by_hand():
    """16,667 messages a second of 2 ms are 33 cores; 8 cores half used make 9 nodes, and one is to spare."""
    fleet = needs(1_000_000, COSTS)
    assert fleet["messages"] == pytest.approx(16_666.7, rel=1e-4)
    assert fleet["node_cores"] == pytest.approx(33.33, rel=1e-3)
    assert fleet["node_memory_gb"] == pytest.approx(50)
    assert fleet["nodes"] == 10
    assert fleet["return_s"] == pytest.approx(1_000_000 * 0.008 / 80)
    assert fleet["megabits"] == pytest.approx((200, 80), rel=1e-3)
    assert fleet["rows"] == 2_880_000_000
    assert fleet["gigabytes"] == pytest.approx(288)
    assert fleet["server_cores"] == pytest.approx(16.67, rel=1e-3)
    assert fleet["collector_cores"] == pytest.approx(50)


def test_memory_decides_where_it_is_scarcer():
    """And never are there fewer than two nodes."""
    assert needs(1_000_000, COSTS, ServerNode(cores=64, memory_gb=10))["nodes"] == 11
    assert needs(10, COSTS)["nodes"] == 2


def test_the_costs_are_those_of_the_largest_run_that_the_machine_carried(measured, shared):
    """A run that came late, or was slow to be confirmed, or lacks a point, says nothing of what a message costs."""
    measured(
        {"gateways": 100},
        {"gateways": 200, "memory.node_kb_a_session": 45.0},
        {"gateways": 400, "push.behind_s": 7.0},
        {"gateways": 800, "push.latency_ms": {"median": 900.0, "p99": 9000.0, "max": 9500.0}},
        {"gateways": 1600, "points.right": 599},
    )
    costs = arithmetic.unit()
    assert (costs.gateways, costs.node_kb_a_session) == (200, 45.0)
    assert (costs.node_ms_a_message, costs.node_ms_a_login) == (2.0, 7.0)
    assert costs.collector_ms_a_message == 0.75
    table = arithmetic.measured(ENGLISH)
    assert [line.split(" | ")[-2:] for line in table.splitlines()[4:]] == [
        ["yes", "yes |"],
        ["yes", "yes |"],
        ["no", "yes |"],
        ["no", "yes |"],
        ["no", "no |"],
    ]


def test_both_languages_have_the_same_rows(measured, shared):
    """Numbers are written as each writes them."""
    measured({}, {"gateways": 2000})
    english, french = arithmetic.table(ENGLISH), arithmetic.table(FRENCH)
    assert [line.count("|") for line in english.splitlines()] == [line.count("|") for line in french.splitlines()]
    assert "1,000,000" in english
    assert "1 000 000" in french
    for made in (fullness.first, fullness.shared):
        assert len(made(ENGLISH).splitlines()) == len(made(FRENCH).splitlines())


def test_what_is_full_first_stands_first():
    """By hand, at half a core: 3 ms a message are 10,000 gateways once a minute; a terabyte is 9,512 for a year."""
    assert fullness.full_at(COSTS) == {"disk": 9512, "collector": 10_000, "server": 30_000, "node": 120_000}


def test_what_several_collectors_cost_is_drawn_beside_a_tenth(shared):
    """A bar for each number of them, and two lines."""
    picture = ET.fromstring(fullness.draw())
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert [word for word in words if word in {"1.00", "1.25", "1.75"}] == ["1.00", "1.25", "1.75"]
    assert len(list(picture.iter("{http://www.w3.org/2000/svg}line"))) == 2
    assert shares.apart(SHARES["shares"]) == 0.75


def test_the_picture_shows_every_run(measured):
    """It is an SVG of three panels, each with all numbers of gateways below."""
    measured({"gateways": 100}, {"gateways": 400}, {"gateways": 1600, "push.per_second": 26.0})
    picture = ET.fromstring(curve.draw())
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    for number in ("100", "400", "1\u00a0600"):
        assert words.count(number) >= 3
    assert len(list(picture.iter("{http://www.w3.org/2000/svg}polygon"))) == 5


def test_one_run_alone_can_be_drawn(measured):
    """Also where nothing took any time."""
    measured({})
    ET.fromstring(curve.draw())
