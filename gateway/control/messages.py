"""Every order that a gateway can be given, and how one is read from the socket: an object whose ``do`` says which.

Light, for whoever asks: who does them is in ``orders`` and in the running daemon.
"""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any, ClassVar, Literal

import msgspec

from gateway.consent import orders as of_consents
from gateway.consent.orders import Order, Row, Shown
from gateway.errors import GatewayError
from gateway.privacy import orders as of_data
from gateway.privacy.orders import Erase
from gateway.words.phrase import Phrase, same

__all__ = [
    "OF_DATA",
    "OF_HISTORY",
    "AccountOrder",
    "AddHistory",
    "AskHelper",
    "AskNow",
    "ChangeSettings",
    "EnterReading",
    "Erase",
    "ForgetHistoryFile",
    "Join",
    "JoinStop",
    "JoinText",
    "NoticeList",
    "NoticeTest",
    "PageCode",
    "PageWelcome",
    "PageWhere",
    "ReadingForm",
    "Settle",
    "Status",
    "UndoHistory",
    "Update",
    "read",
    "unknown",
]

_NO_ORDER = Phrase("not an order: {why}")


class ReadingForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was entered, in the words of the command line; ``at`` POSIX seconds, None for now."""

    series: str
    value: str
    unit: str | None = None
    at: int | None = None
    meter: str | None = None
    force: bool = False


class Status(Order[Row], frozen=True, kw_only=True, tag="status"):
    """How each link is."""


class Settle(Order[None], frozen=True, kw_only=True, tag="settle"):
    """Commit what was postponed: somebody is about to read the file, and does not wait long for the last minutes."""

    patience_s: ClassVar[float] = 3.0


class AskNow(Order[Row], frozen=True, kw_only=True, tag="now"):
    """The house now; since the ``turn`` of an earlier answer: as soon as it is another, or after ``wait_s``."""

    since: int | None = None
    wait_s: float | None = None


class EnterReading(Order[Row], frozen=True, kw_only=True, tag="reading"):
    """Store a reading by hand; what was stored."""

    order: ReadingForm


class AddHistory(Order[Row], frozen=True, kw_only=True, tag="history-add"):
    """Keep a batch of imported points that lies as ``spool`` beside the database; what was kept."""

    # Nothing of it is sent to anybody.
    looks: ClassVar[bool] = True
    patience_s: ClassVar[float] = 600.0

    spool: str


class UndoHistory(Order[Row], frozen=True, kw_only=True, tag="history-undo"):
    """Delete a batch with its points and its file; what it was."""

    looks: ClassVar[bool] = True
    patience_s: ClassVar[float] = 600.0

    number: int


class ForgetHistoryFile(Order[Row], frozen=True, kw_only=True, tag="history-forget-file"):
    """Delete the file of a batch and keep its points; what it was."""

    looks: ClassVar[bool] = True
    patience_s: ClassVar[float] = 60.0

    number: int


class ChangeSettings(Order[Row], frozen=True, kw_only=True, tag="settings-change"):
    """Change a setting (``gateway.config.settings.with_value``), or take a change back; what was made anew for it."""

    looks: ClassVar[bool] = True
    # A part that ends says goodbye first.
    patience_s: ClassVar[float] = 60.0

    place: str
    value: Any = None
    take_back: bool = False
    # Where it counts at a start alone: have the helper start the gateway again.
    restart: bool = False


class AskHelper(Order[Row], frozen=True, kw_only=True, tag="helper"):
    """Have an act done that needs root (``gateway/upkeep/helper``); what it found."""

    looks: ClassVar[bool] = True
    patience_s: ClassVar[float] = 1000.0

    act: str
    arguments: dict[str, Any]


class AccountOrder(Order[list[str] | None], frozen=True, kw_only=True, tag="account"):
    """Do something with the household's account: a ``new`` password (a random one where it is None), a block."""

    patience_s: ClassVar[float] = 60.0

    action: Literal["password", "block", "unblock", "blocked"]
    new: str | None = None
    who: str = ""


class NoticeTest(Order[list[Row]], frozen=True, kw_only=True, tag="notice-test"):
    """Send a test by one of the household's ways, or by all; what came of it on each."""

    looks: ClassVar[bool] = True
    # A mail takes half a minute, a program of others one.
    patience_s: ClassVar[float] = 75.0

    way: str | None = None


