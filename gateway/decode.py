"""``linky-gateway decode``: captured bytes to JSON Lines, one object a frame, then a summary."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gateway.errors import PortError, reason
from gateway.explain import explain
from gateway.language import Phrase
from gateway.tic.frame import Reader, looks_8n1, strip_parity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.tic.frame import Frame

# Large enough to be quick, small enough that a pipe shows each frame soon.
_CHUNK = 4096


def decode(files: Sequence[str], mode: str, out: IO[str], *, explained: bool = False) -> None:
    """Write every frame of the files (``-``: standard input) to ``out``; PortError names a file that cannot be read."""
    frames = whole = groups = bad = 0
    for file in files:
        for frame in _frames(file, mode):
            frames += 1
            whole += frame.whole
            groups += len(frame.groups)
            bad += frame.bad
            told = _as_json(frame) | ({"explain": explain(frame)} if explained else {})
            out.write(json.dumps(told, ensure_ascii=False) + "\n")
            if file == "-":
                out.flush()
    summary = {"frames": frames, "whole": whole, "groups": groups, "bad": bad}
    out.write(json.dumps({"summary": summary}) + "\n")


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
        raise PortError(
            Phrase("{file} : illisible : {why}", "{file}: cannot be read: {why}").filled(file=file, why=reason(error))
        ) from error


def _as_json(frame: Frame) -> dict[str, object]:
    groups = [{"label": g.label, "data": g.data, "horodate": g.horodate} for g in frame.groups]
    return {"mode": frame.mode, "whole": frame.whole, "groups": groups, "bad": frame.bad}
