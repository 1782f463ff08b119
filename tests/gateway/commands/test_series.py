"""``linky-gateway series``: what the series of a house are called; and that none is missing in the table of all."""

import json
import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.commands.main import main
from gateway.household.series import every_series
from gateway.pulses.quantity import QUANTITIES
from gateway.store.points import offered
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.frame import Reader
from gateway.tic.reading import Interpreter
from tests.gateway.store.conftest import START, frame
from tests.prepared import prepare

FRAMES = Path(__file__).parents[2] / "frames"


@pytest.fixture
def house(tmp_path):
    """A house with an account and two meters, one of which has said something."""
    config = tmp_path / "gateway.toml"
    config.write_text(
        '[[meter]]\nname = "house"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n'
        '[federation]\njid = "Maison@Example.org"\n'
    )
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("house", "ab12cd34ef")
        store.meters.add("water", "ef34")
        recorder = Recorder("house", {})
        recorder.add(frame(START, power=450, index=1000, tariff="HP"))
        store.batches.write([recorder.take()], START)
    return config


def said(capsys, config, *words):
    assert main(["series", "--config", str(config), *words]) == 0
    return capsys.readouterr().out


def test_names_units_granularities_and_the_id_are_told(house, capsys):
    """For a program in both languages; the name is the one that a recipient asks for."""
    first, second = json.loads(said(capsys, house, "--json"))
    assert (first["meter"], first["sensor"]) == ("house", "ab12cd34ef")
    assert first["identifier"] == "maison@example.org/ab12cd34ef@example.org"
    assert second["series"] == []
    index, power, tariff = first["series"]
    assert index["name"] == f"{first['identifier']}/consumption/energy/active/index"
    assert (power["unit"], power["granularities"]) == ("VA", ["raw", "PT1M", "PT30M", "P1D"])
    assert (power["fr"], power["en"]) == ("Puissance apparente soutirée", "Apparent power drawn")
    assert (tariff["unit"], tariff["granularities"]) == (None, ["raw", "PT1M"])
    assert (index["first"], index["last"]) == ("2026-06-16T10:00:00Z", "2026-06-16T10:00:00Z")
    assert "PAPP" in power["labels"]


def test_a_person_is_told_in_the_language(house, capsys):
    """The id, what to give to who receives, a table with what each series is."""
    text = said(capsys, house, "--lang", "fr")
    assert "Compteur house, identifiant ab12cd34ef\n" in text
    assert "  pour le destinataire\u00a0: maison@example.org/ab12cd34ef@example.org\n" in text
    assert re.search(r"consumption/power/apparent/raw +VA +raw PT1M PT30M P1D +Puissance apparente soutirée\n", text)
    assert "pas encore de série" in text
    assert "Meter house, id ab12cd34ef\n" in said(capsys, house, "--lang", "en")


def test_without_an_account_nothing_is_given_to_anybody(house, capsys):
    """And the sentence says what is missing."""
    house.write_text(house.read_text().partition("[federation]")[0])
    assert json.loads(said(capsys, house, "--json"))[0]["identifier"] is None
    assert "has no account ([federation])" in said(capsys, house, "--lang", "en")


def test_units_are_those_that_are_sent(house, capsys):
    """With primary units a watt-hour is a joule, as in a pack."""
    house.write_text(house.read_text() + 'units = "primary"\n')
    assert json.loads(said(capsys, house, "--json"))[0]["series"][0]["unit"] == "J"


def test_all_series_are_told_without_a_configuration(capsys):
    """Whoever writes a recipient has no house."""
    told = json.loads(said(capsys, "/nowhere.toml", "--all", "--json"))
    assert len(told) > 100
    assert all(one["fr"] and one["en"] and one["granularities"] for one in told)


def patterns():
    """What each row of the table stands for."""
    for one in every_series():
        path = re.escape(one.path).replace("/N", "/[0-9]+").replace("/T", "/[^/]+")
        yield re.compile(path), one


def test_no_captured_meter_says_a_series_that_is_not_in_the_table():
    """With its unit, and with the granularities of its kind: all frames of all real meters that we have."""
    rows, seen = list(patterns()), {}
    for file in sorted(FRAMES.glob("*/*.raw")):
        reader, interpreter = Reader("auto"), Interpreter()
        for captured in [*reader.feed(file.read_bytes()), *reader.close()]:
            read = interpreter.interpret(captured, datetime(2026, 6, 16, 10, tzinfo=UTC))
            for one in read.readings if read else ():
                seen[one.series] = (one.unit, one.kind.value)
    assert len(seen) > 60
    for path, (unit, kind) in seen.items():
        found = [one for pattern, one in rows if pattern.fullmatch(path)]
        assert found, path
        assert {"l": "m3"}.get(unit, unit) in {one.unit for one in found}, path
        stored = "curve" if kind == "mean" and path.endswith("power/active/raw") else kind
        assert tuple(one.code for one in offered(stored)) in {one.granularities for one in found}, path


def test_what_is_counted_besides_is_in_the_table():
    """Water, gas, heat, by pulses or by hand."""
    paths = {one.path for one in every_series()}
    assert {quantity.path for quantity in QUANTITIES} <= paths
