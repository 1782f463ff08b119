"""What is done to the chain. Each injury begins, shows itself in ``status`` where it can, lasts a while, and is healed.

An injury never judges: whether something was lost is the business of ``checker``, which knows what the meter said.
"""

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from harness.accounts import HOME
from servers import wait_until
from tests.faults.chain import RECIPIENTS
from tests.integration.processes import PASSWORD

# For a change in ``status`` while an injury lasts, and for the return of everything afterwards: the longest pause
# between two attempts is five minutes, and a third more.
SHOWN_S, BACK_S = 60, 420

# The least and the most that an injury lasts after it has shown itself, in seconds.
LASTS = (0.2, 5.0)

DAY_S = 86_400


@dataclass(frozen=True)
class Injury:
    """``begin(chain, draw)`` is a context in which the injury lasts.

    Attributes:
        shows: the link of ``status`` that must say so while it lasts; None where nobody can know.
        reading: the meter is read all the while, so none of its values may be missing.
        patient: the gateway tries again after a minute or more only: for the long runs.
        shared: the consent stands all the while; without, what is read meanwhile may be kept from the recipient.
        damages: the gateway's file itself: what it had not delivered may be lost, and is delivered before.
        needs: "network" of one's own, "strace", "faketime", or nothing.
    """

    name: str
    begin: object
    shows: str | None = None
    reading: bool = True
    patient: bool = False
    shared: bool = True
    damages: bool = False
    needs: str | None = None


@contextmanager
def killed(target, chain, draw):
    """As by a power cut, or by the kernel when memory runs out."""
    chain.kill(target)
    yield
    chain.start(target)


@contextmanager
def stopped(target, chain, draw):
    """Alive and deaf: SIGSTOP."""
    chain.signal(target, signal.SIGSTOP)
    try:
        yield
    finally:
        chain.signal(target, signal.SIGCONT)


@contextmanager
def reset(side, chain, draw):
    """Every connection to a server ends at once."""
    proxy = getattr(chain, side)
    chain.on_loop(proxy.cut)
    yield


@contextmanager
def refused(side, chain, draw):
    """No connection to a server is to be had."""
    proxy = getattr(chain, side)
    proxy.refuse = True
    chain.on_loop(proxy.cut)
    yield
    proxy.refuse = False


@contextmanager
def frozen(side, chain, draw):
    """Half open: nothing passes and nobody is told; afterwards it goes on, or both ends hear of it."""
    proxy = getattr(chain, side)
    chain.on_loop(proxy.freeze)
    yield
    if draw.random() < 0.5:
        chain.on_loop(proxy.cut)
    chain.on_loop(proxy.thaw)


@contextmanager
def delayed(side, chain, draw):
    """A slow line."""
    proxy = getattr(chain, side)
    proxy.delay_s = draw.uniform(0.05, 0.8)
    yield
    proxy.delay_s = 0.0


@contextmanager
def cut_short(side, chain, draw):
    """Each connection breaks after so many bytes, in the middle of a stanza, of a handshake."""
    proxy = getattr(chain, side)
    proxy.cut_after = draw.randrange(200, 20_000)
    chain.on_loop(proxy.cut)
    yield
    proxy.cut_after = None
    # One that was made with that budget would be cut later, when nobody knows why.
    chain.on_loop(proxy.cut)


@contextmanager
def between_servers(verdict, chain, draw):
    """Packets between the two servers are dropped, or refused."""
    rules = "add table inet faults\nadd chain inet faults out { type filter hook output priority 0; }\n"
    rules += "".join(f"add rule inet faults out tcp {end} 5269 {verdict}\n" for end in ("dport", "sport"))
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "faults"], check=True)


@contextmanager
def unplugged(chain, draw):
    """The USB adapter is pulled."""
    chain.meter.command("unplug")
    yield
    chain.meter.command("plug")


@contextmanager
def disk(fault, chain, draw):
    """What the kernel answers to SQLite: an error, or an answer that comes late."""
    log = chain.folder / "strace.log"
    calls = "pwrite64,fdatasync,fsync"
    command = ["strace", "-f", "-o", log, "-e", f"trace={calls}", "-e", f"inject={fault}", "-p", str(chain.gateway.pid)]
    with (chain.folder / "strace.said").open("wb") as said:
        tracer = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        said = chain.folder / "strace.said"
        wait_until(lambda: b"attached" in said.read_bytes() or tracer.poll() is not None, SHOWN_S, "strace is attached")
        assert tracer.poll() is None, said.read_text()
        yield
    finally:
        tracer.terminate()
        tracer.wait(SHOWN_S)


@contextmanager
def clock_moved(seconds, chain, draw):
    """The gateway's wall clock jumps, and back."""
    chain.set_clock(seconds)
    yield
    chain.set_clock(0)


@contextmanager
def account_deleted(chain, draw):
    """The operator deletes the household's account, and makes it again."""
    user, domain = HOME.split("@")
    chain.federation.servers[domain].unregister(user)
    chain.on_loop(chain.near.cut)
    try:
        yield
    finally:
        chain.federation.register(user, domain, PASSWORD)


@contextmanager
def password_changed(chain, draw):
    """The account has another password for a while."""
    user, domain = HOME.split("@")
    chain.federation.register(user, domain, "another-" + PASSWORD)
    chain.on_loop(chain.near.cut)
    try:
        yield
    finally:
        chain.federation.register(user, domain, PASSWORD)


