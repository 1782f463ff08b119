"""What a person sees: the flow as a picture, and a table of what has arrived that refreshes itself on a terminal.

Elsewhere (a pipe, a log) the picture comes once at the start and the table once at the end.
"""

from __future__ import annotations

import shutil
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from demo.chain import SHARED
from harness.accounts import FAR, HOME

if TYPE_CHECKING:
    import os

    from demo.arrivals import Arrivals
    from demo.chain import DemoChain

# As often as one can look.
DRAW_EVERY_S = 0.5
# Each look at a gateway without federation starts a program.
ALONE_EVERY_S = 2.0

_LONGEST_VALUE = 19
_NARROWEST_PATH = 20
_AROUND_THE_TABLE = 12  # lines: the picture, the head, what is below, the prompt
# A series keeps its dot this long after a new value, so that the eye finds it.
_FRESH_S = 2.0

# What two neighbours of the picture speak, and its stroke: double between the two domains.
_LINKS = (("TIC", "─"), ("XMPP", "─"), ("XMPP", "═"), ("XMPP", "─"))

_CLEAR, _HOME, _END_OF_LINE, _BELOW = "\033[H\033[2J", "\033[H", "\033[K\n", "\033[J"


class Screen:
    """The demo's output.

    Args:
        chain: what runs.
        meter: a word on the meter, for the picture.
    """

    def __init__(self, chain: DemoChain, meter: str) -> None:
        self._chain, self._meter = chain, meter
        self._live = sys.stdout.isatty()
        self._begun = self._drawn = time.monotonic()
        self._changed: dict[str, tuple[int, float]] = {}

    def say(self, sentence: str) -> None:
        """A word to a person who waits; machines need none."""
        if self._live:
            print(sentence, flush=True)

    def start(self) -> None:
        """Readings may arrive from now on."""
        self._begun = time.monotonic()
        if not self._live:
            print("\n".join(self._picture(_columns())), flush=True)

    def show(self, arrivals: Arrivals) -> None:
        """Draw, but not more often than one can look."""
        if self._live and time.monotonic() - self._drawn > DRAW_EVERY_S:
            allowed = f"  allowed by the household: {', '.join(SHARED)}"
            where = f"  logs and databases: {self._chain.folder}"
            self._draw(
                [*self._picture(_columns()), *self._report(arrivals), allowed, where, "  Ctrl-C ends everything"]
            )

    def close(self, arrivals: Arrivals) -> None:
        """The last state stays on the screen."""
        if self._live:
            self._draw([*self._picture(_columns()), *self._report(arrivals)])
        else:
            print("\n".join(self._report(arrivals)), flush=True)

    def show_status(self, status: str, *, last: bool = False) -> None:
        """What the gateway says of itself, where there is no federation; in a pipe the last alone."""
        if self._live:
            self._draw(status.splitlines())
        elif last:
            print(status, end="", flush=True)

    def _draw(self, lines: list[str]) -> None:
        # The first time wipes what was there before; later ones overwrite, so that nothing flickers.
        start = _HOME if self._drawn > self._begun else _CLEAR
        columns = _columns()
        text = _END_OF_LINE.join(_cut(line, columns - 1) for line in lines)
        print(start + text + _END_OF_LINE + _BELOW, end="", flush=True)
        self._drawn = time.monotonic()

    def _picture(self, columns: int) -> list[str]:
        """Five programs side by side, what each is, and by what they speak."""
        kind = self._chain.server
        stages = (
            ("METER", "Linky", self._meter),
            ("GATEWAY", "decodes", "and stores"),
            ("HOME SERVER", home := HOME.partition("@")[2], kind(home)),
            ("FAR SERVER", far := FAR.partition("@")[2], kind(far)),
            ("RECIPIENT", FAR, "stores"),
        )
        widths = [max(map(len, stage)) for stage in stages]
        spare = columns - 3 - sum(widths)
        shaft = max(4, min(9, spare // len(_LINKS) - 2))
        # A long file name gives way.
        widths[0] += min(0, spare - len(_LINKS) * (shaft + 2))
        links = [(name.center(shaft), stroke * (shaft - 1) + "▶", " " * shaft) for name, stroke in _LINKS]
        rows = []
        for row in range(3):
            parts = [f"{_cut(stage[row], width):<{width}}" for stage, width in zip(stages, widths, strict=True)]
            joints = [link[row] for link in links] + [""]
            rows.append("  " + " ".join(f"{part} {joint}" for part, joint in zip(parts, joints, strict=True)).rstrip())
        return rows

    def _table(self, arrivals: Arrivals) -> list[str]:
        """One line a series, a dot before those that have just had a new value."""
        shown = sorted(arrivals.latest)
        left_out = len(shown) - max(5, _terminal().lines - _AROUND_THE_TABLE) if self._live else 0
        rows = [("series", "records", "last value", "at (UTC)", " ")]
        for name in shown[: -left_out - 1 if left_out > 0 else None]:
            record, count = arrivals.latest[name], arrivals.counts[name]
            value = _cut(f"{record['value']} {record.get('unit') or ''}".strip(), _LONGEST_VALUE)
            # Without what all of them begin with: account/sensor@server.
            rows.append(
                (name.split("/", 2)[-1], str(count), value, _time(str(record["time"])), self._mark(name, count))
            )
        counts, values, times = (max(len(row[column]) for row in rows) for column in (1, 2, 3))
        spare = _columns() - 9 - counts - values - times
        paths = max(_NARROWEST_PATH, min(spare, max(len(row[0]) for row in rows)))
        lines = [
            f"{mark} {_cut_left(path, paths):<{paths}}  {count:>{counts}}  {value:>{values}}  {when:<{times}}".rstrip()
            for path, count, value, when, mark in rows
        ]
        if left_out > 0:
            lines.append(f"  … and {left_out + 1} more")
        return lines if shown else ["  nothing yet: the first readings are on their way"]

    def _mark(self, name: str, count: int) -> str:
        now = time.monotonic()
        if self._changed.get(name, (0, 0.0))[0] != count:
            self._changed[name] = (count, now)
        return "•" if self._live and now - self._changed[name][1] < _FRESH_S else " "

    def _report(self, arrivals: Arrivals) -> list[str]:
        sums = (
            f"  {arrivals.records} records of {len(arrivals.counts)} series in {time.monotonic() - self._begun:.0f} s,"
            f" {arrivals.out_of_order} out of order, {arrivals.twice} twice"
        )
        return ["", *self._table(arrivals), "", sums]


def _columns() -> int:
    return _terminal().columns if sys.stdout.isatty() else 110


def _terminal() -> os.terminal_size:
    return shutil.get_terminal_size((110, 40))


def _time(text: str) -> str:
    """Today's times without the date."""
    moment = datetime.fromisoformat(text)
    today = moment.date() == datetime.now(UTC).date()
    return f"{moment:%H:%M:%S}" if today else f"{moment:%Y-%m-%d %H:%M}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def _cut_left(text: str, width: int) -> str:
    return text if len(text) <= width else "…" + text[1 - width :]
