"""The command ``health``: whether the gateway is well, for an installer whom its household lets ask. Never a reading.

Who may not ask is answered like whoever asks for a command that there is not (``item-not-found``), so that nobody finds
out whether somebody else may. No form has to be filled in. The answer is a result form (XEP-0004):

    state        ok, waiting (not everything of a meter has been heard yet) or broken
    version      of the program
    frame_age    seconds since the last frame of the meter that was heard last; empty before the first one
    disk_free    per cent of the disk that are free; empty where nobody knows
    until        when the household's consent ends (ISO 8601, not included)
    release      the newer version that it knows of; empty where there is none
    support_end  the last day (ISO 8601) on which the version that runs is mended; empty where nobody has said

and a row for each link: ``link`` (meter, port, decode, clock, counter, store, disk, keeping, backup, page, mqtt, xmpp,
cell: there only where a part of the program fails again and again), ``number`` (which meter or counter of the house,
from 1; empty for the others), ``state`` (ok, waiting, broken), ``age`` (of a meter seconds since its last frame, of
what is not ok seconds since then; else empty) and ``cause`` (of a meter that is not well, a code of
``gateway/doctor/causes.py``; else empty). No names of meters, no addresses, no sentences: these may hold what a
household has not shown. Who reads an answer takes nothing that is not of this form, since it may come from anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.errors import FederationError
from gateway.federation.wire.form import DATA, Answer, CommandRequest, Table, parse_result, unknown_command
from gateway.store.recorder import iso
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from xml.etree.ElementTree import Element

    from gateway.store.health import HealthAnswers

NODE = "health"
STATES = ("ok", "waiting", "broken")

# The text of 0.1.0: nothing of a newer version, nor that one could be asked for.
_WITHOUT_UPDATES = "health-1"
_MOST_LINKS, _MOST_S = 200, 10**9
_CODE = re.compile(r"[a-z0-9-]{1,32}")
_VERSION = re.compile(r"[0-9A-Za-z.+~-]{1,40}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_COLUMNS = (
    ("link", Phrase("Link")),
    ("number", Phrase("Number")),
    ("state", Phrase("Status")),
    ("age", Phrase("For (s)")),
    ("cause", Phrase("Cause")),
)
_STATE, _VERSION_WORD = Phrase("Status"), Phrase("Version")
_FRAME_AGE = Phrase("Age of the last frame (s)")
_DISK_FREE = Phrase("Free disk (%)")
_UNTIL = Phrase("Household's consent until")
_RELEASE, _SUPPORT_END = Phrase("Newer version"), Phrase("Mended until")


@dataclass(frozen=True, slots=True)
class LinkCondition:
    """One link as an installer may know it: kind, which of several, state, age in seconds, code of the cause."""

    link: str
    number: int | None
    state: str
    age_s: int | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a gateway is: its state, version, age of the last frame in seconds, per cent of the disk free, links.

    ``until`` is when the consent to ask ends (POSIX seconds); known to who has asked. ``release`` is the newer version
    that it knows of, ``support_end`` the last day on which its own is mended (ISO 8601); empty for none.
    """

    state: str
    version: str
    frame_age_s: int | None
    disk_free: int | None
    links: tuple[LinkCondition, ...] = ()
    until: int | None = None
    release: str = ""
    support_end: str = ""


class HealthQuery:
    """Answers who may ask, on the word of an answer of the household that holds now.

    Args:
        health: of the store, asked through ``call``.
        call: ``await call(function, *arguments)``.
        clock: the host's POSIX seconds.
        condition: how the gateway is at this moment.
    """

    def __init__(
        self,
        health: HealthAnswers,
        call: Callable[..., Awaitable[Any]],
        clock: Callable[[], float],
        condition: Callable[[], Condition],
    ) -> None:
        self._health = health
        self._call, self._clock, self._condition = call, clock, condition

    async def check(self, asker: str) -> int:
        """Until when the asker may know. Raises RequestError, as for a command that there is not, when it may not."""
        until = await self._call(self._health.sees, asker, self._clock())
        if until is None:
            raise unknown_command()
        return int(until)

    async def knows_updates(self, asker: str) -> bool:
        """Whether the text that the household said yes to has a word of versions and updates (``health-2``)."""
        answer = await self._call(self._health.of, asker)
        return answer is not None and answer.proof.text_version != _WITHOUT_UPDATES

    async def answer(self, question: CommandRequest) -> Answer:
        """How the gateway is now."""
        until, now = await self.check(question.asker), self._condition()
        if not await self.knows_updates(question.asker):
            now = replace(now, release="", support_end="")
        rows = [(one.link, _text(one.number), one.state, _text(one.age_s), one.cause) for one in now.links]
        return Answer(
            (
                ("state", _STATE, now.state),
                ("version", _VERSION_WORD, now.version),
                ("frame_age", _FRAME_AGE, _text(now.frame_age_s)),
                ("disk_free", _DISK_FREE, _text(now.disk_free)),
                ("until", _UNTIL, iso(until)),
                ("release", _RELEASE, now.release),
                ("support_end", _SUPPORT_END, now.support_end),
            ),
            table=Table(_COLUMNS, rows),
        )


def read_condition(answer: Element) -> Condition:
    """The condition in the answer to the command. Raises FederationError when it is none."""
    told = parse_result(answer)
    items = answer.findall(f"{{{DATA}}}x/{{{DATA}}}item")
    if answer.get("node") != NODE or told.get("result") != "Success" or len(items) > _MOST_LINKS:
        raise _nonsense("it is no answer to this command")
    return Condition(
        _one_of(STATES, told.get("state", "")),
        _matching(_VERSION, told.get("version", "")),
        _number(told.get("frame_age", "")),
        _number(told.get("disk_free", "")),
        tuple(_read_link(item) for item in items),
        _moment(told.get("until", "")),
        _matching(_VERSION, told["release"]) if told.get("release") else "",
        _matching(_DAY, told["support_end"]) if told.get("support_end") else "",
    )


def _read_link(item: Element) -> LinkCondition:
    cells = {field.get("var"): field.findtext(f"{{{DATA}}}value") or "" for field in item.findall(f"{{{DATA}}}field")}
    cause = cells.get("cause", "")
    return LinkCondition(
        _matching(_CODE, cells.get("link", "")),
        _number(cells.get("number", "")),
        _one_of(STATES, cells.get("state", "")),
        _number(cells.get("age", "")),
        cause and _matching(_CODE, cause),
    )


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _MOST_S):
        raise _nonsense("a number in it is none")
    return int(text)


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise _nonsense("a time in it has no offset")
        return int(moment.timestamp())
    except (ValueError, OverflowError) as error:
        raise _nonsense("a time in it is none") from error


def _one_of(known: tuple[str, ...], text: str) -> str:
    if text not in known:
        raise _nonsense("a state in it is none")
    return text


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise _nonsense("a word in it is none")
    return text


def _nonsense(why: str) -> FederationError:
    return FederationError(f"the answer cannot be used: {why}", "bad-request")
