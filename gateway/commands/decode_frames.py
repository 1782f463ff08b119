"""``linky-gateway decode``: captured bytes to JSON Lines, one object a frame, then a summary."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gateway.errors import CaptureError, PortError, reason
from gateway.tic.explain import explain
from gateway.tic.frame import Frame, Reader
from gateway.tic.labels import check
from gateway.tic.parity import looks_8n1, strip_parity
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_NO_TIC = Phrase("{files}: no TIC in it, nothing of a meter; it takes the bytes of the line as they came")
_NO_TIC_OF_MODE = Phrase("{files}: nothing that a meter in mode {mode} says; try it without --mode")

# Large enough to be quick, small enough that a pipe shows each frame soon.
_CHUNK = 4096


def decode(files: Sequence[str], mode: str, out: IO[str], *, explained: bool = False) -> None:
    """Write every frame of the files (``-``: standard input) to ``out``.

    Raises PortError for a file that cannot be read and, when all is written, CaptureError for those that hold no TIC.
    """
    frames = whole = groups = bad = 0
    foreign = []
    for file in files:
        believed = False
        for frame in _frames(file, mode):
            believed = believed or any(check(frame.mode, group) is None for group in frame.groups)
            frames += 1
            whole += frame.whole
            groups += len(frame.groups)
            bad += frame.bad
            told = _as_json(frame) | ({"explain": explain(frame)} if explained else {})
            out.write(json.dumps(told, ensure_ascii=False) + "\n")
            if file == "-":
                out.flush()
        if not believed:
            foreign.append(file)
    summary = {"frames": frames, "whole": whole, "groups": groups, "bad": bad}
    out.write(json.dumps({"summary": summary}) + "\n")
    if foreign:
        raise CaptureError((_NO_TIC if mode == "auto" else _NO_TIC_OF_MODE).filled(files=", ".join(foreign), mode=mode))


def _frames(file: str, mode: str) -> Iterator[Frame]:
    reader = Reader(mode)
    for data in _chunks(file):
        yield from reader.feed(data)
    yield from reader.close()


def _chunks(file: str) -> Iterator[bytes]:
    """The file's bytes; those of an 8N1 port are brought back to 7 bits, their parity checked."""
    try:
        with os.fdopen(0, "rb", closefd=False) if file == "-" else Path(file).open("rb") as stream:
            first = True
            strip = False
            while data := stream.read1(_CHUNK):
                strip = looks_8n1(data) if first else strip
                first = False
                yield strip_parity(data) if strip else data
    except OSError as error:
        raise PortError(Phrase("{file}: cannot be read: {why}").filled(file=file, why=reason(error))) from error


def _as_json(frame: Frame) -> dict[str, object]:
    groups = [{"label": g.label, "data": g.data, "horodate": g.horodate} for g in frame.groups]
    return {"mode": frame.mode, "whole": frame.whole, "groups": groups, "bad": frame.bad}
