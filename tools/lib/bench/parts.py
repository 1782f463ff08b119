"""Every part of ``tools/bench``: what measures it, and the rows of the table that are made of its figures.

A part is a function that is told ``At`` and returns plain figures by name; a row takes its figure and what stands
beside it from those. Each runs in a process of its own, ``python -m bench.parts NAME FOLDER ASKED``, which loads alone
what it measures with: its figures go to ``FOLDER/found.json``, what it prints is for whoever watches.
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from bench.rows import BenchPart, BenchRow

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXIT_TERMINATED = 143
_YEARS = "one year and the year before", "three years"
_ASKED = {
    "a home's day": 5,
    "its energy by the hour": 5,
    "its year": 50,
    "its energy by the day of a year": 50,
    "completeness of all, 30 days": 200,
    "who is silent": 200,
}


@dataclass(frozen=True, slots=True)
class At:
    """Where a part works, and what was asked for; ``quick`` is as little of it as can be."""

    folder: Path
    servers: str
    seconds: float
    peers: Mapping[str, str]
    quick: bool


def _growing(axis: str, sizes: str, *beside: str) -> BenchRow:
    return BenchRow(
        f"with {sizes}: each cost grows with their number to the power of, at most",
        f"{axis}.worst",
        "{value:.2f}",
        most=1.1,
        beside=beside,
        limit="the curve in tools/lib/bench/curves says which cost",
    )


def _kept(kind: str, what: str, most: float | None = None) -> BenchRow:
    return BenchRow(
        f"memory of {what}",
        f"{kind}.rss_megabytes",
        "{value:.0f} MB",
        most=most,
        beside=(
            f"private and written {{{kind}.private_dirty_megabytes:.0f}} MB, {{{kind}.modules:.0f}} modules",
            f"a bare Python with the same libraries {{{kind}.bare_rss_megabytes:.0f}} MB",
        ),
        limit=f"{{{kind}.bare_rss_megabytes:.0f}} MB of it are Python and its libraries before a line of ours",
    )


PARTS = (
    BenchPart(
        "decoding",
        "decoding.measure",
        (
            BenchRow(
                "groups decoded a second, standard mode, as many times as linkytic",
                "times_linkytic",
                "{value:.1f} ×",
                least=5,
                beside=("linkytic {standard_mono.linkytic.groups_a_second:,.0f} groups/s",),
                limit="its later reader, on asyncio, is twice as fast as the one by lines that the budget is of",
                absent="linkytic is not on the package index: `tools/bench --peer linkytic=FOLDER` measures a checkout",
            ),
            BenchRow(
                "groups decoded a second, standard mode, one phase",
                "standard_mono.ours.groups_a_second",
                "{value:,.0f}",
                beside=(
                    "on to dated, judged values {standard_mono.ours_to_values.groups_a_second:,.0f}",
                    "pyteleinfo, serial-teleinfo, python-tic refuse the mode "
                    "({standard_mono.pyteleinfo.right_percent:.0f}, {standard_mono.serial-teleinfo.right_percent:.0f}, "
                    "{standard_mono.python-tic.right_percent:.0f} % of the groups)",
                ),
            ),
            BenchRow(
                "the same, three phases, producer",
                "standard_tri_producer.ours.groups_a_second",
                "{value:,.0f}",
                beside=("linkytic {standard_tri_producer.linkytic.groups_a_second:,.0f}",),
            ),
            BenchRow(
                "the same, historic mode",
                "historic.ours.groups_a_second",
                "{value:,.0f}",
                beside=(
                    "pyteleinfo {historic.pyteleinfo.groups_a_second:,.0f}",
                    "serial-teleinfo {historic.serial-teleinfo.groups_a_second:,.0f}",
                    "python-tic {historic.python-tic.groups_a_second:,.0f} "
                    "({historic.python-tic.right_percent:.0f} % of the groups)",
                    "linkytic {historic.linkytic.groups_a_second:,.0f}",
                ),
            ),
            BenchRow(
                "memory of that reader, at most",
                "standard_mono.ours.peak_megabytes",
                "{value:.0f} MB",
                beside=(
                    "linkytic {standard_mono.linkytic.peak_megabytes:.0f} MB",
                    "serial-teleinfo {historic.serial-teleinfo.peak_megabytes:.0f} MB",
                    "pyteleinfo {historic.pyteleinfo.peak_megabytes:.0f} MB",
                ),
            ),
            BenchRow(
                "wrong values accepted, standard frames with one flipped bit each",
                "standard_mono.ours.wrong",
                "{value:,.0f}",
                most=0,
                beside=(
                    "in {standard_mono.ours.damaged:,.0f} frames",
                    "linkytic {standard_mono.linkytic.wrong:,.0f}",
                ),
            ),
            BenchRow(
                "the same, historic frames",
                "historic.ours.wrong",
                "{value:,.0f}",
                most=0,
                beside=(
                    "in {historic.ours.damaged:,.0f} frames",
                    "pyteleinfo {historic.pyteleinfo.wrong:,.0f}",
                    "serial-teleinfo {historic.serial-teleinfo.wrong:,.0f}",
                    "linkytic {historic.linkytic.wrong:,.0f}",
                ),
            ),
        ),
    ),
    BenchPart(
        "watts",
        "watts.measure",
        (
            BenchRow("watts, largest error, 2 minutes after a leap", "steady_worst_percent", "{value:.1f} %", most=3),
            BenchRow(
                "of 100 watts so many within the interval said, in the worst of mixed houses",
                "held_percent",
                "{value:.1f}",
                least=95,
                beside=("it is {width_percent:.1f} % wide", "95 % err by {ours_95_w:.0f} W, a rule {rule_95_w:.0f} W"),
            ),
            BenchRow("watts, any house, any percentile: worse than that rule by", "worse_w", "{value:.1f} W", most=1),
        ),
    ),
    BenchPart(
        "house",
        "house.measure",
        (
            BenchRow(
                "memory of the whole daemon: federation with a live recipient, broker, page open",
                "rss_megabytes",
                "{value:.0f} MB",
                most=55,
                beside=(
                    "its own part of what programs share {pss_megabytes:.0f} MB",
                    "a bare Python with the same libraries {bare_rss_megabytes:.0f} MB",
                ),
                limit="{bare_rss_megabytes:.0f} MB of it are Python and its libraries before a line of ours",
            ),
            BenchRow(
                "processor at the line's pace, the same house",
                "processor_percent",
                "{value:.1f} % of a core",
                most=1,
                limit="each second the port is read and the value goes to page, broker and recipient",
            ),
        ),
    ),
    BenchPart(
        "memory",
        "memory.measure",
        (
            _kept("meter", "a daemon with a meter alone"),
            _kept("page", "the same with the page, nobody has looked yet", most=40),
            _kept("opened", "the same, six pages opened"),
            _kept("broker", "a meter and a broker"),
            _kept("federation", "a meter and a federation, connected"),
            _kept("everything", "everything, six pages opened", most=55),
        ),
    ),
    BenchPart(
        "writing",
        "card.writing",
        (
            BenchRow(
                "bytes to the block device a day, one phase, a recipient of every minute",
                "standard_mono_recipient_megabytes_a_day",
                "{value:.0f} MB",
                most=40,
                beside=("without one {standard_mono_megabytes_a_day:.0f} MB",),
                limit="{minutes_a_day:,.0f} minutes, of each a record of one block, and what ext4 notes of a file that "
                "has changed, 12 kB of its journal",
            ),
            BenchRow(
                "the same, three phases and production",
                "standard_tri_producer_recipient_megabytes_a_day",
                "{value:.0f} MB",
                most=60,
            ),
        ),
    ),
    BenchPart(
        "database",
        "card.growth",
        (
            BenchRow(
                "growth of the database a year, one phase",
                "standard_mono_megabytes_a_year",
                "{value:.0f} MB",
                most=60,
                beside=("three phases and production {standard_tri_producer_megabytes_a_year:.0f} MB",),
            ),
        ),
    ),
    BenchPart(
        "live",
        "live.measure",
        (
            BenchRow(
                "live value, from the frame's last byte to the recipient in the other domain",
                "live_median_ms",
                "{value:.1f} ms",
                most=15,
                beside=("95 % {live_p95_ms:.1f} ms", "a ping there and back {ping_median_ms:.1f} ms"),
            ),
        ),
    ),
    BenchPart(
        "years",
        "years.measure",
        tuple(
            BenchRow(f"a look at {what}", what, "{value:.0f} ms", most=60)
            for what in (*_YEARS, "the costs of thirteen months", "a day's curve among three years of minutes")
        ),
    ),
    BenchPart(
        "backlog",
        "backlog.measure",
        (
            BenchRow(
                "a day of minutes, all series, delivered after an outage, the servers' limits lifted",
                "lifted.seconds",
                "{value:.1f} s",
                most=3,
                beside=("{lifted.records:,.0f} records, {lifted.not_once:.0f} lost, wrong or twice",),
                limit="{lifted.gateway_cpu_s:.1f} s of it are the gateway's processor, "
                "{lifted.recipient_cpu_s:.1f} s the recipient's",
            ),
            BenchRow(
                "the same at Debian's limits, the household's server Prosody",
                "default_pe.seconds",
                "{value:.0f} s",
                most=180,
                beside=("{default_pe.not_once:.0f} lost, wrong or twice",),
                limit="Prosody lets 10 kB/s of a client through",
            ),
            BenchRow(
                "the same, the household's server ejabberd",
                "default_ep.seconds",
                "{value:.0f} s",
                most=180,
                beside=("{default_ep.not_once:.0f} lost, wrong or twice",),
                limit="ejabberd lets 3 kB/s of a client through",
            ),
        ),
    ),
    BenchPart(
        "pages",
        "pages.measure",
        (
            BenchRow(
                "a year of half hours answered by `get_history`",
                "seconds",
                "{value:.1f} s",
                most=2,
                beside=(
                    "{records:,.0f} records in {pages:.0f} pages",
                    "in the pages of `consume` {recipient_seconds:.1f} s, {recipient_pages:.0f} pages",
                ),
                limit="{gateway_cpu_s:.1f} s of it are the gateway's processor",
            ),
        ),
    ),
    BenchPart(
        "throughput",
        "throughput.measure",
        (
            BenchRow(
                "records a second to a recipient in the other domain, limits lifted",
                "lifted.records_a_second",
                "{value:,.0f}",
                beside=(
                    "a minute from its commit to its receipt {lifted.single_median_ms:.0f} ms, "
                    "95 % {lifted.single_p95_ms:.0f} ms",
                ),
            ),
            BenchRow(
                "the same at Debian's limits",
                "default.records_a_second",
                "{value:,.0f}",
                beside=(
                    "a minute from its commit to its receipt {default.single_median_ms:.0f} ms, "
                    "95 % {default.single_p95_ms:.0f} ms",
                ),
            ),
        ),
    ),
    BenchPart(
        "homes",
        "homes.measure",
        (
            *(
                BenchRow(
                    f"1,000 homes' year of half hours in PostgreSQL: {what}",
                    what,
                    "{value:.1f} ms",
                    most=most,
                    beside=(f"by the clock {{{what} wall:.1f}} ms, a session's first {{{what} first:.1f}} ms",),
                )
                for what, most in _ASKED.items()
            ),
            BenchRow(
                "bytes of a reading there, its index with it", "bytes", "{value:.0f}", beside=("{rows:,.0f} readings",)
            ),
        ),
    ),
    BenchPart(
        "growth",
        "growth.measure",
        (
            _growing(
                "meters",
                "1, 4 and 16 meters",
                "processor for an hour {meters.1.cpu_s:.1f}, {meters.4.cpu_s:.1f}, {meters.16.cpu_s:.1f} s",
            ),
            _growing(
                "recipients",
                "1, 10 and 100 recipients",
                "processor for an hour {recipients.1.cpu_s:.1f}, {recipients.10.cpu_s:.1f}, "
                "{recipients.100.cpu_s:.1f} s",
            ),
            _growing(
                "history",
                "1, 12 and 36 months kept",
                "a page of history {history.1.page_ms:.0f}, {history.12.page_ms:.0f}, {history.36.page_ms:.0f} ms",
            ),
        ),
    ),
)


def named(found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Figures of several measurements, by the name of each, a dot and their own."""
    return {f"{name}.{figure}": value for name, figures in found.items() for figure, value in figures.items()}


def main(name: str, folder: Path, asked: str) -> None:
    """Run one; told to end, it takes away what it has put up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_EXIT_TERMINATED))
    (folder / "work").mkdir()
    module, _, function = next(part.measure for part in PARTS if part.name == name).partition(".")
    found = getattr(import_module(f"bench.{module}"), function)(At(folder / "work", **json.loads(asked)))
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
