"""A collective self-consumption: its statements of a month, from what its gateways sent and from a file of curves."""

import csv
import random
from contextlib import closing, redirect_stderr
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from gateway.collector.cli import main
from gateway.collector.operation_curves import curves_of
from gateway.operation.plan import read_operation
from gateway.operation.steps import PARIS
from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from harness.accounts import FAR
from tests.gateway.collector.conftest import with_database
from tests.gateway.collector.desk import INDEX
from tests.gateway.collector.roofs import ALL_STEPS, DRAWN, MONTH, NOON, QUARTER, ROOFS, THREE, member, operation, sent
from tests.gateway.collector.test_segments import add_homes, fill
from tests.gateway.store.conftest import frame
from tests.prepared import prepare


def statement(store, file, *more, month=None):
    """The table by name, and the page."""
    store.command(
        "operation", "statements", file, "--month", month or f"{MONTH:%Y-%m}", "--to", store.folder / "out", *more
    )
    name = store.folder / "out" / f"toit-{MONTH:%Y-%m}"
    rows = csv.DictReader(name.with_suffix(".csv").read_text().splitlines())
    return {row["name"]: row for row in rows}, name.with_suffix(".html").read_text()


def test_the_statements_of_a_month_are_what_the_indexes_come_to(store):
    """The worked example to the Wh, all other steps said to be unknown; files for their owner alone."""
    sent(store)
    rows, page = statement(store, operation(store, *ROOFS, *THREE))
    assert [(row["drawn_wh"], row["shared_wh"], row["complement_wh"]) for row in rows.values()][:3] == [
        ("650", "342", "308"), ("1800", "1008", "792"), ("950", "600", "350"),
    ]  # fmt: skip
    assert {row["steps"] for row in rows.values()} == {"4"}
    assert {row["unknown"] for row in rows.values()} == {str(ALL_STEPS - 4)}
    # 200 Wh are left of 1,200, as both gave.
    assert [(rows[name]["produced_wh"], rows[name]["surplus_wh"]) for name in ("p1", "p2")] == [
        ("1650", "150"),
        ("500", "50"),
    ]
    assert page.count("<article>") == 5
    assert "Chez a &amp; Cie" in page
    assert "0,342 kWh" in page
    assert "Injectés : 2,150 kWh ; partagés : 1,950 kWh ; surplus : 0,200 kWh ; 3 participants." in page
    assert {path.stat().st_mode & 0o777 for path in (store.folder / "out").iterdir()} == {0o600}
    _, page = statement(store, operation(store, *ROOFS, *THREE), "--lang", "en")
    assert "Injected 2.150 kWh, shared 1.950 kWh, surplus 0.200 kWh; 3 members." in page


def test_what_one_does_not_send_is_unknown_for_all_that_depend_on_it(store):
    """A consent that is limited takes the curve away: pro rata from all, with fixed parts from that one alone."""
    sent(store)
    store.ask("UPDATE gateway SET limited = true WHERE jid = 'h2@x'")
    # In the fourth nothing is injected, so that it is known whoever is missing; but not what the missing one draws.
    rows, page = statement(store, operation(store, *ROOFS, *THREE))
    assert [(row["steps"], row["drawn_wh"], row["shared_wh"]) for row in rows.values()][:3] == [
        ("1", "150", "0"), ("0", "", ""), ("1", "50", "0"),
    ]  # fmt: skip
    assert "inconnu kWh" not in page
    fixed = {"a": 50, "b": 30, "c": 20}
    parts = [member(name, f"h{n}@x", f'part = "{fixed[name]} %"') for n, name in enumerate(fixed, 1)]
    rows, _ = statement(store, operation(store, *ROOFS, *parts, key="static"))
    assert [(row["steps"], row["shared_wh"]) for row in rows.values()][:3] == [("4", "425"), ("0", ""), ("4", "430")]


def test_half_hours_tell_nothing_of_quarters(store):
    """A consent by the half hour is not cut in two."""
    sent(store, "PT30M", timedelta(minutes=30))
    rows, _ = statement(store, operation(store, *ROOFS, *THREE))
    assert {row["steps"] for row in rows.values()} == {"0"}
    said = store.command("operation", "check", operation(store, *ROOFS, *THREE))
    assert "a: its gateway sends nothing by PT15M" in said


