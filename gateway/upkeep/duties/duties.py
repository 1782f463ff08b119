"""The manufacturer's file as data: each requirement, what the project does for it, and what nobody else can do."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

FILE: Final = Path(__file__).with_name("duties.toml")

# Language -> sentence.
_Said = dict[str, Annotated[str, Meta(min_length=1)]]


class Duty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One requirement.

    ``source`` is where it stands; ``asked`` and ``done`` what is asked and what the project does, language → sentence;
    ``manufacturer`` what stays to whoever places the device on the market, empty for nothing of one's own; ``evidence``
    files of the repository, or ``FILE::TEST``.
    """

    id: Annotated[str, Meta(pattern="^[a-z][a-z-]+$")]
    source: str
    asked: _Said
    done: _Said
    manufacturer: _Said = {}
    evidence: tuple[str, ...] = ()


def read_duties() -> list[Duty]:
    """All of them, in the order of the law."""
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8"))["duty"], list[Duty])
