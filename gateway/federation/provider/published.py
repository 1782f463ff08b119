"""A provider of what is no household's: series that somebody publishes to those whom it names, by the half hour.

It answers ``get_history``, and ``subscribe`` so that an ordinary recipient keeps itself up to date: nothing is pushed,
there is no outbox. The numbers of its answer are half hours that were published: where there are more than a recipient
had, it was passed over, and asks the history since it was last given something. Points never change.
"""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from typing import TYPE_CHECKING, Protocol

from gateway.errors import Once, SenMLError, StoreError
from gateway.federation.connection.waiting import ROUND_S, wait_any
from gateway.federation.provider.allowed import is_ours, series_count
from gateway.federation.provider.history import packed
from gateway.federation.provider.turns import Turns
from gateway.federation.wire.fields import (
    FIELDS,
    MAX_RECORDS,
    TITLES,
    point_after,
    read_granularity,
    read_identifier,
    read_limit,
    read_live,
    read_page,
    read_point_after,
    read_time,
)
from gateway.federation.wire.form import (
    COMMANDS,
    Answer,
    CommandRequest,
    RequestError,
    UpstreamError,
    bad_request,
    build_cancelled,
    build_error,
    build_form,
    build_page,
    build_result,
    parse_command,
    unknown_command,
)
from gateway.senml.naming import NameForm
from gateway.store.points import Granularity, MeterInfo, Point, Series, under
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from xml.etree.ElementTree import Element

    from gateway.federation.connection.session import Session, Stanza
    from gateway.federation.wire.stanza import Publisher
    from gateway.senml.naming import Identifier

log = logging.getLogger(__name__)

# The node of service discovery, and what is answered.
CATALOGUE = "catalogue"
PUBLISHED_COMMANDS = ("get_history", "subscribe", "unsubscribe")
# A recipient that was passed over asks from two days before it was last given something: what is published later than
# that would never be asked for.
MOST_LATE_S = 40 * 3600
STEP_S = int(Granularity.HALF_HOUR)

_NEXT = Phrase("Next page: give this value to “after”")
_INSTRUCTIONS = Phrase("Totals of many homes by the half hour, for those whom their publisher has named.")
_NOT_YOU = Phrase("these totals are given to those alone whom their publisher has named")


class Shelf(Protocol):
    """Where the published series are. Each call raises StoreError where that cannot be read."""

    async def sensors(self) -> Sequence[str]:
        """What there are series of: the part of a name between its publisher and its path."""

    async def published_until(self) -> int:
        """The POSIX second before which everything is published that ever will be; 0 where nothing is."""

    async def page(
        self, sensor: str, paths: Sequence[str], period: tuple[int, int], limit: int, after: tuple[int, str] | None
    ) -> Sequence[tuple[int, str, float]]:
        """(time, path, value) of ``[start, end)``, by time and path, at most ``limit`` behind ``after``."""

    async def count(self, sensor: str, paths: Sequence[str], period: tuple[int, int]) -> int:
        """How many there are in ``[start, end)``."""


