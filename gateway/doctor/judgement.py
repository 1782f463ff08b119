"""What was found out about one line, as values (``status --json``) and back, and in words. Pure.

``status`` of a running gateway has a judgement of each meter below ``doctor``; whoever reads one that an earlier
version wrote finds nothing in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.doctor.causes import HARMLESS, Cause, Finding, PortEvidence
from gateway.doctor.sentences import mode_name, words
from gateway.words.catalogue import FRENCH
from gateway.words.phrase import Phrase, made

if TYPE_CHECKING:
    from collections.abc import Mapping

# Nothing is wrong with these, or nothing is known yet.
FINE = HARMLESS | {Cause.ALL_WELL}
UNDECIDED = frozenset((Cause.NOT_YET,))

_NOBODY = Phrase("a program that only root can see")
_THE_OTHER = Phrase("the other")


@dataclass(frozen=True, slots=True)
class LineJudgement:
    """One line judged: ``findings`` the likeliest first, never empty; ``evidence`` where bytes were listened to."""

    findings: tuple[Finding, ...]
    evidence: PortEvidence | None = None

    @property
    def cause(self) -> Cause:
        """The likeliest cause."""
        return self.findings[0].cause

    @property
    def was_heard(self) -> bool:
        """Whether it is of a port that could be listened to."""
        return self.evidence is not None and self.evidence.refusal is None and self.cause not in UNDECIDED

    def as_values(self) -> dict[str, Any]:
        """For JSON; neither the bytes nor the number of the meter are in it."""
        evidence = self.evidence and replace(
            self.evidence, heard=tuple(replace(heard, raw=b"", address="") for heard in self.evidence.heard)
        )
        return {"findings": msgspec.to_builtins(self.findings), "evidence": msgspec.to_builtins(evidence)}


def judgement_of(values: Mapping[str, Any] | None) -> LineJudgement | None:
    """What ``as_values`` gave; None for anything else."""
    try:
        found = msgspec.convert(values, LineJudgement)
    except msgspec.ValidationError:
        return None
    return found if found.findings else None


def places(source: str, evidence: PortEvidence | None, lang: str, group: str = "dialout") -> dict[str, str]:
    """What stands in the places of a cause's sentences; ``source`` as it was named."""
    best = evidence.best if evidence else None
    holders = ", ".join(evidence.holders) if evidence else ""
    other = _THE_OTHER.in_language(lang)
    return {
        "port": source,
        "holder": holders or _NOBODY.in_language(lang),
        "group": group,
        "heard": (best and best.mode and mode_name(best.mode, lang)) or other,
        "wanted": (evidence and mode_name(evidence.mode, lang)) or other,
        "owner": (evidence and evidence.owner) or other,
    }


def detail(judgement: LineJudgement, source: str) -> Phrase:
    """What is wrong and what to do, in a line: title, what is seen, the remedy."""
    return made(partial(_said, judgement, source, ("title", "seen", "remedy")))


def advice(judgement: LineJudgement, source: str) -> Phrase:
    """The same for a message: title and remedy."""
    return made(partial(_said, judgement, source, ("title", "remedy")))


def _said(judgement: LineJudgement, source: str, parts: tuple[str, ...], lang: str) -> str:
    said = words(judgement.cause, lang, places(source, judgement.evidence, lang))
    if judgement.cause is Cause.ALL_WELL:
        return said.title
    text = " ".join(getattr(said, part) + ("." if part == "title" else "") for part in parts)
    # Commands to type stand between the quotation marks of the language: a message is no terminal.
    return re.sub("`([^`]*)`", "«\u00a0\\1\u00a0»" if lang == FRENCH else "“\\1”", text)
