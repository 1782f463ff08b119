"""The household asks in any XMPP client, and is answered in the language of its question.

Only its own addresses are: whoever else writes gets nothing, not even an error, and learns nothing. A few questions a
minute are answered, then one sentence says so, then none: two programs that answer each other fall silent.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.balance.calendar import day_of
from gateway.errors import GatewayError
from gateway.federation.connection.waiting import wait_any
from gateway.notices.chat.messages import ALERT_ID
from gateway.notices.chat.words import WORDS
from gateway.words.catalogue import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from gateway.federation.connection.session import Session, Stanza
    from gateway.notices.chat.questions import HouseholdQuestion

log = logging.getLogger(__name__)

# So many answers in a minute to one address; the first too many is told so.
MOST_ANSWERS, PERIOD_S = 6, 60.0

# More than that nobody waits for; and longer than that neither.
_MOST_WAITING, _PATIENCE_S = 10, 30.0
_ROUND_S = 60.0

_CLIENT = "jabber:client"
_DELAY = "{urn:xmpp:delay}delay"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ANSWER = "answer-"
_OURS = (_ANSWER, ALERT_ID)
_ASKED = {"chat", "normal", ""}


class Chat:
    """Hears questions and answers them in turn.

    Args:
        session: the gateway's own session.
        addresses: the household's bare JIDs.
        language: ``fr`` or ``en``, where the question does not say.
        answer: the text for a question in a language; raises GatewayError when it cannot be had.
        clock: monotonic seconds.
        wall_clock: POSIX seconds, of which "yesterday" is said.
    """

    def __init__(
        self,
        session: Session,
        addresses: Collection[str],
        language: str,
        answer: Callable[[HouseholdQuestion, str], Awaitable[str]],
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._time = wall_clock
        self._session, self._addresses, self._language = session, frozenset(addresses), language
        self._answer, self._clock = answer, clock
        self._given: dict[str, deque[float]] = {}
        self._asked: deque[Stanza] = deque(maxlen=_MOST_WAITING)
        self._wake = asyncio.Event()
        self.alive_at = time.monotonic()
        session.listen(f"{{{_CLIENT}}}message/{{{_CLIENT}}}body", self._hear)

    def move(self, addresses: Collection[str], language: str) -> None:
        """Answer these from now on."""
        self._addresses, self._language = frozenset(addresses), language

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            self._wake.clear()
            await self._answer_all()
            await wait_any(_ROUND_S, self._wake, stop)

    async def _answer_all(self) -> None:
        while self._asked:
            await self._reply(self._asked.popleft())

    def _hear(self, stanza: Stanza) -> None:
        # What waited in an offline store was asked of another moment; the answers would come in a heap. What a gateway
        # says, this one under the household's own account or another one of the family, is no question.
        asked = stanza.type in _ASKED and not stanza.id.startswith(_OURS) and stanza.xml.find(_DELAY) is None
        if stanza.sender in self._addresses and asked:
            self._asked.append(stanza)
            self._wake.set()

    async def _reply(self, stanza: Stanza) -> None:
        body = stanza.xml.find(f"{{{_CLIENT}}}body")
        text = (body.text or "").strip() if body is not None else ""
        if not text:
            return
        from gateway.notices.chat.questions import understand  # noqa: PLC0415 (loaded by the first who asks)

        question = understand(text, day_of(self._time()))
        lang = (question.lang if question else None) or _known(stanza.lang) or self._language
        given, now = self._given.setdefault(stanza.sender, deque()), self._clock()
        while given and now - given[0] > PERIOD_S:
            given.popleft()
        if len(given) > MOST_ANSWERS:
            return
        given.append(now)
        if len(given) > MOST_ANSWERS:
            self._say(stanza, WORDS[lang]["too-often"], lang)
        elif question is None:
            self._say(stanza, WORDS[lang]["not-understood"], lang)
        else:
            self._say(stanza, await self._text(question, lang), lang)

    async def _text(self, question: HouseholdQuestion, lang: str) -> str:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._answer(question, lang)
        except (GatewayError, TimeoutError) as error:
            log.debug("a question could not be answered: %s", error)
            return str(WORDS[lang]["cannot"])

    def _say(self, stanza: Stanza, text: str, lang: str) -> None:
        body = ET.Element(f"{{{_CLIENT}}}body", {_LANG: lang})
        body.text = text
        self._session.send_message(stanza.origin, f"{_ANSWER}{secrets.token_hex(8)}", body)


def _known(lang: str) -> str | None:
    """The language of a message, where it is one of ours."""
    first = lang.lower().partition("-")[0]
    return first if first in LANGUAGES else None
