"""The collector that made an invitation, asked by messages to its bare address (``federation.wire.pairing``)."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.errors import FederationError, SenMLError
from gateway.federation.wire import pairing
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.federation.connection.session import Session, Stanza
    from gateway.federation.wire.invitation import SignedInvitation

_ANSWER_S = 30.0
_NOT_ANSWERED = Phrase("{address} did not answer in time")
_NOT_REACHED = Phrase("{address} cannot be reached ({condition})")


class InvitingCollector:
    """Of one invitation."""

    def __init__(self, signed: SignedInvitation) -> None:
        self._asked, self._digest = signed.invitation, signed.digest
        self._answers: dict[str, asyncio.Future[tuple[str, str]]] = {}
        # What a session is to hear for it.
        self.hears: Mapping[str, Callable[[Stanza], None]] = {
            f"{{jabber:client}}message/{pairing.JOINED}": self._hear,
            "{jabber:client}message": self._bounced,
        }

    async def ask(self, session: Session, act: str, resource: str = "", names: tuple[str, ...] = ()) -> tuple[str, str]:
        """State and reason that it answers. FederationError where no answer comes."""
        address, number = self._asked.addresses[0], secrets.token_hex(8)
        asked = pairing.JoinRequest(act, self._asked.id, self._asked.secret, self._digest, resource, names)
        answer: asyncio.Future[tuple[str, str]]
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        session.send_message(address, number, *pairing.build_request(asked))
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await answer
        except TimeoutError as error:
            raise FederationError(_NOT_ANSWERED.filled(address=address), "remote-server-timeout") from error
        finally:
            del self._answers[number]

    def _hear(self, stanza: Stanza) -> None:
        waiting = self._answers.get(stanza.id)
        found = stanza.xml.find(pairing.JOINED)
        # Nobody but the one that was asked answers for it.
        if waiting is None or waiting.done() or found is None or stanza.sender != self._asked.addresses[0]:
            return
        if stanza.type != "error":
            with suppress(SenMLError):
                waiting.set_result(pairing.parse_answer(found))

    def _bounced(self, stanza: Stanza) -> None:
        waiting = self._answers.get(stanza.id)
        error = stanza.xml.find("{jabber:client}error")
        if stanza.type != "error" or waiting is None or waiting.done() or error is None:
            return
        condition = next((child.tag.partition("}")[2] for child in error if "xmpp-stanzas" in child.tag), "error")
        why = _NOT_REACHED.filled(address=self._asked.addresses[0], condition=same(condition))
        waiting.set_exception(FederationError(why, condition))
