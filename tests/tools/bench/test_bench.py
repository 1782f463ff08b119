"""``tools/bench``: its parts in small, what becomes of their figures, and the README's table; no figure is judged."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import decoding, growth, linkytic, report, streams
from bench.options import parser
from bench.parts import PARTS, BenchPart, BenchRow
from relay_faults.broker import mosquitto
from servers import missing_packages

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "tools" / "lib" / "bench" / "results.json"
MACHINE = {"processor": "a processor, 2 cores", "memory": "1 GiB", "system": "Debian", "python": "3.13.0"}


def results(**parts):
    """What a run found."""
    return {"date": "2026-11-25", "machine": MACHINE, "servers": "pe", "parts": parts, "failed": {}}


def published():
    """What was found by the run that the README tells of."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))


@pytest.mark.campaign
def test_a_whole_house_and_its_card_are_measured(tmp_path):
    """Through the real daemon, broker and both servers: memory, processor, bytes, growth, the way of a live value."""
    if (missing_packages() or mosquitto() is None) and not os.environ.get("CI"):
        pytest.skip("the servers are not installed")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools/lib'}"}
    command = [
        sys.executable,
        "-m",
        "bench",
        "--quick",
        "--seconds",
        "5",
        "--only",
        "house,memory,writing,database,live",
    ]
    done = subprocess.run(
        [*command, "--json", tmp_path / "found"], check=False, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    parts = json.loads((tmp_path / "found").read_text())["parts"]
    assert 0 < parts["house"]["pss_megabytes"] <= parts["house"]["rss_megabytes"]
    assert parts["house"]["processor_percent"] > 0
    memory = parts["memory"]
    assert memory["meter.rss_megabytes"] < memory["page.rss_megabytes"] < memory["everything.rss_megabytes"]
    assert memory["meter.modules"] < memory["page.modules"] < memory["opened.modules"] < memory["everything.modules"]
    assert parts["house"]["page_events"] >= 2
    assert parts["writing"]["standard_mono_recipient_megabytes_a_day"] > 0
    assert parts["database"]["standard_tri_producer_megabytes_a_year"] > 0
    assert 0 < parts["live"]["live_median_ms"] <= parts["live"]["live_p95_ms"]
    assert parts["live"]["ping_median_ms"] > 0


def test_a_reader_is_counted_against_the_truth(tmp_path):
    """Ours has every group of a stream, none that was not sent, and of damaged frames nothing that is wrong."""
    for kind in streams.KINDS:
        path = tmp_path / kind.name
        streams.write(path, kind, 30, 30)
        said = decoding.read(sys.executable, tmp_path, "ours", path)
        assert said["accepted"] == said["right"] == said["sent"] > 300
        assert (said["wrong"], said["broke"], said["damaged"]) == (0, 0, 30)
        judged = decoding.read(sys.executable, tmp_path, "ours_to_values", path)
        assert judged["accepted"] == said["sent"]


def test_a_flipped_bit_is_in_the_middle_of_three_frames():
    """One bit of one byte of the second frame, or NUL for that byte; the truth is that of all three."""
    life = streams.live(streams.KINDS[0], 6)
    flips = streams.flip_bits(life, 12)
    assert flips == streams.flip_bits(life, 12)
    assert {flip.frame for flip in flips} == {1, 2, 3, 4}
    for flip in flips:
        first, second, third = life[flip.frame - 1 : flip.frame + 2]
        sound, place = first.data + second.data + third.data, len(first.data) + flip.byte
        assert flip.mask in {1, 2, 4, 8, 16, 32, 64}
        for nul, byte in ((True, 0), (False, sound[place] ^ flip.mask)):
            damaged = flip.stream(life, nul=nul)
            assert damaged[place] == byte
            assert damaged[:place] + sound[place : place + 1] + damaged[place + 1 :] == sound
        assert flip.truth(life) == {*first.groups, *second.groups, *third.groups}


def test_a_folder_that_has_no_such_reader_is_refused(tmp_path, capsys):
    """Before anything is measured where it can be, and with a sentence."""
    with pytest.raises(SystemExit):
        parser().parse_args(["--peer", f"nobody={tmp_path}"])
    assert "linkytic" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="no checkout of linkytic"):
        linkytic.load(tmp_path)


