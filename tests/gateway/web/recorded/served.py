"""The recorded house behind a real server: whatever a household can be shown, for a browser.

``with served(folder) as house: house.hold(visit)`` has it as it is during that visit; of a stranger nobody has set a
password yet.
"""

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.web.http.guard import RequestGuard
from gateway.web.http.server import Server
from tests.gateway.web.recorded.house import RecordedHouse
from tests.gateway.web.recorded.record import PASSWORD, hold, quick_passwords
from tests.gateway.web.stand_in import stopped

DEADLINE_S = 60


@dataclass
class ServedHouse:
    """Its address, its loop, and the site of which it is made."""

    house: RecordedHouse
    loop: asyncio.AbstractEventLoop
    port: int

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def hold(self, visit):
        """Have the house as it is during a visit."""
        self._do(hold(self.house, visit))

    def code(self):
        """The one by which the first password is set."""
        return self._do(self.house.site.entrance.make_code())

    def session(self):
        """The cookie of somebody who has signed in just now."""

        async def opened():
            return self.house.site.entrance._sessions.open(time.monotonic())

        return self._do(opened())

    def routes(self, method):
        """The patterns of what it is asked for with that method."""
        return [pattern for methods, pattern, *_ in self.house.site.app.url_map if method in methods]

    def _do(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(DEADLINE_S)


@contextmanager
def served(folder, *, password=True):
    """One that is served, in a thread."""
    ready, stop, found = threading.Event(), asyncio.Event(), []
    house = RecordedHouse(folder / "page.json")

    async def serve():
        server = Server(house.site, RequestGuard(frozenset()))
        await server.start("127.0.0.1", 0)
        found.append(ServedHouse(house, asyncio.get_running_loop(), server._server.sockets[0].getsockname()[1]))
        ready.set()
        try:
            await stop.wait()
        finally:
            await stopped(server)

    with quick_passwords():
        if password:
            house.access.set_password(PASSWORD)
        thread = threading.Thread(target=asyncio.run, args=(serve(),))
        thread.start()
        try:
            assert ready.wait(DEADLINE_S)
            yield found[0]
        finally:
            if found:
                found[0].loop.call_soon_threadsafe(stop.set)
            thread.join(DEADLINE_S)
