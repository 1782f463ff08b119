"""A recipient's answers: how much it has of what a gateway sent it, to that gateway alone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.errors import FederationError, StoreError
from gateway.federation.wire.form import RequestError, build_error
from gateway.federation.wire.total import TOTAL, build_answer, parse_question
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from gateway.federation.connection.session import Session, Stanza
    from gateway.federation.wire.total import AskedStretch, SeriesTotal

log = logging.getLogger(__name__)

_NOT_HERE = Phrase("this is answered to nobody here but whose data it is")
_UNREADABLE = Phrase("the store cannot be read now")


class TotalQuestions:
    """The questions that come in on a session: nonsense is refused, and so is whoever's data are not here.

    Args:
        session: where they come in; listening begins at once.
        known: bare JIDs of the gateways that are answered; may change.
        take: given a question and what is asked for; it is answered at once or later, by ``answer`` or ``refuse``.
    """

    def __init__(self, session: Session, known: Container[str], take: Callable[[Stanza, AskedStretch], None]) -> None:
        self._session, self._known, self._hand_over = session, known, take
        session.listen(f"{{jabber:client}}iq/{TOTAL}", self._take)

    def answer(self, question: Stanza, stretch: AskedStretch, total: SeriesTotal) -> None:
        """Answer one."""
        self._session.answer(question, build_answer(stretch, total))

    def refuse(self, question: Stanza, error: RequestError) -> None:
        """Refuse one."""
        self._session.answer(question, build_error(error, question.lang), error=True)

    def nonsense(self, question: Stanza, error: FederationError) -> None:
        """Refuse what cannot be: what is asked for, or a value of it that has no line."""
        self.refuse(question, RequestError("modify", "bad-request", same(str(error))))

    def unreadable(self, question: Stanza) -> None:
        """Refuse one that may be asked again later."""
        self.refuse(question, RequestError("wait", "resource-constraint", _UNREADABLE))

    def _take(self, question: Stanza) -> None:
        element = question.xml.find(TOTAL)
        if question.type not in ("get", "set") or element is None:
            return
        if question.type == "set" or question.sender not in self._known:
            # As by a program that knows no such question: a stranger learns nothing of whom it receives from.
            self.refuse(question, RequestError("cancel", "service-unavailable", _NOT_HERE))
            return
        try:
            self._hand_over(question, parse_question(element))
        except FederationError as error:
            self.nonsense(question, error)


class TotalsAnswers:
    """Answers at once, from a file.

    Args:
        session: where the questions come in.
        totals: bare JID of a gateway -> what counts of what it sent. Raises StoreError.
    """

    def __init__(self, session: Session, totals: Mapping[str, Callable[[AskedStretch], SeriesTotal]]) -> None:
        self._totals = totals
        self._questions = TotalQuestions(session, totals, self._answer)

    def _answer(self, question: Stanza, stretch: AskedStretch) -> None:
        try:
            self._questions.answer(question, stretch, self._totals[question.sender](stretch))
        except StoreError as error:
            log.error("the gateway's question could not be answered: %s", error)  # noqa: TRY400 (no traceback)
            self._questions.unreadable(question)
