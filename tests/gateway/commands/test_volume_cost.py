"""``linky-gateway cost --of water`` and ``--of gas``: the bill of months, and of the running one, before it comes."""

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.balance.calendar import midnight
from gateway.commands.main import main
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from tests.gateway.balance.conftest import SPRING
from tests.prepared import prepare

CONFIG = '[[meter]]\nname = "house"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n'
WATER = '[[volume_tariff]]\nof = "water"\nfrom = 2026-01-01\nsubscription = 3\nper_m3 = 4\n'
GAS = (
    '[[volume_tariff]]\nof = "gas"\nfrom = 2026-01-01\nuntil = 2026-03-31\nsubscription = 20\nper_kwh = 0.1\n'
    'kwh_per_m3 = 11\n[[volume_tariff]]\nof = "gas"\nfrom = 2026-04-01\nper_kwh = 0.2\nkwh_per_m3 = 10.5\n'
)
# Read at midnight: 400 l a day in March, 500 l in the ten days after it.
READINGS = {"2026-03-01": "100", "2026-04-01": "112.4", "2026-04-11": "117.4"}


@pytest.fixture
def house(tmp_path, capsys):
    """A house that is configured, and types."""
    prepare(tmp_path / "data")

    def typed(*words, code=0, text=WATER):
        (tmp_path / "gateway.toml").write_text(CONFIG + text)
        assert main([*words, "--config", str(tmp_path / "gateway.toml")]) == code
        said = capsys.readouterr()
        return said.err if code > 1 else said.out

    typed.folder = tmp_path
    return typed


def read_by_hand(house, of="water", readings=READINGS):
    """What a person reads off the meter's face."""
    for day, value in readings.items():
        house("reading", "add", of, value, "--unit", "m3", "--at", day)


def test_months_and_the_bill_ahead_are_what_is_reckoned_by_hand(house):
    """12.4 m³ at 4 € and 3 € a month; then 5 m³ in ten days, and 20 days like the last 28."""
    read_by_hand(house)
    found = json.loads(house("cost", "--of", "water", "--json"))
    march, april = found["rows"]
    assert (march["label"], march["litres"], march["whole"], march["estimated"]) == ("2026-03", 12_400, True, True)
    assert (march["energy"], march["subscription"], march["total"]) == (49.6, 3.0, 52.6)
    assert (april["label"], april["litres"], april["whole"]) == ("2026-04", 5000, False)
    assert (april["energy"], april["subscription"], april["total"]) == (20.0, 1.0, 21.0)
    month, year = found["projections"]
    like = round((10 * 500 + 18 * 400) / 28)
    litres = 5000 + 20 * like
    assert (month["label"], month["measured_litres"], month["projected_litres"]) == ("2026-04", 5000, litres)
    assert (month["measured_euros"], month["projected_euros"]) == (21.0, pytest.approx(4 * litres / 1000 + 3))
    assert (year["label"], year["measured_litres"]) == ("2026", 17_400)
    assert found["last_reading"] == midnight(date(2026, 4, 11))


def test_what_a_household_reads(house):
    """A row for each month, what the running one will come to, until when it is known; in both languages."""
    read_by_hand(house)
    said = {lang: house("cost", "--of", "water", "--lang", lang) for lang in ("en", "fr")}
    flat = {lang: " ".join(text.split()) for lang, text in said.items()}
    assert max(len(line) for text in said.values() for line in text.splitlines()) <= 80
    for one in (
        "water: what the water costs, in euros, taxes included",
        "2026-03 ~ 12.40 49.60 3.00 52.60",
        "2026-04 ~ * 5.00 20.00 1.00 21.00",
        "Month 2026-04: 5.00 m³ and €21.00 so far; at this rate 13.72 m³ and €57.88 by the end",
        "So far is until the last reading, of 2026-04-11",
    ):
        assert one in flat["en"], one
    assert "Mois 2026-04 : 5,00 m³ et 21,00 € jusqu’ici" in flat["fr"]
    lines = {lang: {line for line in text.splitlines() if len(line.split()) > 7} for lang, text in said.items()}
    assert not lines["en"] & lines["fr"]


def test_gas_is_paid_by_the_kwh_of_its_bill(house):
    """Each day at the price and the kWh of a m³ that are in force on it."""
    read_by_hand(house, "gas")
    march, april = json.loads(house("cost", "--of", "gas", "--json", text=GAS))["rows"]
    assert (march["kwh"], march["energy"], march["subscription"]) == (pytest.approx(12.4 * 11), 13.64, 20.0)
    assert (april["kwh"], april["energy"], april["total"]) == (pytest.approx(5 * 10.5), 10.5, 10.5)
    assert "kWh" in house("cost", "--of", "gas", "--lang", "en", text=GAS).splitlines()[2]


def test_days_without_a_price_make_no_bill(house):
    """What is a part of it is called nothing else."""
    read_by_hand(house)
    text = WATER.replace("2026-01-01", "2026-03-15")
    march, april = json.loads(house("cost", "--of", "water", "--json", text=text))["rows"]
    assert (march["litres"], march["total"], april["total"]) == (12_400, None, 21.0)
    said = " ".join(house("cost", "--of", "water", "--lang", "en", text=text).split())
    assert "14 day(s) without a [[volume_tariff]]: their cost is missing." in said