def test_curves_of_a_file_stand_beside_those_of_gateways(store):
    """Who has no gateway is in it all the same; where both know a step the file is believed."""
    sent(store)
    curves = store.folder / "curves.csv"
    begins = [f"{NOON + n * QUARTER:%Y-%m-%dT%H:%MZ}" for n in range(4)]
    lines = [f"{begin};{used};{made}" for begin, used, made in zip(begins, DRAWN["b"], ("", 900, 500, 0), strict=True)]
    curves.write_text("\n".join(["begin;b;p1", *lines]))
    file = operation(store, *ROOFS, THREE[0], member("b", ""), THREE[2])
    rows, _ = statement(store, file, "--curves", curves)
    assert [row["shared_wh"] for row in rows.values()][:3] == ["342", "1008", "600"]
    assert "b: no gateway" in store.command("operation", "check", file)
    curves.write_text("begin;b;p1\n" + f"{begins[0]};100;0\n")
    rows, _ = statement(store, file, "--curves", curves)
    # Its first quarter by the file, the fourth by the gateway: in both nothing is injected.
    assert (rows["a"]["steps"], rows["a"]["shared_wh"]) == ("2", "0")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("begin;z\n", "line 1: 'z' is neither a member nor a producer"),
        ("begin;a;a\n", "line 1: 'a' is there twice"),
        ("a;b\n", "line 1: the first line is: begin"),
        ("begin;a\n2026-10-01T12:00Z;1.5\n", "line 2: '1.5' is no energy in whole Wh"),
        ("begin;a\n2026-10-01T12:00Z;-1\n", "line 2: '-1' is no energy in whole Wh"),
        ("begin;a\n2026-10-01T12:05Z;1\n", "line 2: 2026-10-01T12:05Z: no step of 15 minutes"),
        ("begin;a\n2026-10-01T12:00Z;1;2\n", "line 2: 2 values, where the first line names 1"),
        ("begin;a\n2026-10-01T12:00Z;1\n2026-10-01T14:00+02:00;2\n", "line 3: 2026-10-01T14:00+02:00 is there twice"),
    ],
)
def test_a_mistake_in_curves_is_one_sentence(store, text, sentence):
    """With its line, and no file is written."""
    curves = store.folder / "curves.csv"
    curves.write_text(text)
    file = operation(store, *ROOFS, *THREE)
    month = f"{MONTH:%Y-%m}"
    said = store.command("operation", "statements", file, "--month", month, "--curves", curves, code=78)
    assert sentence in said
    assert len(said.splitlines()) == 1


def test_of_less_than_three_nothing_but_the_production_is_told(store):
    """On no page of a member: what all shared, less one's own, would be the neighbour's."""
    sent(store)
    file = operation(store, *ROOFS, *THREE[:2])
    _, page = statement(store, file)
    first = page.split("</article>")[0]
    assert "Injectés : 2,150 kWh. L’opération est si petite" in first
    assert "surplus" not in first
    assert "nothing but what was produced" in store.command("operation", "check", file)
    assert "tell a good deal of each" in store.command("operation", "check", operation(store, *ROOFS, *THREE))


def test_a_month_that_is_not_over_and_one_without_members_are_refused(store):
    """In one sentence."""
    file = operation(store, *ROOFS, *THREE)
    this = f"{datetime.now(PARIS):%Y-%m}"
    with pytest.raises(SystemExit), redirect_stderr(StringIO()) as said:
        main(["operation", "statements", str(file), "--month", this])
    assert f"{this} is not over yet" in said.getvalue()
    assert "no member in 2019-05" in store.command("operation", "statements", file, "--month", "2019-05", code=78)


def test_check_says_what_the_configuration_lacks(store):
    """Quarters are not known from half hours: the households would be asked in vain."""
    with store.config.open("a") as config:
        config.write(
            '[access]\npurpose = "the sun"\ncontroller = "La Coop"\ncontact = "a@b.org"\n'
            'privacy = "https://coop.example.org/privacy"\nretention = "P1Y"\n'
        )
    said = store.command("operation", "check", operation(store, *ROOFS, *THREE))
    assert 'set granularity = "PT15M"' in said
    assert "Le toit: pro-rata, PT15M, 3 members and 2 producers today" in said


def test_what_is_being_erased_is_in_no_statement(store):
    """From the notice on, however long the erasing takes."""
    drawn, _ = sent(store)
    store.ask("UPDATE series SET erasing = true WHERE id = %s", drawn[1])
    rows, _ = statement(store, operation(store, *ROOFS, *THREE))
    assert (rows["b"]["steps"], rows["b"]["drawn_wh"]) == ("0", "")


@pytest.mark.parametrize(("silent_h", "wh"), [(0, 210), (20, None), (30, 200)])
def test_a_home_of_two_meters_is_whole_or_unknown(store, silent_h, wh):
    """What both counted; unknown while one of them is silent, and that of the other once it is there no more."""
    (first,) = add_homes(store, 1, INDEX, "PT15M")
    (second,) = add_homes(store, 1, INDEX, "PT15M", sensor="t@x")
    last = NOON + QUARTER - timedelta(hours=silent_h)
    fill(store, (first, NOON, 1_000), (first, NOON + QUARTER, 1_200))
    fill(store, (second, last - QUARTER, 5_000), (second, last, 5_010))
    found = read_operation(operation(store, *ROOFS, *THREE))
    curve = with_database(store.conninfo, lambda db: curves_of(db, FAR, found, NOON.date()))["a"]
    assert curve == ({} if wh is None else {int(NOON.timestamp()): wh})


