"""The rig really federates: two servers, two domains, two clients; and nothing of it stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from slixmpp import JID, ClientXMPP

from servers import Federation, LoopbackNet, Proxy, RigError, wait_until
from servers.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOOLS = Path(__file__).resolve().parents[3] / "tools/lib"
DEADLINE_S = 20


class Client(ClientXMPP):
    """A bare XMPP client that notes what happens to it."""

    def __init__(self, jid: str, password: str, ca: Path) -> None:
        super().__init__(jid, password)
        self.ca_certs = ca
        self.enable_direct_tls = False
        self.enable_plaintext = False
        self.started = asyncio.Event()
        self.refused = asyncio.Event()
        self.inbox: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()
        self.add_event_handler("session_start", self._start)
        self.add_event_handler("ssl_invalid_chain", lambda _: self.refused.set())
        self.add_event_handler("message", self._note)
        self.add_event_handler("message_error", self._note)

    def _start(self, _: object) -> None:
        self.send_presence()
        self.started.set()

    def _note(self, message) -> None:
        self.inbox.put_nowait((message["from"].bare, message["type"], message["body"]))


@asynccontextmanager
async def connected(federation: Federation, jid: str, password: str = "secret") -> AsyncIterator[Client]:
    """Log in on the jid's own server."""
    client = Client(jid, password, federation.ca)
    host, port = federation.address(JID(jid).domain).rsplit(":", 1)
    client.connect(host, int(port))
    try:
        async with asyncio.timeout(DEADLINE_S):
            await client.started.wait()
        yield client
    finally:
        await hang_up(client)


async def hang_up(client: Client) -> None:
    """Close the stream and leave no task of slixmpp behind."""
    client.cancel_connection_attempt()
    if client.transport:
        await client.disconnect(wait=1, ignore_send_queue=True)
    client.abort()
    if client._run_out_filters:
        client._run_out_filters.cancel()
    await asyncio.sleep(0)


async def exchange(federation: Federation, alice: str, bob: str) -> list[tuple[str, str, str]]:
    """Send a message each way and give what arrived, or bounced, first at Bob's, then at Alice's."""
    for jid in (alice, bob):
        federation.register(JID(jid).user, JID(jid).domain, "secret")
    async with connected(federation, alice) as left, connected(federation, bob) as right, asyncio.timeout(DEADLINE_S):
        left.send_message(mto=bob, mbody="there", mtype="chat")
        arrived = [await right.inbox.get()]
        right.send_message(mto=alice, mbody="and back", mtype="chat")
        return [*arrived, await left.inbox.get()]


@pytest.mark.parametrize("which", ["federation", "federation_ep"])
def test_messages_cross_the_domains_both_ways(which: str, request: pytest.FixtureRequest) -> None:
    """A client on one domain and a client on the other exchange messages, whichever server is on which side."""
    federation = request.getfixturevalue(which)
    arrived = asyncio.run(exchange(federation, "alice@sen1.test", "bob@sen2.test"))
    assert arrived == [("alice@sen1.test", "chat", "there"), ("bob@sen2.test", "chat", "and back")]


@pytest.mark.parametrize("limits", ["default", "gateways"])
@pytest.mark.parametrize("kind", ["prosody", "ejabberd"])
def test_like_servers_federate_too_whatever_the_limits(kind: str, limits: str, start_federation) -> None:
    """Two servers of one kind federate, with Debian's limits in force and with those that operators are advised."""
    federation = start_federation(kind, kind, limits=limits)
    arrived = asyncio.run(exchange(federation, "alice@sen1.test", "bob@sen2.test"))
    assert [body for _, _, body in arrived] == ["there", "and back"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["prosody", "ejabberd"])
def test_debians_limits_slow_a_client_down(kind: str, start_federation) -> None:
    """A burst of 40 kB takes seconds at Debian's 10 kB/s (Prosody), or 3 kB/s after 20 kB (ejabberd)."""
    federation = start_federation(kind, "prosody", limits="default")
    federation.register("alice", "sen1.test", "secret")

    async def burst() -> float:
        async with connected(federation, "alice@sen1.test") as alice, asyncio.timeout(60):
            begun = time.monotonic()
            for _ in range(4):
                alice.send_message(mto="alice@sen1.test", mbody="x" * 10_000, mtype="chat")
            for _ in range(4):
                await alice.inbox.get()
            return time.monotonic() - begun

    assert asyncio.run(burst()) >= 2


