"""Copies of what the checkout has, for tests that change it or run it from elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copied(name: str, folder: Path) -> None:
    """Copy a folder of the checkout into another one, with what Python has compiled of it.

    What is compiled counts as long as its source is the same; without it each copy takes seconds of a core. What Python
    is just writing has a number at its end.
    """
    shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
