"""History by pages: every point once whatever happens in between, in time, in the form of name that was asked in."""

import asyncio
import time
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.federation.provider.history import MAX_BYTES, PAGE_BYTES
from gateway.federation.wire.form import RSM, ResultPage, build_submit, parse_page, parse_result
from gateway.federation.wire.stanza import parse_quoalise
from gateway.store.points import Granularity
from gateway.store.terms import Terms
from tests.gateway.federation.conftest import PRM, SENSOR, START, House
from tests.gateway.federation.test_commands import COOP, DATA, SEN1, XMPP, converse

CURVE = "consumption/power/active/raw"
ALWAYS = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2030-01-01T00:00:00Z"}
YEAR_S, HALF_HOUR_S = 365 * 86400, 1800


def ask(house, page=None, **fields):
    """One question; the answer and whether it is an error."""
    command = build_submit("get_history", {"identifier": SEN1} | ALWAYS | fields, page)
    ((_, answer, failed),), _ = asyncio.run(converse(house, [command], "en"))
    return answer, failed


def records(answer):
    """What a pack holds."""
    return parse_quoalise(answer.find("{urn:quoalise:0}quoalise"), 0).records


def by_pages(house, size, between=lambda: None, **fields):
    """Every record, page by page, and the pages' bytes; ``between`` happens after each page."""
    found, sizes, after = [], [], None
    while True:
        answer, failed = ask(house, ResultPage(size, after), **fields)
        assert not failed
        page = records(answer)
        assert len(page) <= size
        found, sizes = found + list(page), [*sizes, len(ET.tostring(answer))]
        after, _ = parse_page(answer)
        if after is None:
            return found, sizes
        between()


def add_curve(house, points, step=HALF_HOUR_S):
    """A load curve, as a meter in standard mode gives it."""
    db = house.store.db
    db.execute("INSERT INTO series VALUES (90, 1, ?, 'W', 'curve')", [CURVE])
    rows = ([START + number * step, 100 + number % 3000] for number in range(points))
    db.executemany("INSERT INTO coarse VALUES (90, 1800, ?, ?)", rows)


