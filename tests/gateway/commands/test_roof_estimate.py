"""``linky-gateway roof-estimate``: a file of PVGIS over a house's own year, as a household types it."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from gateway.balance.calendar import days, midnight
from gateway.commands.main import main
from gateway.store.local_time import PARIS
from tests.gateway.balance.conftest import AUTUMN, House, off_peak
from tests.gateway.household.climate import climate_csv
from tests.gateway.household.past.test_files import curve_csv
from tests.prepared import prepare

HC = '[[tariff]]\nname = "Creuses"\nfrom = 2020-01-01\nprices = { hc = 0.15, hp = 0.25 }\ninjection = 0.04\n'
BASE = '[[tariff]]\nname = "Base"\nfrom = 2020-01-01\nprices = { base = 0.2 }\n'
PRM = "00000000000011"
CONFIG = f'[[meter]]\nname = "house"\nprm = "{PRM}"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "."\n'


def typed(folder, capsys, *words, code=0, lang="en"):
    """What it prints; of a refusal the error."""
    options = ["--config", str(folder / "gateway.toml")]
    assert main(["roof-estimate", *map(str, words), *options, "--lang", lang]) == code
    said = capsys.readouterr()
    assert bool(said.err) == (code > 1)
    return said.err or said.out


def steady(folder, watts=1200, **more):
    """A file of a roof that gives the same at each hour: what comes of it can be reckoned by hand."""
    file = folder / "pvgis.csv"
    file.write_bytes(climate_csv(lambda _: f"{watts}.0", **more))
    return file


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A house with two classes that lived three days, that of 25 hours in their middle."""
    house = House(tmp_path_factory.mktemp("lived"))
    house.configure(HC)
    first, end = midnight(AUTUMN - timedelta(days=1)), midnight(AUTUMN + timedelta(days=2))
    house.live(first, end + 3600, off_peak)
    return house.folder


def test_by_hand_over_a_day_of_25_hours(lived, capsys):
    """600 Wh a half hour over 252 by day and 1,008 by night: what is used, injected, covered and saved."""
    found = json.loads(typed(lived, capsys, steady(lived), "--json"))
    day, night = 3 * 32, 3 * 16 + 2
    used = day * 252 + night * 600
    assert (found["from"], found["to"]) == ("2025-10-27", "2026-10-27")
    assert found["known"] == {
        "known_s": (day + night) * 1800,
        "produced_wh": (day + night) * 600,
        "drawn_wh": day * 252 + night * 1008,
        "used_wh": used,
        "injected_wh": (day + night) * 600 - used,
    }
    assert found["saved_euros"] == pytest.approx((day * 252 * 0.25 + night * 600 * 0.15) / 1000, abs=0.005)
    assert found["sold_euros"] == pytest.approx(0.04 * ((day + night) * 600 - used) / 1000, abs=0.005)
    assert found["unpriced"] == 0
    assert found["produced_wh"] == 365 * 24 * 1200
    assert [one["month"] for one in found["months"] if one["known_s"]] == ["2026-10"]
    assert {one["drawn_wh"] for one in found["months"] if not one["known_s"]} == {None}
    twice = json.loads(typed(lived, capsys, steady(lived), "--peak-power", "6,0", "--json"))
    assert (twice["peak_kwp"], twice["known"]["produced_wh"]) == (6, 2 * found["known"]["produced_wh"])


def test_what_a_household_reads(lived, capsys):
    """A table and a bar for each month, what is not sure; French as well as English, in 80 columns."""
    file = steady(lived, years=(2020, 2021))
    said = {lang: typed(lived, capsys, file, lang=lang) for lang in ("en", "fr")}
    flat = {lang: " ".join(text.split()) for lang, text in said.items()}
    assert max(len(line) for text in said.values() for line in text.splitlines()) <= 80
    for one in (
        "house: your last twelve months under an estimated roof of 3 kWp",
        "slope 35°, azimuth -10° (0 is south, 90 west, -90 east), losses 14%",
        "Weather of 2020–2021 (PVGIS-SARAH3; PVGIS © European Union).",
        "From 2025-10-27 to 2026-10-26: your consumption is known on 3 of 365 days.",
        "2026-10 3.0 88 75 54 33 73%",
        "2026-09 – – – – – –",
        "What you use of it would have cost €11 at the prices of your tariff of today (Creuses)",
        "Not a whole year is known",
        "By the weather of each single year the roof makes 88 to 88 kWh on these days",
        "This is an estimate",
    ):
        assert one in flat["en"], one
    (bar,) = [line for line in said["en"].splitlines() if line.startswith("2026-10  ") and "█" in line]
    assert (bar.count("█"), bar.count("░"), bar.split()[-1]) == (31, 19, "88")
    assert "un toit solaire estimé de 3 kWc" in flat["fr"]
    assert "aurait coûté 11 € aux prix" in flat["fr"]
    lines = {lang: {line for line in text.splitlines() if len(line.split()) > 7} for lang, text in said.items()}
    assert not lines["en"] & lines["fr"]


