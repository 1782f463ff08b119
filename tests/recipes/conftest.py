"""A copy of the package into which a recipe of CONTRIBUTING.md is followed, step by step and file by file."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.copies import ROOT, copied

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


class Copy:
    """The package, and the files that were made or changed in it."""

    def __init__(self, folder):
        self.folder, self.touched = folder, set()
        for part in ("gateway", "systemd"):
            copied(part, folder)

    def make(self, name, text):
        """A new file."""
        assert not (self.folder / name).exists()
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")
        self.touched.add(name)

    def put(self, name, text, *, before):
        """A few lines more in a file that is there, before what stands in it once."""
        whole = (self.folder / name).read_text(encoding="utf-8")
        assert whole.count(before) == 1, (name, before, whole.count(before))
        (self.folder / name).write_text(whole.replace(before, text + before), encoding="utf-8")
        self.touched.add(name)

    @property
    def environment(self):
        """In which Python finds the copy, and of what is no part of it the checkout."""
        places = (self.folder, ROOT, ROOT / "tools/lib")
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places)), "PYTHONUNBUFFERED": "1"}

    def run(self, *words, code=0, **environment):
        """A Python with these words; what it printed."""
        done = subprocess.run(
            [sys.executable, *map(str, words)], check=False, capture_output=True, text=True, timeout=60,
            env=self.environment | environment, cwd=self.folder,
        )  # fmt: skip
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    @contextmanager
    def running(self, log, *words):
        """A Python with these words that goes on until the end; what it says is in a file."""
        command = [sys.executable, *map(str, words)]
        with (
            log.open("wb") as said,
            subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            ) as program,
        ):
            try:
                yield
            finally:
                program.terminate()

    def followed(self, title, **names):
        """Whether what was touched is what the recipe says, no file more and no file less, in ten lines at most."""
        recipe = re.search(rf"^### {title}\n(.*?)(?=^#)", TEXT, re.MULTILINE | re.DOTALL)[1]
        assert len(recipe.strip().splitlines()) <= 10
        named = set(re.findall(r"`((?:gateway|systemd)/[^`]*\.\w+)`", recipe))
        for place, word in names.items():
            named = {name.replace(place, word) for name in named}
        assert self.touched == named


@pytest.fixture
def copy(tmp_path):
    """Give a copy of the package."""
    return Copy(tmp_path / "copy")