def test_a_year_of_load_curve_comes_by_pages_in_time(house):
    """17,520 half hours, each once and in order, each page small enough for a stock server; the time is printed."""
    add_curve(house, YEAR_S // HALF_HOUR_S)
    house.allow(COOP, "consumption/power", Granularity.HALF_HOUR)
    begun = time.monotonic()
    found, sizes = by_pages(house, 2000, identifier=f"{SEN1}/{CURVE}")
    print(f"a year in {len(sizes)} pages: {time.monotonic() - begun:.2f} s, largest {max(sizes)} bytes")
    assert [r.time for r in found] == [START + n * HALF_HOUR_S for n in range(YEAR_S // HALF_HOUR_S)]
    assert max(sizes) <= PAGE_BYTES + 2000


def test_a_day_of_quarter_hours_comes_by_pages_with_all_four_of_each_hour(house):
    """Under a consent to quarters by itself, under a finer one when it is asked for; each counted and once."""
    house.minutes(121)
    quarters = [START + n * 900 for n in range(8)]
    for consent, asked in ((Granularity.QUARTER, {}), (Granularity.MINUTE, {"granularity": "PT15M"})):
        house.allow(COOP, granularity=consent)
        answer, _ = ask(house, ResultPage(5, None), identifier=f"{SEN1}/{CURVE}", **asked)
        assert parse_page(answer)[1] == len(quarters)
        found, _ = by_pages(house, 5, identifier=f"{SEN1}/{CURVE}", **asked)
        assert [r.time for r in found] == quarters
        found, _ = by_pages(house, 5, identifier=f"{SEN1}/consumption/energy/active/index", **asked)
        # An index is of the end of a quarter, a mean power of its beginning.
        assert [r.time for r in found] == [*quarters[1:], START + 7200]
        house.store.consents.revoke(COOP, "", START)


def test_a_page_of_many_series_ends_where_a_stanza_is_full(house):
    """However many are asked for, and the next page goes on just there."""
    house.minutes(300)
    house.allow(COOP)
    everything = [(r.name, r.time) for r in by_pages(house, 37)[0]]
    for number in range(20):
        house.store.db.execute(
            "INSERT INTO series VALUES (?, 1, ?, 'V', 'gauge')",
            [50 + number, f"consumption/{'long-name-' * 9}{number}"],
        )
        rows = ([50 + number, START + 60 * minute] for minute in range(200))
        house.store.db.executemany("INSERT INTO minute VALUES (?, ?, 1, 1, 1, 1, 230, 1)", rows)
    found, sizes = by_pages(house, 2000)
    assert len(found) == len({(r.name, r.time) for r in found}) == len(everything) + 20 * 200
    assert set(everything) < {(r.name, r.time) for r in found}
    assert max(sizes) <= PAGE_BYTES + 2000


@pytest.mark.parametrize("size", [1, 7, 500])
def test_no_point_is_left_out_when_old_ones_are_deleted_between_pages(house, size):
    """Retention goes on while somebody reads: what is still there at the end was on a page, and nothing twice."""
    house.minutes(60)
    house.allow(COOP, granularity=Granularity.RAW)
    horizon = [START]

    def forget():
        horizon[0] += 70
        house.store.db.execute("DELETE FROM reading WHERE time < ?", [horizon[0]])

    found, _ = by_pages(house, size, forget, granularity="raw")
    keys = [(r.name, r.time) for r in found]
    assert len(keys) == len(set(keys))
    left = house.store.readings.page("house", "consumption", Granularity.RAW, 0, 2**37, 10_000)
    assert {(f"{SEN1}/{p.series.path}", p.time) for p in left} <= set(keys)


@pytest.mark.parametrize(
    ("prefix", "identifier"),
    [
        (SEN1, f"{SEN1}/consumption"),
        (SEN1.replace("@", ":"), f"gw:sen1.test/{SENSOR}:sen1.test/consumption"),
        (f"urn:dev:prm:{PRM}", f"urn:dev:prm:{PRM}_consumption"),
    ],
)
def test_each_form_of_name_is_answered_in_kind(house, prefix, identifier):
    """By pages and whole; the literal name stands in <meta> of each."""
    house.minutes(6)
    house.allow(COOP)
    for page in (None, ResultPage(3, None)):
        answer, _ = ask(house, page, identifier=identifier)
        assert {r.name[: len(prefix)] for r in records(answer)} == {prefix}
        literal = {one.get("sen1") for one in answer.iter("{urn:quoalise:0}measurement")}
        assert all(name.startswith(f"{SEN1}/consumption") for name in literal)


def test_too_large_a_question_is_told_how_much_is_allowed(house):
    """A bad-request with the number of records, the most that one answer holds, and the way to ask for pages."""
    add_curve(house, 2001)
    house.allow(COOP, "consumption/power", Granularity.HALF_HOUR)
    error, failed = ask(house)
    assert failed
    assert error.find(f"{XMPP}bad-request") is not None
    text = error.findtext(f"{XMPP}text")
    assert "2001 records: at most 2000 records and 100 kB" in text
    assert "<max>" in text
    assert not ask(house, end_time="2026-07-20T00:00:00Z")[1]


def test_an_answer_without_pages_is_bounded_in_bytes_as_well(house):
    """Fewer records than allowed, under names so long that they would not arrive in time."""
    db = house.store.db
    for number in range(400):
        path = f"consumption/{'long-name-' * 20}{number}"
        db.execute("INSERT INTO series VALUES (?, 1, ?, 'W', 'curve')", [number + 100, path])
        db.execute("INSERT INTO coarse VALUES (?, 1800, ?, 1)", [number + 100, START])
    house.allow(COOP, "consumption", Granularity.HALF_HOUR)
    error, failed = ask(house)
    assert failed
    assert f"{MAX_BYTES // 1000} kB" in error.findtext(f"{XMPP}text")
    assert max(by_pages(house, 2000)[1]) <= PAGE_BYTES + 2000


def test_a_person_turns_pages_by_the_form(house):
    """With the fields ``max`` and ``after``; the answer says what to write for the next page, and the last one not."""
    house.minutes(6)
    house.allow(COOP)
    answer, _ = ask(house, max="6")
    assert len(records(answer)) == 6
    result = parse_result(answer)
    assert result["next"] == parse_page(answer)[0]
    answer, _ = ask(house, max="6", after=result["next"])
    assert len(records(answer)) == 4
    assert "next" not in parse_result(answer)
    labels = {f.get("var"): f.get("label") for f in ask(house, max="6")[0].findall(f"{DATA}x/{DATA}field")}
    assert labels["next"].startswith("Next page")


def test_a_page_may_be_asked_for_inside_the_form(house):
    """Where a client can only put its <set> there."""
    house.minutes(6)
    house.allow(COOP)
    command = build_submit("get_history", {"identifier": SEN1} | ALWAYS)
    wanted = ET.SubElement(command.find(f"{DATA}x"), f"{{{RSM}}}set")
    ET.SubElement(wanted, f"{{{RSM}}}max").text = "3"
    ((_, answer, _),), _ = asyncio.run(converse(house, [command], "en"))
    assert len(records(answer)) == 3
    assert parse_page(answer)[1] == 10


@pytest.mark.parametrize("after", ["x", "-1/a", "1", "1/", "9" * 20 + "/a", f"{START}/production/power"])
def test_a_page_that_cannot_be_found_again_is_not_guessed(house, after):
    """item-not-found, as XEP-0059 has it: the asker begins anew."""
    house.minutes(3)
    house.allow(COOP)
    error, failed = ask(house, ResultPage(5, after))
    assert failed
    assert error.find(f"{XMPP}item-not-found") is not None


def test_history_is_bound_by_the_retention_that_was_promised(house):
    """The shortest of the consents on whose word it is given, and the house's own where none was promised."""
    house.minutes(3)
    house.allow(COOP, "consumption/power", terms=Terms(retention="P1M"))
    house.allow(COOP, "consumption/energy")
    for path, retention in (("", "P1M"), ("/consumption/power", "P1M"), ("/consumption/energy", None)):
        answer, _ = ask(house, identifier=f"{SEN1}{path}")
        assert answer.find(".//{urn:quoalise:0}meta").get("retention") == retention


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Two granularities of three series, for many trials."""
    opened = House(tmp_path_factory.mktemp("house"))
    opened.minutes(95, tariff="BASE")
    for prefix, granularity in (("", Granularity.HALF_HOUR), ("consumption/power", Granularity.MINUTE)):
        opened.allow(COOP, prefix, granularity)
    yield opened
    opened.store.close()


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(4, 120), st.integers(0, 100), st.integers(1, 100))
def test_pages_of_any_size_are_the_whole(filled, size, first, minutes):
    """Each record of ``[start, end)`` once and in the order of the whole, finer scopes and coarser ones together."""
    span = {
        name: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + 60 * minute))
        for name, minute in (("start_time", first), ("end_time", first + minutes))
    }
    whole, failed = ask(filled, **span)
    assert not failed
    found, _ = by_pages(filled, size, **span)
    assert sorted((r.name, r.time, r.value) for r in found) == sorted((r.name, r.time, r.value) for r in records(whole))
    assert all(START + 60 * first <= r.time < START + 60 * (first + minutes) for r in found)
