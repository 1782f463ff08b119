"""What the doctor says: a report as text for a terminal, as values for ``--json``. Pure."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.doctor.causes import CANNOT_LISTEN, Cause, Finding, PortEvidence
from gateway.doctor.heard import SLICES, Reception
from gateway.doctor.judgement import places
from gateway.doctor.sentences import FAULT_NAMES, grade, mode_name, words
from gateway.live.state import LinkKind, kind_and_name, link_in_words
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping


EXIT_WELL, EXIT_WRONG, EXIT_CANNOT_LISTEN = 0, 1, 69

# A cause less likely than this beside the first one is not worth a household's time.
_WORTH_NAMING = 0.3

# A frame's groups are known at its end, up to 3 s after they came: empty pieces before it belong to it.
_FRAME_S = 3.0

_BLOCKS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"

# The links of the house; the others are a meter's, or a recipient's, which is named to nobody else.
_HOUSE = frozenset((LinkKind.STORE, LinkKind.DISK, LinkKind.BACKUP, LinkKind.XMPP, LinkKind.MQTT, LinkKind.CELL))

_WIDTH = 100
_HARD_SPACE = "\0"


@dataclass(frozen=True, slots=True)
class PortReport:
    """One port examined.

    ``source`` as it was named; ``findings`` the likeliest first; ``evidence`` None where nothing could be heard;
    ``daemon`` is the status of a running gateway, where one was asked; ``group`` is who may use the port.
    """

    name: str
    source: str
    findings: tuple[Finding, ...]
    evidence: PortEvidence | None = None
    daemon: Mapping[str, Any] | None = None
    group: str = "dialout"

    @property
    def cause(self) -> Cause:
        """The likeliest cause."""
        return self.findings[0].cause

    @property
    def exit_code(self) -> int:
        """0 all well, 1 something is wrong, 69 it could not be listened to."""
        if self.cause is Cause.ALL_WELL:
            return EXIT_WELL
        return EXIT_CANNOT_LISTEN if self.cause in CANNOT_LISTEN else EXIT_WRONG


_AT = WordTable("  {}: {}")


def as_text(report: PortReport, lang: str) -> str:
    """The report for a person."""
    say, best = _SAY[lang], report.evidence.best if report.evidence else None
    lines = [say["title"].format(port=report.source)]
    if report.daemon is not None:
        lines.append(_wrapped("", say["daemon"]))
        lines += [_AT[lang].format(*link_in_words(row, lang)) for row in _rows(report)]
    if best is not None:
        lines += _heard_lines(best, lang)
    said = words(report.cause, lang, _places(report, lang))
    lines += ["", f"{'✓' if report.cause is Cause.ALL_WELL else '✗'} {said.title}"]
    if report.cause is not Cause.ALL_WELL:
        told = {say["seen"]: said.seen, say["likely"]: said.likely, say["remedy"]: said.remedy}
        width = max(map(len, told))
        lines += [_wrapped(f"  {head:<{width}} : ", text) for head, text in told.items()]
    if others := [finding.cause for finding in report.findings[1:] if finding.confidence >= _WORTH_NAMING]:
        titles = ", ".join(words(cause, lang, _places(report, lang)).title.lower() for cause in others)
        lines += ["", say["also"].format(titles=titles)]
    return "\n".join(lines) + "\n"


def house_faults(status: Mapping[str, Any], lang: str) -> list[str]:
    """What a running gateway has told of what is no meter's line: storage, card, backup, federation, broker."""
    told = [alert for alert in status.get("alerts", ()) if kind_and_name(alert["link"])[0] in _HOUSE]
    return [_wrapped("✗ ", alert[lang]) + "\n" for alert in told]


def house_advice(status: Mapping[str, Any], lang: str) -> list[str]:
    """What a running gateway says of what its meters cannot: nothing is broken, and it can be mended."""
    return [_wrapped("→ ", one[lang]) + "\n" for one in status.get("advice", ())]


def as_json(report: PortReport, lang: str) -> dict[str, Any]:
    """The report as values; nothing that was received is in it."""
    findings = []
    for finding in report.findings:
        said = words(finding.cause, lang, _places(report, lang))
        row = {"cause": finding.cause.value, "confidence": round(finding.confidence, 2), "title": said.title}
        findings.append(row | {"seen": said.seen, "likely": said.likely, "remedy": said.remedy})
    evidence = report.evidence
    found: dict[str, Any] = {"meter": report.name, "source": report.source, "findings": findings}
    if report.daemon is not None:
        found["daemon"] = list(_rows(report))
    if evidence is not None:
        kernel, settings, pi = evidence.kernel, evidence.settings, evidence.pi
        best = evidence.best
        found |= {
            "score": best.score if best else None,
            "lost": evidence.lost,
            "holders": list(evidence.holders),
            "heard": [_heard_json(heard) for heard in evidence.heard],
            "settings": {"raw": settings.raw, "speed": settings.speed} if settings else None,
            "kernel": {name: getattr(kernel, name) for name in kernel.__slots__} if kernel else None,
            "pi": {name: getattr(pi, name) for name in pi.__slots__},
        }
    return found


