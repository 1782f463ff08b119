"""The wire document and the tool have one list of points, and what is found is told in one table."""

import json

import pytest

from conformance.__main__ import GATEWAY_PARTS, RECIPIENT_PARTS
from conformance.checks import UNSEEN
from conformance.fulfilled import FILE, PROGRAMS
from conformance.points import DOCUMENT, Findings, PointOutcome, WirePoint, points

PARTS = (*GATEWAY_PARTS, *RECIPIENT_PARTS)
HELD = points()


def test_every_point_has_a_check_or_a_reason():
    """For each of those whom it binds; and nothing is checked that the document does not ask."""
    checked = {(check.number, role) for part in PARTS for check in part.CHECKS.all for role in check.roles}
    asked = {(point.number, role) for point in HELD for role in point.who}
    assert checked | set(UNSEEN) == asked
    assert checked & set(UNSEEN) == set()


def test_the_document_numbers_its_points_and_says_each_where_it_stands():
    """C1 to the last one, in the table and, in bold, in the paragraph that the table names."""
    assert [point.number for point in HELD] == [f"C{number}" for number in range(1, len(HELD) + 1)]
    chapters = DOCUMENT.read_text().split("\n## ")
    for point in HELD:
        (chapter,) = [text for text in chapters if text.startswith(f"{point.paragraph}. ")]
        assert f"(**{point.number}**)" in chapter, point


def test_of_what_our_programs_fulfil_nothing_is_missing():
    """Each point of each program was tried, and none failed."""
    recorded = json.loads(FILE.read_text())
    assert set(recorded) == set(PROGRAMS)
    for program, outcomes in recorded.items():
        assert sorted(outcomes) == sorted(point.number for point in HELD), program
        assert PointOutcome.FAILED.value not in outcomes.values(), program


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_worst_that_was_found_stands(order):
    """Whatever comes first; one that was not looked at says so."""
    found = [(PointOutcome.LEFT, "no meter"), (PointOutcome.PASSED, "well"), (PointOutcome.FAILED, "ill")]
    point, findings = WirePoint("C1", frozenset("G"), "all is well", "5"), Findings()
    assert findings.of(point) == (PointOutcome.LEFT, "the run ended before it was tried")
    assert not findings.failed
    for number in order:
        findings.add("C1", *found[number])
    assert findings.of(point) == (PointOutcome.FAILED, "ill")
    assert findings.failed


def test_what_a_peer_says_is_one_cell_of_the_table():
    """No line break, no bar, nothing that moves a cursor, and not more than fits."""
    findings = Findings()
    findings.add("C1", PointOutcome.FAILED, "a | b\nc\x1b[2J\u009b1m" + "x" * 5000)
    row = findings.table([WirePoint("C1", frozenset("G"), "all is well", "5")]).splitlines()[-1]
    assert row.startswith("| C1 | 5 | all is well | failed | a \N{BROKEN BAR} b c[2J1mxxx")
    assert (row.count("|"), len(row) < 260) == (6, True)
