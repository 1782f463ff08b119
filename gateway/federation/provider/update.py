"""The command ``update``: an installer asks that a version be installed, and how that stands; the household decides.

Who may not ask whether the gateway is well may not ask this either, and is answered like whoever asks for a command
that there is not. Two fields, none of which must be there: ``version``, the one that is wanted (without it only what is
known is told), and ``ask`` (``yes``: the household is asked, unless it has answered, and without a version one is
looked for; else nothing changes). No file and no address comes with it: a gateway installs what its own folder of
releases says and its own keys believe. The answer is a result form (XEP-0004):

    state      how it stands with that version, a word of ``STATES``; empty without one
    version    of the program that runs
    release    the newer version that the gateway knows of; empty where there is none
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import FederationError
from gateway.federation.wire.form import (
    Answer,
    CommandRequest,
    bad_request,
    build_submit,
    parse_result,
    unknown_command,
)
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from xml.etree.ElementTree import Element

    from gateway.federation.provider.health import HealthQuery

NODE = "update"
# It runs; no list that the gateway believes names it, or it is not newer; the household has not answered; it has said
# no; it has agreed; it is being installed; it was tried and did not stay; nothing of it is under way.
STATES = ("current", "unknown", "asked", "refused", "agreed", "installing", "back", "none")

_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!]{0,49}")
_WORDS = {"state": Phrase("Status"), "version": Phrase("Version"), "release": Phrase("Newer version")}
_NO_VERSION = Phrase("this is no version")


@dataclass(frozen=True, slots=True)
class UpdateStanding:
    """How a gateway stands with a version: a word of ``STATES`` or "", what runs, and the newer one it knows or ""."""

    state: str
    running: str
    release: str


class UpdateQuery:
    """Asks the household for an installer, and answers it.

    Args:
        health: knows who may ask.
        ask: ``await ask(version, asker, wants)``: how that stands; where it ``wants`` it, the household is asked.
    """

    def __init__(self, health: HealthQuery, ask: Callable[[str, str, bool], Awaitable[UpdateStanding]]) -> None:
        self._health, self._ask = health, ask

    async def answer(self, question: CommandRequest) -> Answer:
        """How it stands."""
        await self._health.check(question.asker)
        if not await self._health.knows_updates(question.asker):
            raise unknown_command()
        version = question.fields.get("version", "").strip()
        if version and not _VERSION.fullmatch(version):
            raise bad_request(_NO_VERSION)
        now = await self._ask(version, question.asker, question.fields.get("ask") == "yes")
        told = {"state": now.state, "version": now.running, "release": now.release}
        return Answer([(name, _WORDS[name], value) for name, value in told.items()])


def request_update(version: str, *, ask: bool) -> Element:
    """The installer's side: the command."""
    return build_submit(NODE, {"version": version, "ask": "yes" if ask else "no"})


def read_standing(answer: Element) -> UpdateStanding:
    """The installer's side: what came back, from whoever it came. Raises FederationError when it is none."""
    told = parse_result(answer)
    state, running, release = (told.get(name, "") for name in ("state", "version", "release"))
    whole = answer.get("node") == NODE and told.get("result") == "Success" and state in (*STATES, "")
    if not whole or not _is_version(running) or (release and not _is_version(release)):
        raise FederationError("the answer cannot be used: it is no answer to this command", "bad-request")
    return UpdateStanding(state, running, release)


def _is_version(text: str) -> bool:
    return len(text) <= 50 and _VERSION.fullmatch(text.replace("~", "!").replace("-", "!")) is not None
