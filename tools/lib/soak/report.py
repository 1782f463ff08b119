"""What is told of a run: judged from what is in its folder, as lines for a terminal, or as a page with a picture."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.points import GATEWAYS, rows
from soak import judge, points
from soak.house import RECIPIENTS
from soak.meters import HOUSE
from soak.picture import draw
from soak.samples import DatabaseSize, ProgramSample, QueueSample, Samples
from soak.soak import BEHIND_H

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RUN_FILE = "run.json"

# What a person should never see in a log.
_BAD = ("Traceback", "was destroyed but it is pending", "CRITICAL", "ERROR")


@dataclass(frozen=True, slots=True)
class SoakRun:
    """What was lived: from which second of the house's clock, how many of them, in how many real ones.

    ``every_s`` is how far apart frames were, ``seed`` of the households.
    """

    start_s: int
    seconds: int
    took_s: float
    every_s: int
    seed: int

    @property
    def title(self) -> str:
        """In words."""
        house = f"a house with {len(HOUSE)} meters and {len(RECIPIENTS)} recipients"
        return f"{self.seconds / 86_400:g} days of {house}, {self.seconds / self.took_s:.0f} times real"


@dataclass(frozen=True, slots=True)
class SoakResult:
    """What came of a run: figures (name -> text), what is wrong in sentences, and the picture as SVG."""

    title: str
    figures: Mapping[str, str]
    wrong: list[str]
    picture: str

    def text(self) -> str:
        """For a terminal."""
        verdict = [f"WRONG: {line}" for line in self.wrong] or ["nothing grows, nothing is lost"]
        return "\n".join([self.title, *(f"{name}: {text}" for name, text in self.figures.items()), *verdict])

    def write(self, path: Path) -> Path:
        """Write the page (Markdown), and the picture beside it; where that is."""
        drawn = path.with_suffix(".svg")
        drawn.write_text(self.picture, encoding="utf-8")
        verdict = [f"- WRONG: {line}" for line in self.wrong] or ["Nothing grows, nothing is lost."]
        figures = [f"| {name} | {text} |" for name, text in self.figures.items()]
        table = ["| what | seen |", "|:--|:--|", *figures]
        picture = f"![memory, descriptors, outbox, database]({drawn.name})"
        page = [f"# {self.title}", "", *verdict, "", *table, "", picture]
        path.write_text("\n".join(page) + "\n", encoding="utf-8")
        return drawn


def see(folder: Path, run: SoakRun) -> SoakResult:
    """Judge the run in a folder."""
    wrong, owed = points.judge(folder, run.start_s)
    with closing(Samples(folder / "samples.sqlite")) as samples:
        programs, queues, files = samples.all(ProgramSample), samples.all(QueueSample), samples.all(DatabaseSize)
    most = judge.bounds(owed, run.seconds, BEHIND_H)
    seen, more = judge.judge(programs, queues, files, most, [kind.phases for kind in HOUSE])
    figures = {
        "took": f"{run.took_s / 60:.0f} min, a frame each {run.every_s} s, seed {run.seed}",
        **{f"minutes of {name}": f"{count:.0f} rows a day" for name, count in points.minutes_a_day(folder).items()},
        **{f"points for {name}": str(count) for name, count in owed.items()},
        **seen,
    }
    wrong += more
    # What gateway and recipients should not have said; where something ran short, what was measured is not the rule.
    for name in ("gateway", *(one.name for one in RECIPIENTS)):
        said = (folder / f"{name}.log").read_text(errors="replace")
        wrong += [f"{name} says {word!r}" for word in _BAD if word in said]
    ((count,),) = rows(folder / GATEWAYS, "SELECT count(*) FROM event WHERE kind = 'shortage'")
    wrong += [f"something ran short for the gateway ({count} `shortage` events)"] if count else []
    return SoakResult(run.title, figures, wrong, draw(run.title, programs, queues, files))