@contextmanager
def state_lost(domain, chain, draw):
    """A server comes back without anything that it knew: no accounts, no roster, no messages that waited there."""
    chain.federation.servers[domain].kill()
    chain.federation.servers[domain].forget()
    chain.federation.restart(domain)
    yield
    for user, _, where in (jid.partition("@") for jid in (HOME, *RECIPIENTS.values())):
        if where == domain:
            chain.federation.register(user, domain, PASSWORD)


@contextmanager
def certificate_expired(chain, draw):
    """The server of the household's domain shows a certificate of five years ago."""
    chain.federation.certify("sen1.test", expired=True)
    chain.on_loop(chain.near.cut)
    try:
        yield
    finally:
        chain.federation.certify("sen1.test")


@contextmanager
def file_damaged(how, chain, draw):
    """The card's fault: the gateway's file is not what it was when it starts again."""
    chain.gateway.kill()
    path = chain.house.folder / "data/linky-gateway.sqlite"
    how(path, draw)
    chain.gateway.start()
    yield


def scribble(path, draw):
    """Random bytes somewhere in the file, as a sector that was written wrongly."""
    with path.open("r+b") as file:
        for _ in range(draw.randrange(1, 5)):
            file.seek(draw.randrange(path.stat().st_size // 512) * 512)
            file.write(draw.randbytes(512))


def truncate(path, draw):
    """The end of the file is gone."""
    os.truncate(path, draw.randrange(path.stat().st_size // 512) * 512)


def lose_wal(path, draw):
    """What was committed last is gone."""
    path.with_name(path.name + "-wal").unlink(missing_ok=True)


_XMPP, _STORE, _PORT = "xmpp", "store", "port house"

INJURIES = (
    Injury("kill gateway", partial(killed, "gateway"), reading=False),
    Injury("kill recipient", partial(killed, "recipient")),
    Injury("kill neighbour", partial(killed, "neighbour")),
    Injury("kill the household's server", partial(killed, "sen1.test"), shows=_XMPP),
    Injury("kill the recipient's server", partial(killed, "sen2.test")),
    Injury("stop gateway", partial(stopped, "gateway"), reading=False),
    Injury("stop recipient", partial(stopped, "recipient")),
    Injury("stop the household's server", partial(stopped, "sen1.test")),
    Injury("stop the recipient's server", partial(stopped, "sen2.test")),
    *(
        Injury(f"{words}, {whose}", partial(what, side), shows=shows if side == "near" else None)
        for side, whose in (("near", "gateway"), ("far", "recipient"))
        for words, what, shows in (
            ("reset", reset, None),
            ("refused", refused, _XMPP),
            ("half open", frozen, None),
            ("slow line", delayed, None),
            ("cut in a stanza", cut_short, None),
        )
    ),
    Injury("servers cut off", partial(between_servers, "drop"), needs="network"),
    Injury("servers refuse one another", partial(between_servers, "reject with tcp reset"), needs="network"),
    Injury("unplug", unplugged, shows=_PORT, reading=False),
    Injury("disk full", partial(disk, "pwrite64:error=ENOSPC"), shows=_STORE, needs="strace"),
    Injury("disk read-only", partial(disk, "pwrite64:error=EROFS"), shows=_STORE, needs="strace"),
    Injury("disk fails", partial(disk, "fdatasync,fsync:error=EIO"), needs="strace"),
    Injury("disk slow", partial(disk, "fdatasync,fsync:delay_enter=400000"), needs="strace"),
    Injury("clock an hour on", partial(clock_moved, 3600), needs="faketime"),
    Injury("clock an hour back", partial(clock_moved, -3600), needs="faketime"),
    Injury("clock a year on", partial(clock_moved, 366 * DAY_S), shared=False, needs="faketime"),
    Injury("clock a year back", partial(clock_moved, -366 * DAY_S), needs="faketime"),
    Injury("clock of 1970", partial(clock_moved, -56 * 365 * DAY_S), needs="faketime"),
    Injury("account deleted", account_deleted, shows=_XMPP, patient=True),
    Injury("wrong password", password_changed, shows=_XMPP, patient=True),
    Injury("certificate expired", certificate_expired, shows=_XMPP, patient=True),
    Injury("household's server without its state", partial(state_lost, "sen1.test"), shows=_XMPP, patient=True),
    Injury("recipient's server without its state", partial(state_lost, "sen2.test"), patient=True),
    Injury("sectors of the file damaged", partial(file_damaged, scribble), reading=False, damages=True),
    Injury("file cut off", partial(file_damaged, truncate), reading=False, damages=True),
    Injury("write-ahead log lost", partial(file_damaged, lose_wal), reading=False, damages=True),
)


def available(chain):
    """Those that can be done here."""
    had = {
        None: True,
        "network": chain.own_network and shutil.which("nft"),
        "strace": _may_trace(),
        "faketime": chain.clock_moves,
    }
    return [injury for injury in INJURIES if had[injury.needs]]


def _may_trace():
    """Whether a process that is no child of the tracer may be traced: not everywhere, for who is not root."""
    if not shutil.which("strace"):
        return False
    with subprocess.Popen(["sleep", "60"]) as sleeping:
        try:
            done = subprocess.run(
                ["timeout", "-s", "INT", "1", "strace", "-p", str(sleeping.pid)], capture_output=True, check=False
            )
        finally:
            sleeping.kill()
    return b"attached" in done.stderr
