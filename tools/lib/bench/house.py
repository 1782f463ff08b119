"""A whole house at the pace of its line: memory and processor of one daemon with everything on.

A simulated meter in standard mode on a pty, the broker of the house, two XMPP servers of which the far one has a
recipient that watches live, a browser that has the page open (its stream of events), and the daemon with its default
settings.
"""

from __future__ import annotations

import http.client
import secrets
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bench.domains import BenchHouse, house, memory_of
from harness.accounts import FAR
from meter.process import SimulatedMeter
from relay_faults.broker import HouseBroker
from servers import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.parts import At

_LOOPBACK = "127.0.0.1"
_PATIENCE_S = 90.0
_STREAM_TIMEOUT_S = 30.0
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}

# What the daemon uses of others, imported and nothing done with it: no gateway in this Python can be smaller.
BARE = ("asyncio", "ssl", "sqlite3", "msgspec", "serial")
_PARTS = ("aiomqtt", "microdot", "slixmpp")
_IMPORT = "import {modules}\nprint('ready', flush=True)\ninput()\n"


def measure(at: At) -> dict[str, float]:
    """Memory in MB, processor as a share of one core in these seconds; and how often the page was told something."""
    with ExitStack() as stack:
        home = stack.enter_context(house(at.folder, at.servers))
        broker = stack.enter_context(HouseBroker(at.folder / "broker"))
        stack.enter_context(SimulatedMeter(home.tty, mode="standard", seed=1))
        port = free_port()
        _configure(home, broker, port)
        home.command("consent", "grant", FAR, "--series", "consumption", "--granularity", "raw", "--accept")
        daemon, recipient = (stack.enter_context(one) for one in (home.gateway(), home.recipient("--live", "1")))
        events = stack.enter_context(_page(home, port))
        recipient.await_lines(1, _PATIENCE_S)
        wait_until(lambda: events, _PATIENCE_S, "the page has values")
        # The login and what is read at the beginning are not the pace of the line.
        time.sleep(at.seconds / 3)
        before, come, size = daemon.processor_s, len(events), recipient.out.stat().st_size
        time.sleep(at.seconds)
        found = {
            "processor_percent": 100 * (daemon.processor_s - before) / at.seconds,
            "page_events": len(events) - come,
            **memory_of(daemon.process.pid),
        }
        if found["page_events"] < at.seconds / 3 or recipient.out.stat().st_size <= size:
            raise SystemExit("tools/bench: page or recipient fell silent: what was measured is not a whole house")
    return found | bare(*BARE, *_PARTS)


def _configure(home: BenchHouse, broker: HouseBroker, port: int) -> None:
    (home.folder / "mqtt").write_text(broker.add("gateway") + "\n")
    more = (
        f'[mqtt]\nhost = "{_LOOPBACK}"\nport = {broker.port}\nuser = "gateway"\npassword_file = "mqtt"\n'
        f'[web]\nlisten = "{_LOOPBACK}:{port}"\n'
    )
    home.configure(meters=home.on_a_wire(), more=more, commit_s=60)


@contextmanager
def _page(home: BenchHouse, port: int) -> Iterator[list[bytes]]:
    """A browser's two requests that matter: it sets the page's password, and keeps the stream open; events so far."""
    code = wait_until(
        lambda: home.command("page", "code", check=False).strip(), _PATIENCE_S, "the page gives a code", every=0.5
    )
    password = secrets.token_urlsafe(16)
    with closing(http.client.HTTPConnection(_LOOPBACK, port, timeout=_STREAM_TIMEOUT_S)) as link:
        link.request("POST", "/setup", urlencode({"code": code, "password": password, "again": password}), _HEADERS)
        said = link.getresponse().headers.get_all("Set-Cookie") or []
    events: list[bytes] = []
    over = threading.Event()

    def read() -> None:
        for line in stream.getresponse():
            if over.is_set():
                return
            if line.startswith(b"data: "):
                events.append(line)

    with (
        closing(http.client.HTTPConnection(_LOOPBACK, port, timeout=_STREAM_TIMEOUT_S)) as stream,
        ThreadPoolExecutor(1, "page") as thread,
    ):
        stream.request("GET", "/events", headers={"Cookie": "; ".join(value.partition(";")[0] for value in said)})
        thread.submit(read)
        try:
            yield events
        finally:
            over.set()


def bare(*modules: str) -> dict[str, float]:
    """Memory of a Python that has imported these and done nothing, each figure's name with ``bare_`` before it."""
    command = [sys.executable, "-c", _IMPORT.format(modules=", ".join(modules))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = memory_of(process.pid)
        process.communicate(b"\n")
    return {f"bare_{name}": value for name, value in found.items()}
