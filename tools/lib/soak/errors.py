"""What ends a soak before its judgement."""

from __future__ import annotations


class SoakError(RuntimeError):
    """The soak cannot go on; one sentence for a person."""
