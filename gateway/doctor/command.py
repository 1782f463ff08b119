"""``linky-gateway doctor``: each port examined, the report written, the exit code given.

0 all well, 1 something is wrong, 69 a port could not be listened to. A running gateway keeps its port: it is asked.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TextIO

from gateway.doctor import bundle, daemon, system
from gateway.doctor.causes import Cause, causes
from gateway.doctor.listen import LISTEN_S, ListeningProgress, Target, listen
from gateway.doctor.report import (
    EXIT_CANNOT_LISTEN,
    EXIT_WELL,
    EXIT_WRONG,
    PortReport,
    as_json,
    as_text,
    bundle_line,
    house_advice,
    house_faults,
)
from gateway.doctor.report import listening as listening_line
from gateway.words.catalogue import FRENCH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


# Erases what is left of a longer line on a terminal (ECMA-48 EL).
_CLEAR = "\r\x1b[K"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorRequest:
    """What is asked of the doctor.

    Attributes:
        targets: the sources to examine.
        lang: fr or en.
        json: values instead of text.
        bundle: where to write the archive for support; None for none.
        seconds: how long to listen to each source.
        configuration: the configuration as plain values, for the archive; None when there is none.
        status: asks the running gateway for its status; ConnectionError when none runs.
        root: the folder of the system that is looked at.
    """

    targets: Sequence[Target]
    lang: str = FRENCH
    json: bool = False
    bundle: Path | None = None
    seconds: float = LISTEN_S
    configuration: Mapping[str, Any] | None = None
    status: Callable[[], Mapping[str, Any]] | None = field(default=None)
    root: Path = system.ROOT


def examine(request: DoctorRequest, out: TextIO) -> int:
    """Examine everything that is asked, write it to ``out``, give the exit code."""
    status = _status(request)
    reports = [_examine(target, request, status) for target in request.targets]
    faults = house_faults(status or {}, request.lang)
    if request.json:
        _write(out, json.dumps([as_json(report, request.lang) for report in reports], indent=2) + "\n")
    else:
        advice = house_advice(status or {}, request.lang)
        _write(out, "\n".join([*(as_text(report, request.lang) for report in reports), *faults, *advice]))
    if request.bundle:
        bundle.write(request.bundle, reports, request.lang, request.configuration, request.root)
        if not request.json:
            _write(out, "\n" + bundle_line(str(request.bundle), request.lang))
    codes = {report.exit_code for report in reports} | ({EXIT_WRONG} if faults else set())
    return next((code for code in (EXIT_CANNOT_LISTEN, EXIT_WRONG) if code in codes), EXIT_WELL)


def _status(request: DoctorRequest) -> Mapping[str, Any] | None:
    if request.status is None:
        return None
    try:
        return request.status()
    except ConnectionError:
        return None


def _examine(target: Target, request: DoctorRequest, status: Mapping[str, Any] | None) -> PortReport:
    group = system.device_group(target.port) if target.port else ""
    if status is not None:
        return _asked(target, status, group)
    shown = sys.stderr.isatty()
    evidence = listen(target, request.seconds, _shower(request.lang) if shown else _hide, request.root)
    if shown:
        _write(sys.stderr, _CLEAR)
    return PortReport(target.name, target.text, tuple(causes(evidence)), evidence, group=group)


def _asked(target: Target, status: Mapping[str, Any], group: str) -> PortReport:
    """What a running gateway says of the meter, and what only whoever may see all programs can say."""
    found, judged = daemon.findings(status, target.name), daemon.judgement(status, target.name)
    evidence = judged.evidence if judged else None
    others = tuple(one.name for one in system.holders(target.port) if not one.gateway) if target.port else ()
    if evidence and others and not evidence.holders and evidence.refusal in (None, Cause.PORT_HELD):
        evidence = replace(evidence, holders=others)
        clocks = [one for one in found if one.cause in daemon.CLOCKS]
        found = [*causes(evidence), *clocks]
    return PortReport(target.name, target.text, tuple(found), evidence, daemon=status, group=group)


def _shower(lang: str) -> Callable[[ListeningProgress], None]:
    def show(progress: ListeningProgress) -> None:
        _write(sys.stderr, _CLEAR + listening_line(progress.done_s, progress.length_s, progress.groups, lang))

    return show


def _hide(progress: ListeningProgress) -> None:
    """Nobody is watching."""


def _write(out: TextIO, text: str) -> None:
    """Write, with question marks for what the terminal's character set does not have."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "replace").decode(encoding))
    out.flush()
