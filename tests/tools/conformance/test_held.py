"""What the tool says that it has: computed anew, and the same as ours; bounded, whatever is asked."""

from xml.etree import ElementTree as ET

import pytest

from conformance.connection import CLIENT
from conformance.held import AnswerMood, Held
from conformance.points import WrongError
from conformance.totals import TOTAL, CountedStretch, stretch_of
from gateway.federation.connection.session import Stanza
from gateway.federation.wire.stanza import Interval, build_quoalise
from gateway.federation.wire.total import AskedStretch, build_answer, total_of
from harness.accounts import HOME
from tests.tools.conformance.model import END, SERIES, Gateway

EVER = 10**12 - 1


def pushed(values, *, marked=False, after=0):
    """A push with these values, by their times."""
    gateway = Gateway()
    points = [gateway.point(at, value, marked=marked) for at, value in values.items()]
    interval = Interval("5d1f0c3e", after, after + len(points))
    xml = ET.Element(f"{{{CLIENT}}}message", {"id": interval.id, "type": "chat"})
    xml.append(build_quoalise(gateway.publisher, gateway.meter, gateway.form, points, interval))
    return Stanza(interval.id, "chat", f"{HOME}/proxy", HOME, "", xml, None)


def held(count, step=1):
    """So many values, one each ``step`` seconds."""
    found = Held()
    found.take(pushed({END + step * n: 400 + n for n in range(count)}))
    return found


def test_a_total_is_the_same_as_our_programs_count_it():
    """Numbers, negative and broken ones, and texts in every script; of none as well."""
    values = [
        (100, 450),
        (101, -1.5),
        (102, 0.0005),
        (103, -0.0006),
        (104, "Été \N{MUSICAL SYMBOL G CLEF}"),
        (105, 1e9),
    ]
    for some in (values, []):
        ours = build_answer(AskedStretch(SERIES, "raw", 100, 200), total_of(some))
        assert CountedStretch(SERIES, "raw", 100, 200).answered(some).attrib == ours.attrib


def test_what_came_again_is_told_apart_and_replaces_where_it_says_so():
    """A repetition changes nothing, a correction does; the highest number is known."""
    found = held(3)
    found.take(pushed({END: 7}))
    assert found.told(CountedStretch(SERIES, "raw", END, END + 1)).get("hash") == held(3).told(
        CountedStretch(SERIES, "raw", END, END + 1)
    ).get("hash")
    found.take(pushed({END: 7}, marked=True, after=10))
    assert found.values[SERIES, "raw"][END] == 7
    assert [(one.marked, one.numbers) for one in found.again] == [
        (False, ("5d1f0c3e", 0, 1)),
        (True, ("5d1f0c3e", 10, 11)),
    ]
    assert found.last == 11


def test_what_is_amiss_stays_the_same_and_lies_within():
    """A value missing, one altered, one in a second without one; chosen once, by a question about enough of them."""
    found = held(20, 2)
    found.mood = AnswerMood.AMISS
    assert found.told(CountedStretch(SERIES, "raw", END, END + 6)).get("count") == "3"
    assert found.amiss is None
    assert found.told(CountedStretch(SERIES, "raw", 0, EVER)).get("count") == "20"
    amiss = found.amiss
    assert (amiss.missing[2], amiss.altered[2], amiss.surplus[2]) == (END + 10, END + 30, END + 3)
    found.told(CountedStretch(SERIES, "raw", 0, END + 20))
    assert found.amiss is amiss
    assert [one.differs for one in found.asked] == [False, True, True]


@pytest.mark.parametrize("mood", AnswerMood)
def test_of_any_time_it_says_no_more_than_is_bounded(mood):
    """Thirty thousand years of seconds are not gone through, and what differs is within what was sent."""
    found = held(20, 1000)
    found.mood = mood
    told = int(found.told(CountedStretch(SERIES, "raw", 0, EVER)).get("count"))
    assert told == {AnswerMood.TRUE: 20, AnswerMood.AMISS: 20, AnswerMood.SURPLUS: 3600 + 16}[mood]
    assert found.told(CountedStretch(SERIES, "raw", 0, END)).get("count") == "0"


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("set", {}, "of type set"),
        ("get", {"first": "soon"}, "from 'soon'"),
        ("get", {"last": "1" * 13}, "to '1111111111111'"),
        ("get", {"first": "9", "last": "9"}, "from 9 to 9"),
    ],
)
def test_what_is_no_question_says_why(kind, more, said):
    """And one about what was never sent."""
    good = {"name": SERIES, "granularity": "raw", "first": "1", "last": "2"}
    with pytest.raises(WrongError, match=said):
        stretch_of(ET.Element(TOTAL, good | more), kind)
    with pytest.raises(WrongError, match="pushed nothing of it"):
        held(1).told(CountedStretch(SERIES, "PT1M", 1, 2))
