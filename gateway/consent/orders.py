"""Orders on consents, as the command line and the page make them and the control socket carries them: JSON objects.

An order is a value; who does it is in ``act``. ``gateway.control.messages`` knows all there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypedDict, TypeVar

import msgspec

from gateway.store.terms import Channel, RecipientRole

if TYPE_CHECKING:
    from gateway.store.store import Store

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)

# An object of an answer, with the keys that ``--json`` shows.
Row = dict[str, Any]


class Order(msgspec.Struct, Generic[A_co], frozen=True, kw_only=True, tag_field="do"):
    """One order, of which the answer is an ``A_co``: who gives it, and by which way.

    ``looks`` says that it changes nothing that may be sent to anybody; ``patience_s`` how long its answer may take.
    """

    looks: ClassVar[bool] = False
    patience_s: ClassVar[float] = 10.0

    by: str = ""
    channel: Channel = Channel.COMMAND


# Who does which: given the store, the order and the POSIX second.
Handler = Callable[["Store", Any, float], object]
Handlers = Mapping[type[Order[Any]], Handler]


class ConsentHandlers(Protocol):
    """Who does them."""

    async def __call__(self, order: Order[A]) -> A:
        """Do it. Raises GatewayError with the reason when it cannot be done."""


class Shown(msgspec.Struct, frozen=True):
    """Which text was read before a yes: its language and its SHA-256."""

    lang: str
    hash: str


class TextRow(TypedDict):
    """A text to read before a yes."""

    words: str
    lang: str
    hash: str


class DomainRow(TypedDict):
    """A domain of which all is refused; times are ISO 8601."""

    domain: str
    since: str
    until: str
    by: str


class RefusedRow(DomainRow):
    """The same, with how many requests of it waited."""

    requests: int


class ConsentForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was asked for, in the words of the command line; an empty word was not said."""

    recipient: str
    series: str
    granularity: str
    until: str | None = None
    meter: str | None = None
    begins: str | None = None
    no_push: bool = False
    no_history: bool = False
    history_from: str | None = None
    purpose: str = ""
    controller: str = ""
    contact: str = ""
    privacy: str = ""
    role: str = RecipientRole.CONTROLLER.value
    code_url: str = ""
    code_version: str = ""
    code_hash: str = ""
    retention: str = ""
    profile: str | None = None
    pseudonym: bool = False


class Narrowing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In what a yes gives less than was asked for; None and nothing where it gives just that."""

    granularity: str | None = None
    series: tuple[str, ...] = ()
    until: str | None = None
    no_push: bool = False
    no_history: bool = False
    history_from: str | None = None
    meter: str | None = None
    profile: str | None = None
    pseudonym: bool = False


class Grant(Order[Row], frozen=True, kw_only=True, tag="grant"):
    """Give a consent; ``retention`` is the house's, which stands in the text that was ``shown``."""

    order: ConsentForm
    retention: str | None = None
    shown: Shown | None = None


class Revoke(Order[int], frozen=True, kw_only=True, tag="revoke"):
    """Withdraw one ``consent`` by its number, or a recipient's, all or those under ``series``; how many there were.

    ``erase``: whether the recipient is asked to erase what it has, ``undo_s`` from now on: until then `SpareErasure`.
    """

    recipient: str = ""
    series: str | None = None
    erase: bool = True
    undo_s: int = 0
    consent: int | msgspec.UnsetType = msgspec.UNSET


class SpareErasure(Order[int], frozen=True, kw_only=True, tag="spare-erasure"):
    """Do not ask a recipient to erase what it has, after a withdrawal of these seconds; how many those were."""

    recipient: str


class Limit(Order[int], frozen=True, kw_only=True, tag="limit"):
    """Suspend a recipient; how many consents that are."""

    recipient: str


class Resume(Order[int], frozen=True, kw_only=True, tag="resume"):
    """End that."""

    recipient: str


class ListConsents(Order[list[Row]], frozen=True, kw_only=True, tag="consents"):
    """Every consent ever given."""

    looks: ClassVar[bool] = True


class Notices(Order[list[Row]], frozen=True, kw_only=True, tag="notices"):
    """What recipients and askers were told."""

    looks: ClassVar[bool] = True


class ListSent(Order[list[Row]], frozen=True, kw_only=True, tag="sent"):
    """What was promised to each recipient, and what became of it."""

    looks: ClassVar[bool] = True


