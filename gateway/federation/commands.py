"""What recipients ask, as ad-hoc commands (XEP-0050) in quoalise's form: history, subscribe, unsubscribe.

Stateless: a command is carried out by its submitted form alone. Every answer is given on the word of a consent valid
now; without one the refusal is the same whether the series exists or not. A peer's nonsense is answered with an error
and one line in the log, and touches nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.errors import SenMLError, StoreError
from gateway.federation.attempt import ROUND_S, wait_any
from gateway.federation.fields import (
    FIELDS,
    INSTRUCTIONS,
    MAX_RECORDS,
    TITLES,
    read_confirm,
    read_granularity,
    read_identifier,
    read_number,
    read_time,
    read_window,
)
from gateway.federation.form import (
    COMMANDS,
    Command,
    Page,
    Phrase,
    RequestError,
    UpstreamError,
    bad_request,
    build_cancelled,
    build_error,
    build_form,
    build_page,
    build_result,
    parse_command,
)
from gateway.federation.stanza import build_quoalise, fit
from gateway.federation.turns import Turns
from gateway.store.points import Granularity, under
from gateway.store.recorder import iso

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from gateway.federation.session import Session, Stanza
    from gateway.federation.stanza import Publisher
    from gateway.senml.naming import Identifier
    from gateway.store.points import Consent, MeterInfo, Point
    from gateway.store.store import Store

log = logging.getLogger(__name__)

# Below the 256 KiB that the servers let through, and above what MAX_RECORDS usually take.
MAX_BYTES = 200_000

_RESULT = Phrase("Résultat", "Result")
_NOTE = Phrase("Remarque", "Note")


@dataclass(frozen=True, slots=True)
class Scope:
    """What one query may read: series under ``prefix``, this fine, since ``start``, but not those under ``without``."""

    prefix: str
    granularity: Granularity
    without: tuple[str, ...] = ()
    start: int = 0

    def __contains__(self, path: str) -> bool:
        return not any(under(path, finer) for finer in self.without)


def scopes(consents: Sequence[Consent], meter: str, path: str, asked: Granularity | None) -> list[Scope]:
    """Where the consents meet the branch ``path`` of a meter, each series once, at the finest granularity allowed.

    Raises RequestError when they do not meet, or when all that meet are coarser than what is asked.
    """
    given = [c for c in consents if c.meter == meter and (under(c.prefix, path) or under(path, c.prefix))]
    met: dict[str, Granularity] = {}
    for consent in given:
        prefix = max(consent.prefix, path, key=len)
        met[prefix] = min(consent.granularity, met.get(prefix, consent.granularity))
    if not met:
        raise _not_authorized()
    if asked is not None:
        if asked < min(met.values()):
            finest = min(met.values()).code
            raise _not_authorized(
                f"le consentement ne va pas plus fin que {finest}", f"the consent is no finer than {finest}"
            )
        met = {prefix: asked for prefix, granularity in met.items() if granularity <= asked}
    starts = {prefix: _reach(given, prefix, granularity) for prefix, granularity in met.items()}
    kept = {
        prefix: granularity
        for prefix, granularity in met.items()
        if not any(
            other != prefix and under(prefix, other) and g <= granularity and starts[other] <= starts[prefix]
            for other, g in met.items()
        )
    }
    return [Scope(p, g, tuple(o for o in kept if o != p and under(o, p)), starts[p]) for p, g in sorted(kept.items())]


def _reach(consents: Sequence[Consent], prefix: str, granularity: Granularity) -> int:
    """How far back the consents to all of ``prefix``, at least that fine, reach at most."""
    covering = [c for c in consents if under(prefix, c.prefix) and c.granularity <= granularity]
    return min(c.terms.history_from or 0 for c in covering)


class Commands:
    """Answers the commands that come in over a session.

    Args:
        session: where they come in; listening begins at once, answering with ``run``.
        store: asked through ``call``, which runs it on the store's thread.
        call: ``await call(function, *arguments)``.
        publisher: in whose name the answers are given.
        returned: told the bare JID of a recipient that subscribed, and the number after which it wants to go on.
        clock: the host's POSIX seconds, for the consents.
    """

    def __init__(
        self,
        session: Session,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        returned: Callable[[str, int | None], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session, self._store, self._call, self._publisher = session, store, call, publisher
        self._returned, self._clock = returned, clock
        self._waiting: Turns[Stanza] = Turns()
        self._arrived = asyncio.Event()
        self._said: tuple[str, str] | None = None
        self.came_round = time.monotonic()
        self._carry_out = {
            "get_history": self._get_history,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
        }
        session.listen(f"{{jabber:client}}iq/{{{COMMANDS}}}command", self._take)

    async def run(self, stop: asyncio.Event) -> None:
        """Answer one after the other, each asker in turn, until ``stop``."""
        while not stop.is_set():
            self.came_round = time.monotonic()
            if self._waiting:
                await self._serve(self._waiting.take())
            else:
                self._arrived.clear()
                await wait_any(ROUND_S, stop, self._arrived)

    def _take(self, request: Stanza) -> None:
        if request.type != "set":
            return
        if left_out := self._waiting.put(request.sender, request):
            busy = Phrase("trop de demandes à la fois", "too many requests at once")
            self._refuse(left_out, RequestError("wait", "resource-constraint", busy))
        self._arrived.set()

    async def _serve(self, request: Stanza) -> None:
        try:
            element = request.xml.find(f"{{{COMMANDS}}}command")
            assert element is not None, "the listener matched it"  # noqa: S101
            answer = await self._answer(parse_command(element), request)
        except RequestError as error:
            self._refuse(request, error)
        except StoreError as error:
            log.error("a federation request could not be answered: %s", error)  # noqa: TRY400 (no traceback)
            sorry = Phrase("la passerelle ne peut pas lire ses mesures", "the gateway cannot read its store")
            self._refuse(request, UpstreamError("linky-gateway", "store", sorry))
        else:
            self._session.answer(request, answer)

    def _refuse(self, request: Stanza, error: RequestError) -> None:
        self._session.answer(request, build_error(error, request.lang), error=True)
        said = (request.sender, error.condition)
        log.log(logging.DEBUG if said == self._said else logging.WARNING, "a federation request was refused: %s", error)
        log.debug("it came from %s", request.origin)
        self._said = said

    async def _answer(self, command: Command, request: Stanza) -> Element:
        carry_out = self._carry_out.get(command.node)
        if carry_out is None:
            unknown = Phrase("commande inconnue", "unknown command")
            raise RequestError("cancel", "item-not-found", unknown)
        if command.action == "cancel":
            return build_cancelled(command)
        if command.action == "prev":
            raise bad_request("il n'y a pas d'étape précédente", "there is no previous step")
        title = TITLES[command.node]
        if command.fields is None:
            return build_form(command, request.lang, title, INSTRUCTIONS[command.node], FIELDS[command.node])
        results, payload = await carry_out(command.fields, command.page, request.sender)
        return build_result(command, request.lang, title, [("result", _RESULT, "Success"), *results], *payload)

    async def _get_history(self, fields: Mapping[str, str], page: Page | None, recipient: str) -> _Answer:
        identifier, start, end = read_identifier(fields), read_time(fields, "start_time"), read_time(fields, "end_time")
        if end <= start:
            raise bad_request("la fin n'est pas après le début", "the end is not after the start")
        asked = read_granularity(fields)
        meter = await self._known(identifier, recipient)
        skip, limit = read_window(page)
        question = meter.name, identifier.path, asked, start, end
        found, total, since = await self._call(self._read, recipient, question, skip, limit)
        if page is None and total > MAX_RECORDS:
            raise _too_many(total)
        view = await self._call(self._store.view_of, recipient, self._clock())
        points = view.points(point for _, point in found)
        try:
            shown = fit(self._publisher, meter, identifier.form, points, MAX_BYTES)
            if page is None and shown < len(points):
                raise _too_many(total)
            quoalise = build_quoalise(self._publisher, meter, identifier.form, points[:shown])
            # Noted before it leaves: nothing is handed over that the log of transfers does not hold.
            await self._call(self._store.note_transfer, recipient, points[:shown], self._clock())
        except SenMLError as error:
            raise bad_request(f"ces mesures n'ont pas de nom sous cette forme : {error}", str(error)) from error
        notes = (("note", _NOTE, _since(since)),) if since > start else ()
        if page is None:
            return notes, (quoalise,)
        following = found[shown][0] if shown < len(found) else min(skip + limit, total)
        return notes, (quoalise, build_page(skip, max(following - skip, 0), total))

    def _read(
        self, recipient: str, question: tuple[str, str, Granularity | None, int, int], skip: int, limit: int
    ) -> tuple[list[tuple[int, Point]], int, int]:
        """Numbered points of the page, scope by scope, how many all pages hold, and from when on they are whole.

        On the store's thread, in one turn with the look at the consents: none is withdrawn in between.
        """
        meter, path, asked, start, end = question
        allowed = scopes(self._consents(recipient, lambda c: c.terms.history), meter, path, asked)
        if all(scope.start >= end for scope in allowed):
            since = iso(min(scope.start for scope in allowed))
            raise _not_authorized(f"le consentement ne donne rien avant {since}", f"the consent begins at {since}")
        found: list[tuple[int, Point]] = []
        total = 0
        for scope in allowed:
            place = meter, scope.prefix, scope.granularity, max(start, scope.start), end
            count = self._store.count_history(*place)
            first, last = max(skip - total, 0), min(skip + limit - total, count)
            if first < last:
                points = self._store.history(*place, last - first, first)
                numbered = enumerate(points, total + first)
                found += [(number, point) for number, point in numbered if point.series.path in scope]
            total += count
        return found, total, max(scope.start for scope in allowed)

    async def _subscribe(self, fields: Mapping[str, str], _: Page | None, recipient: str) -> _Answer:
        identifier, confirm = read_identifier(fields), read_confirm(fields)
        resume_after = read_number(fields, "resume_after")
        meter = await self._known(identifier, recipient)
        scopes(await self._call(self._consents, recipient, lambda c: c.terms.push), meter.name, identifier.path, None)
        now = self._clock()
        form = identifier.form.value
        await self._call(self._store.subscribe, recipient, meter.name, identifier.path, form, confirm, now)
        same = resume_after is not None and fields.get("epoch") == self._store.epoch
        backlog = await self._call(self._store.resume, recipient, resume_after if same else -1, now)
        waiting = await self._call(self._store.pending, recipient, -1, 1, now)
        # A number above the last one is of a database since restored from a backup: go on with what there is.
        self._returned(recipient, min(resume_after or 0, backlog.last_seq) if same else None)
        first = waiting[0].seq if waiting else backlog.last_seq + 1
        log.info("a recipient subscribed")
        return (
            ("epoch", Phrase("Époque", "Epoch"), self._store.epoch),
            ("first", Phrase("Premier numéro en attente", "First number waiting"), str(first)),
            ("last", Phrase("Dernier numéro attribué", "Last number given"), str(backlog.last_seq)),
        ), ()

    async def _unsubscribe(self, fields: Mapping[str, str], _: Page | None, recipient: str) -> _Answer:
        identifier = read_identifier(fields)
        meter = await self._meter(identifier, recipient)
        if meter is not None:
            await self._call(self._store.unsubscribe, recipient, meter.name, identifier.path)
        return (), ()

    def _consents(self, recipient: str, suits: Callable[[Consent], bool]) -> list[Consent]:
        """The recipient's consents valid now that suit; refuses who has none."""
        found = [c for c in self._store.allowed(recipient, self._clock()) if suits(c)]
        if not found:
            raise _not_authorized()
        return found

    async def _known(self, identifier: Identifier, recipient: str) -> MeterInfo:
        meter = await self._meter(identifier, recipient)
        if meter is None:
            raise _not_authorized()
        return meter

    async def _meter(self, identifier: Identifier, recipient: str) -> MeterInfo | None:
        """The meter that the recipient means, by a name under which it knows it; as it knows it."""
        ours = (self._publisher.application, self._publisher.server, self._publisher.server)
        asked = (identifier.application, identifier.server, identifier.sensor_server)
        meters = (await self._call(self._store.view_of, recipient, self._clock())).meters
        if identifier.prm is not None:
            return next((m for m in meters if m.prm == identifier.prm), None)
        return next((m for m in meters if asked == ours and m.sensor == identifier.sensor), None)


_Answer = tuple[tuple[tuple[str, Phrase, str], ...], tuple["Element", ...]]


def _not_authorized(fr: str = "", en: str = "") -> RequestError:
    """The one refusal: it must not tell a series without consent from one that does not exist."""
    plain = Phrase(
        fr or "aucun consentement en cours ne vous donne accès à cet identifiant",
        en or "no consent in force gives you access to this identifier",
    )
    return RequestError("auth", "not-authorized", plain)


def _since(time: int) -> str:
    """What a note says of a history that is cut; a field's value has one form, so it is in both languages."""
    return (
        f"le consentement ne donne pas tout avant {iso(time)} / the consent does not give everything before {iso(time)}"
    )


def _too_many(total: int) -> RequestError:
    return bad_request(
        f"{total} mesures : au plus {MAX_RECORDS} mesures et {MAX_BYTES // 1000} ko par réponse ; "
        "raccourcir la période, ou demander par pages (XEP-0059 : <set> avec <max>, puis <after>)",
        f"{total} records: at most {MAX_RECORDS} records and {MAX_BYTES // 1000} kB in one answer; "
        "shorten the period, or ask for pages (XEP-0059: <set> with <max>, then <after>)",
    )
