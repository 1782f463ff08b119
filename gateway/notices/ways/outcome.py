"""What a way answers to a message, and what the message is."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from gateway.notices.events import Urgency


class NoticeAnswer(enum.Enum):
    """Whether it was told, may be told later, or never will be like this."""

    DONE = "done"
    AGAIN = "again"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one message: why not, and after how many seconds the other side would like to hear of it again.

    ``gone``: whoever was told there is no more, and never will be.
    """

    answer: NoticeAnswer
    why: Phrase = NOTHING
    after_s: float | None = None
    gone: bool = False


DONE = Outcome(NoticeAnswer.DONE)


def again(why: Phrase, after_s: float | None = None) -> Outcome:
    """It may go later."""
    return Outcome(NoticeAnswer.AGAIN, why, after_s)


def refused(why: Phrase) -> Outcome:
    """It will not go until a person has changed something."""
    return Outcome(NoticeAnswer.REFUSED, why)


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves at once: one text, of one or several notices.

    ``ident`` is the same each time it is tried, for whoever sees it twice; ``at`` POSIX seconds; ``events`` are the
    words of what it is about; ``until`` POSIX seconds, after which it is of no use any more.
    """

    ident: str
    level: Urgency
    title: str
    text: str
    lang: str
    at: int
    events: tuple[str, ...] = ()
    until: int = 0


# So many characters a text may have on each way (a SMS; a push message, sealed, four thousand bytes; Telegram, ntfy and
# Gotify take about four thousand).
MOST_SMS, MOST_PUSH, MOST_TEXT = 160, 800, 3500
