"""What ``tools/soak`` finds wrong: invented samples with one fault in each, and without any."""

from contextlib import closing
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from soak.judge import bounds, judge, slope
from soak.picture import draw
from soak.samples import DatabaseSize, ProgramSample, QueueSample, Samples

START, HOUR, MB = 1_795_658_400, 3600, 1_000_000
OWED = {"exact": 500.0, "away": 20_000.0}


def month(days=30):
    """The samples of a house in which nothing grows: noise of a few pages, a burst at each return of a recipient."""
    draws = Random(7)
    programs, queues, files = [], [], []
    for hour in range(1, int(days * 24) + 1):
        at, burst = START + hour * HOUR, 2 * MB if hour % 48 == 0 else 0
        warm = min(hour, 60) * 40_000
        rss = 60 * MB + warm + burst + draws.randrange(0, 40) * 4096
        programs.append(ProgramSample(at, "gateway", 10, rss, rss - 20 * MB, 28 + draws.randrange(2), 3, hour * 0.1))
        away = 20 + draws.randrange(9)
        programs.append(ProgramSample(at, "away", 11 + hour // 48, 49 * MB, 30 * MB, 10, 1, hour * 0.01))
        queues += [
            QueueSample(at, "exact", draws.randrange(60)),
            QueueSample(at, "away", away * 300 if hour % 48 > 20 else 9),
        ]
        ring = min(hour, 48) * 100_000
        files.append(DatabaseSize(at, ring + hour * 20_000 + MB, ring + hour * 20_000, 4_400_000, hour * 8.0))
    queues += [QueueSample(START + int(days * 86_400), name, 0) for name in OWED]
    return programs, queues, files


def verdict(programs, queues, files):
    figures, wrong = judge(programs, queues, files, OWED, phases=(1, 1, 3))
    return SimpleNamespace(figures=figures, wrong=wrong)


def grown(samples, **by_day):
    """The gateway's samples with so much more of something each day."""
    return [
        replace(s, **{key: getattr(s, key) + int((s.time - START) / 86_400 * more) for key, more in by_day.items()})
        if s.program == "gateway"
        else s
        for s in samples
    ]


def test_a_house_in_which_nothing_grows_is_found_well():
    """Noise, bursts, caches that fill, and a recipient that comes and goes are no faults."""
    found = verdict(*month())
    assert found.wrong == []
    assert found.figures["away: RSS"] == "49.0 MB at most, in 16 lives"
    assert found.figures["outbox for exact"].endswith("0 at the end")
    assert found.figures["gateway: PSS"].endswith("at most")
    # 4.8 MB of raw values, and half a megabyte a day.
    assert found.figures["database in a year"] == "180.0 MB (240.0 MB are its budget), 0.48 MB a day"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"rss": 100_000}, "the RSS of gateway grows by "),
        ({"descriptors": 0.2}, "the descriptors of gateway are not constant: "),
        ({"threads": 0.2}, "the threads of gateway are not constant: 6 to 9"),
        ({"rss": 1_500_000}, "gateway takes 1"),
    ],
)
def test_what_grows_is_found(more, sentence):
    """A leak of 100 kB a day is seen through bursts of 2 MB; so is a descriptor that is left open every five days."""
    programs, queues, files = month()
    assert any(line.startswith(sentence) for line in verdict(grown(programs, **more), queues, files).wrong)


def test_a_leak_that_ended_in_the_first_half_is_a_cache():
    """What is full is full; the second half decides."""
    programs, queues, files = month()
    filled = [replace(s, rss=s.rss + min(s.time - START, 14 * 86_400) * 10) for s in programs]
    assert verdict(filled, queues, files).wrong == []


def test_what_was_seen_is_given_back_as_it_was(tmp_path):
    """Programs, outbox and files, each in its order; the same hour seen again is the newer look."""
    programs, queues, files = month(days=0.25)
    with closing(Samples(tmp_path / "samples.sqlite")) as samples:
        samples.add(*programs, replace(files[0], wal=1), *queues, *files)
    with closing(Samples(tmp_path / "samples.sqlite")) as samples:
        assert samples.all(ProgramSample) == sorted(programs, key=lambda s: (s.program, s.time))
        newest = {(q.recipient, q.time): q for q in queues}
        assert samples.all(QueueSample) == [newest[key] for key in sorted(newest)]
        assert samples.all(DatabaseSize) == files


def test_a_short_run_may_fill_a_cache_and_no_more():
    """Until a week is over two megabytes of pages may come; more than that is found in four days, too."""
    for a_day, wrong in ((1_000_000, []), (2_500_000, ["the RSS of gateway grows by 2"])):
        programs, queues, files = month(days=4)
        found = verdict(grown(programs, rss=a_day), queues, files).wrong
        assert [line[: len("the RSS of gateway grows by 2")] for line in found] == wrong


def test_a_queue_that_is_too_long_or_never_empty_is_found():
    """Once above what a recipient may be behind, or not empty in the end."""
    programs, queues, files = month()
    middle = QueueSample(START + 15 * 86_400, "exact", 700)
    assert verdict(programs, [*queues, middle, QueueSample(START + 31 * 86_400, "exact", 3)], files).wrong == [
        "700 rows wait for exact, 500 are what it may be behind",
        "3 rows still wait for exact at the end",
    ]


def test_a_file_that_grows_beyond_its_budget_is_found():
    """The database by its slope after the days of raw values, the WAL once."""
    programs, queues, files = month()
    fat = [replace(f, used=f.used + (f.time - START) // HOUR * 60_000, wal=f.wal * 4) for f in files]
    assert verdict(programs, queues, fat).wrong == [
        "the WAL grew to 17.6 MB",
        "the database will have 705.7 MB after a year, 240.0 MB are its budget",
    ]


def test_a_run_that_is_too_short_is_not_judged_by_its_slopes():
    """Caches fill in the first hours: that is said, and no fault."""
    found = verdict(*month(days=0.25))
    assert found.wrong == []
    assert found.figures["gateway: memory"] == "too short a run to be judged"
    assert found.figures["database in a year"] == "too short a run to be foretold"


def test_a_burst_does_not_tilt_a_slope():
    """Theil and Sen's: a fifth of the points may be anything."""
    points = [(float(x), 3.0 * x + (1e9 if x % 5 == 0 else 0)) for x in range(100)]
    assert slope(points) == pytest.approx(3.0)
    assert slope([(1.0, 5.0)]) == 0.0


def test_how_far_a_recipient_may_be_behind_is_hours_of_what_it_is_owed():
    """Twice the mean, for evenings."""
    assert bounds({"exact": 2400}, 86_400, {"exact": 3.0}) == {"exact": 600.0}


def test_the_picture_has_every_line_and_is_svg():
    """Programs in memory and descriptors, recipients in the outbox, file and WAL in the database."""
    picture = draw("a month", *month(days=4))
    root = ET.fromstring(picture)
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [words.count(name) for name in ("gateway", "away", "exact", "WAL", "in use")] == [2, 3, 1, 1, 1]
    assert {"memory (RSS), MB", "descriptors", "outbox, rows", "database, MB", "day 3.5"} <= set(words)
