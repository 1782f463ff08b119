"""A collective self-consumption: its statements of a month, from what its gateways sent and from a file of curves."""

import asyncio
import csv
import json
import random
from contextlib import closing, redirect_stderr
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import accumulate

import pytest

from gateway.collector import operation_sums
from gateway.collector.cli import main
from gateway.collector.operation_curves import curves_of
from gateway.operation.checked import check
from gateway.operation.own import read_member
from gateway.operation.plan import read_operation
from gateway.operation.steps import PARIS, days_of, steps_of
from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from harness.accounts import FAR
from tests.gateway.collector.conftest import with_database
from tests.gateway.collector.desk import INDEX
from tests.gateway.collector.test_segments import PRODUCED, add_homes, fill
from tests.gateway.store.conftest import frame
from tests.prepared import prepare

# The month that is over, and four quarters of an hour of one of its days.
MONTH = (datetime.now(PARIS).date().replace(day=1) - timedelta(days=1)).replace(day=1)
NOON = datetime(MONTH.year, MONTH.month, 10, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
ALL_STEPS = sum(len(steps_of(day, "PT15M")) for day in days_of(MONTH))

DRAWN = {"a": (200, 200, 100, 150), "b": (100, 500, 800, 400), "c": (300, 300, 300, 50)}
INJECTED = {"p1": (250, 900, 500, 0), "p2": (0, 300, 200, 0)}


def member(name, gateway, more=""):
    whose = f'gateway = "{gateway}"\n' if gateway else ""
    return f'[[member]]\nname = "{name}"\nlabel = "Chez {name} & Cie"\n{whose}from = 2020-01-01\n{more}\n'


def producer(name, gateway):
    whose = f'gateway = "{gateway}"\n' if gateway else ""
    return f'[[producer]]\nname = "{name}"\n{whose}from = 2020-01-01\n'


def operation(store, *rows, key="pro-rata"):
    file = store.folder / "toit.toml"
    file.write_text(f'name = "Le toit"\nkey = "{key}"\n' + "".join(rows))
    return file


THREE = [member(name, f"H{n}@x") for n, name in enumerate("abc", 1)]
ROOFS = [producer("p1", "h4@x"), producer("p2", "h5@x")]


def sent(store, granularity="PT15M", step=QUARTER):
    """Four quarters of the worked example, as indexes of five gateways; their series."""
    drawn = add_homes(store, 3, INDEX, granularity)
    injected = add_homes(store, 5, PRODUCED, granularity)[3:]
    rows = []
    for series, used in zip([*drawn, *injected], [*DRAWN.values(), *INJECTED.values()], strict=True):
        marks = accumulate(used, initial=10_000)
        rows += [(series, NOON + n * step, value) for n, value in enumerate(marks)]
    fill(store, *rows)
    return drawn, injected


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
    assert "say so before they agree" in store.command("operation", "check", operation(store, *ROOFS, *THREE))


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


SAID = "Peu de participants : à plusieurs, ils peuvent déduire ce que consomme un autre."


def say(store):
    """What a household reads before it agrees, of the few members that there are."""
    with store.config.open("a") as config:
        config.write(
            f'[access]\npurpose = "le soleil. {SAID}"\ncontroller = "La Coop"\ncontact = "a@b.org"\n'
            'privacy = "https://coop.example.org/privacy"\nretention = "P1Y"\ngranularity = "PT15M"\n'
        )


def sums(store, file, code=0):
    return store.command(
        "operation", "sums", file, "--month", f"{MONTH:%Y-%m}", "--to", store.folder / "sums", code=code
    )


def test_signed_sums_let_each_member_check_its_share(store):
    """A chain for all, a file for each: what each meter counted comes to the share that it was told."""
    sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)
    said = sums(store, file)
    days = len(days_of(MONTH))
    assert f"{days} days signed anew, 3 files of members" in said
    chain = (store.folder / "sums" / "toit.sums.jsonl").read_bytes()
    for name, values in DRAWN.items():
        lines = (store.folder / "sums" / f"toit-{MONTH:%Y-%m}-{name}.jsonl").read_bytes().splitlines()
        metered = {int((NOON + n * QUARTER).timestamp()): wh for n, wh in enumerate(values)}
        result = check(read_member(lines), metered)
        assert (result.is_right, result.steps, result.unknown) == (True, 4, ALL_STEPS - 4)
        assert all(line in chain for line in lines if line.startswith(b'{"day"'))
    # Once more nothing is signed; what changed since is signed beside it.
    assert "0 days signed anew" in sums(store, file)
    assert (store.folder / "sums" / "toit.sums.jsonl").read_bytes() == chain
    store.ask("UPDATE gateway SET limited = true WHERE jid = 'h2@x'")
    assert "1 days signed anew" in sums(store, file)
    assert (store.folder / "sums" / "toit.sums.jsonl").read_bytes().startswith(chain)
    (store.folder / "sums" / "toit.sums.jsonl").write_bytes(chain.replace(b'"members":3', b'"members":4', 1))
    assert "line 1: changed after it was signed" in sums(store, file, code=74)


