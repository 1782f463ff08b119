"""Three years of a producing Tempo household with the pages of its past, for whoever walks them.

Half hours and days for three years, minutes for the last three weeks, as after a short ``minute_days``; the last day is
complete. The same seed makes the same years.
"""

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench.years import write_years
from gateway.web.access.access import PageAccess
from gateway.web.cost import routes as cost
from gateway.web.history import routes as history
from gateway.web.history.stored import HouseholdPast
from gateway.web.http.guard import RequestGuard
from gateway.web.http.server import Server
from gateway.web.https.routes import https
from gateway.web.places.routes import page_of_places
from gateway.web.reader import StoreReader
from gateway.web.roof.routes import page_of_roofs
from gateway.web.site import Site
from tests.gateway.web.conftest import PASSWORD, Visitor
from tests.gateway.web.stand_in import StandInHouse, stopped

FIRST, MINUTES_FROM, END = date(2023, 11, 1), date(2026, 10, 12), date(2026, 11, 2)


@dataclass
class Years:
    """A served page: its address, and a visitor who is signed in."""

    folder: Path
    port: int
    owner: Visitor

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


async def settled():
    """Nobody writes there."""


def write(folder):
    """The database and its configuration."""
    return write_years(folder, FIRST, END, minutes_from=MINUTES_FROM)


@contextmanager
def served(folder, config, *, password=True, house=None, more=()):
    """The real server with the pages of the past over that configuration's database, in a thread.

    Its owner is signed in already; without ``password`` nobody else could be (scrypt takes its time). ``house`` is what
    the meters say now, ``more`` are parts beside.
    """
    ready, stop, found = threading.Event(), asyncio.Event(), []
    access = PageAccess(folder / "page.json")
    if password:
        access.set_password(PASSWORD)
    reader = StoreReader(config.directory, settled)
    past = HouseholdPast(config, reader)
    parts = (
        history.part(past),
        cost.part(past),
        page_of_places(config, reader),
        page_of_roofs(config, reader),
        https(None),
        *more,
    )
    site = Site(house or StandInHouse(), access, "1", lambda: parts)

    async def serve():
        server = Server(site, RequestGuard(frozenset()))
        await server.start("127.0.0.1", 0)
        found.extend((asyncio.get_running_loop(), server._server.sockets[0].getsockname()[1]))
        ready.set()
        try:
            await stop.wait()
        finally:
            await stopped(server)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(60)
        owner = Visitor(found[1])
        owner.cookies["linky_session"] = site.entrance._sessions.open(time.monotonic())
        yield Years(folder, found[1], owner)
    finally:
        if found:
            found[0].call_soon_threadsafe(stop.set)
        thread.join(60)