def test_a_home_of_which_a_meter_is_being_erased_is_unknown(store):
    """Its other one would be signed as the home."""
    (first,) = add_homes(store, 1, INDEX, "PT15M")
    (second,) = add_homes(store, 1, INDEX, "PT15M", sensor="t@x")
    for meter in (first, second):
        fill(store, (meter, NOON, 1_000), (meter, NOON + QUARTER, 1_200))
    store.ask("UPDATE series SET erasing = true WHERE id = %s", second)
    found = read_operation(operation(store, *ROOFS, *THREE))
    assert with_database(store.conninfo, lambda db: curves_of(db, FAR, found, NOON.date()))["a"] == {}


def test_a_meter_that_is_silent_for_days_is_still_of_the_home(store):
    """Between two of its values it is there, however far apart: the other alone would be signed as the home."""
    (first,) = add_homes(store, 1, INDEX, "PT15M")
    (second,) = add_homes(store, 1, INDEX, "PT15M", sensor="t@x")
    fill(store, (first, NOON, 1_000), (first, NOON + QUARTER, 1_200))
    fill(store, (second, NOON - timedelta(days=3), 5_000), (second, NOON + timedelta(days=3), 5_900))
    found = read_operation(operation(store, *ROOFS, *THREE))
    assert with_database(store.conninfo, lambda db: curves_of(db, FAR, found, NOON.date()))["a"] == {}


def test_a_meter_that_comes_otherwise_is_a_meter_of_the_home(store):
    """One whose index comes by the minute has no quarters, and the home has none with it."""
    (first,) = add_homes(store, 1, INDEX, "PT15M")
    (second,) = add_homes(store, 1, INDEX, "PT1M", sensor="t@x")
    fill(store, (first, NOON, 1_000), (first, NOON + QUARTER, 1_200), (second, NOON + QUARTER / 2, 5_000))
    found = read_operation(operation(store, *ROOFS, *THREE))
    assert with_database(store.conninfo, lambda db: curves_of(db, FAR, found, NOON.date()))["a"] == {}


def test_an_index_that_leaps_is_another_meters(store):
    """More than any connection carries is unknown: signed as it stands, no member could read its file."""
    (series,) = add_homes(store, 1, INDEX, "PT15M")
    marks = (1_000, 1_200, 9_000_000_000_000, 9_000_000_000_300)
    fill(store, *((series, NOON + n * QUARTER, value) for n, value in enumerate(marks)))
    found = read_operation(operation(store, *ROOFS, *THREE))
    curve = with_database(store.conninfo, lambda db: curves_of(db, FAR, found, NOON.date()))["a"]
    assert list(curve.values()) == [200, 300]


@pytest.fixture(scope="module")
def at_home(tmp_path_factory):
    """Two hours of a house's frames: its own quarters of an hour, and its index as it is sent at each granularity."""
    folder, chance = tmp_path_factory.mktemp("house"), random.Random(26)
    prepare(folder)
    recorder, counted, second = Recorder("house", {}), 1_000_000.0, int(NOON.timestamp()) - 60
    watts, end = 900, int(NOON.timestamp()) + 7260
    with closing(Store(folder)) as store:
        store.meters.add("house", "ab12")
        while second < end:
            watts = chance.choice((200, 900, 9_000)) if chance.random() < 0.02 else watts
            recorder.add(frame(second, index=int(counted), power=watts))
            pause = chance.choice((1, 2))
            counted, second = counted + watts * pause / 3600, second + pause
        store.batches.write([recorder.take()], end)
        index = store.meters.named("house", INDEX)
        quarters = store.ledger.steps(index, int(NOON.timestamp()), int(NOON.timestamp()) + 7200, 900)
        sent_at = {
            form: [(one.time, one.value) for one in store.readings.page("house", INDEX, form, 0, 2**40, 100_000)]
            for form in (Granularity.QUARTER, Granularity.MINUTE, Granularity.RAW)
        }
    return quarters, sent_at


def received(store, at_home, form, written):
    """What the collector makes of the index of a house, sent so, by quarters."""
    (series,) = add_homes(store, 1, INDEX, written)
    fill(store, *((series, datetime.fromtimestamp(time, UTC), value) for time, value in at_home[1][form]))
    found = read_operation(operation(store, *ROOFS, *THREE))
    return with_database(store.conninfo, lambda db: curves_of(db, FAR, found, NOON.date()))["a"]


def test_what_a_gateway_sends_by_the_quarter_is_what_its_own_meter_knows(store, at_home):
    """Every step to the watt-hour, so that a difference is one."""
    curve, own = received(store, at_home, Granularity.QUARTER, "PT15M"), at_home[0]
    assert len(own) == 8
    assert {begin: curve[begin] for begin in own} == own


@pytest.mark.parametrize(("form", "written"), [(Granularity.MINUTE, "PT1M"), (Granularity.RAW, "raw")])
def test_what_is_not_at_the_borders_of_steps_is_unknown(store, at_home, form, written):
    """An index at the end of a minute, or a moment later, is of another step: wrong by what a kettle takes."""
    assert received(store, at_home, form, written) == {}
    assert "a: its gateway sends nothing by PT15M" in store.command("operation", "check", store.folder / "toit.toml")