class Compare(Order[Row], frozen=True, kw_only=True, tag="compare"):
    """Ask a recipient how much it has of what it was sent, and send what it has not once more; what came of it."""

    patience_s: ClassVar[float] = 300.0

    recipient: str


class Totals(Order[list[str]], frozen=True, kw_only=True, tag="totals"):
    """What a recipient is to have of a time, a line for each series; ``begin`` and ``end`` as typed, or empty."""

    looks: ClassVar[bool] = True
    patience_s: ClassVar[float] = 60.0

    recipient: str
    begin: str = ""
    end: str = ""


class PendingAccess(Order[list[Row]], frozen=True, kw_only=True, tag="pending-access"):
    """Who asks for what, and waits."""

    looks: ClassVar[bool] = True


class ConsentText(Order[TextRow], frozen=True, kw_only=True, tag="consent-text"):
    """The text to show before a yes, of an ``order`` or of the answer to the request ``number``."""

    looks: ClassVar[bool] = True

    lang: str
    retention: str
    order: ConsentForm | None = None
    number: int | None = None
    less: Narrowing = Narrowing()


class AnswerAccess(Order[Row | list[Row]], frozen=True, kw_only=True, tag="answer-access"):
    """Answer the request ``number``: with a yes the consents that were given, with a no the request."""

    number: int
    yes: bool = False
    less: Narrowing = Narrowing()
    retention: str | None = None
    shown: Shown | None = None


class Invited(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of an invitation before the text of the consents that it asks for.

    ``signed`` is the fingerprint of its key; ``since`` the day of the last invitation of its domain, empty for none,
    which had ``another`` key or the same; ``account`` the house's, empty where one is made at ``server``, which is
    reached ``at`` another host and port where its name does not lead there.
    """

    signed: str
    since: str = ""
    another: bool = False
    account: str = ""
    server: str = ""
    at: str = ""


class JointText(Order[TextRow], frozen=True, kw_only=True, tag="joint-text"):
    """The one text to read before a yes to all addresses and series of an invitation.

    ``at`` is the POSIX second of the yes where that was given before, at most a week ago.
    """

    looks: ClassVar[bool] = True

    lang: str
    retention: str
    forms: tuple[ConsentForm, ...]
    invited: Invited
    at: int | None = None


class JointGrant(Order[list[Row]], frozen=True, kw_only=True, tag="joint-grant"):
    """Give all of them, or what is not given yet after a run that was cut off; those that stand then.

    ConsentError where one of them was withdrawn since ``at``, the POSIX second of the yes: that is the newer word.
    """

    forms: tuple[ConsentForm, ...]
    invited: Invited
    retention: str
    shown: Shown
    at: int | None = None


class RefuseDomain(Order[RefusedRow], frozen=True, kw_only=True, tag="refuse-domain"):
    """Refuse what a domain asks, and what it will ask in the next weeks."""

    domain: str


class HearDomain(Order[bool], frozen=True, kw_only=True, tag="hear-domain"):
    """Hear it again; whether it was refused."""

    domain: str


class RefusedDomains(Order[list[DomainRow]], frozen=True, kw_only=True, tag="refused-domains"):
    """The domains of which all is refused."""

    looks: ClassVar[bool] = True


class HealthConsents(Order[list[Row]], frozen=True, kw_only=True, tag="health-consents"):
    """Who may ask whether the gateway is well, and who may not."""

    looks: ClassVar[bool] = True


class HealthText(Order[TextRow], frozen=True, kw_only=True, tag="health-text"):
    """The text to show before such a yes; ``until`` is the last day, in a year where none is said."""

    looks: ClassVar[bool] = True

    lang: str
    recipient: str
    until: str | None = None


class HealthGrant(Order[Row], frozen=True, kw_only=True, tag="health-grant"):
    """Let somebody ask whether the gateway is well."""

    recipient: str
    until: str | None = None
    shown: Shown | None = None


class HealthRefuse(Order[int], frozen=True, kw_only=True, tag="health-refuse"):
    """Say no to who may not ask; how many consents that took back."""

    recipient: str


class HealthWithdraw(Order[int], frozen=True, kw_only=True, tag="health-withdraw"):
    """Take back what ``recipient`` may ask, also what has expired; how many consents that were, 0 or 1."""

    recipient: str
