"""A real Zabbix for a test: Debian's server on a private PostgreSQL, and its frontend for the API, on loopback ports.

Needs Debian's packages ``zabbix-server-pgsql``, ``zabbix-frontend-php``, ``php-cli``, ``php-pgsql`` and ``postgresql``.
Nothing of it is a service, nothing is written outside its folder. The database begins without Zabbix's templates.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from harness.process import Program
from harness.wait import accepts, wait_until
from servers import postgres
from servers.ports import HOST, free_port
from servers.postgres import Postgres
from servers.process import RigError

USER, PASSWORD = "Admin", "zabbix"  # of every new Zabbix

_SERVER, _SCRIPTS, _FRONTEND = "zabbix_server", Path("/usr/share/zabbix-server-pgsql"), Path("/usr/share/zabbix")
_CONFIG_PLACE = Path("include/classes/core/CConfigFile.php")
_DEBIAN_CONFIG = "/etc/zabbix/zabbix.conf.php"
# What a server and its API need of the first data; the rest, 20 MB of templates, takes a minute to load.
_TABLES = (
    "role role_rule ugset users hstgrp usrgrp users_groups ugset_group user_ugset config graph_theme module"
    " config_autoreg_tls"
).split()
# One process of each kind that cannot be none: the rest asks devices.
_NONE = (
    "Pollers AgentPollers HTTPAgentPollers SNMPPollers PollersUnreachable HistoryPollers Pingers Discoverers"
    " HTTPPollers ODBCPollers BrowserPollers"
).split()
_ONE = "Preprocessors Trappers DBSyncers LLDProcessors Escalators Timers Alerters".split()
_START_S, _STOP_S = 90.0, 20.0


def missing_packages() -> list[str]:
    """Name the Debian packages that are not installed."""
    needed = {
        "zabbix-server-pgsql": (_SCRIPTS / "schema.sql.gz").exists() and _program(_SERVER),
        "zabbix-frontend-php": (_FRONTEND / "api_jsonrpc.php").exists(),
        "php-cli": _program("php"),
    }
    return [name for name, there in needed.items() if not there] + postgres.missing_postgres()


class ZabbixServer:
    """Server, database and frontend as long as the ``with`` block lasts.

    ``url`` is that of the frontend, with the API as ``/api_jsonrpc.php`` below it; ``address`` is ``host:port`` of the
    server's trapper.

    Args:
        folder: gets configuration, logs and a copy of the frontend.
        hears_s: how often the server hears of new items; Zabbix's own default is 10.
    """

    def __init__(self, folder: Path, hears_s: int = 1) -> None:
        if missing := missing_packages():
            raise RigError(f"Zabbix is not installed; install the Debian packages {' '.join(missing)}")
        self.folder, self._hears_s = folder, hears_s
        self.port, web_port = free_port(), free_port()
        self.url, self.address = f"http://{HOST}:{web_port}", f"{HOST}:{self.port}"
        self.database = Postgres()
        # Zabbix's words, as the frontend's, are in a log of their own; its server.log is what it writes itself.
        server = [_program(_SERVER), "--foreground", "--config", folder / "server.conf"]
        self._server = Program(folder, "zabbix", server, own_session=True, bound="KILL", cwd=folder)
        web = ["php", "-d", "max_execution_time=300", "-d", "post_max_size=16M", "-S", f"{HOST}:{web_port}"]
        workers, place = {"PHP_CLI_SERVER_WORKERS": "2"}, folder / "frontend"
        self._web = Program(folder, "frontend", web, workers, own_session=True, bound="KILL", cwd=place)
        self._guard: subprocess.Popen[bytes] | None = None
        self._token: str | None = None

    def start(self) -> Self:
        """Make the database, start everything, and wait until server and API answer. Raises RigError."""
        self.database.__enter__()
        self._fill()
        self._write_frontend()
        self._web.start()
        self.start_server()
        wait_until(self._answers, _START_S, "the API of Zabbix answers", every=0.2)
        return self

    def start_server(self) -> None:
        """Start the server alone, and wait until its trapper takes connections.

        It ends with the thread that starts it (Linux's parent death signal): start it from one that lives long enough.
        """
        self._write_server()
        server = self._server.start()
        # Its first process ends with us, and would leave the others: this one has the end of our pipe as its sign.
        self._guard = subprocess.Popen(
            ["sh", "-c", 'read -r _; kill -9 "-$1"', "sh", str(server.process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        wait_until(lambda: not server.running or accepts(HOST, self.port), _START_S, "Zabbix's trapper", every=0.1)
        if not server.running:
            words = server.log.read_text() + (self.folder / "server.log").read_text()
            raise RigError("Zabbix ended at once; its last lines:\n  " + "\n  ".join(words.splitlines()[-12:]))

    def hold_history(self) -> None:
        """Keep the server from writing down what it takes, until it is killed or ended."""
        if not self._server.running:
            return
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        writing = [pid for pid in children if b"history syncer" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        if not writing:
            raise RigError("Zabbix's server has no process that is called history syncer")
        for pid in writing:
            os.kill(int(pid), signal.SIGSTOP)

    def kill_server(self) -> None:
        """End the server and all its processes as a crash would."""
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.kill()
            self._guard.wait()
            self._guard.stdin.close()
            self._guard = None
            # Also when the first process has ended: the others of its group go on without it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._server.process.pid, signal.SIGKILL)
            self._server.kill()
            wait_until(lambda: not accepts(HOST, self.port), _STOP_S, "all processes of Zabbix's server are gone")

    def api(self, method: str, params: object) -> Any:  # noqa: ANN401 (what the method gives)
        """One call of the API as the administrator. Raises RigError with Zabbix's own words."""
        if self._token is None and method != "apiinfo.version":
            self._token = self._call("user.login", {"username": USER, "password": PASSWORD}, None)
        return self._call(method, params, self._token)

    def history(self, host: str) -> list[tuple[str, int, int, str]]:
        """(key, clock, ns, value) of everything that Zabbix has of a host's items, in this order."""
        items = self.api("item.get", {"output": ["itemid", "key_", "value_type"], "filter": {"host": host}})
        rows: list[tuple[str, int, int, str]] = []
        for kind in {item["value_type"] for item in items}:
            keys = {item["itemid"]: item["key_"] for item in items if item["value_type"] == kind}
            asked = {"output": "extend", "history": int(kind), "itemids": list(keys)}
            told = self.api("history.get", asked)
            rows += [(keys[row["itemid"]], int(row["clock"]), int(row["ns"]), row["value"]) for row in told]
        return sorted(rows)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self.kill_server()
        self._web.stop(_STOP_S)
        self.database.__exit__()

    def _fill(self) -> None:
        self.database.create("zabbix")
        self.database.load(gzip.decompress((_SCRIPTS / "schema.sql.gz").read_bytes()), "zabbix")
        data = gzip.decompress((_SCRIPTS / "data.sql.gz").read_bytes()).decode()
        statements = re.split(r"(?m)^(?=INSERT INTO )", data)
        chosen = [text for text in statements if text.startswith(tuple(f"INSERT INTO {table} " for table in _TABLES))]
        self.database.load("".join(chosen).encode(), "zabbix")

    def _write_server(self) -> None:
        settings = {
            "ListenIP": HOST, "ListenPort": self.port, "DBHost": self.database.folder, "DBName": "zabbix",
            "DBUser": "postgres", "LogFile": self.folder / "server.log", "PidFile": self.folder / "server.pid",
            "SocketDir": self.database.folder, "AllowRoot": 1, "StatsAllowedIP": HOST,
            "CacheUpdateFrequency": self._hears_s,
        } | {f"Start{name}": 0 for name in _NONE} | {f"Start{name}": 1 for name in _ONE}  # fmt: skip
        text = "".join(f"{key}={value}\n" for key, value in settings.items())
        (self.folder / "server.conf").write_text(text)

    def _write_frontend(self) -> None:
        """A copy of the frontend that reads our configuration: Debian's looks in /etc alone."""
        place, config = self.folder / "frontend", self.folder / "frontend.conf.php"
        shutil.copytree(_FRONTEND, place, symlinks=True, ignore=shutil.ignore_patterns("locale"))
        source = (place / _CONFIG_PLACE).read_text()
        if _DEBIAN_CONFIG not in source:
            raise RigError(f"{_FRONTEND / _CONFIG_PLACE} does not name {_DEBIAN_CONFIG}: another Zabbix than Debian's")
        (place / _CONFIG_PLACE).write_text(source.replace(_DEBIAN_CONFIG, str(config)))
        (place / "locale").mkdir()
        known = {"TYPE": "POSTGRESQL", "SERVER": self.database.folder, "PORT": 5432, "DATABASE": "zabbix"}
        known |= {"USER": "postgres", "PASSWORD": "", "SCHEMA": ""}
        lines = [f"$DB['{key}'] = '{value}';" for key, value in known.items()]
        lines += [f"$ZBX_SERVER = '{HOST}';", f"$ZBX_SERVER_PORT = '{self.port}';", "$ZBX_SERVER_NAME = 'test';"]
        lines += ["$DB['ENCRYPTION'] = false;", "$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;"]
        config.write_text("<?php\n" + "\n".join(lines) + "\n")

    def _answers(self) -> bool:
        try:
            return bool(self.api("apiinfo.version", {}))
        except OSError:
            return False

    def _call(self, method: str, params: object, token: str | None) -> Any:  # noqa: ANN401
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}).encode()
        headers = {"Content-Type": "application/json-rpc"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(f"{self.url}/api_jsonrpc.php", body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        if "error" in told:
            raise RigError(f"Zabbix refused {method}: {told['error'].get('data')}")
        return told["result"]


def _program(name: str) -> str:
    """The full path of a program, also where /usr/sbin is not searched; empty where there is none."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or ""
