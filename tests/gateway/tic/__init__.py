"""Tests of the tic room, and the captured frames that they share."""

from pathlib import Path

FRAMES = Path(__file__).parents[2] / "frames"


def index() -> list[dict[str, str]]:
    """The rows of tests/frames/INDEX.md."""
    lines = [line for line in (FRAMES / "INDEX.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def capture(name: str) -> bytes:
    """The bytes of a captured stream."""
    return (FRAMES / name).read_bytes()
