"""A gateway of each kind as a process, which tells what it has loaded: a meter alone, and with each part beside it."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from harness import ROOT
from harness.process import Program, python
from harness.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"
# Kind -> the parts that it has beside its meter; ``opened`` is a page that somebody looks at.
KINDS = {
    "meter": (),
    "page": ("page",),
    "opened": ("page", "opened"),
    "broker": ("broker",),
    "federation": ("federation",),
    "everything": ("page", "opened", "broker", "federation"),
}
PAGES = ("/", "/history", "/cost", "/sharing", "/settings", "/repair")

_PATIENCE_S, _ANSWER_S = 90.0, 30.0
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


def page_table(port: int) -> str:
    """The page's table of a configuration."""
    return f'[web]\nlisten = "{LOOPBACK}:{port}"\n'


def broker_table(port: int) -> str:
    """The broker's; the password is in the file ``mqtt`` beside the configuration."""
    return f'[mqtt]\nhost = "{LOOPBACK}"\nport = {port}\nuser = "gateway"\npassword_file = "mqtt"\n'


class LoadedGateway(Program):
    """A daemon of that configuration; its control socket is in ``data``, in the configuration's folder or not."""

    def __init__(self, config: Path, data: Path) -> None:
        self._config, self._data, self._file = config, data, data.with_suffix(".modules")
        command = python("harness.loaded", self._file, "run", "--config", config)
        super().__init__(config.parent, data.name, command)

    def await_ready(self) -> None:
        """Wait until it can be asked."""
        socket = self._data / "control.sock"
        wait_until(socket.exists, _PATIENCE_S, "the gateway can be asked", alive=[self.require_alive])

    def modules(self) -> set[str]:
        """What it has loaded."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGUSR1)
        wait_until(self._file.exists, _PATIENCE_S, "the gateway tells its modules", alive=[self.require_alive])
        return set(self._file.read_text(encoding="utf-8").split())

    def open_pages(self, port: int) -> str:
        """Set the page's password and look at each page; the cookie. Raises RuntimeError where one is not there."""
        command = [str(word) for word in python("gateway", "page", "code", "--config", self._config)]

        def code() -> str:
            done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
            return done.stdout.strip()

        given = wait_until(code, _PATIENCE_S, "the page gives a code", every=0.5, alive=[self.require_alive])
        password = secrets.token_urlsafe(16)
        with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=_ANSWER_S)) as link:
            body = urlencode({"code": given, "password": password, "again": password})
            link.request("POST", "/setup", body, _HEADERS)
            answer = link.getresponse()
            answer.read()
            said = answer.headers.get_all("Set-Cookie") or []
            cookie = "; ".join(value.partition(";")[0] for value in said)
            for path in PAGES:
                link.request("GET", path, headers={"Cookie": cookie})
                answer = link.getresponse()
                answer.read()
                if answer.status != http.client.OK:
                    raise RuntimeError(f"{path}: {answer.status}")
        return cookie
