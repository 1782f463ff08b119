"""What the doctor's tests share: an examination of a source, and a meter that is told something while it is heard."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.doctor.causes import causes
from gateway.doctor.listen import Target, listen
from gateway.sources.source import parse_source


class Examination:
    """What the doctor finds on a source; ``first`` is the cause it would name."""

    def __init__(self, source, seconds, mode="auto", speeds=None, progress=None, root=None):
        made = parse_source(str(source), Path())
        if speeds:
            made.speeds = speeds
        options = {"progress": progress} if progress else {}
        if root:
            options["root"] = root
        self.evidence = listen(Target("house", str(source), made, mode), seconds, **options)
        self.findings = causes(self.evidence)
        self.causes = [finding.cause for finding in self.findings]
        self.first = self.causes[0]

    def __repr__(self):
        return f"{self.findings} from {self.evidence.best and replace(self.evidence.best, raw=b'', slices=())}"


@pytest.fixture
def examine():
    """Examine a source: ``examine(source, seconds, mode=…, speeds=…)``."""
    return Examination


@pytest.fixture
def once_heard():
    """Something to do, once, as soon as groups have been understood."""

    def make(action):
        done = threading.Event()

        def progress(state):
            if state.groups and not done.is_set():
                done.set()
                action()

        return progress

    return make


def captures():
    """Captured frames of sound lines."""
    frames = Path(__file__).parents[2] / "frames"
    return [path for path in sorted(frames.rglob("*.raw")) if path.parent.name in {"real", "synthetic"}]