def bar(heard: Reception) -> str:
    """The quality over the listening time, a character a piece: full is sound, a dot is silence."""
    piece_s = max(heard.seconds, 0.1) / SLICES
    reach = 1 + int(_FRAME_S / piece_s)
    marks = []
    for place in range(SLICES):
        near = [*heard.slices[place : place + reach]]
        if not any(map(any, heard.slices[place:])):
            near = [*reversed(heard.slices[max(0, place - reach + 1) : place])]  # the last frame was not yet complete
        share = next(filter(any, near), None)
        marks.append(_block(*share) if share else _NOTHING)
    return "".join(marks)


def listening(done_s: float, length_s: float, groups: int, lang: str) -> str:
    """One line that is written over and over while it listens."""
    full = min(SLICES, int(SLICES * done_s / length_s))
    say = _SAY[lang]
    return (
        f"{say['listening']} [{'#' * full}{'.' * (SLICES - full)}] {done_s:2.0f} s, {say['groups'].lower()} : {groups} "
    )


def bundle_line(file: str, lang: str) -> str:
    """What is in the archive that was just written."""
    return _wrapped("", _SAY[lang]["bundle"].format(file=file)) + "\n"


def _wrapped(head: str, text: str) -> str:
    """Lines of a terminal's width under a head; a command to type stays on one of them."""
    whole = re.sub(r"`[^`]*`", lambda found: found.group().replace(" ", _HARD_SPACE), text)
    indent = " " * len(head)
    lines = textwrap.fill(
        whole,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(_HARD_SPACE, " ")


def _block(good: int, bad: int) -> str:
    return _BLOCKS[round(good / (good + bad) * (len(_BLOCKS) - 1))]


def _heard_lines(heard: Reception, lang: str) -> list[str]:
    say = _SAY[lang]
    speed = say["speed"].format(speed=heard.speed) if heard.speed else ""
    mode = say["mode"].format(mode=mode_name(heard.mode, lang)) if heard.mode else ""
    quality = say["unknown"] if heard.score is None else f"{heard.score:.0f} % ({grade(heard.score, lang)})"
    rows = {
        say["quality"]: f"{bar(heard)}  {quality}",
        say["groups"]: say["groups_text"].format(good=heard.good, bad=heard.bad),
        say["frames"]: say["frames_text"].format(whole=heard.whole, cut=heard.cut),
    }
    if faults := [f"{FAULT_NAMES[lang][fault]} : {count}" for fault, count in heard.faults.items() if count]:
        rows[say["faults"]] = ", ".join(faults)
    width = max(map(len, rows))
    head = say["listened"].format(seconds=f"{heard.seconds:.0f}", speed=speed, mode=mode)
    return [head, "", *(f"  {name:<{width}}  {text}" for name, text in rows.items())]


def _heard_json(heard: Reception) -> dict[str, Any]:
    plain = ("speed", "seconds", "received", "nul", "text", "slow", "mode", "good", "bad", "score", "whole", "cut")
    more = ("interrupted", "dropouts", "shortened", "altered", "eight_bits", "translated")
    counts = {fault.value: count for fault, count in heard.faults.items()}
    return {name: getattr(heard, name) for name in (*plain, *more)} | {"faults": counts}


def _places(report: PortReport, lang: str) -> dict[str, str]:
    return places(report.source, report.evidence, lang, report.group)


def _rows(report: PortReport) -> list[Mapping[str, Any]]:
    """The daemon's links that concern this meter."""
    wanted = (f"port {report.name}", f"meter {report.name}")
    return [row for row in (report.daemon or {}).get("links", ()) if row["link"] in wanted]


_SAY = WordTable(
    {
        "title": "Signal doctor: {port}",
        "listened": "Listened for {seconds} s{speed}{mode}.",
        "speed": " at {speed} baud",
        "mode": ", {mode} mode",
        "quality": "Quality",
        "unknown": Phrase("unknown", "unknown"),
        "groups": "Data",
        "groups_text": "{good} good, {bad} lost",
        "frames": "Messages",
        "frames_text": "{whole} whole, {cut} cut",
        "faults": "Faults",
        "seen": "Seen",
        "likely": "Cause",
        "remedy": "To do",
        "also": "Also possible: {titles}",
        "listening": "listening",
        "daemon": "The gateway is running and reads this meter: it judges the last seconds of what it reads, "
        "as the doctor does what it hears.",
        "bundle": "Archive for support: {file} (no password, address or meter number in it; it does hold the values "
        "read while listening).",
    }
)
