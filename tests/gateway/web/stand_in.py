"""The real server around a house that says what a test wants: nothing, or all that a meter can ever say at once."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from gateway.balance.equivalence import EQUIVALENTS
from gateway.errors import ConfigError
from gateway.household.now import Now
from gateway.live.meter import Snapshot
from gateway.live.topics import as_json
from gateway.web.access.access import PageAccess
from gateway.web.home.stored import HomeFigures
from gateway.web.http.guard import RequestGuard
from gateway.web.http.server import Server
from gateway.web.reader import StoreReader, nothing_to_settle
from gateway.web.site import Site

# The longest of everything: five digits, a supplier's text, all of a producer's day, each of the warnings.
_FULL = Snapshot(
    meter="maison-de-la-grand-mere-et-garage", sequence=1, time=None, age_s=7200.0, standard=True, drawn_va=35_999,
    injected_va=11_999, subscribed_va=36_000, tariff="HEURES  PLEINES ", tariff_kind="mobile-peak", tariff_index=10,
    tempo_today="white", tempo_tomorrow="unknown", overload=True, breaker="open-overload", injecting=True,
    drawn_today_wh=123_400, drawn_yesterday_wh=234_500, injected_today_wh=104_300, produced_today_wh=120_600,
    broken=("meter", "xmpp"), alert=True,
)  # fmt: skip
PASSWORD = "nobody asks for it"
_PHASES = [{"phase": phase, "va": 11_999, "v": 253, "a": 60} for phase in (1, 2, 3)]


class StandInHouse:
    """A house whose meters say always the same; with a ``config`` its store is asked for the day, as at ``moment``."""

    def __init__(self, *meters, config=None, moment=None):
        self._meters = list(meters)
        self.sources = {}
        self._figures = None
        if config:
            now = Now(config, None, None)
            for meter in now.meters.values():
                meter.time = datetime.fromtimestamp(moment or time.time(), UTC)
            self._figures = HomeFigures(config, StoreReader(config.directory, nothing_to_settle), now)

    name = "maison-7"

    def meters(self):
        return self._meters

    async def report(self):
        return {"running": True, "links": [], "alerts": []}

    equivalents = tuple(one.name.in_every_language() | {"wh": one.wh} for one in EQUIVALENTS)

    def alerts(self):
        return [{"fr": "La carte est presque pleine.", "en": "The card is nearly full.", "kind": "disk"}]

    days, recipients = {}, None

    async def figures(self):
        if self._figures is None:
            return self
        await self._figures.look()
        return self._figures

    requests, invited = 0, ""

    async def now(self):
        return {"version": "1", "turn": 1, "meters": [], "links": [], "alerts": []}

    async def picture(self, asked, meters):
        raise ConfigError("pages need Pillow, which is not installed: apt install python3-pil")

    async def changed(self):
        await asyncio.Event().wait()


@asynccontextmanager
async def served(folder, door, house=None, host="127.0.0.1", **options):
    """A real server with a page that nobody has visited; its port."""
    server = Server(Site(house or StandInHouse(), PageAccess(folder / "page.json"), "1", **options), door)
    await server.start(host, 0)
    try:
        yield server._server.sockets[0].getsockname()[1]
    finally:
        await stopped(server)


async def stopped(server):
    """Stop it, and let go who came at the last moment: that takes the loop's next turns, and a daemon's goes on."""
    await server.stop()
    for _ in range(3):
        await asyncio.sleep(0)


@contextmanager
def full_house(folder, **said):
    """The page of a meter that says all that there is, but for what it ``said``; its address, with a display's link."""
    ready, stop, found = threading.Event(), asyncio.Event(), []
    access = PageAccess(folder / "page.json")
    access.set_password(PASSWORD)
    token = access.add_link("wall", 0)

    async def serve():
        found.append(asyncio.get_running_loop())
        house = StandInHouse(as_json(replace(_FULL, **said)) | {"phases": _PHASES})
        async with served(folder, RequestGuard(frozenset()), house) as port:
            found.append(port)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield f"http://127.0.0.1:{found[1]}/display?token={token}"
    finally:
        found[0].call_soon_threadsafe(stop.set)
        thread.join(30)
