"""The chain as processes: meter, servers, gateway, recipient; made in a folder of its own and ended together."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Self

from demo import bridge
from harness import ROOT
from harness.accounts import FAR, HOME, consume, register, table
from harness.house import GatewayFolder
from harness.process import Program, last_lines, python
from servers import Federation, RigError, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from demo.endings import Endings

# What the household of the demo allows: as the meter says it, branch by branch.
SHARED = ("consumption", "production", "contract", "status")

_STOP_S = 8.0
_START_S = 30.0
_PIPE = "capture.raw"


class DemoChain(GatewayFolder):
    """Meter, gateway and, with ``federated``, two servers and a recipient.

    Args:
        folder: for everything that the programs write; must not exist.
        replay: a captured file in the place of the simulated meter.
        mode: the simulated meter's mode.
        endings: held back while a program is being started.
    """

    def __init__(self, folder: Path, replay: Path | None, mode: str, endings: Endings, *, federated: bool) -> None:
        super().__init__(folder, RigError)
        self.federated, self._endings = federated, endings
        self._replay, self._mode = replay, mode
        self._capture = b""
        self._stack = ExitStack()
        self._federation: Federation | None = None
        # The file with the table of a bridge that is tried.
        self.bridge: Path | None = None
        self.programs: dict[str, Program] = {}

    def __enter__(self) -> Self:
        try:
            source = self._make_replay() if self._replay else str(self.folder / "ttyTIC")
            account = self._start_servers() if self.federated else ""
            self.config.write_text(
                # A captured or hurried meter has a time of its own, and a demonstration need not wait for the host's.
                f'[[meter]]\nsource = "{source}"\nsensor = "demo"\nclock = "meter"\n[clock]\ntrusted = true\n'
                f'[store]\ndirectory = "data"\ncommit_interval_s = 2\n{account}'
            )
            if self.federated:
                self._let_have(FAR, *([bridge.BRIDGE] if self.bridge else []))
            self._spawn("gateway", python("gateway", "run", "--config", self.config))
            if self._replay:
                self._stack.callback(self._release_pipe)
            if self.federated:
                self._await(lambda: self.has("xmpp"), "the gateway did not reach its XMPP server")
                assert self._federation is not None
                words = consume(self._federation, self.folder, "demo")
                self._spawn("recipient", python("gateway", *words), output="pipe")
                # What the meter says before somebody has subscribed is nobody's but the house's.
                self._await(lambda: self.has(f"recipient {FAR}"), "the recipient did not subscribe")
                self._start_bridge()
            else:
                self._await(lambda: "not running" not in self.status(), "the gateway did not start")
            self._let_the_meter_speak()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def records(self) -> IO[bytes]:
        """What the recipient prints: one JSON object a line."""
        stream = self.programs["recipient"].process.stdout
        assert stream is not None
        return stream

    def status(self) -> str:
        """What ``linky-gateway status`` says, for a person."""
        done = self.command("status")
        return done.stdout or done.stderr

    def server(self, domain: str) -> str:
        """The program that serves a domain."""
        return self._federation.servers[domain].kind if self._federation else "none"

    def require_alive(self) -> None:
        """Look whether everything runs.

        Raises:
            RigError: a program has ended by itself; with its last lines.
        """
        for program in self.programs.values():
            program.require_alive()
        for domain, server in (self._federation.servers if self._federation else {}).items():
            if server.pid is None:
                lines = last_lines(server.log)
                raise RigError(f"{server.kind}, the server of {domain}, ended by itself; its last lines:\n{lines}")

    def last_lines(self, name: str) -> str:
        """The last lines that one of the programs wrote."""
        return last_lines(self.folder / f"{name}.log")

    def _let_have(self, *recipients: str) -> None:
        # What is pushed was read since the consent began; a capture has the days of its own.
        begins = ("--begins", "2000-01-01") if self._replay else ()
        for jid in recipients:
            for path in SHARED:
                self.grant(jid, "--series", path, "--granularity", "raw", *begins)

    def _start_bridge(self) -> None:
        if self.bridge and self._federation:
            words = bridge.configure(self.bridge, self._federation, self.folder, "demo")
            self._spawn("bridge", [sys.executable, "-m", "gateway.bridges.program", *words])
            self._await(lambda: self.has(f"recipient {bridge.BRIDGE}"), "the bridge did not subscribe")

    def _make_replay(self) -> str:
        """A pipe in the place of the file, which the gateway reads when it is filled."""
        assert self._replay is not None
        try:
            self._capture = self._replay.read_bytes()
        except OSError as error:
            raise RigError(f"{self._replay}: cannot be read: {error.strerror}") from error
        # Under a name of ours: the given one may hold what a URL or TOML gives a meaning to.
        os.mkfifo(self.folder / _PIPE)
        return f"replay:{_PIPE}"

    def _let_the_meter_speak(self) -> None:
        if self._replay:
            self._await(self._fill_pipe, "the gateway did not open the captured file")
            return
        link = self.folder / "ttyTIC"
        self._spawn("meter", [sys.executable, ROOT / "tools" / "meter", "run", "--link", link, "--mode", self._mode])
        self._await(lambda: self.has("port house"), "the gateway did not open the simulated meter's port")

    def _fill_pipe(self) -> bool:
        """Whether the gateway has read what was captured."""
        try:
            pipe = os.open(self.folder / _PIPE, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nobody has opened the other end
                return False
            raise
        os.set_blocking(pipe, True)
        with os.fdopen(pipe, "wb") as end:
            end.write(self._capture)
        return True

    def _release_pipe(self) -> None:
        """A gateway that waits for the pipe would not end."""
        self._capture = b""
        self._fill_pipe()

    def _await(self, predicate: Callable[[], bool], otherwise: str) -> None:
        """Wait until it is so while everything lives; RigError with ``otherwise`` and last lines when late."""

        def late(_: str) -> RigError:
            name = list(self.programs)[-1]
            return RigError(f"{otherwise} within {_START_S:g} s; the {name}'s last lines:\n{self.last_lines(name)}")

        wait_until(predicate, _START_S, fault=late, alive=[self.require_alive])

    def _start_servers(self) -> str:
        self._federation = self._stack.enter_context(Federation(self.folder / "xmpp"))
        register(self._federation, self.folder, (HOME, FAR, bridge.BRIDGE) if self.bridge else (HOME, FAR))
        return f"{table(self._federation)}batch_s = 0\n"

    def _spawn(self, name: str, command: list[object], output: str | None = None) -> None:
        # Ctrl-C is for the demo, which ends the others in order.
        program = Program(self.folder, name, command, output=output, keeps=False, own_session=True, fault=RigError)
        with self._endings.held():
            self.programs[name] = program.start()
            self._stack.callback(program.stop, _STOP_S)
