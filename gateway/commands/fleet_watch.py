"""``fleet status --watch``: the same question again and again, and of its answers what has changed.

A round that comes to nothing, because one's own server is away, is said once; what was known before stands until the
next. Nothing is kept: with ``--json`` each round is a line, which a file makes a history.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NoReturn

from gateway.commands.fleet_ask import Grade
from gateway.commands.fleet_text import as_json, change_as_text, summary
from gateway.commands.metrics import replace
from gateway.errors import FederationError
from gateway.process.exposition import exposed
from gateway.store.recorder import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TextIO

    from gateway.commands.fleet_ask import FleetAnswer

FAMILIES = {
    "linky_fleet_gateways": ("gauge", "Gateways of the fleet by their state: broken, unheard, refused, waiting or ok."),
    "linky_fleet_asked_timestamp_seconds": ("gauge", "When they were asked last, by an account that was connected."),
}


class FleetWatch:
    """Rounds, and what is said of each.

    Args:
        ask: one round.
        lang: in which language it is told.
        out: where.
        as_json: a line of JSON for each round.
        clock: POSIX seconds.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        ask: Callable[[], Sequence[FleetAnswer]],
        lang: str,
        out: TextIO,
        *,
        as_json: bool,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ask, self._lang, self._out, self._as_json = ask, lang, out, as_json
        self._clock, self._sleep = clock, sleep
        self._known: dict[str, FleetAnswer] = {}
        self._fault = ""

    def run(self, every_s: float) -> NoReturn:
        """One round each ``every_s`` seconds, from the beginning of one to that of the next."""
        while True:
            begun = time.monotonic()
            self.round()
            self._sleep(max(1.0, every_s - (time.monotonic() - begun)))

    def round(self) -> None:
        """One round."""
        try:
            reports = self._ask()
        except FederationError as error:
            if str(error) != self._fault:
                sys.stderr.write(f"{iso(int(self._clock()))}  {error}\n")
            self._fault = str(error)
            return
        self._fault, now = "", self._clock()
        changed = [
            (before, one)
            for one in reports
            if (before := self._known.get(one.gateway.jid)) is None or _what(before) != _what(one)
        ]
        self._known = {one.gateway.jid: one for one in reports}
        self._say(reports, changed, now)

    def _say(
        self, reports: Sequence[FleetAnswer], changed: Sequence[tuple[FleetAnswer | None, FleetAnswer]], now: float
    ) -> None:
        if self._as_json:
            rows = as_json([one for _, one in changed], self._lang, now)
            for (before, _), row in zip(changed, rows, strict=True):
                row["before"] = before.grade.name.lower() if before else None
            line = {"at": iso(int(now)), "gateways": counts(reports), "changed": rows}
            self._out.write(json.dumps(line) + "\n")
        elif changed:
            lines = [change_as_text(before, one, self._lang, now) for before, one in changed]
            self._out.write("\n".join([iso(int(now)), *lines, summary(reports, self._lang)]) + "\n")
        self._out.flush()


def counts(reports: Sequence[FleetAnswer]) -> dict[str, int]:
    """How many are in which state; none is left out."""
    found = Counter(one.grade for one in reports)
    return {grade.name.lower(): found[grade] for grade in Grade}


def write(file: Path, reports: Sequence[FleetAnswer], now: float) -> None:
    """How many are in which state, for Prometheus; no address. OSError with the file's name."""
    samples: list[tuple[str, dict[str, str], float]] = [
        ("linky_fleet_gateways", {"state": state}, count) for state, count in counts(reports).items()
    ]
    replace(file, exposed(FAMILIES, [*samples, ("linky_fleet_asked_timestamp_seconds", {}, now)]))


def _what(report: FleetAnswer) -> tuple[Any, ...]:
    """What of an answer is another when something has changed: not its ages, nor how full the disk is."""
    told = report.condition
    if told is None:
        return report.grade, report.why
    return report.grade, told.version, tuple((one.link, one.number, one.state, one.cause) for one in told.links)