@pytest.mark.parametrize(("bound", "said"), [("MOST_BYTES", "more than 20,000 bytes"), ("MOST_LINES", "more than 40")])
def test_nothing_is_written_that_members_could_not_read(store, monkeypatch, bound, said):
    """Neither the chain nor the file of anybody, and one sentence."""
    sent(store)
    say(store)
    monkeypatch.setattr(operation_sums, bound, {"MOST_BYTES": 20_000, "MOST_LINES": 40}[bound])
    sentence = sums(store, operation(store, *ROOFS, *THREE), code=74)
    assert f"{said}" in sentence
    assert "nothing was written" in sentence
    assert len(sentence.splitlines()) == 1
    assert not (store.folder / "sums").exists()


def test_of_two_that_sign_at_once_one_does(store):
    """Two would each continue the same chain, and members hold two stories; the second is told so, and another may."""
    sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)

    async def work(db):
        async with db.transaction():
            await operation_sums.alone(db, FAR, read_operation(file))
            sentence = await asyncio.to_thread(sums, store, file, 74)
            other = file.write_text(file.read_text().replace("Le toit", "La halle"))
            return sentence, await asyncio.to_thread(sums, store, file) if other else ""

    sentence, other = with_database(store.conninfo, work)
    assert "another process is just signing the sums of Le toit: wait until it is done" in sentence
    assert len(sentence.splitlines()) == 1
    assert f"{len(days_of(MONTH))} days signed anew" in other


def test_sums_of_few_members_are_said_before_they_are_given(store):
    """Under six the sentence is asked for in what households read; by fixed parts nobody's use is in them."""
    sent(store)
    said = sums(store, operation(store, *ROOFS, *THREE), code=78)
    assert "3 members: what sums of less than 6 tell is said before a yes" in said
    assert SAID in said
    parts = [member(name, f"h{n}@x", 'part = "30 %"') for n, name in enumerate("abc", 1)]
    assert "3 files of members" in sums(store, operation(store, *ROOFS, *parts, key="static"))


def test_sums_in_order_are_said_before_too(store):
    """From its own part a member learns how far those before it were served."""
    sent(store)
    file = operation(store, 'order = [["c"], ["a", "b"]]\n', *ROOFS, *THREE, key="simple")
    assert "3 members: what sums of less than 6 tell is said before a yes" in sums(store, file, code=78)


def test_a_day_is_not_signed_of_some_homes_and_then_of_one_more(store):
    """What all drew with it, less what they drew without it, is its curve; another label is no other home."""
    sent(store)
    say(store)
    file = operation(store, *ROOFS, *THREE)
    sums(store, file)
    chain = (store.folder / "sums" / "toit.sums.jsonl").read_bytes()
    file.write_text(file.read_text().replace("Chez a", "Famille a"))
    assert "0 days signed anew" in sums(store, file)
    operation(store, *ROOFS, *THREE, member("d", None))
    assert "are signed of other members" in sums(store, file, code=78)
    assert (store.folder / "sums" / "toit.sums.jsonl").read_bytes() == chain


def test_what_is_being_erased_is_in_no_statement(store):
    """From the notice on, however long the erasing takes."""
    drawn, _ = sent(store)
    store.ask("UPDATE series SET erasing = true WHERE id = %s", drawn[1])
    rows, _ = statement(store, operation(store, *ROOFS, *THREE))
    assert (rows["b"]["steps"], rows["b"]["drawn_wh"]) == ("0", "")


def test_of_two_members_no_share_by_step_is_given(store):
    """What was injected alone: a share would be the neighbour's curve."""
    sent(store)
    sums(store, operation(store, *ROOFS, *THREE[:2]))
    lines = (store.folder / "sums" / f"toit-{MONTH:%Y-%m}-a.jsonl").read_bytes().splitlines()
    assert len(lines) == 1 + len(days_of(MONTH))
    assert all(json.loads(line)["day"]["wanted"] is None for line in lines[1:])


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