def test_a_part_that_fails_is_named_and_the_others_go_on(tmp_path, monkeypatch, capsys):
    """Its last words stand in the JSON and on standard error; the code says that one failed."""
    broken = BenchPart("broken", "", ())
    database = next(part for part in PARTS if part.name == "database")
    monkeypatch.setattr(bench, "PARTS", (broken, database))
    monkeypatch.setattr(sys, "argv", ["bench", "--quick", "--json", str(tmp_path / "found")])
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'tools/lib'}")
    # In its own process that part is not known.
    assert bench.main() == 1
    found = json.loads((tmp_path / "found").read_text())
    assert "ended with code 1: " in found["failed"]["broken"]
    assert set(found["parts"]) == {"database"}
    said = capsys.readouterr()
    assert "growth of the database a year, one phase: " in said.out
    assert "broken: ended with code 1" in said.err


def test_a_row_says_what_was_measured_and_what_stands_beside_it():
    """A figure that is missing leaves its place out; a budget that is not met says what stands in the way."""
    row = BenchRow(
        "it", "it.ms", "{value:.1f} ms", most=2, beside=("a ping {a.ping:.0f} ms", "b {b}"), limit="{a.ping} are so"
    )
    assert report.measured(row, {"it.ms": 1.26}) == "1.3 ms"
    assert report.beside(row, {"a.ping": 4.4}) == "a ping 4 ms"
    assert report.verdict(row, {"it.ms": 2}) == "≤ 2 ms"
    assert report.verdict(row, {"it.ms": 2.1, "a.ping": 7}) == "≤ 2 ms, not met: 7 are so"
    assert report.measured(row, {}) == "not measured"
    assert BenchRow("", "", "{value:.1f} ×", least=5).budget == "≥ 5 ×"


def test_a_table_goes_between_its_marks():
    """And nowhere else; what failed stands under it."""
    found = results(live={"live_median_ms": 9.96, "live_p95_ms": 12, "ping_median_ms": 4})
    found["failed"]["house"] = "ended with code 1: no broker"
    text = report.into(f"before\n{report.BEGIN}old\n{report.END}after\n", found)
    assert text.startswith("before\n")
    assert text.endswith(f"{report.END}after\n")
    assert "| **10.0 ms** | 95 % 12.0 ms; a ping there and back 4.0 ms | ≤ 15 ms |" in text
    assert "- house was not measured: ended with code 1: no broker" in text
    assert "old" not in text
    assert "Measured on 2026-11-25 by `tools/bench`: a processor" in text
    later = report.markdown(found | {"again": {"live": "2026-11-28"}})
    assert "Measured on 2026-11-25 by `tools/bench`, live again on 2026-11-28: a processor" in later
    with pytest.raises(ValueError, match="no place for the table"):
        report.into("without marks", found)


def test_the_readme_shows_what_was_measured():
    """The table is that of the figures that are kept beside the tool, with their date and machine."""
    text = (ROOT / "tools/lib/bench/README.md").read_text(encoding="utf-8")
    assert report.into(text, published()) == text


def test_every_budget_is_met_or_says_why_not():
    """And every part of the published run came to its end."""
    found = published()
    assert found["failed"] == {}
    assert set(found["parts"]) == {part.name for part in PARTS}
    for part in PARTS:
        for row in part.rows:
            value = found["parts"][part.name].get(row.figure)
            if value is None:
                assert row.absent, row.what
            else:
                assert row.is_met(value) or report.fill(row.limit, found["parts"][part.name]), row.what


def test_the_curves_are_those_of_the_published_figures():
    """Drawn anew they are what stands in the tree."""
    drawn = growth.pictures(growth.nested(published()["parts"]["growth"]))
    assert drawn == {path.stem: path.read_text(encoding="utf-8") for path in growth.CURVES.glob("*.svg")}
