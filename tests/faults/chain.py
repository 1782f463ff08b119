"""The whole chain as processes: meter, gateway, two servers, two recipients, with a proxy before each server.

Whatever is injured is healed by ``heal``; whoever injures waits for what he wants to see.
"""

import os
from contextlib import ExitStack

from harness.accounts import FAR, register
from meter.process import SimulatedMeter
from servers import Federation
from servers.proxy import loop_in_thread, proxy_by
from tests.integration.processes import PASSWORD, House

# Times the meter's own pace.
SPEED = 20
# The co-operative in another domain, and somebody at the household's own server.
NEIGHBOUR = "voisine@sen1.test"
RECIPIENTS = {"recipient": FAR, "neighbour": NEIGHBOUR}
SERIES = ("consumption/", "contract/", "status/")
# Debian's package faketime; the dynamic linker knows what its $LIB is.
FAKETIME = "/usr/$LIB/faketime/libfaketimeMT.so.1"


class Chain:
    """A house that publishes to a recipient in another domain, and to one in its own.

    Args:
        folder: where every file is; short, for the servers' sockets.
        servers: the kinds of the first and of the second domain's server.
        seed: of the meter.
        own_network: nothing else lives in this network namespace, so that its packets may be dropped.
        clock: the gateway's wall clock can be moved (``faketime`` is installed).
    """

    def __init__(self, folder, servers, seed, *, own_network=False, clock=False):
        self.folder, self.own_network, self.clock_moves = folder, own_network, clock
        self._servers, self._seed, self._stack = servers, seed, ExitStack()
        self._clock = folder / "clock"
        # Once the gateway's own file was hurt, what it had not delivered may be gone from it.
        self.damaged = False

    def __enter__(self):
        with ExitStack() as stack:
            self.federation = stack.enter_context(Federation(self.folder / "servers", *self._servers))
            self._run = stack.enter_context(loop_in_thread())
            self.near = stack.enter_context(proxy_by(self._run, self.federation.address("sen1.test")))
            self.far = stack.enter_context(proxy_by(self._run, self.federation.address("sen2.test")))
            options = {"speed": SPEED, "seed": self._seed, "mode": "standard", "patient": True}
            self.meter = stack.enter_context(SimulatedMeter(self.folder / "ttyTIC", **options))
            self.meter.command("unplug")
            self.house = House(self.folder / "house", _Seen(self), self.folder / "ttyTIC")
            register(self.federation, self.house.folder, [NEIGHBOUR], PASSWORD)
            self.grant()
            self.gateway = stack.enter_context(self._gateway())
            self.house.await_link("xmpp", "ok", 60)
            self.recipient, self.neighbour = (
                stack.enter_context(self.house.recipient("DEBUG", name=name, jid=jid))
                for name, jid in RECIPIENTS.items()
            )
            self.await_recipients(60)
            self.meter.command("plug")
            # What is promised from here on is all that the meter says: before, nobody may have looked for it yet.
            self.await_link("port house", "ok")
            self.first_s = self.meter_s()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def _gateway(self):
        if not self.clock_moves:
            return self.house.gateway("DEBUG")
        self.set_clock(0)
        # Python asks for the time at every step of its loop: the file is read again each second only.
        process = self.house.gateway("DEBUG")
        process.environment.update(
            LD_PRELOAD=FAKETIME,
            FAKETIME_TIMESTAMP_FILE=str(self._clock),
            FAKETIME_DONT_FAKE_MONOTONIC="1",
            FAKETIME_CACHE_DURATION="1",
        )
        return process

    def set_clock(self, seconds):
        """Put the gateway's wall clock that far before or behind the truth."""
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self._clock)

    def grant(self):
        """The household's consents to everything that is judged."""
        for jid in RECIPIENTS.values():
            self.house.grant(*(path.rstrip("/") for path in SERIES), jid=jid)

    def meter_s(self):
        """The meter's clock in the frame that it sends now, POSIX."""
        frames = self.meter.truth()
        return frames[-1]["time"] if frames else 0

    def kill(self, target):
        """End a part as a power cut would."""
        if target in self.federation.domains:
            self.federation.servers[target].kill()
        else:
            getattr(self, target).kill()

    def start(self, target):
        """Start it again."""
        if target in self.federation.domains:
            self.federation.restart(target)
        else:
            getattr(self, target).start()

    def signal(self, target, number):
        """Send a signal to a part: to a server's whole group."""
        if target in self.federation.domains:
            os.killpg(self.federation.pids[target], number)
        else:
            os.kill(getattr(self, target).pid, number)

    def on_loop(self, function, *arguments):
        """Call something of a proxy in the loop that it lives in."""

        async def call():
            function(*arguments)

        self._run(call())

    def await_link(self, name, state, seconds=60):
        """Wait for what ``status`` says of a link."""
        self.house.await_link(name, state, seconds)

    def await_recipients(self, seconds):
        """Wait until each of them has confirmed what it was sent."""
        for jid in RECIPIENTS.values():
            self.await_link(f"recipient {jid}", "ok", seconds)

    def drain(self, seconds):
        """Stop the meter; wait until all that it said is stored and confirmed; until when it was read for certain."""
        last_s = self.meter_s()
        self.meter.command("unplug")
        self.house.await_silence(3)
        self.await_recipients(seconds)
        return last_s

    def stop(self):
        """End gateway and recipients in good order; their exit codes."""
        return [process.stop() for process in self._ours]

    @property
    def _ours(self):
        return self.gateway, self.recipient, self.neighbour

    def tracebacks(self):
        """What a person should never see, in what gateway and recipients said."""
        said = {process.log.name: process.log.read_text() for process in self._ours}
        bad = ("Traceback", PASSWORD, "was destroyed but it is pending")
        return [f"{name} says {word!r}" for name, text in said.items() for word in bad if word in text]


class _Seen:
    """The federation as house and recipient see it: through the proxies."""

    def __init__(self, chain):
        self._chain, self.ca = chain, chain.federation.ca
        self.register = chain.federation.register

    def address(self, domain):
        chain = self._chain
        return (chain.near if domain == "sen1.test" else chain.far).address
