"""A figure is one figure, wherever it stands: every face of six houses is read at one moment and compared."""

import json
import subprocess
from calendar import monthrange
from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from gateway.balance.calendar import midnight
from tests.figures import faces
from tests.figures.faces import Said
from tests.figures.houses import CLOCKS, DATES, KINDS, SUBSCRIPTION, House, at
from tests.micropython.display.boards import environment, micropython
from tests.mosquitto import HOST, Ear, Mosquitto

BOARD = Path(__file__).with_name("read_on_board.py")
LIVE = {"power", "subscribed", "drawn-today", "drawn-yesterday", "tempo-today", "tempo-tomorrow"}
SUN = {"injected-today", "produced-today"}
# What each face must show, where the house has it; a figure that nobody knows may be left out.
SHOWS = {
    "meter": set(),
    "MQTT": LIVE | SUN | {"used-today", "cost-today"},
    "40 bytes": LIVE | SUN,
    "Home Assistant": (LIVE - {"drawn-yesterday"}) | {"injected-today"},
    "screen": (LIVE - {"subscribed"}) | SUN | {"percent", "self-consumed", "cost-today"},
    "board": (LIVE - {"subscribed"}) | SUN | {"percent", "self-consumed", "cost-today"},
    "watch": (LIVE - {"subscribed"}) | SUN | {"percent", "used-today", "cost-today"},
    "watch, in a pipe": LIVE | SUN | {"used-today", "cost-today"},
    "chat": (LIVE - {"subscribed"})
    | SUN
    | {"percent", "used-today", "drawn-month", "base-load", "per-hour", "watts"}
    | {"cost-month"},
    "metrics": {"power", "subscribed"},
    "page, in a browser": (LIVE - {"subscribed"})
    | SUN
    | {"percent", "used-today", "consumed-today", "per-hour", "cost-today"},
    "page, now": LIVE | SUN | {"used-today", "consumed-today", "cost-today"},
    "page, wall": LIVE | SUN | {"used-today", "consumed-today", "cost-today"},
    "page, today": SUN | {"drawn-today", "consumed-today", "self-consumed", "self-sufficient", "change-today"},
    "page, yesterday": {"drawn-yesterday"},
    "page, month": {"drawn-month", "drawn-today", "drawn-yesterday"},
    "page, cost by day": {"cost-today", "cost-yesterday", "cost-month", "drawn-month", "per-hour", "watts"}
    | {"base-load", "base-load-year"},
    "page, cost by month": {"cost-month", "drawn-month", "per-hour", "watts", "base-load", "base-load-year"},
    "page, cost by year": {"cost-month", "drawn-month", "per-hour", "watts", "base-load", "base-load-year"},
    "balance --json": SUN
    | {"drawn-today", "drawn-yesterday", "drawn-month", "base-load"}
    | {"self-consumed", "self-sufficient"},
    "cost --json": {"cost-today", "cost-yesterday", "cost-month", "per-hour", "watts"},
    "balance": {"drawn-today", "drawn-yesterday", "change-today"},
}
# Figures that only some houses have.
OF_SUN = SUN | {"used-today", "consumed-today", "self-consumed", "self-sufficient"}
OF_TEMPO = {"tempo-today", "tempo-tomorrow"}
# What one face alone has.
ALONE = set()
# A screen that shows what is given has no room for what is drawn.
GIVING = {"power", "percent"}
# Of less than three whole days nothing is foreseen, and no price of a base load known.
YOUNG = {"drawn-month", "cost-month", "base-load", "base-load-year"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker at which a gateway may say everything."""
    with Mosquitto(tmp_path_factory.mktemp("broker"), {"gateway": "canary"}) as running:
        running.ear = lambda topics: Ear(running.port, topics, user="gateway", password="canary")
        yield running


@pytest.fixture(scope="module")
def boards():
    """What was said to boards: name of a moment -> topics, and the other faces at that moment."""
    return {}


def crawl(folder, broker, monkeypatch, kind, season, clock, browser=None):
    """Every face of a house at a moment."""
    (folder / "password").write_text("canary\n")
    table = f'[mqtt]\nhost = "{HOST}"\nport = {broker.port}\nuser = "gateway"\npassword_file = "../password"\n'
    house = House(folder / "house", kind, at(DATES[season], clock), table)
    said, heard = faces.read_all(house, broker, monkeypatch, browser)
    # A face that has gone altogether says nothing wrong. What the meter and the board say is added where it is known.
    assert said.keys() == SHOWS.keys() - {"meter", "board"} - (set() if browser else {"page, in a browser"})
    return house, said, heard


def asked(face, house):
    """What the face must show of that house at that moment."""
    _, injected, _ = house.kind.draws(house.moment)
    wanted = set(SHOWS[face])
    if not house.kind.solar:
        wanted -= OF_SUN
    if not house.kind.tempo:
        wanted -= OF_TEMPO
    if face in {"screen", "board"} and injected:
        wanted -= GIVING
    if house.kind.young_s:
        wanted -= YOUNG
    return wanted


def faults(house, said):
    """Figures that differ, that are missing, or that cannot be."""
    found = []
    by_figure = defaultdict(dict)
    for face, figures in said.items():
        for figure, one in figures.items():
            by_figure[figure][face] = one
    known = {figure for figure, faces_ in by_figure.items() if any(one.value is not None for one in faces_.values())}
    for face, figures in said.items():
        missing = sorted((asked(face, house) & known) - figures.keys())
        found += [f"{face}: shows no {one}" for one in missing if one not in OF_SUN or not nothing(by_figure[one])]
    for figure, told in by_figure.items():
        for place, (face, one) in enumerate(told.items()):
            for other_face, other in list(told.items())[place + 1 :]:
                if not one.agrees(other):
                    found.append(f"{figure}: {face} says {shown(one)}, {other_face} says {shown(other)}")
    for face, figures in said.items():
        made, given = (figures.get(name) for name in ("produced-today", "injected-today"))
        if made and given and made.value is not None and given.value is not None and given.value > made.value:
            found.append(f"{face}: more injected ({shown(given)}) than produced ({shown(made)})")
    return found


def nothing(told):
    """Whether it is nought: before the sun rises nobody has to say so."""
    return all(one.value == 0 for one in told.values())


def shown(one):
    return one.value if one.value is None or isinstance(one.value, str) else float(one.value)


def truth(house):
    """What the house really did, as a face of its own."""
    day, before = house.day, house.day.fromordinal(house.day.toordinal() - 1)
    told = house.truth
    figures = {}
    if not house.kind.young_s and not house.kind.swapped_s:
        figures["drawn-today"] = Said(Fraction(told.drawn.get(day, 0)))
        figures["cost-today"] = Said(told.paid.get(day, 0) + subscribed_so_far(house))
    if not house.kind.young_s:
        figures["drawn-yesterday"] = Said(Fraction(told.drawn[before]))
    if house.kind.solar:
        figures["injected-today"] = Said(Fraction(told.injected.get(day, 0)))
        figures["produced-today"] = Said(None if house.kind.dead_s else Fraction(told.made.get(day, 0)))
        used = [told.drawn.get(day, 0), told.made.get(day, 0), -told.injected.get(day, 0)]
        figures["consumed-today"] = Said(None if house.kind.dead_s else Fraction(sum(used)))
    drawn, _, _ = house.kind.draws(house.moment)
    figures["power"] = Said(Fraction(drawn * 5 // 4))
    return figures


def subscribed_so_far(house):
    """Today's part of what the month is subscribed for, as far as the day has come."""
    begin, end = (midnight(house.day + timedelta(days=one)) for one in (0, 1))
    return SUBSCRIPTION / monthrange(house.day.year, house.day.month)[1] * Fraction(house.moment - begin, end - begin)


# Every house at each hour of an ordinary day, and at noon of the days on which the clock changes; the rest by --all.
QUICK = [(kind, "ordinary", clock) for kind in KINDS for clock in CLOCKS]
QUICK += [(kind, season, "12:00") for kind in ("tempo", "three-phases") for season in ("spring", "autumn")]
REST = [(k, s, c) for k in KINDS for s in DATES for c in CLOCKS if (k, s, c) not in QUICK]


@pytest.mark.parametrize(("kind", "season", "clock"), QUICK)
def test_a_figure_is_the_same_wherever_it_stands(tmp_path, broker, boards, monkeypatch, kind, season, clock):
    """No face differs from another or from what was drawn, none lacks a figure, no more is injected than made."""
    house, said, heard = crawl(tmp_path, broker, monkeypatch, kind, season, clock)
    boards[f"{kind} {season} {clock}"] = (heard, house, said)
    assert faults(house, said | {"meter": truth(house)}) == []


@pytest.mark.campaign
@pytest.mark.parametrize(("kind", "season", "clock"), REST)
def test_a_figure_is_the_same_at_every_other_moment(tmp_path, broker, boards, monkeypatch, kind, season, clock):
    """The other hours of the two days on which the clock changes."""
    test_a_figure_is_the_same_wherever_it_stands(tmp_path, broker, boards, monkeypatch, kind, season, clock)


@pytest.mark.parametrize("kind", ["dead-counter", "three-phases"])
def test_a_browser_shows_the_same(tmp_path, broker, browser, monkeypatch, kind):
    """The page of now writes its numbers itself, and rounds them as everybody does."""
    house, said, _ = crawl(tmp_path, broker, monkeypatch, kind, "ordinary", "23:59", browser)
    assert said["page, in a browser"].keys() >= {"power", "percent", "drawn-today"}
    assert faults(house, said) == []


def test_a_board_shows_the_same(tmp_path, broker, boards, monkeypatch):
    """An ESP32's pages, under MicroPython, of the 40 bytes that each of those houses sent."""
    if not boards:
        house, said, heard = crawl(tmp_path, broker, monkeypatch, "three-phases", "ordinary", "23:59")
        boards["three-phases"] = (heard, house, said)
    (tmp_path / "frames.json").write_text(json.dumps({name: heard for name, (heard, _, _) in boards.items()}))
    command = [micropython(), "-X", "heapsize=4M", BOARD, tmp_path / "frames.json"]
    done = subprocess.run(command, env=environment(), check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    for name, pages in json.loads(done.stdout).items():
        _, house, said = boards[name]
        shown_there = faces.of_screen_texts({page: "\n".join(texts) for page, texts in pages.items()})
        assert faults(house, said | {"board": shown_there}) == [], name


def test_the_crawler_finds_what_is_wrong(tmp_path, broker, boards, monkeypatch):
    """A figure that is another one on one face, one that is missing, more injected than produced: each is told."""
    house, said = boards.get("three-phases ordinary 12:00", ["", None, None])[1:]
    if house is None:
        house, said, _ = crawl(tmp_path, broker, monkeypatch, "three-phases", "ordinary", "12:00")
    assert faults(house, said) == []
    for face, figures in said.items():
        for figure in asked(face, house) & figures.keys():
            told = figures[figure]
            if not isinstance(told.value, Fraction):
                continue
            # By more than any face rounds.
            step = max(one[figure].step for one in said.values() if figure in one)
            other = Said(told.value + 2 * (step or 1), told.step)
            found = faults(house, said | {face: figures | {figure: other}})
            assert any(one.startswith(f"{figure}: ") for one in found) or figure in ALONE, (face, figure)
            found = faults(house, said | {face: {key: one for key, one in figures.items() if key != figure}})
            assert f"{face}: shows no {figure}" in found or figure in ALONE, (face, figure)
    wrong = said["MQTT"] | {"injected-today": Said(said["MQTT"]["produced-today"].value + 1)}
    assert any(one.startswith("MQTT: more injected") for one in faults(house, said | {"MQTT": wrong}))
