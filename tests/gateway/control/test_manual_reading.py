"""Readings by hand: exact, refused where they cannot be right, promised as others, and the face corrects the count."""

import json
from contextlib import closing
from fractions import Fraction

import pytest

from gateway.config.tables import load
from gateway.control.manual_reading import enter
from gateway.control.messages import read
from gateway.errors import ReadingError
from gateway.federation.wire.stanza import Publisher, build_quoalise
from gateway.pulses.counter import Counted, PulseCounter
from gateway.pulses.quantity import find_quantity
from gateway.senml.naming import NameForm
from gateway.store.points import Confirm, Granularity
from gateway.store.store import Store
from tests.gateway.store.conftest import START, frame
from tests.prepared import prepare

WATER, POWER = "water/volume/index", "consumption/energy/active/index"
DAY, FOR_EVER = 86400, 2**40
NOW = START + 400 * DAY


@pytest.fixture
def config(tmp_path):
    """A house with a Linky, and a water meter that gives pulses."""
    path = tmp_path / "gateway.toml"
    path.write_text(
        '[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n'
        '[[counter]]\nname = "tap"\nquantity = "water"\ngpio = 17\nper_pulse = "0.5 l"\n'
        '[[counter]]\nname = "sun"\nquantity = "electricity-produced"\ngpio = 27\nper_pulse = "1 Wh"\n'
    )
    prepare(tmp_path / "data")
    return load(path)


@pytest.fixture
def store(config):
    """The store, with the configured meters."""
    with closing(Store(config.directory)) as opened:
        opened.meters.add("house")
        opened.meters.add("tap")
        opened.meters.add("sun")
        yield opened


@pytest.fixture
def say(store, config):
    """Enter a reading as the command line does."""

    def entered(series, value, *, now=NOW, **words):
        form = {"series": series, "value": value, **words}
        return enter(store, config, read(json.dumps({"do": "reading", "order": form}).encode()).order, now)

    return entered


def points(store, meter, path=WATER, granularity=Granularity.RAW):
    return [(p.time - START, p.value) for p in store.readings.page(meter, path, granularity, 0, FOR_EVER, 999)]


def counting(store, name="tap", per_pulse=Fraction(1, 2)):
    """A running counter on that store."""

    class Wire:
        bounces = 0

        def take(self):
            return self.waiting

    counter, wire = (
        PulseCounter(Counted(find_quantity("water"), per_pulse, Fraction(0)), Wire, lambda: counter.now),
        Wire(),
    )

    def run(pulses, now):
        wire.waiting, counter.now = pulses, now
        counter.tick(wire)
        store.batches.write([counter.recorder.take()], now)

    counter.resume(store.meters.add(name), store.readings.last_values(name), store.readings.totals(name))
    return counter, run


@pytest.mark.parametrize(
    ("series", "value", "unit", "path", "stored"),
    [
        ("gas", "1234.567", "m3", "gas/volume/index", 1_234_567),
        ("gas/volume/index", "1234,5678 m³", None, "gas/volume/index", 1_234_567),
        ("heat", "17.25", "MWh", "heat/energy/index", 17_250_000),
        ("electricity-consumed", "0.1", "kWh", POWER, 100),
        ("gas", "42", None, "gas/volume/index", 42),
    ],
)
def test_a_value_is_converted_exactly(store, say, series, value, unit, path, stored):
    """Whole litres and watt-hours, in any unit that is on a meter; what is less than one is left on the face."""
    entered = say(series, value, unit=unit, at=START)
    assert (entered["series"], entered["value"]) == (path, stored)
    assert points(store, entered["meter"], path) == [(0, stored)]
    assert [p.quality for p in store.readings.by_hand()] == ["manual"]


def test_a_new_meter_is_made_and_found_again(store, say):
    """Without ``--meter`` it is called after what it measures; two of a kind have to be named."""
    assert say("gas", "1", at=START)["meter"] == "gas"
    assert say("gas", "2", at=START + 60)["meter"] == "gas"
    assert say("gas", "9", at=START, meter="gas-garage")["meter"] == "gas-garage"
    with pytest.raises(ReadingError, match="choose with --meter one of gas, gas-garage"):
        say("gas", "10")
    assert {m.name for m in store.meters.all()} == {"house", "tap", "sun", "gas", "gas-garage"}