class NoticeList(Order[Row], frozen=True, kw_only=True, tag="notice-list"):
    """The household's ways, and what was last to be told there."""

    looks: ClassVar[bool] = True

    most: int = 20


class PageCode(Order[str], frozen=True, kw_only=True, tag="page-code"):
    """A new code with which the page's password can be set."""


class PageWelcome(Order[Row], frozen=True, kw_only=True, tag="page-welcome"):
    """Where the page is, and a code while it has no password."""


class PageWhere(Order[Row], frozen=True, kw_only=True, tag="page-where"):
    """Where the page is, and whether it has a password or a code."""


class Update(Order[Row], frozen=True, kw_only=True, tag="update"):
    """How updates stand, after this was done: the list of releases read, a version agreed to or refused."""

    looks: ClassVar[bool] = True
    patience_s: ClassVar[float] = 60.0

    action: Literal["status", "check", "install", "tonight", "refuse", "back"] = "status"
    lang: str = "en"
    # The one that was shown: another is not installed in its place.
    version: str = ""


class JoinText(Order[Row], frozen=True, kw_only=True, tag="join-text"):
    """The text to read before a co-operative is joined by the invitation of this ``link``; nothing is asked of it.

    An empty link is that of the invitation that the card brought.
    """

    looks: ClassVar[bool] = True

    link: str
    lang: str
    meter: str | None = None


class Join(Order[Row], frozen=True, kw_only=True, tag="join"):
    """The household's yes to it: account, consents, and a word to the collector; what was given."""

    # A login at the gateway's server, and two answers of the collector.
    patience_s: ClassVar[float] = 300.0

    link: str
    shown: Shown
    meter: str | None = None


class JoinStop(Order[Row], frozen=True, kw_only=True, tag="join-stop"):
    """Carry out no more what waits of a yes, and forget why the last one came to nothing: ``stopped``, ``refused``.

    GatewayError where there is neither, and one that the card brought waits for its answer at the page.
    """

    looks: ClassVar[bool] = True
    patience_s: ClassVar[float] = 60.0


OF_DATA = (
    *(of_data.Preview, of_data.Erase, of_data.Rectify, of_data.Remove),
    *(of_data.Restore, of_data.Withdraw, of_data.Rotate),
)
OF_HISTORY = AddHistory, UndoHistory, ForgetHistoryFile
_TYPES = (
    *(Status, Settle, AskNow, EnterReading, ChangeSettings, AskHelper, AccountOrder, PageCode, PageWelcome, PageWhere),
    *(*OF_HISTORY, NoticeTest, NoticeList, Update, Join, JoinText, JoinStop),
    *(of_consents.Grant, of_consents.Revoke, of_consents.SpareErasure, of_consents.JointText, of_consents.JointGrant),
    *(of_consents.Limit, of_consents.Resume),
    *(of_consents.ListConsents, of_consents.Notices, of_consents.ListSent, of_consents.Compare),
    of_consents.Totals,
    of_consents.PendingAccess,
    of_consents.ConsentText,
    *(of_consents.AnswerAccess, of_consents.RefuseDomain, of_consents.HearDomain, of_consents.RefusedDomains),
    *(of_consents.HealthConsents, of_consents.HealthText, of_consents.HealthGrant, of_consents.HealthRefuse),
    *(of_consents.HealthWithdraw, *OF_DATA),
)
_DECODER: msgspec.json.Decoder[Order[Any]] = msgspec.json.Decoder(reduce(operator.or_, _TYPES))


def unknown(order: Order[Any]) -> GatewayError:
    """Why an order is not done here."""
    return GatewayError(f"unknown order {order.__struct_config__.tag!r}")


def read(line: bytes) -> Order[Any]:
    """The order in a line. GatewayError when it is none; ValueError or RecursionError when it is no JSON object."""
    try:
        return _DECODER.decode(line)
    except msgspec.ValidationError as error:
        if not line.lstrip().startswith(b"{"):
            raise ValueError("not a JSON object") from error
        raise GatewayError(_NO_ORDER.filled(why=same(str(error)))) from error