def life(first, end, seed=7):
    """The half hours of a house in W, of whole Wh."""
    chance = Random(seed)
    return [2 * chance.randrange(50, 1500) for _ in range(midnight(first), midnight(end), 1800)]


def sunny(when):
    """A roof: more at noon and in summer, clouds by lot."""
    noon = max(0, 6 - abs(when.hour - 12)) * (400 - 2 * abs(when.timetuple().tm_yday - 172))
    return f"{noon * Random(when.toordinal()).random():.2f}"


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A house of which a year of half hours was imported, but for two days, and nothing was ever heard."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "gateway.toml").write_text(CONFIG + BASE)
    prepare(folder)
    first, end = date(2025, 3, 10), date(2026, 3, 10)
    watts, begin = life(first, end), midnight(first)
    hole = (midnight(date(2025, 8, 2)) - begin) // 1800
    parts = [(begin, watts[:hole]), (begin + (hole + 96) * 1800, watts[hole + 96 :])]
    for place, (start, part) in enumerate(parts):
        (folder / f"{place}.csv").write_bytes(curve_csv(start, part))
    words = ["history", "add", *(str(folder / f"{place}.csv") for place in (0, 1)), "--yes"]
    assert main([*words, "--config", str(folder / "gateway.toml")]) == 0
    known = {start + 1800 * place: wh // 2 for start, part in parts for place, wh in enumerate(part)}
    return folder, first, end, known


def laid(first, end, known):
    """Wh used by month, reckoned minute by minute from the file's watts at ten past each hour."""
    used: Counter[str] = Counter()
    hour_at = {}
    for day in days(first - timedelta(days=1), end + timedelta(days=1)):
        for hour in range(24):
            # Of the file's year, which had no 29 February; neither has this one.
            watts = float(sunny(datetime(2021, day.month, day.day, hour, tzinfo=UTC)))
            hour_at[int(datetime(day.year, day.month, day.day, hour, 10, tzinfo=UTC).timestamp())] = watts
    stamps = sorted(hour_at)
    minutes = {}
    for one, other in pairwise(stamps):
        for minute in range(60):
            # The middle of a minute is its mean, on a line.
            part = (minute + 0.5) / 60
            minutes[one + 60 * minute] = hour_at[one] * (1 - part) + hour_at[other] * part
    for start, drawn in known.items():
        made = sum(minutes[start + 60 * minute] for minute in range(30)) / 60
        used[f"{datetime.fromtimestamp(start, PARIS):%Y-%m}"] += min(made, drawn)
    return used


def test_a_year_is_what_minute_by_minute_comes_to(imported, capsys):
    """Month by month; the days that are not known are left out, and said."""
    folder, first, end, known = imported
    file = folder / "pvgis.csv"
    file.write_bytes(climate_csv(sunny))
    found = json.loads(typed(folder, capsys, file, "--json"))
    assert (found["from"], found["to"]) == (str(first), str(end))
    assert found["known"]["known_s"] == len(known) * 1800 == (365 - 2) * 86_400
    assert found["known"]["drawn_wh"] == sum(known.values())
    assert (found["imported_s"], found["by_hours_s"]) == (363 * 86_400, 0)
    expected = laid(first, end, known)
    assert {one["month"] for one in found["months"]} == set(expected)
    for one in found["months"]:
        # Whole watt-hours in each half hour.
        assert one["used_wh"] == pytest.approx(expected[one["month"]], abs=31 * 48)
        assert one["used_wh"] == pytest.approx(expected[one["month"]], rel=0.01)
    assert found["saved_euros"] == pytest.approx(0.2 * found["known"]["used_wh"] / 1000, abs=0.01)
    said = " ".join(typed(folder, capsys, file).split())
    assert "your consumption is known on 363 of 365 days" in said
    assert "On all 365 days" not in said


def test_euros_are_unknown_where_a_class_is(imported, capsys):
    """An imported file has none: nothing is said of euros where nothing says their hours, nor without a price."""
    folder = imported[0]
    config, file = folder / "gateway.toml", steady(folder)
    before = config.read_text()
    try:
        for text, said in ((HC, "100% of what you use has no price"), ("", "no [[tariff]] is in force")):
            config.write_text(CONFIG + text)
            assert json.loads(typed(folder, capsys, file, "--json"))["saved_euros"] is None
            assert f"What you save in euros is unknown: {said}" in " ".join(typed(folder, capsys, file).split())
    finally:
        config.write_text(before)


def test_imported_days_are_priced_by_the_hours_that_are_written(imported, capsys):
    """Half hour by half hour by the clock, over both its changes; and it is said that no index confirms them."""
    folder, _, _, known = imported
    config, file = folder / "gateway.toml", steady(folder, 600)
    before = config.read_text()
    try:
        config.write_text(CONFIG + HC + '[[off_peak]]\nfrom = 2020-01-01\nhours = ["22:00/06:00"]\n')
        found = json.loads(typed(folder, capsys, file, "--json"))
        assert found["priced_by_hours"] == 1
        used: Counter[bool] = Counter()
        for start, drawn in known.items():
            used[6 <= datetime.fromtimestamp(start, PARIS).hour < 22] += min(300, drawn)
        assert found["saved_euros"] == pytest.approx((used[True] * 0.25 + used[False] * 0.15) / 1000, abs=0.01)
        said = " ".join(typed(folder, capsys, file).split())
        assert "100% of it is from imported files, priced by the hours of your contract" in said
    finally:
        config.write_text(before)


def test_hours_stay_hours(tmp_path, capsys):
    """Of a file that knows hours alone: none is cut in two, and it is said."""
    (tmp_path / "gateway.toml").write_text(CONFIG + BASE)
    prepare(tmp_path)
    head = "Identifiant PRM;Type de donnees;Grandeur metier;Unite;Pas en minutes\n11;Courbe de charge;Consommation;W;\n"
    begin = midnight(date(2026, 1, 10))
    ends = [datetime.fromtimestamp(begin + 3600 * (hour + 1), PARIS) for hour in range(48)]
    rows = "".join(f"{end.isoformat()};{2000 if hour % 2 else 500}\n" for hour, end in enumerate(ends))
    (tmp_path / "hours.csv").write_text(head + "Horodate;Valeur\n" + rows)
    config = ["--config", str(tmp_path / "gateway.toml")]
    assert main(["history", "add", str(tmp_path / "hours.csv"), "--yes", *config]) == 0
    capsys.readouterr()
    file = steady(tmp_path)
    found = json.loads(typed(tmp_path, capsys, file, "--json"))
    assert (found["by_hours_s"], found["known"]["used_wh"]) == (48 * 3600, 24 * 1200 + 24 * 500)
    assert "On 2 days your consumption is known by hours alone" in " ".join(typed(tmp_path, capsys, file).split())


def test_what_cannot_be_is_one_sentence(lived, capsys):
    """A file that is none, or is not there; a peak power that is none; and nothing is known yet."""
    bad = lived / "bad.csv"
    bad.write_text("time,P\n20210101:0010,x\n")
    said = typed(lived, capsys, bad, "--peak-power", "3", code=65)
    assert said.count("\n") == 1
    assert "bad.csv cannot be used: line 2: '20210101:0010,x' is no hour of PVGIS" in said
    assert "cannot be read: No such file or directory" in typed(lived, capsys, lived / "none.csv", code=74)
    for peak in ("0", "-3", "3 kWp", "1e9", "99999"):
        with pytest.raises(SystemExit) as ended:
            typed(lived, capsys, bad, "--peak-power", peak)
        assert ended.value.code == 2
        assert f"{peak!r} is no peak power in kWp" in capsys.readouterr().err


def test_nothing_is_known_yet(tmp_path, capsys):
    """Neither by the meter nor of a file: how to have it, and an end of 1."""
    (tmp_path / "gateway.toml").write_text(CONFIG)
    prepare(tmp_path)
    assert "house: no whole day is stored yet." in typed(tmp_path, capsys, steady(tmp_path), code=1)
