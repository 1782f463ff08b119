"""What a former version stored and sent across a break: not counted, found, told, and taken back by one command."""

from contextlib import closing

import pytest

from gateway.commands.main import main
from gateway.config.tables import load
from gateway.daemon.journalled import note_start
from gateway.store.points import Granularity, point
from gateway.store.store import Archive, Store
from gateway.store.terms import NoticeKind
from gateway.tic.frame import STANDARD
from gateway.web.history.curves import HouseholdCurves
from tests.gateway.balance.conftest import WINTER
from tests.gateway.balance.test_breaks import CURVE, DAILY, DRAWN, FIRST, LAST, NOON, day_of, live, to
from tests.gateway.balance.world import COOP


@pytest.fixture
def stepped(tmp_path, monkeypatch):
    """A house whose register fell in with another sum at noon, as a former version stored and sent it."""
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    gateway = live(tmp_path, NOON - 2, to(mode=STANDARD), {"r2": 1_000_000, "r3": 5_000_000})
    with closing(Store(tmp_path)) as store:
        known = {series.path: series for series in store.meters.series("house")}
        daily = store.meters.add_series("house", DAILY, "Wh", "daily")
        rows = [(known[DRAWN].id, 1800, NOON, 29_254_533), (daily.id, 86400, FIRST, 5_014_400)]
        rows += [(known[CURVE].id, 1800, time, watts) for time, watts in ((NOON - 1800, 3_334_232), (NOON, 6_667_568))]
        store.db.executemany("INSERT OR REPLACE INTO coarse VALUES (?, ?, ?, ?)", rows)
        store.db.executemany(
            "INSERT OR REPLACE INTO reading VALUES (?, ?, ?, 2)",
            [(known[CURVE].id, NOON - 1800, 3_334_232), (known[CURVE].id, NOON, 6_667_568)],
        )
        store.transfers.note(COOP, [point(known[CURVE], Granularity.RAW, NOON, 6_667_568)], NOON + 1800)
        store.transfers.note(COOP, [point(daily, Granularity.DAY, FIRST, 5_014_400)], LAST)
    return gateway


def test_what_a_former_version_counted_across_a_break_counts_no_more(stepped, capsys):
    """Days, bill and curve are without it before anybody has repaired anything."""
    energy, euros = day_of(stepped.folder, capsys)
    assert (14_375 <= energy["drawn_wh"] <= 14_400, euros["energy"] <= 3.6) == (True, True)
    with closing(Archive(stepped.folder)) as archive:
        house = HouseholdCurves(archive, load(stepped.folder / "gateway.toml"))
        half_hours = house.half_hours(WINTER).values()
        whole = {one.drawn for one in half_hours if one.whole}
        assert whole
        assert whole <= {299, 300, 301}
        assert sum(one.drawn for one in half_hours) == energy["drawn_wh"]


def test_wrong_days_are_found_told_and_taken_back(stepped, capsys):
    """Which days, who was handed them; one command takes them back, tells who has them, and finds nothing after."""
    config = ["--config", str(stepped.folder / "gateway.toml")]
    assert main(["check", *config]) == 0
    said = capsys.readouterr().out
    assert "6 values that an older version stored span a change of the index" in said
    assert f"{WINTER}. They are no consumption" in said
    assert f"Recipients that were handed some: {COOP}." in said
    assert main(["check", "--lang", "fr", *config]) == 0
    assert "`sudo linky-gateway check --repair` les retire" in capsys.readouterr().out
    assert main(["check", "--repair", *config]) == 0
    assert "6 values taken back" in capsys.readouterr().out
    with closing(Store(stepped.folder)) as store:
        told = [one.payload["series"] for one in store.notices.all() if one.kind is NoticeKind.DATA_ERASED]
        assert {*told} == {CURVE, DAILY}
        assert all(correction.removed for correction in store.corrections.all())
    assert main(["check", *config]) == 0
    assert "older version" not in capsys.readouterr().out


def test_a_gateway_takes_them_back_when_it_starts(stepped):
    """Whoever updates need not know of it: journal and recipients are told once, and nothing is left to find."""
    config = load(stepped.folder / "gateway.toml")
    with closing(Store(stepped.folder)) as store:
        for _ in range(2):
            note_start(store, config, "this start of the machine")
        told = [one.payload["series"] for one in store.notices.all() if one.kind is NoticeKind.DATA_ERASED]
        assert sorted(told) == [DAILY, CURVE]
        assert (len(store.corrections.all()), store.spanning.points()) == (6, [])
        kinds = [entry.facts()["kind"] for entry in store.journal.entries()]
        assert kinds.count("data-rectified") == 6
