"""What recipients and strangers ask, as ad-hoc commands (XEP-0050) in quoalise's form, each in its turn.

Stateless: a command is carried out by its submitted form alone. Every answer is given on the word of a consent valid
now; without one the refusal is the same whether the series exists or not. A peer's nonsense is answered with an error
and one line in the log, and touches nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from gateway.errors import Once, StoreError
from gateway.federation.connection.waiting import ROUND_S, wait_any
from gateway.federation.provider.allowed import matching_series, meter_of, not_authorized, scopes, series_count
from gateway.federation.provider.asking import Asking
from gateway.federation.provider.catalogue import CATALOGUE, Catalogue
from gateway.federation.provider.health import Condition, HealthQuery
from gateway.federation.provider.history import HistoryQuery
from gateway.federation.provider.live import LiveValues, LiveWatch
from gateway.federation.provider.turns import Turns
from gateway.federation.provider.update import UpdateQuery, UpdateStanding
from gateway.federation.wire.fields import (
    AT_ONCE,
    FIELDS,
    INSTRUCTIONS,
    TITLES,
    UNLISTED,
    read_confirm,
    read_identifier,
    read_live,
    read_number,
)
from gateway.federation.wire.form import (
    COMMANDS,
    Answer,
    Command,
    CommandRequest,
    RequestError,
    UpstreamError,
    bad_request,
    build_cancelled,
    build_error,
    build_form,
    build_result,
    parse_command,
    unknown_command,
)
from gateway.store.points import Consent, Granularity, MeterInfo
from gateway.store.recorder import iso
from gateway.words.catalogue import DEFAULT
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from xml.etree.ElementTree import Element

    from gateway.federation.connection.session import Session, Stanza
    from gateway.federation.wire.stanza import Publisher
    from gateway.senml.naming import Identifier
    from gateway.store.store import Store
    from gateway.store.terms import AccessRequest

log = logging.getLogger(__name__)

# Of so many askers a day the journal says that they were refused, of each once: a flood shall not fill the card.
DENIALS_A_DAY = 20
_DAY_S = 86400

_FAILED = RequestError(
    "cancel",
    "internal-server-error",
    Phrase("the gateway could not answer this request"),
)


class Commands:
    """Answers the commands that come in over a session.

    Args:
        session: where they come in; listening begins at once, answering with ``run``.
        store: asked through ``call``, which runs it on the store's thread.
        call: ``await call(function, *arguments)``.
        publisher: in whose name the answers are given.
        returned: told the full JID of a recipient that subscribed, and the number after which it wants to go on.
        clock: the host's POSIX seconds, for the consents.
        asked: told of every new request for access.
        open_catalogue: whether somebody without a consent may see which series there are.
        live: shows live values to whom this lets watch; without it nobody may.
        health: how the gateway is, for whom the household lets ask; without it nobody may.
        update: asks the household for an installer whom it lets ask; without it nobody may.
        made_here: the names of the counters of what the house makes itself.
    """

    def __init__(
        self,
        session: Session,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        returned: Callable[[str, int | None], None],
        clock: Callable[[], float] = time.time,
        *,
        live: LiveValues | None = None,
        asked: Callable[[AccessRequest], None] | None = None,
        open_catalogue: bool = False,
        health: Callable[[], Condition] | None = None,
        update: Callable[[str, str, bool], Awaitable[UpdateStanding]] | None = None,
        made_here: Collection[str] = (),
    ) -> None:
        self._session, self._store, self._call, self._publisher = session, store, call, publisher
        self._returned, self._clock, self._live = returned, clock, live
        self._waiting: Turns[Stanza] = Turns()
        self._arrived = asyncio.Event()
        self._say_refused = Once(log, last=True)
        self._day, self._denied = 0, set[str]()
        # Requests that failed in a way that nobody foresaw.
        self.failures, self.alive_at = 0, time.monotonic()
        meters, consents, pseudonyms = store.meters, store.consents, store.pseudonyms
        asking = Asking(store.access, consents, pseudonyms, call, publisher, clock, asked)
        catalogue = Catalogue(meters, consents, pseudonyms, call, publisher, clock, open_catalogue, made_here)
        history = HistoryQuery(meters, store.readings, consents, pseudonyms, store.transfers, call, publisher, clock)
        self._carry_out: dict[str, Callable[[CommandRequest], Awaitable[Answer]]] = {
            "get_history": history.answer,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "list_series": catalogue.answer,
            "request_access": asking.request,
            "my_access": asking.standing,
        }
        self._health = HealthQuery(store.health, call, clock, health) if health else None
        self._let_installers_ask(update)
        session.offer(CATALOGUE, TITLES["list_series"].in_language(DEFAULT), catalogue.items)
        session.listen(f"{{jabber:client}}iq/{{{COMMANDS}}}command", self._take)

    def _let_installers_ask(self, update: Callable[[str, str, bool], Awaitable[UpdateStanding]] | None) -> None:
        if self._health:
            self._carry_out["health"] = self._health.answer
        if self._health and update:
            self._carry_out["update"] = UpdateQuery(self._health, update).answer

    async def run(self, stop: asyncio.Event) -> None:
        """Answer one after the other, each asker in turn, until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            if self._waiting:
                with self._session.departures.one():
                    await self._serve(self._waiting.take())
            else:
                self._arrived.clear()
                await wait_any(ROUND_S, stop, self._arrived)

    def _take(self, request: Stanza) -> None:
        if request.type == "get":
            # A question is answered (RFC 6120 §8.2.3); a command is no question (XEP-0050 §2.4).
            self._refuse(
                request,
                bad_request(Phrase("send a command in <iq type='set'/>")),
            )
        if request.type != "set":
            return
        if left_out := self._waiting.put(request.sender, request):
            busy = Phrase("too many requests at once")
            self._refuse(left_out, RequestError("wait", "resource-constraint", busy))
        self._arrived.set()

    async def _serve(self, request: Stanza) -> None:
        element = request.xml.find(f"{{{COMMANDS}}}command")
        assert element is not None, "the listener matched it"  # noqa: S101
        try:
            answer = await self._answer(parse_command(element), request)
        except RequestError as error:
            self._refuse(request, error)
            hidden = error.condition == "item-not-found" and element.get("node") in UNLISTED
            if hidden or error.condition == "not-authorized":
                await self._note_denied(request.sender, element.get("node", ""))
        except StoreError as error:
            log.error("a federation request could not be answered: %s", error)  # noqa: TRY400 (no traceback)
            sorry = Phrase("the gateway cannot read its store")
            self._refuse(request, UpstreamError("linky-gateway", "store", sorry))
        except Exception as error:  # noqa: BLE001 (whatever one request brings about, it costs that one)
            self._failed(request, error)
        else:
            self._session.answer(request, answer)

    def _refuse(self, request: Stanza, error: RequestError) -> None:
        self._session.answer(request, build_error(error, request.lang), error=True)
        self._say_refused((request.sender, error.condition), "a federation request was refused: %s", error)
        log.debug("it came from %s", request.origin)

    def _failed(self, request: Stanza, error: Exception) -> None:
        """Answer what nobody foresaw; its text may quote readings, so it stands in no log but at DEBUG."""
        self.failures += 1
        log.log(
            logging.DEBUG if self.failures > 1 else logging.ERROR,
            "a federation request could not be carried out (%s), nor those like it; the others are",
            type(error).__name__,
        )
        log.debug("failure %d, asked by %s", self.failures, request.origin, exc_info=error)
        self._session.answer(request, build_error(_FAILED, request.lang), error=True)

    async def _note_denied(self, asker: str, node: str) -> None:
        """Have the journal say who was refused what for want of a consent."""
        now = self._clock()
        if int(now) // _DAY_S != self._day:
            self._day, self._denied = int(now) // _DAY_S, set()
        if asker in self._denied or len(self._denied) >= DENIALS_A_DAY:
            return
        self._denied.add(asker)
        try:
            append = self._store.journal.append
            await self._call(append, "request-denied", {"command": node}, {"asker": asker}, now)
        except StoreError as error:
            log.warning("%s; a refusal stands in no entry", error)

    async def _answer(self, command: Command, request: Stanza) -> Element:
        carry_out = self._carry_out.get(command.node)
        # Before all else that the command says: no answer may tell a stranger that there is one.
        if self._health and command.node in UNLISTED:
            await self._health.check(request.sender)
        if carry_out is None:
            raise unknown_command()
        if command.action == "cancel":
            return build_cancelled(command)
        if command.action == "prev":
            raise bad_request(Phrase("there is no previous step"))
        fields, title = command.fields, TITLES[command.node]
        if fields is None and command.node not in AT_ONCE:
            return build_form(command, request.lang, title, INSTRUCTIONS[command.node], FIELDS[command.node])
        here = request.xml.get("to", "")
        question = CommandRequest(fields or {}, command.page, request.sender, request.lang, request.origin, here)
        lease = read_live(question.fields, self._clock()) if command.node == "subscribe" else None
        answer = await (carry_out(question) if lease is None else self._watch(question, request.origin, *lease))
        return build_result(command, request.lang, title, answer)

    async def _subscribe(self, question: CommandRequest) -> Answer:
        fields, recipient = question.fields, question.asker
        identifier, confirm = read_identifier(fields), read_confirm(fields)
        resume_after = read_number(fields, "resume_after")
        meter = await self._known(identifier, recipient)
        consents = await self._call(self._consents, recipient, lambda c: c.terms.push)
        allowed = scopes(consents, meter.name, identifier.path, None)
        now = self._clock()
        form = identifier.form.value
        await self._call(self._store.subscriptions.add, recipient, meter.name, identifier.path, form, confirm, now)
        same = resume_after is not None and fields.get("epoch") == self._store.outbox.epoch
        backlog = await self._call(self._store.outbox.resume, recipient, resume_after if same else -1, now)
        waiting = await self._call(self._store.outbox.pending, recipient, -1, 1, now)
        first = waiting[0].seq if waiting else backlog.last_seq + 1
        matching = await self._call(matching_series, self._store.meters, meter.name, identifier.path, allowed)
        # A number above what was handed over is of a database since restored from a backup: go on with what there is.
        # Last: the answer says where the numbers begin, and goes out before what the delivery sends now.
        self._returned(question.origin, min(resume_after or 0, first - 1) if same else None)
        log.info("a recipient subscribed")
        return Answer(
            (
                *series_count(matching),
                ("epoch", Phrase("Epoch"), self._store.outbox.epoch),
                ("first", Phrase("First number waiting"), str(first)),
                ("last", Phrase("Last number given"), str(backlog.last_seq)),
            )
        )

    async def _watch(self, question: CommandRequest, origin: str, interval: int, end: int) -> Answer:
        """Let somebody see live what a consent gives to be pushed as it is read."""
        identifier, recipient = read_identifier(question.fields), question.asker
        meter = await self._known(identifier, recipient)
        consents = await self._call(self._consents, recipient, lambda c: c.terms.push)
        scopes(consents, meter.name, identifier.path, Granularity.RAW)
        until = min(end, max(c.until for c in consents))
        watch = LiveWatch(origin, recipient, meter, identifier.path, identifier.form, interval, until)
        if self._live is None or not self._live.watch(watch):
            raise RequestError("wait", "resource-constraint", Phrase("too many live views"))
        return Answer(
            (
                ("minimum_interval", Phrase("Minimum interval (s)"), str(interval)),
                ("end_time", Phrase("End"), iso(until)),
            )
        )

    async def _unsubscribe(self, question: CommandRequest) -> Answer:
        identifier = read_identifier(question.fields)
        meter = await self._meter(identifier, question.asker)
        if meter is not None:
            await self._call(self._store.subscriptions.end, question.asker, meter.name, identifier.path)
            if self._live:
                self._live.unwatch(question.asker, meter.name, identifier.path)
        return Answer()

    def _consents(self, recipient: str, suits: Callable[[Consent], bool]) -> list[Consent]:
        """The recipient's consents valid now that suit; refuses who has none."""
        found = [c for c in self._store.consents.allowed(recipient, self._clock()) if suits(c)]
        if not found:
            raise not_authorized()
        return found

    async def _known(self, identifier: Identifier, recipient: str) -> MeterInfo:
        meter = await self._meter(identifier, recipient)
        if meter is None:
            raise not_authorized()
        return meter

    async def _meter(self, identifier: Identifier, recipient: str) -> MeterInfo | None:
        """The meter that the recipient means, by a name under which it knows it; as it knows it."""
        view = await self._call(self._store.pseudonyms.view_of, recipient, self._clock())
        return meter_of(self._publisher, view.meters, identifier)