class PublishedSeries:
    """Answers what comes in over a session.

    Args:
        session: listening begins at once, answering with ``run``.
        shelf: where the series are.
        publisher: in whose name the answers are given.
        units: path -> unit of the series that every sensor has.
        gives: whether a bare JID is given them.
        clock: the host's POSIX seconds.
    """

    def __init__(
        self,
        session: Session,
        shelf: Shelf,
        publisher: Publisher,
        units: dict[str, str],
        gives: Callable[[str], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session, self._shelf, self._publisher, self._units = session, shelf, publisher, units
        self._gives, self._clock = gives, clock
        self._epoch = f"{zlib.crc32(f'{publisher.application}@{publisher.server}'.encode()):08x}"
        self._waiting: Turns[Stanza] = Turns()
        self._arrived = asyncio.Event()
        self._say = Once(log, last=True)
        session.listen(f"{{jabber:client}}iq/{{{COMMANDS}}}command", self._take)
        session.offer(CATALOGUE, "Catalogue", self._items)

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until ``stop``."""
        while not stop.is_set():
            if len(self._waiting):
                await self._serve(self._waiting.take())
            else:
                self._arrived.clear()
                await wait_any(ROUND_S, stop, self._arrived)

    def _take(self, request: Stanza) -> None:
        if request.type not in ("get", "set"):
            return
        if request.type == "get":
            self._refuse(request, bad_request(Phrase("send a command in <iq type='set'/>")))
        elif left_out := self._waiting.put(request.sender, request):
            busy = Phrase("too many requests at once")
            self._refuse(left_out, RequestError("wait", "resource-constraint", busy))
        self._arrived.set()

    async def _serve(self, request: Stanza) -> None:
        element = request.xml.find(f"{{{COMMANDS}}}command")
        assert element is not None, "the listener matched it"  # noqa: S101
        try:
            answer = await self._answer(element, request)
        except RequestError as error:
            self._refuse(request, error)
        except SenMLError as error:
            self._refuse(request, bad_request(Phrase("{error}", "no name in that form").filled(error=error)))
        except StoreError as error:
            log.error("a request for totals could not be answered: %s", error)  # noqa: TRY400 (no traceback)
            sorry = Phrase("the totals cannot be read now")
            self._refuse(request, UpstreamError("linky-gateway", "store", sorry))
        else:
            self._session.answer(request, answer)

    def _refuse(self, request: Stanza, error: RequestError) -> None:
        self._session.answer(request, build_error(error, request.lang), error=True)
        self._say((request.sender, error.condition), "a request for totals was refused: %s", error)

    async def _answer(self, element: Element, request: Stanza) -> Element:
        command = parse_command(element)
        if command.node not in PUBLISHED_COMMANDS:
            raise unknown_command()
        if not self._gives(request.sender):
            raise RequestError("auth", "not-authorized", _NOT_YOU)
        if command.action == "cancel":
            return build_cancelled(command)
        if command.action == "prev":
            raise bad_request(Phrase("there is no previous step"))
        title = TITLES[command.node]
        if command.fields is None:
            return build_form(command, request.lang, title, _INSTRUCTIONS, FIELDS[command.node])
        question = CommandRequest(command.fields, command.page, request.sender, request.lang, request.origin)
        return build_result(command, request.lang, title, await self._carry_out(command.node, question))

    async def _carry_out(self, node: str, question: CommandRequest) -> Answer:
        identifier = read_identifier(question.fields)
        if node == "unsubscribe":
            return Answer()
        paths = await self._paths(identifier)
        if node == "subscribe":
            return await self._subscribe(question, paths)
        return await self._history(question, identifier, paths)

    async def _paths(self, identifier: Identifier) -> list[str]:
        """Those of a sensor's series that are meant; item-not-found where there is no such sensor."""
        ours = is_ours(self._publisher, identifier) and identifier.prm is None
        if not ours or identifier.sensor not in await self._shelf.sensors():
            raise RequestError("cancel", "item-not-found", Phrase("nothing is published under this name"))
        return [path for path in self._units if under(path, identifier.path)]

    async def _subscribe(self, question: CommandRequest, paths: Sequence[str]) -> Answer:
        now = self._clock()
        if read_live(question.fields, now) is not None:
            raise bad_request(Phrase("these series have no live values"))
        until = await self._shelf.published_until()
        if until < now - MOST_LATE_S:
            late = Phrase("what is to be published is still being reckoned; ask again later")
            raise RequestError("wait", "resource-constraint", late)
        last = until // STEP_S
        numbers = (
            ("epoch", Phrase("Epoch"), self._epoch),
            ("first", Phrase("First number waiting"), str(last + 1)),
            ("last", Phrase("Last number given"), str(last)),
        )
        return Answer((*series_count(len(paths)), *numbers))

    async def _history(self, question: CommandRequest, identifier: Identifier, paths: Sequence[str]) -> Answer:
        fields = question.fields
        start, end = read_time(fields, "start_time"), read_time(fields, "end_time")
        if end <= start:
            raise bad_request(Phrase("the end is not after the start"))
        if read_granularity(fields) not in (None, Granularity.HALF_HOUR):
            raise bad_request(Phrase("these series are by the half hour: PT30M"))
        page = read_page(question)
        limit, after = read_limit(page, MAX_RECORDS), read_point_after(page)
        sensor = identifier.sensor or ""
        rows = await self._shelf.page(sensor, paths, (start, end), limit + 1, after)
        total = await self._shelf.count(sensor, paths, (start, end)) if after is None else None
        meter, form = MeterInfo(0, sensor, sensor, None, None, 0), identifier.form
        points = [self._point(sensor, *row) for row in rows]
        quoalise, given = packed(self._publisher, meter, form, points, limit, total, whole=page is None)
        notes = [] if total is None else series_count(len(paths))
        if page is None:
            return Answer(notes, [quoalise])
        first, last = (point_after(given[0]), point_after(given[-1])) if given else (None, None)
        if last is not None and len(points) > len(given):
            notes.append(("next", _NEXT, last))
        return Answer(notes, [quoalise, build_page(first, last, None if after else 0, total)])

    def _point(self, sensor: str, at: int, path: str, value: float) -> Point:
        number = int(value) if value == int(value) else value
        return Point(Series(0, sensor, path, self._units[path], "mean", 0, 0), Granularity.HALF_HOUR, at, number)

    async def _items(self, asker: str, lang: str) -> list[tuple[str, str]]:
        """For service discovery: the name of each series, to whom they are given."""
        del lang
        if not self._gives(asker):
            return []
        names = [
            self._publisher.name(MeterInfo(0, sensor, sensor, None, None, 0), path).written(NameForm.SEN1)
            for sensor in await self._shelf.sensors()
            for path in self._units
        ]
        return [(name, name) for name in names]