@pytest.mark.parametrize(
    ("series", "value", "words", "sentence"),
    [
        ("wine", "1", {}, "series 'wine': a reading by hand is of one of water/volume/index"),
        ("gas", "many", {}, "value: 'many' is not a number"),
        ("gas", "-1", {}, "value: '-1' is not a number"),
        ("gas", "1", {"unit": "kWh"}, "value: unit 'kWh': gas is counted in l, m3"),
        ("gas", "1", {"at": NOW + 1}, "that time is to come"),
        ("gas", "1", {"at": 10**30}, "that time is to come"),
        ("gas", "1", {"at": -5}, "is to come, or long gone"),
        ("gas", "1", {"meter": "house"}, "meter house: its line is read"),
        ("gas", "1", {"meter": "tap"}, "meter tap: counts water, not gas"),
        ("gas", "1", {"meter": "My Meter"}, "a name is made of a-z"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_stored(store, say, series, value, words, sentence):
    """Not a number, an unknown unit, the future, a meter that is read otherwise."""
    with pytest.raises(ReadingError) as caught:
        say(series, value, **words)
    assert sentence in str(caught.value)
    assert store.readings.by_hand() == []
    assert len(store.meters.all()) == 3


def test_an_index_fits_between_its_neighbours_or_is_refused(store, say):
    """Not below an earlier reading, not above a later one, not twice in one second; an older one may be added."""
    say("gas", "1000", at=START)
    say("gas", "2000", at=START + 60 * DAY)
    for value, day, sentence in (
        ("999", 30, "999 l is below the 1000 l of 2026-06-16 12:00:00"),
        ("2001", 30, "2001 l is above the 2000 l of 2026-08-15 12:00:00"),
        ("1999", 90, "1999 l is below the 2000 l"),
        ("1500", 60, "there is a reading of gas/volume/index of that second already"),
    ):
        with pytest.raises(ReadingError, match=sentence):
            say("gas", value, at=START + day * DAY)
    say("gas", "1500", at=START + 30 * DAY)
    say("gas", "1000", at=START + 1 * DAY)
    assert [value for _, value in points(store, "gas", "gas/volume/index")] == [1000, 1000, 1500, 2000]
    assert store.readings.events() == []


def test_an_index_fits_between_minutes_where_nothing_finer_is_kept(store, say):
    """Within a minute only its end is known: what it says then bounds neither side before it is over."""
    _, run = counting(store)
    for step in range(3):
        run(20, START + 120 * step + 10)
    store.batches.forget(START + 10 * DAY, 0, 10**9, 10**9)
    assert store.readings.around("tap", WATER, START + 30) == (None, (START + 179, 20))
    assert store.readings.around("tap", WATER, START + 59) == ((START, 10), (START + 179, 20))


def test_force_notes_that_the_meter_was_replaced(store, say):
    """The index falls, and it is written down that a person said so."""
    say("gas", "5000", at=START)
    say("gas", "3", at=START + DAY, force=True)
    (event,) = store.readings.events()
    assert (event.kind, event.meter, event.series, event.detail) == (
        "index-set-by-hand",
        "gas",
        "gas/volume/index",
        {"before": 5000, "after": 3},
    )
    assert say("gas", "4", at=START + 2 * DAY)["value"] == 4


def test_months_between_two_readings_stay_empty(store, say):
    """Two points are two points: no half hours, no load curve, no day between them; not ten minutes apart either."""
    for at, value in ((START, "1000"), (START + 90 * DAY, "2000"), (START + 90 * DAY + 300, "2001")):
        say("electricity-consumed", value, at=at, meter="annex", unit="kWh")
    for granularity in (Granularity.HALF_HOUR, Granularity.DAY):
        assert [p for p in points(store, "annex", "", granularity) if 0 < p[0] < 90 * DAY] == []
    assert [s.path for s in store.meters.series("annex")] == [POWER]


def test_a_reading_of_a_midnight_is_the_index_of_that_day(store, say):
    """``--at 2026-06-17``: the day has its index, and two midnights in a row have the day's energy."""
    midnight = START + 12 * 3600
    say("electricity-produced", "10 kWh", at=midnight, meter="roof")
    say("electricity-produced", "17 kWh", at=midnight + DAY, meter="roof")
    daily = "production/energy/active/daily"
    assert points(store, "roof", daily, Granularity.DAY) == [(12 * 3600, 7000)]


@pytest.mark.parametrize("days", [(0, 60, 31), (31, 60, 0), (60, 31, 0)])
def test_readings_by_hand_add_up_whatever_their_order(store, say, days):
    """Three of different months, entered in any order: what lies between each two is known in sum."""
    path, face = "production/energy/active/index", {0: "10", 31: "30", 60: "70"}
    for day in days:
        say("electricity-produced", f"{face[day]} kWh", at=START + day * DAY, meter="roof")
    (roof,) = [one for one in store.meters.series("roof") if one.path == path]
    found = store.ledger.slices(roof, [START + day * DAY for day in sorted(days)])
    assert [(one.wh, one.shared) for one in found] == [(20_000, False), (40_000, False)]
    assert store.ledger.faults(roof) == []


def test_a_reading_by_hand_outlives_the_raw_values(store, say):
    """Others of its age are thinned out to half hours; of this there is nothing else."""
    for month in range(6):
        say("gas", str(month), at=START + 30 * month * DAY)
    store.batches.forget(NOW, 3600, DAY, DAY)
    assert [p.value for p in store.readings.by_hand()] == list(range(6))
    assert [p.value for p in store.readings.by_hand("gas")] == list(range(6))
    assert store.readings.by_hand("house") == []
    assert [(p.value, p.quality) for p in store.readings.stream("gas", None)] == [
        (month, "manual") for month in range(6)
    ]


def test_minutes_of_a_counter_are_exported_as_before_beside_a_reading_by_hand(store, say):
    """A person's old reading does not make an export forget the minutes that have outlived the raw values."""
    _, run = counting(store)
    for step in range(10):
        run(2, START + step * 3600)
    say("water", "0.1", at=START - DAY, meter="tap")
    store.batches.forget(START + 10 * 3600, 7200, 10**9, 10**9)
    exported = [p.time - START for p in store.readings.stream("water", None)]
    assert exported == sorted(exported)
    # The last minute is open, the raw values begin two hours before the end.
    assert [time for time in exported if time >= 0] == [3600 * step for step in range(10)]


def test_it_is_promised_to_whom_the_household_allowed_and_marked(store, say):
    """A consent for raw values and one for minutes: both are sent it at once, and the first is told who says so."""
    for who, granularity in (("raw@sen2.test", Granularity.RAW), ("minute@sen2.test", Granularity.MINUTE)):
        store.meters.add("gas")
        store.consents.grant(who, "gas", "gas", granularity, NOW + DAY, NOW)
        store.subscriptions.add(who, "gas", "gas", "sen1", Confirm.RECEIPT, NOW)
    say("gas", "1234.5 m3", at=NOW - 5)
    (row,) = store.outbox.pending("raw@sen2.test", 0, 9, NOW)
    (minute,) = store.outbox.pending("minute@sen2.test", 0, 9, NOW)
    assert (row.point.time, row.point.value, row.point.quality) == (NOW - 5, 1_234_500, "manual")
    assert (minute.point.time, minute.point.value) == ((NOW - 5) // 60 * 60, 1_234_500)
    meter = next(m for m in store.meters.all() if m.name == "gas")
    quoalise = build_quoalise(Publisher("gw", "sen1.test"), meter, NameForm.SEN1, [row.point])
    (marked,) = quoalise.iter("{urn:linky-gateway:0}manual")
    assert marked.attrib == {"n": "gas/volume/index", "t": str(NOW - 5)}
    (device,) = quoalise.iter("{urn:quoalise:0}device")
    assert device.get("type") == "gas-meter"
    (record,) = quoalise.iter("{urn:ietf:params:xml:ns:senml}senml")
    assert (record.get("u") or record.get("bu"), record.get("v")) == ("m3", "1234.5")


def test_the_face_of_the_meter_corrects_the_count(store, say):
    """Pulses that were missed are made good, to the half litre, and the correction is an event."""
    _, run = counting(store)
    run(21, NOW - 100)
    entered = say("water", "12345.5", now=NOW)
    assert (entered["meter"], entered["value"], entered["counts_on"]) == ("tap", 12_345, True)
    _, run = counting(store)
    run(1, NOW + 1)
    assert [value for _, value in points(store, "tap")] == [10, 12_345, 12_346]
    (event,) = store.readings.events()
    assert (event.kind, event.detail) == ("index-set-by-hand", {"before": 10, "after": 12_345})


def test_a_count_that_ran_ahead_goes_back_only_by_force(store, say):
    """Bounces that were counted: an index does not fall unless a person insists."""
    _, run = counting(store)
    run(200, NOW - 100)
    with pytest.raises(ReadingError, match="90 l is below the 100 l"):
        say("water", "90")
    say("water", "90", force=True)
    _, run = counting(store)
    run(4, NOW + 1)
    assert [value for _, value in points(store, "tap")] == [100, 90, 92]


def test_a_time_since_which_pulses_were_counted_cannot_be_corrected(store, say):
    """What was promised since does not change; an old note from before the counter is welcome and changes no count."""
    _, run = counting(store)
    run(20, START)
    run(20, START + 60)
    for force in (False, True):
        with pytest.raises(ReadingError, match="has counted on since"):
            say("water", "15", at=START + 30, force=force)
    assert not say("water", "5", at=START - DAY)["counts_on"]
    assert store.readings.totals("tap") == {WATER: "20"}
    # Retention is reckoned from the last frame, and that is still the pulse's.
    assert next(m for m in store.meters.all() if m.name == "tap").last_time == START + 60


def test_now_gives_way_to_a_pulse_of_the_same_second(store, say):
    """Two values of one second cannot be told apart, so the person's is of the next."""
    _, run = counting(store)
    run(2, NOW)
    assert say("water", "50", now=NOW)["counts_on"]
    assert [(time + START - NOW, value) for time, value in points(store, "tap")] == [(0, 1), (1, 50)]


def test_a_correction_is_no_consumption(store, say):
    """An hour of pulses with a jump of 500 kWh in it: the half hour of the jump has no mean power."""
    counter = PulseCounter(Counted(find_quantity("electricity-produced"), Fraction(1), Fraction(0)), object)
    path = "production/energy/active/index"

    class Wire:
        bounces = 0
        waiting = 1

        def take(self):
            return self.waiting

    def run(first, last):
        counter.resume(store.meters.add("sun"), store.readings.last_values("sun"), store.readings.totals("sun"))
        for second in range(first, last, 10):
            counter._clock = lambda second=second: START + second
            counter.tick(Wire())
        store.batches.write([counter.recorder.take()], START + last)

    run(0, 5000)
    say("electricity-produced", "500 kWh", meter="sun", now=START + 5000)
    run(5010, 9010)
    curve = points(store, "sun", "production/power/active/raw", Granularity.HALF_HOUR)
    assert curve == [(0, 360), (1800, 360), (5400, 360), (7200, 360)]
    assert len(points(store, "sun", path, Granularity.HALF_HOUR)) == 5


def test_a_line_that_is_read_keeps_its_minute_open(store, say):
    """A reading of another meter closes nothing of the house."""
    from gateway.store.recorder import Recorder

    recorder = Recorder("house", {})
    recorder.add(frame(NOW - 5, power=100))
    store.batches.write([recorder.take()], NOW)
    say("gas", "7")
    recorder.add(frame(NOW - 4, power=300))
    recorder.add(frame(NOW + 60, power=0))
    store.batches.write([recorder.take()], NOW)
    minutes = store.readings.page("house", "consumption/power", Granularity.MINUTE, 0, FOR_EVER, 9)
    assert [p.value for p in minutes] == [200]
