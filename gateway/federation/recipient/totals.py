"""A recipient's answers: how much it has of what a gateway sent it, to that gateway alone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.errors import FederationError, StoreError
from gateway.federation.wire.form import RequestError, build_error
from gateway.federation.wire.total import TOTAL, build_answer, parse_question
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.federation.connection.session import Session, Stanza
    from gateway.federation.wire.total import AskedStretch, SeriesTotal

log = logging.getLogger(__name__)

_NOT_HERE = Phrase("this is answered to nobody here but whose data it is")
_UNREADABLE = Phrase("the store cannot be read now")


class TotalsAnswers:
    """Answers on a session.

    Args:
        session: where the questions come in.
        totals: bare JID of a gateway -> what counts of what it sent. Raises StoreError.
    """

    def __init__(self, session: Session, totals: Mapping[str, Callable[[AskedStretch], SeriesTotal]]) -> None:
        self._session, self._totals = session, totals
        session.listen(f"{{jabber:client}}iq/{TOTAL}", self._take)

    def _take(self, question: Stanza) -> None:
        element, totals = question.xml.find(TOTAL), self._totals.get(question.sender)
        if question.type not in ("get", "set") or element is None:
            return
        if totals is None or question.type == "set":
            # As by a program that knows no such question: a stranger learns nothing of whom it receives from.
            self._refuse(question, RequestError("cancel", "service-unavailable", _NOT_HERE))
            return
        try:
            stretch = parse_question(element)
            self._session.answer(question, build_answer(stretch, totals(stretch)))
        except (FederationError, OverflowError) as error:
            # A value beyond all thousandths has no line.
            self._refuse(question, RequestError("modify", "bad-request", same(str(error))))
        except StoreError as error:
            log.error("the gateway's question could not be answered: %s", error)  # noqa: TRY400 (no traceback)
            self._refuse(question, RequestError("wait", "internal-server-error", _UNREADABLE))

    def _refuse(self, question: Stanza, error: RequestError) -> None:
        self._session.answer(question, build_error(error, question.lang), error=True)