def index_of(litres_at, first, until, step=300):
    """What a counter of pulses says between two moments."""
    for time in range(first, until + 1, step):
        now = datetime.fromtimestamp(time, UTC)
        reading = Reading("water/volume/index", now, 1000 + litres_at(time), "l", Kind.INDEX, Quality.HOST)
        yield Interpretation(now, Quality.HOST, None, None, (reading,), ())


def test_pulses_are_counted_day_by_day(house):
    """To the litre, over the day of 23 hours; a day in which nobody counted for six hours was that much at least."""
    days = [midnight(SPRING + timedelta(days=place)) for place in range(-2, 4)]
    missed = days[4] + 6 * 3600, days[4] + 12 * 3600

    def litres_at(time):
        # 12 l in each hour; what went by in a silence was not counted.
        counted = time - days[0] - max(0, min(time, missed[1]) - missed[0])
        return counted // 300

    with closing(Store(house.folder / "data")) as store:
        store.meters.add("tap")
        recorder = Recorder("tap", {})
        for first, until in ((days[0] - 600, missed[0]), (missed[1], days[5] + 3600)):
            for said in index_of(litres_at, first, until):
                recorder.add(said)
        store.batches.write([recorder.take()], days[5] + 3600)
    rows = json.loads(house("cost", "--of", "water", "--period", "day", "--json"))["rows"]
    known = {row["label"]: row for row in rows}
    assert known[str(SPRING)]["litres"] == 23 * 12
    assert known[str(SPRING - timedelta(days=1))]["litres"] == known[str(SPRING + timedelta(days=1))]["litres"] == 288
    assert (known[str(SPRING)]["whole"], known[str(SPRING)]["estimated"]) == (True, False)
    silent = known[str(SPRING + timedelta(days=2))]
    assert (silent["litres"], silent["whole"]) == (18 * 12, False)


def test_a_meter_that_was_replaced_counts_nothing_between(house):
    """An index that falls is nobody's consumption, and its day is not whole."""
    read_by_hand(house)
    house("reading", "add", "water", "2", "--unit", "m3", "--at", "2026-04-12", "--force")
    house("reading", "add", "water", "2.6", "--unit", "m3", "--at", "2026-04-13")
    rows = json.loads(house("cost", "--of", "water", "--period", "day", "--json"))["rows"]
    assert [(row["litres"], row["whole"]) for row in rows[-2:]] == [(0, False), (600, True)]


@pytest.mark.parametrize(
    ("words", "text", "code", "said"),
    [
        ((), "", 78, "without a [[volume_tariff]] of water it has no cost"),
        ((), GAS, 78, "without a [[volume_tariff]] of water it has no cost"),
        (("--meter", "garden"), WATER, 78, "'garden' is no meter of water; there is water, well"),
        ((), WATER, 78, "there are several meters of water: say which by --meter (water, well)"),
    ],
)
def test_what_cannot_be_is_one_sentence(house, words, text, code, said):
    """Which price, which meter."""
    read_by_hand(house)
    house("reading", "add", "water", "1", "--unit", "m3", "--at", "2026-03-01", "--meter", "well")
    assert said in house("cost", "--of", "water", "--lang", "en", *words, text=text, code=code)
    assert "117.4" not in house("cost", "--of", "water", "--meter", "water", "--lang", "en")


def test_one_reading_is_no_consumption(house):
    """Nor is none."""
    assert "there is no meter of water yet" in house("cost", "--of", "water", "--lang", "en", code=78)
    read_by_hand(house, readings={"2026-03-01": "100"})
    assert "water: two readings are needed at least" in house("cost", "--of", "water", "--lang", "en")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('of = "water"\n', "[[volume_tariff]] 1: no price; write per_m3"),
        ('of = "gas"\nper_kwh = 0.1\n', "per_kwh: per_kwh needs kwh_per_m3 beside it"),
        ('of = "gas"\nper_m3 = 1\nper_kwh = 0.1\nkwh_per_m3 = 11\n', "per_kwh: it has two prices"),
        ('of = "water"\nper_m3 = 1\nkwh_per_m3 = 11\n', "kwh_per_m3: water has no kWh"),
        ('of = "water"\nper_m3 = 434\n', "per_m3: 434 is no price in euros"),
        ('of = "gas"\nper_kwh = 10.51\nkwh_per_m3 = 11\n', "per_kwh: 10.51 is no price in euros"),
        ('of = "water"\nper_m3 = 4\nsubscription = inf\n', "subscription: inf is no amount of euros"),
        ('of = "water"\nper_m3 = 4\nuntil = 2025-01-01\n', "until: 2025-01-01 is before it begins (2026-01-01)"),
        ('of = "oil"\nper_m3 = 4\n', "of: 'oil' is no choice"),
        ('of = "water"\nper_m3 = 4\n' + WATER, "2, from: on 2026-01-01 another price of water is in force as well"),
    ],
)
def test_a_price_that_is_none_is_refused(house, text, said):
    """With its place in the file."""
    wrong = "[[volume_tariff]]\nfrom = 2026-01-01\n" + text
    assert said in house("cost", "--of", "water", "--lang", "en", text=wrong, code=78)
