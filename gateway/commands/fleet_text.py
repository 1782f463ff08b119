"""What a fleet's gateways said, for a person in French or English, and as JSON for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.commands.fleet_ask import FleetAnswer, Grade
from gateway.consent.text import day
from gateway.doctor.causes import Cause
from gateway.doctor.judgement import places
from gateway.doctor.sentences import words
from gateway.store.recorder import iso
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.commands.fleet_ask import AskableGateway
    from gateway.commands.fleet_update import FleetUpdate
    from gateway.federation.provider.health import Condition, LinkCondition

# Said of a consent that is asked for again soon.
_SOON_S = 30 * 86_400

_MARKS = {Grade.BROKEN: "✗", Grade.UNHEARD: "?", Grade.REFUSED: "?", Grade.WAITING: "…", Grade.OK: "✓"}


_WORDS = WordTable(
    {
        "grades": {
            Grade.BROKEN: Phrase("broken", "broken"),
            Grade.UNHEARD: "unreachable",
            Grade.REFUSED: "no consent",
            Grade.WAITING: Phrase("waiting", "waiting"),
            Grade.OK: "well",
        },
        "frame": "frame {} ago",
        "no_frame": Phrase("no frame yet", "no frame"),
        "disk": "disk {} % free",
        "version": "version {}",
        "release": "version {} is there",
        "support": "mended until {}",
        "support_ended": "its version is not mended any more since {}",
        "meter": "meter {}: {}",
        "counter": "pulse counter {}: out of order",
        "until": "the household's consent ends on {}",
        "broken": {
            "store": "the database cannot be written",
            "disk": "the disk is nearly full",
            "keeping": "it keeps less detail, for want of room or of means",
            "backup": "the backup is late",
            "page": "the page cannot be served",
            "cell": "a part of its program stops again and again",
            "mqtt": "the MQTT broker does not answer",
            "xmpp": "the link to its server is broken",
            "port": "the port cannot be opened",
            "decode": "what comes from the meter cannot be read",
            "clock": "the meter's time is not the gateway's",
        },
        "other": "{} is broken",
        "why": {
            Grade.BROKEN: "it answers, and cannot read its database",
            Grade.REFUSED: "the household has not consented, or no longer does, or the program is too old",
            "remote-server-timeout": "no answer in time",
            "service-unavailable": "it is not connected to its server: power, Internet or account",
            "recipient-unavailable": "it is not connected to its server: power, Internet or account",
            "remote-server-not-found": "its server cannot be reached",
            "bad-request": "its answer cannot be understood: update this program",
        },
        "refused_else": "the request came back ({})",
        "all": "{} gateways: {}",
        "one": "1 gateway: {}",
        "units": ("d", "h", "min", "s"),
    }
)
_OF_A_METER = ("port", "decode", "clock")


def as_text(reports: Sequence[FleetAnswer], lang: str, now: float) -> str:
    """One line for each gateway, under it a sentence for each thing that is wrong; then how many there are of which."""
    said = _WORDS[lang]
    names = [_name(one) for one in reports]
    wide, grade_wide = max(map(len, names)), max(map(len, said["grades"].values()))
    lines = []
    for name, one in zip(names, reports, strict=True):
        facts = _said_of(one, lang)
        lines.append(f"{_MARKS[one.grade]} {name:<{wide}}  {said['grades'][one.grade]:<{grade_wide}}  {facts}")
        if one.condition:
            lines += [f"    {sentence}" for sentence in sentences(one.condition, lang, now)]
    return "\n".join([*lines, summary(reports, lang)])


def change_as_text(before: FleetAnswer | None, now_is: FleetAnswer, lang: str, now: float) -> str:
    """A gateway whose state, cause or version is another: what it was, what it is, and a line for each sentence."""
    grades = _WORDS[lang]["grades"]
    was = f"{grades[before.grade]} → " if before and before.grade is not now_is.grade else ""
    line = f"{_MARKS[now_is.grade]} {_name(now_is)}  {was}{grades[now_is.grade]}  {_said_of(now_is, lang)}"
    told = sentences(now_is.condition, lang, now) if now_is.condition else []
    return "\n".join([line, *(f"    {sentence}" for sentence in told)])


def summary(reports: Sequence[FleetAnswer], lang: str) -> str:
    """How many there are of which."""
    said = _WORDS[lang]
    counts = [(grade, sum(one.grade is grade for one in reports)) for grade in Grade]
    told = ", ".join(f"{count} {said['grades'][grade]}" for grade, count in counts if count)
    return str(said["one"].format(told) if len(reports) == 1 else said["all"].format(len(reports), told))


def _said_of(report: FleetAnswer, lang: str) -> str:
    return " · ".join(_facts(report.condition, lang)) if report.condition else _why(report, lang)


_HOW = WordTable(
    {
        "done": "runs {}, and what worked works",
        "back": "went back by itself: {} did not keep what worked",
        "stayed": "{} was not installed: its own status says why",
        "worse": "runs {}, and a link that worked does not any more",
        "unheard": "does not answer any more, {} or not",
        "refused": "the household says no to {}",
        "unanswered": "the household has not answered to {}",
        "no-consent": "the household has not consented, or the program is too old for {}",
        "unknown": "knows of no signed list that names {}",
        "not_asked": "not asked for {}",
        "ended_well": "up to date",
        "ended_badly": "needs checking",
        "left": "not updated",
        "stopped": "stopped: nobody else is asked. Look at these gateways first; the same command goes on.",
        "all": "{} gateways: {}",
        "one": "1 gateway: {}",
    }
)
_BAD = ("back", "stayed", "worse", "unheard")


def update_as_text(campaign: FleetUpdate, gateways: Sequence[AskableGateway], lang: str) -> str:
    """One line for each gateway, in the order in which they were to be asked; then how many ended how."""
    said = _HOW[lang]
    names = [_named(one) for one in gateways]
    wide = max(map(len, names))
    lines, counts = [], {"ended_well": 0, "ended_badly": 0, "left": 0}
    for name, one in zip(names, gateways, strict=True):
        how = campaign.ended.get(one.jid, "not_asked")
        mark, kind = ("✓", "ended_well") if how == "done" else ("✗", "ended_badly") if how in _BAD else ("…", "left")
        counts[kind] += 1
        lines.append(f"{mark} {name:<{wide}}  {said[how].format(campaign.version)}")
    if campaign.stopped:
        lines.append(said["stopped"])
    told = ", ".join(f"{count} {said[kind]}" for kind, count in counts.items() if count)
    lines.append(said["one"].format(told) if len(gateways) == 1 else said["all"].format(len(gateways), told))
    return "\n".join(lines)


def sentences(condition: Condition, lang: str, now: float) -> list[str]:
    """What is wrong, or will be soon: of a meter its likely cause, which stands for its port and the rest of it."""
    several = sum(one.link == "meter" for one in condition.links) > 1
    explained = {one.number for one in condition.links if one.link == "meter" and one.cause}
    found = []
    for one in condition.links:
        if one.link == "meter" and one.cause:
            title = _title(one.cause, lang)
            found.append(_WORDS[lang]["meter"].format(one.number, title) if several else title)
        elif one.state == "broken" and not (one.link in _OF_A_METER and one.number in explained):
            found.append(_broken(one, lang))
    if condition.support_end and condition.support_end < iso(int(now))[:10]:
        found.append(_WORDS[lang]["support_ended"].format(condition.support_end))
    if condition.until is not None and condition.until - now < _SOON_S:
        found.append(_WORDS[lang]["until"].format(day(condition.until - 1)))
    return found


def as_json(reports: Sequence[FleetAnswer], lang: str, now: float) -> list[dict[str, object]]:
    """The form of ``fleet status --json``."""
    return [_row(one, lang, now) for one in reports]


def _row(report: FleetAnswer, lang: str, now: float) -> dict[str, object]:
    row: dict[str, object] = {"gateway": report.gateway.jid, "site": report.gateway.site}
    row["state"] = report.grade.name.lower()
    told = report.condition
    if told is None:
        return row | {"condition": report.why, "sentences": [_why(report, lang)]}
    links = [
        {"link": one.link, "number": one.number, "state": one.state, "age_s": one.age_s, "cause": one.cause or None}
        for one in told.links
    ]
    facts = {"version": told.version, "frame_age_s": told.frame_age_s, "disk_free_percent": told.disk_free}
    facts |= {"release": told.release or None, "support_end": told.support_end or None}
    until = None if told.until is None else iso(told.until)
    return row | facts | {"until": until, "sentences": sentences(told, lang, now), "links": links}


def _name(report: FleetAnswer) -> str:
    return _named(report.gateway)


def _named(gateway: AskableGateway) -> str:
    """The account, and where it is; what a file or a contact list says is made safe for a terminal."""
    site = "".join(letter for letter in gateway.site if letter.isprintable())[:40]
    return f"{gateway.bare}  {site}".rstrip()


def _facts(condition: Condition, lang: str) -> Iterator[str]:
    said = _WORDS[lang]
    if any(one.link == "meter" for one in condition.links):
        age = condition.frame_age_s
        yield said["no_frame"] if age is None else said["frame"].format(_age(age, lang))
    if condition.disk_free is not None:
        yield said["disk"].format(condition.disk_free)
    yield said["version"].format(condition.version)
    if condition.release:
        yield said["release"].format(condition.release)
    if condition.support_end:
        yield said["support"].format(condition.support_end)


def _why(report: FleetAnswer, lang: str) -> str:
    """Why there is no condition."""
    why = _WORDS[lang]["why"]
    if report.grade in why:
        return str(why[report.grade])
    return str(why.get(report.why) or _WORDS[lang]["refused_else"].format(report.why))


def _title(code: str, lang: str) -> str:
    """The cause as the doctor calls it; its code where this program is older than the gateway."""
    try:
        cause = Cause(code)
    except ValueError:
        return code
    return words(cause, lang, places("…", None, lang)).title


def _broken(link: LinkCondition, lang: str) -> str:
    said = _WORDS[lang]
    if link.link == "counter":
        return str(said["counter"].format(link.number))
    return str(said["broken"].get(link.link) or said["other"].format(link.link))


def _age(seconds: int, lang: str) -> str:
    *larger, smallest = zip(_WORDS[lang]["units"], (86_400, 3_600, 60, 1), strict=True)
    for unit, length in larger:
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} {smallest[0]}"
