"""A fleet of a thousand gateways that are connected and say nothing, and one whose server holds its answers back."""

import asyncio
import hashlib
import re
import threading
import time

import pytest

from servers import free_port
from tests.integration.test_fleet import Installer

pytestmark = pytest.mark.slow

SECRET, DOMAIN = "of-the-component", "fleet.sen2.test"


class Gateways(threading.Thread):
    """A component of the installer's server (XEP-0114): every address of its domain is a gateway.

    Args:
        port: where the server takes components.
        pause_s: between two answers; None for silence. Each says that it knows no such command.
    """

    def __init__(self, port, pause_s=None):
        super().__init__()
        self._at, self._pause_s = port, pause_s
        self.asked, self.asked_at, self.ready = [], [], threading.Event()
        self._loop = self._over = None

    def __enter__(self):
        self.start()
        assert self.ready.wait(60)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(60)

    def run(self):
        asyncio.run(self._life())

    async def _life(self):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        reader, writer = await asyncio.open_connection(*self._at)
        writer.write(
            f"<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"
            f" to='{DOMAIN}'>".encode()
        )
        (number,) = re.findall(rb" id='([^']+)'", await reader.readuntil(b">") + await reader.readuntil(b">"))
        digest = hashlib.sha1(number + SECRET.encode()).hexdigest()
        writer.write(f"<handshake>{digest}</handshake>".encode())
        assert b"handshake" in await reader.readuntil(b">")
        self.ready.set()
        tasks = [asyncio.create_task(self._hear(reader, writer)), asyncio.create_task(self._over.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        tasks[0].cancel()
        writer.close()

    async def _hear(self, reader, writer):
        while True:
            stanza = await reader.readuntil(b"</iq>")
            head = re.search(rb"<iq [^>]*>", stanza)[0].decode()
            said = dict(re.findall(r"(id|from|to)='([^']*)'", head) + re.findall(r'(id|from|to)="([^"]*)"', head))
            self.asked.append(said["to"])
            self.asked_at.append(time.monotonic())
            if self._pause_s is not None:
                await asyncio.sleep(self._pause_s)
                writer.write(
                    f"<iq type='error' id='{said['id']}' from='{said['to']}' to='{said['from']}'><error type='cancel'>"
                    "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>".encode()
                )


@pytest.fixture
def installer(start_federation, tmp_path):
    """One with an account at a Prosody that takes a component."""
    federation = start_federation("prosody", "prosody")
    server = federation.servers["sen2.test"]
    port = free_port()
    file = server.place.folder / "prosody.cfg.lua"
    file.write_text(
        f'component_ports = {{ {port} }}\ncomponent_interfaces = {{ "127.0.0.1" }}\n'
        + file.read_text()
        + f'\nComponent "{DOMAIN}"\ncomponent_secret = "{SECRET}"\n'
    )
    federation.restart("sen2.test")
    made = Installer(tmp_path, federation, "installatrice")
    made.component = "127.0.0.1", port
    return made


def register(installer, count):
    """The table of so many gateways."""
    file = installer.folder / "register.csv"
    file.write_text("\n".join(["jid", *(f"maison{n}@{DOMAIN}" for n in range(count))]) + "\n")
    return file


def test_a_thousand_silent_gateways_are_waited_for_at_the_same_time(installer):
    """Each is asked once, each is said to be unreachable; the patience is the default, half a minute.

    By design the last is asked after 16 seconds and all are known after 46. What a busy machine does not change: most
    of them have been asked before the first is given up, where 32 at a time would take a quarter of an hour.
    """
    with Gateways(installer.component) as gateways:
        begun = time.monotonic()
        done = installer.status("--fleet", str(register(installer, 1000)), timeout=30)
        lasted = time.monotonic() - begun
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.splitlines()[-1] == "1000 passerelles : 1000 injoignable"
    assert len(set(gateways.asked)) == len(gateways.asked) == 1000
    together = sum(at <= gateways.asked_at[0] + 30 for at in gateways.asked_at)
    assert together >= 500, together
    assert lasted <= 180, lasted


def test_whose_answers_come_slowly_is_not_silent(installer):
    """Ten a second, so that the last comes long after its patience: a server that is slow makes nobody unreachable."""
    with Gateways(installer.component, 0.1) as gateways:
        done = installer.status("--fleet", str(register(installer, 150)), timeout=3)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.splitlines()[-1] == "150 passerelles : 150 sans accord"
    assert len(gateways.asked) == 150
