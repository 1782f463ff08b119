"""``linky-gateway operation``: a household checks its share from the organiser's file and its own meter."""

import json
import random
from contextlib import closing
from datetime import date

import pytest

from gateway.commands.main import main
from gateway.federation.wire.invitation import fingerprint
from gateway.operation.days import share_day
from gateway.operation.plan import read_operation
from gateway.store.recorder import Recorder
from gateway.store.store import Archive, Store
from tests.gateway.operation.neighbourhood import KEY, drawn_by_lot, shared_days, signed, written
from tests.gateway.store.conftest import INDEX, START, frame
from tests.prepared import prepare

DAY = date(2026, 6, 16)


@pytest.fixture
def house(tmp_path, monkeypatch, capsys):
    """A house that drew for two hours: what it typed and read, given a file; its own quarters of an hour."""
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nname = "house"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n')
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("house", "ab12")
        recorder = Recorder("house", {})
        for second in range(0, 7260, 10):
            recorder.add(frame(START + second, index=1000 + second * second // 20_000))
        store.batches.write([recorder.take()], START + 7300)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")

    def work(*words, code=0):
        assert main(["operation", *map(str, words), "--config", str(config)]) == code
        said = capsys.readouterr()
        return said.out if code < 2 else said.err

    with closing(Archive(tmp_path / "data")) as archive:
        work.quarters = archive.ledger.steps(archive.meters.named("house", INDEX), START, START + 7200, 900)
    return work


def given(folder, house, more=0, others=0):
    """The file that the organiser gives this house, which drew what it drew but for ``more`` Wh of one step.

    Its other meter drew ``others`` in each.
    """
    operation = written(folder / "toit.toml", ["maison", "b", "c"])
    curves = drawn_by_lot(random.Random(3), operation, DAY)
    curves["maison"] |= {begin: wh + others for begin, wh in house.quarters.items()}
    curves["maison"][START + 900] += more
    _, files = signed(operation, [share_day(operation, DAY, curves)])
    file = folder / "toit-2026-06-maison.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in files["maison"]))
    return file


def test_a_share_that_is_right_is_said_to_be(tmp_path, house, monkeypatch):
    """With the letters to compare, the steps that were compared, both sums; in the household's language."""
    assert len(house.quarters) == 8
    file = given(tmp_path, house)
    said = house(file)
    letters = fingerprint(KEY.public)
    assert f"Le toit, maison: 1 day, signed {letters}." in said
    assert "8 steps compared; 0 steps unknown to the organiser; 88 steps that this meter does not know." in said
    assert "Everything fits, to 1 Wh a step." in said
    assert house(file, "--key", letters.lower().replace(" ", "")) == said
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    said = house(file)
    assert "8 intervalles comparés ; 0 inconnu de l’organisateur ; 88 que ce compteur ne connaît pas." in said
    assert "Tout concorde, à 1 Wh près pour chaque intervalle." in said


def test_days_of_another_month_are_not_said_to_be_in_it(tmp_path, house):
    """The chain goes on after it: a month that is signed anew has the lines of all that were signed since."""
    file = given(tmp_path, house)
    operation = read_operation(tmp_path / "toit.toml")
    shared, _ = shared_days(operation, random.Random(4), [DAY, date(2026, 7, 1)])
    _, files = signed(operation, shared)
    file.write_bytes(b"".join(line + b"\n" for line in files["maison"][:-1]))
    assert "Le toit, maison: 1 day, signed" in house(file, code=1)


def test_a_meter_that_was_counted_otherwise_is_said_step_by_step(tmp_path, house):
    """With the time, what they counted, and what the meter did."""
    file, own = given(tmp_path, house, 5), house.quarters[START + 900]
    said = house(file, code=1)
    assert "They counted otherwise than your meter:" in said
    assert f"  2026-06-16 12:15: {own + 5} Wh as they say, {own} Wh by your meter" in said
    told = json.loads(house(file, "--json", code=1))
    assert told["drawn"] == [{"time": "2026-06-16T10:15:00Z", "theirs": own + 5, "ours": own}]
    assert (told["right"], told["steps"], told["shares"]) == (False, 8, [])


def test_a_home_of_two_meters_is_compared_as_a_whole(tmp_path, house):
    """With what both drew together, as the organiser counts it; with some of them where their names are given."""
    config = tmp_path / "gateway.toml"
    config.write_text(config.read_text() + '[[meter]]\nname = "garage"\nsource = "/dev/ttyTIC2"\n')
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("garage", "cd34")
        recorder = Recorder("garage", {})
        for second in range(0, 7260, 10):
            recorder.add(frame(START + second, index=70_000 + second // 60))
        store.batches.write([recorder.take()], START + 7300)
    file = given(tmp_path, house, others=15)
    said = house(file)
    assert "Compared with house, garage together" in said
    assert "8 steps compared" in said
    assert "Everything fits" in said
    told = json.loads(house(file, "--meter", "house", "--json", code=1))
    assert (len(told["drawn"]), told["meters"]) == (8, ["house"])
    assert house(file, "--meter", "house", "--meter", "garage") == said


def test_what_is_no_file_of_an_operation_is_one_sentence(tmp_path, house):
    """Another key, a changed line, no day, no file, no meter, no letters."""
    file = given(tmp_path, house)
    assert "not AAAA AAAA AAAA AAAA: ask your co-operative" in house(file, "--key", "A" * 16, code=65)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + lines[1].replace(b'"members":3', b'"members":4'))
    assert "line 2: changed after it was signed" in house(file, code=65)
    file.write_bytes(lines[0])
    assert "no day in it" in house(file, code=65)
    assert "cannot be read: No such file" in house(tmp_path / "none.jsonl", code=74)
    file.write_bytes(b"".join(lines))
    assert "'garage' is no [[meter]] of the configuration (house)" in house(file, "--meter", "garage", code=78)
    with pytest.raises(SystemExit):
        house(file, "--key", "short")
