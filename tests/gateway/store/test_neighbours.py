"""What stands out among stored points: found by value alone, shown as the whole point that it is."""

from contextlib import closing

from gateway.store.points import Granularity
from gateway.store.store import Archive
from tests.gateway.store.conftest import POWER, START, frame


def standing_out(directory):
    """The minutes of the one series that stand out."""
    with closing(Archive(directory)) as archive:
        (series,) = archive.meters.series("house")
        return archive.neighbours.suspects(series, Granularity.MINUTE, START + 2700)


def test_a_minute_that_stands_out_is_shown_as_it_is_stored(store, recorder, directory):
    """By tenths, with the mark of a correction, between what the others are; those within are not shown."""
    for minute in range(40):
        for second, watts in ((0, 500 + minute % 3), (20, 501), (40, 501)):
            recorder.add(frame(START + 60 * minute + second, power=watts))
    for second, watts in ((0, 9000), (20, 9000), (40, 9001)):
        recorder.add(frame(START + 2400 + second, power=watts))
    recorder.add(frame(START + 2460, power=500))
    store.batches.write([recorder.take()], START + 2500)
    (found,) = standing_out(directory)
    assert (found.point.time, found.point.value, found.point.rectified) == (START + 2400, 9000.3, False)
    assert (found.low, found.high) == (500.7, 501.3)
    store.corrections.rectify("house", POWER, Granularity.MINUTE, found.point.time, "8000", START + 2600, "owner", "")
    (found,) = standing_out(directory)
    assert (found.point.value, found.point.rectified) == (8000, True)