@pytest.mark.parametrize("kind", ["prosody", "ejabberd"])
def test_accounts_outlive_a_kill(kind: str, start_federation) -> None:
    """An account made just before kill -9 of its server can log in after the restart, and still federates."""
    federation = start_federation(kind, "prosody")
    federation.register("alice", "sen1.test", "secret")
    federation.servers["sen1.test"].kill()
    assert federation.pids["sen1.test"] is None
    federation.restart("sen1.test")

    async def log_in() -> None:
        async with connected(federation, "alice@sen1.test"):
            pass

    asyncio.run(log_in())
    arrived = asyncio.run(exchange(federation, "alice@sen1.test", "bob@sen2.test"))
    assert arrived[0] == ("alice@sen1.test", "chat", "there")


@pytest.mark.parametrize("which", ["federation", "federation_ep"])
def test_a_password_is_set_again_and_an_account_deleted(which: str, request: pytest.FixtureRequest) -> None:
    """Registering twice sets the password; a deleted account is refused by its server."""
    federation = request.getfixturevalue(which)

    async def log_in(password: str) -> None:
        async with connected(federation, "carol@sen1.test", password):
            pass

    federation.register("carol", "sen1.test", "first")
    federation.register("carol", "sen1.test", "second")
    asyncio.run(log_in("second"))
    federation.servers["sen1.test"].unregister("carol")

    async def refused() -> None:
        client = Client("carol@sen1.test", "second", federation.ca)
        no = asyncio.Event()
        client.add_event_handler("failed_all_auth", lambda _: no.set())
        host, port = federation.address("sen1.test").rsplit(":", 1)
        client.connect(host, int(port))
        try:
            async with asyncio.timeout(DEADLINE_S):
                await no.wait()
        finally:
            await hang_up(client)

    asyncio.run(refused())


@pytest.mark.parametrize("domain", ["sen1.test", "sen2.test"])
def test_a_client_refuses_a_foreign_authority(domain: str, federation: Federation, tmp_path: Path) -> None:
    """A client that trusts another authority refuses the server's certificate, on both kinds of server."""
    stranger = Authority(tmp_path / "stranger").create()

    async def try_it() -> None:
        client = Client(f"alice@{domain}", "secret", stranger.certificate)
        host, port = federation.address(domain).rsplit(":", 1)
        client.connect(host, int(port))
        try:
            async with asyncio.timeout(DEADLINE_S):
                await client.refused.wait()
            assert not client.started.is_set()
        finally:
            await hang_up(client)

    asyncio.run(try_it())


@pytest.mark.parametrize("pair", [("prosody", "ejabberd"), ("ejabberd", "prosody")])
def test_a_server_refuses_a_foreign_authority(pair: tuple[str, str], start_federation) -> None:
    """A message to a domain whose certificate nobody trusts comes back as an error, and so does one from it."""
    federation = start_federation(*pair, distrusted="sen2.test")
    for user, domain in (("alice", "sen1.test"), ("bob", "sen2.test")):
        federation.register(user, domain, "secret")

    async def bounce(sender: str, recipient: str, ca: Path) -> tuple[str, str]:
        client_ca, federation.ca = federation.ca, ca
        async with connected(federation, sender) as client, asyncio.timeout(DEADLINE_S):
            federation.ca = client_ca
            client.send_message(mto=recipient, mbody="refused", mtype="chat")
            return (await client.inbox.get())[:2]

    own = federation.ca
    foreign = federation.ca.parent.parent / "stranger" / "ca.crt"
    assert asyncio.run(bounce("alice@sen1.test", "bob@sen2.test", own)) == ("bob@sen2.test", "error")
    assert asyncio.run(bounce("bob@sen2.test", "alice@sen1.test", foreign)) == ("alice@sen1.test", "error")


@pytest.mark.usefixtures("_servers_installed")
def test_no_server_outlives_a_killed_rig(tmp_path: Path) -> None:
    """When the process that started the servers is killed with kill -9, the servers end as well."""
    program = (
        "import sys; from pathlib import Path; from servers import Federation\n"
        "f = Federation(Path(sys.argv[1])).start(); print(*f.pids.values(), flush=True); sys.stdin.read()"
    )
    rig = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(TOOLS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with rig:
        assert rig.stdout is not None
        pids = [int(word) for word in rig.stdout.readline().split()]
        assert len(pids) == 2
        assert all(_lives(pid) for pid in pids)
        rig.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(_lives(pid) for pid in pids), 60, "the servers end")


