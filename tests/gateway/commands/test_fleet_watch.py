"""``fleet status`` again and again: what has changed, in words and as lines of JSON, and the counts for Prometheus."""

import io
import json

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from gateway.commands.fleet_ask import Grade
from gateway.commands.fleet_watch import FleetWatch, write
from gateway.errors import FederationError
from gateway.federation.provider.health import LinkCondition
from tests.gateway.commands.test_fleet import NOW, report
from tests.promtool import promtool

FILLED = LinkCondition("disk", None, "broken", 60)


class Rounds:
    """What each round brings, and what was said of it."""

    def __init__(self, *rounds, as_json=False):
        self._rounds, self.out, self.now = list(rounds), io.StringIO(), NOW
        self.watch = FleetWatch(self._ask, "en", self.out, as_json=as_json, clock=lambda: self.now, sleep=self._sleep)
        self.pauses = []

    def _ask(self):
        found = self._rounds.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def _sleep(self, seconds):
        self.pauses.append(seconds)
        if not self._rounds:
            raise KeyboardInterrupt
        self.now += 300

    def said(self):
        """All lines, and then no more rounds."""
        with pytest.raises(KeyboardInterrupt):
            self.watch.run(300)
        return self.out.getvalue().splitlines()


def test_only_what_has_changed_is_said_after_the_first_round(capsys):
    """State, cause and version; an age that grows is nothing; the own server's absence is said once."""
    well, gone = (
        report("a", Grade.OK, site="Mairie"),
        report("a", Grade.UNHEARD, why="service-unavailable", site="Mairie"),
    )
    other = report("b", Grade.BROKEN, FILLED)
    older = report("b", Grade.BROKEN, LinkCondition("disk", None, "broken", 9_000))
    away = FederationError("your server cannot be reached")
    rounds = Rounds([other, well], [older, well], away, away, [older, gone], [older, gone], [older, well])
    lines = rounds.said()
    assert lines == [
        "2027-01-15T08:00:00Z",
        "✗ b@sen1.test  broken  disk 41 % free · version 0.1.0",
        "    the disk is nearly full",
        "✓ a@sen1.test  Mairie  well  frame 3 s ago · disk 41 % free · version 0.1.0",
        "2 gateways: 1 broken, 1 well",
        "2027-01-15T08:20:00Z",
        "? a@sen1.test  Mairie  well → unreachable  it is not connected to its server: power, Internet or account",
        "2 gateways: 1 broken, 1 unreachable",
        "2027-01-15T08:30:00Z",
        "✓ a@sen1.test  Mairie  unreachable → well  frame 3 s ago · disk 41 % free · version 0.1.0",
        "2 gateways: 1 broken, 1 well",
    ]
    assert capsys.readouterr().err.splitlines() == ["2027-01-15T08:10:00Z  your server cannot be reached"]
    assert rounds.pauses == [pytest.approx(300, abs=5)] * 7


def test_as_json_each_round_is_a_line_with_the_counts():
    """A file of them is a history, and a trend."""
    well, gone = report("a", Grade.OK), report("a", Grade.UNHEARD, why="service-unavailable")
    first, second, third = map(json.loads, Rounds([well], [well], [gone], as_json=True).said())
    assert (first["gateways"]["ok"], first["changed"][0]["before"]) == (1, None)
    assert (second["at"], second["changed"]) == ("2027-01-15T08:05:00Z", [])
    (row,) = third["changed"]
    assert (row["gateway"], row["before"], row["state"]) == ("a@sen1.test/proxy", "ok", "unheard")
    assert third["gateways"] == {"broken": 0, "unheard": 1, "refused": 0, "waiting": 0, "ok": 0}


def test_the_counts_are_a_file_for_prometheus(tmp_path):
    """Each state, also that nobody is in; no address."""
    file = tmp_path / "fleet.prom"
    write(file, [report("a", Grade.OK), report("b", Grade.OK), report("c", Grade.UNHEARD, why="gone")], NOW)
    text = file.read_text()
    assert promtool("check", "metrics", given=text) == ""
    assert "sen1.test" not in text
    found = {(s.name, *s.labels.values()): s.value for family in parse(text) for s in family.samples}
    assert found == {
        ("linky_fleet_gateways", "ok"): 2,
        ("linky_fleet_gateways", "unheard"): 1,
        **{("linky_fleet_gateways", state): 0 for state in ("broken", "refused", "waiting")},
        ("linky_fleet_asked_timestamp_seconds",): NOW,
    }
    with pytest.raises(OSError, match="nowhere"):
        write(tmp_path / "nowhere" / "fleet.prom", [], NOW)
