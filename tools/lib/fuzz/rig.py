"""A house to be fuzzed: the gateway as it is installed, its meters, its broker, two XMPP servers, a recipient.

Settings are the defaults of ``systemd/gateway.toml``, but for two: what is read is committed each second and sent with
each commit, so that what is late is late because of somebody.

| meter | how | whose |
|---|---|---|
| ``house`` | a simulated meter on a pty | honest: each of its frames is to be stored |
| ``flat`` | a simulated meter, a board's own program under MicroPython, the broker | honest: the same |
| ``cellar`` | a pty | hostile: ``tic`` |
| ``shed`` | a board's account at the broker | hostile: ``mqtt`` |
"""

from __future__ import annotations

import re
import secrets
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from fuzz.xmpp import CONSENTED, STRANGER
from gateway.upkeep.authority.certificates import make
from harness.accounts import FAR, HOME, consume, register, table
from harness.house import GatewayFolder
from harness.process import Program, python
from harness.wait import wait_until
from meter.process import SimulatedMeter
from relay_faults.board import RelayBoard, compile_set
from relay_faults.broker import HOST, NAME, HouseBroker
from servers import Federation, LoopbackNet, free_port

if TYPE_CHECKING:
    from http.client import HTTPMessage
    from pathlib import Path

HOSTILE = {STRANGER: "intruder@sen2.test", CONSENTED: "pest@sen2.test"}
BOARD, HOSTILE_BOARD = "salon", "grenier"
HONEST_METERS = ("house", "flat")
# What is never broken, whoever comes.
LINKS = ("xmpp", "mqtt", "page", "page https", *(f"port {name}" for name in HONEST_METERS))
PAGE_NAME = "linky.local"
PATH = "consumption/power/apparent/raw"
# What the recipient may have of the two honest meters: what changes most.
SHARED = "consumption/power"
_START_S = 60.0


class Rig(GatewayFolder):
    """Everything, from ``with`` to its end; ``folder`` should be short, servers have sockets there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port, self.encrypted_port = free_port(), free_port()
        self._stack = ExitStack()
        self.password = secrets.token_urlsafe(16)
        # Where the port of the hostile meter is to be; what the recipient printed, a JSON object a line.
        self.cellar, self.received = folder / "tty-cellar", folder / "recipient.out"
        self.cookies: dict[str, str] = {}
        self.meters: dict[str, SimulatedMeter] = {}

    def __enter__(self) -> Self:
        try:
            self._start_others()
            self._configure()
            for jid in (FAR, HOSTILE[CONSENTED]):
                for meter in HONEST_METERS:
                    self.grant(jid, "--meter", meter, "--series", SHARED, "--granularity", "raw")
            self.gateway = self._program("gateway", "run", "--config", self.config)
            self.await_links()
            self._program("recipient", *consume(self.federation, self.folder, *HONEST_METERS))
            self._set_password()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def last(self, meter: str) -> int:
        """The second of the newest that is stored of a meter, POSIX; 0 before its first."""
        return max((last for (last,) in self.query("SELECT last_time FROM meter WHERE name = ?", meter)), default=0)

    def _start_others(self) -> None:
        enter = self._stack.enter_context
        self.net = enter(LoopbackNet())
        self.federation = enter(Federation(self.folder / "xmpp", "prosody", "prosody"))
        register(self.federation, self.folder, (HOME, FAR, *HOSTILE.values()), self.password)
        self.broker = HouseBroker(self.folder / "broker")
        accounts = {user: self.broker.add(user) for user in ("gateway", BOARD, HOSTILE_BOARD)}
        enter(self.broker)
        self.board_password = accounts[HOSTILE_BOARD]
        (self.folder / "mqtt-password").write_text(accounts["gateway"] + "\n")
        self.meters["house"] = enter(SimulatedMeter(self.folder / "tty-house", seed=1))
        self.meters["flat"] = enter(SimulatedMeter(self.folder / "tty-flat", seed=2, deliver="8n1", serial="000043"))
        compile_set(self.folder / "program")
        table: dict[str, object] = {"host": HOST, "port": self.broker.tls_port, "name": NAME}
        table["password"] = accounts[BOARD]
        where = self.folder / "board", self.folder / "program", self.meters["flat"].path
        self.board = enter(RelayBoard(*where, table, ca=self.broker.ca))

    def _configure(self) -> None:
        sources = {
            "house": self.folder / "tty-house", "flat": f"board:{BOARD}",
            "cellar": self.cellar, "shed": f"board:{HOSTILE_BOARD}",
        }  # fmt: skip
        meters = "".join(
            f'[[meter]]\nname = "{name}"\nsource = "{source}"\nsensor = "{name}"\n' for name, source in sources.items()
        )
        self.config.write_text(
            f'{meters}[clock]\ntrusted = true\n[store]\ndirectory = "data"\ncommit_interval_s = 1\n'
            f"{table(self.federation)}batch_s = 0\n"
            f'[mqtt]\nhost = "{HOST}"\nport = {self.broker.port}\nuser = "gateway"\npassword_file = "mqtt-password"\n'
            f'[web]\nlisten = "{HOST}:{self.port}"\nhttps = "{HOST}:{self.encrypted_port}"\n'
        )
        make(self.folder / "https", (PAGE_NAME,), (), datetime.now(UTC))

    def _program(self, name: str, *words: object) -> Program:
        return self._stack.enter_context(Program(self.folder, name, python("gateway", *words), output="file"))

    def await_links(self) -> None:
        """Wait until the gateway has reached everything, and has stored what the honest meters say."""
        begun = time.time()

        def up() -> bool:
            return self.has(*LINKS) and all(self.last(name) >= begun for name in HONEST_METERS)

        wait_until(up, _START_S, "the gateway reaches everything", every=0.3, alive=[self.gateway.require_alive])

    def sign_in(self) -> None:
        """A start signs everybody out."""
        self.cookies["household"] = self._form("/login", password=self.password)

    def _set_password(self) -> None:
        """The household sets its password; the one visitor who means harm has it, too."""
        code = self.command("page", "code").stdout.strip()
        self.cookies["household"] = self._form("/setup", code=code, password=self.password, again=self.password)
        self.cookies["hostile"] = self._form("/login", password=self.password)
        found = re.search(r'name="form_token" value="([^"]+)"', self._ask("/settings", "hostile")[1].decode())
        self.token = found[1] if found else ""

    def _form(self, path: str, **fields: str) -> str:
        """Send a form; the cookie that is given."""
        headers, _ = self._ask(path, form=urlencode(fields))
        cookie = headers.get("Set-Cookie", "").partition(";")[0]
        assert cookie, (path, headers)
        return str(cookie)

    def _ask(self, path: str, who: str = "", form: str | None = None) -> tuple[HTTPMessage, bytes]:
        """Ask the page, following nothing; headers and body of the answer."""
        connection = HTTPConnection(HOST, self.port, timeout=30)
        headers = {"Cookie": self.cookies[who]} if who else {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("GET" if form is None else "POST", path, form, headers)
        with closing(connection), connection.getresponse() as answer:
            return answer.headers, answer.read()