def _lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def test_stopping_ends_both_servers_within_their_deadline(start_federation) -> None:
    """After stop no process of either server is left, politely ended: neither had to be killed."""
    federation = start_federation()
    pids = [pid for pid in federation.pids.values() if pid is not None]
    groups = {os.getpgid(pid) for pid in pids}
    begun = time.monotonic()
    federation.stop()
    assert time.monotonic() - begun < 10
    assert not any(_lives(pid) for pid in pids)
    for group in groups:
        wait_until(lambda group=group: not _group_lives(group), 60, "the helpers of the server end")


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.usefixtures("_servers_installed")
@pytest.mark.parametrize("kind", ["prosody", "ejabberd"])
def test_a_failed_start_tells_the_servers_own_words(kind: str, tmp_path: Path) -> None:
    """A server that cannot start gives one error with its last log lines, and nothing is left running."""
    with LoopbackNet() as net, socket.socket() as occupier:
        occupier.bind((net.address(1), 5222))
        occupier.listen()
        broken = Federation(tmp_path, kind, "prosody", net=net.prefix)
        server = broken.servers["sen1.test"]
        server.configure()
        configuration = next(path for path in server.place.folder.iterdir() if path.suffix in {".lua", ".yml"})
        configuration.write_text("hosts: [ this is = no configuration {{{")
        server.configure = lambda: None
        with pytest.raises(RigError, match=rf"{kind} for sen1.test on {net.address(1)} (?s:.*)\.(lua|yml|cfg)"):
            broken.start()
        assert set(broken.pids.values()) == {None}


def test_two_nets_never_meet() -> None:
    """Nets claimed at the same time differ, and a net that was given back can be claimed again."""
    with LoopbackNet() as one, LoopbackNet() as other:
        assert one.prefix != other.prefix
        first = one.prefix
    with LoopbackNet() as again:
        assert again.prefix == first


def test_certificates_name_their_domain(tmp_path: Path) -> None:
    """An issued certificate is accepted for its own domain and for no other."""
    authority = Authority(tmp_path / "ca").create()
    issued = authority.issue("sen1.test", tmp_path / "sen1.test")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(issued.certificate, issued.key)
    trusting = ssl.create_default_context(cafile=authority.certificate)

    assert _handshake(server, trusting, "sen1.test")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        _handshake(server, trusting, "sen2.test")


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bool:
    """Run a TLS handshake in memory; True when the client is content."""
    wires = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(wires[0], wires[1], server_hostname=name),
        server.wrap_bio(wires[1], wires[0], server_side=True),
    )
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            if end is ends[0]:
                return True
    return False


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(1000):
        writer.write(chunk)
    writer.close()


@asynccontextmanager
async def proxied_echo() -> AsyncIterator[tuple[Proxy, str, int]]:
    """Run an echo server behind a proxy, with a deadline on everything inside."""
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server, Proxy(f"{host}:{port}") as proxy, asyncio.timeout(DEADLINE_S):
        own_host, _, own_port = proxy.address.rpartition(":")
        yield proxy, own_host, int(own_port)


def test_the_proxy_forwards_freezes_and_resets() -> None:
    """Bytes pass; frozen they wait and pass when thawed; cut, the client sees a reset and not an orderly end."""

    async def scenario() -> None:
        async with proxied_echo() as (proxy, host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"one")
            assert await reader.readexactly(3) == b"one"
            proxy.freeze()
            writer.write(b"two")
            held = asyncio.ensure_future(reader.readexactly(3))
            done, _ = await asyncio.wait({held}, timeout=0.2)
            assert not done
            proxy.thaw()
            assert await held == b"two"
            proxy.cut()
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()

    asyncio.run(scenario())


def test_the_proxy_refuses_and_cuts_after_a_count() -> None:
    """Refusing, it resets new connections; with a count, it resets after exactly so many bytes."""

    async def scenario() -> None:
        async with proxied_echo() as (proxy, host, port):
            proxy.refuse = True
            reader, writer = await asyncio.open_connection(host, port)
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()
            proxy.refuse = False
            proxy.cut_after = 5
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"123")
            received = await reader.readexactly(2)
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()
            assert received == b"12"
            assert proxy.accepted == 2

    asyncio.run(scenario())
