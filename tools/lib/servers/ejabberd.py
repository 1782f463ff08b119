"""ejabberd for one domain of the rig: run straight in its virtual machine, accounts by its HTTP interface.

Debian's ``ejabberdctl`` insists on root or the user ejabberd, on epmd and on a cookie; ``erl`` needs none of them.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

from servers.process import S2S_PORT, RigError, XmppServer, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

_HERE: Final = Path(__file__).resolve().parent
_HTTP_PORT: Final = 5280
# Where a server with ``registration="web"`` sends whoever wants an account.
WEB_PAGE: Final = "https://accounts.sen.test/new"
_CONFLICT: Final = 409  # the account exists
# ejabberd 24.12 looks addresses up in libc, which knows nothing of this file, but SRV records in Erlang's resolver,
# whose cache is filled on the command line. The name server is a closed port: no question ever leaves the machine.
_RESOLVER: Final = """\
{lookup,[file]}.
{resolv_conf,"/dev/null"}.
{nameserver,{127,0,0,1},9}.
{timeout,50}.
{retry,1}.
{cache_size,1000}.
"""


class Ejabberd(XmppServer):
    """ejabberd 24 or later, with SQLite storage and SCRAM-SHA-256."""

    kind = "ejabberd"
    log_name = "ejabberd.log"
    data_names: tuple[str, ...] = ("ejabberd.sqlite", "mnesia")
    # Its ports open before it has started; asked to end between the two, it crashes in Mnesia and hangs.
    started_mark = "started"

    def configure(self) -> None:
        """Write ``ejabberd.yml``, the resolver's configuration and the certificate in one file."""
        place = self.place
        pem = self._common()
        text = Template((_HERE / "ejabberd.yml").read_text()).substitute(
            domain=place.domain,
            address=place.address,
            folder=place.folder,
            ca=place.ca,
            pem=pem,
            limits=(_HERE / "limits" / f"{place.limits}.yml").read_text(),
            refused_mechanisms=", ".join(("X-OAUTH2", *refused(place.login, 1, 256, 512))),
            # Deny does not take away the change of one's own password.
            register_access="none" if place.registration == "closed" else "all",
            register_page=f'redirect_url: "{WEB_PAGE}"' if place.registration == "web" else "",
        )
        self._configuration.write_text(text)

    def command(self) -> list[str]:
        """Run ``erl`` in the foreground, without epmd, distribution or busy waiting."""
        routes = "".join(
            f'inet_db:add_rr("_xmpp-server._tcp.{domain}",in,srv,31536000,{{0,0,{S2S_PORT},"{address}"}}),'
            for domain, addresses in self.place.peers.items()
            for address in addresses
        )
        return [
            *(
                "erl",
                "+K",
                "true",
                "+P",
                "250000",
                "+sbwt",
                "none",
                "+sbwtdcpu",
                "none",
                "+sbwtdio",
                "none",
                "-noinput",
            ),
            *("-mnesia", "dir", f'"{self.place.folder}/mnesia"', "-ejabberd", "log_rotate_count", "0"),
            *("-eval", routes + "ok.", "-s", "ejabberd"),
            *("-eval", f'ok = file:write_file("{self.place.folder}/{self.started_mark}", "").'),
        ]

    def environment(self) -> dict[str, str]:
        """Tell Erlang where Debian keeps ejabberd, and ejabberd where its files are."""
        folder = self.place.folder
        return dict(
            os.environ,
            ERL_LIBS=str(_library()),
            ERL_INETRC=str(folder / "inetrc"),
            ERL_CRASH_DUMP_BYTES="0",
            ERL_MAX_PORTS="32000",
            EJABBERD_CONFIG_PATH=str(self._configuration),
            EJABBERD_LOG_PATH=str(self.log),
            HOME=str(folder),
        )

    def register(self, user: str, password: str) -> None:
        """Create an account, or set its password."""
        if self._call("register", user=user, password=password) == _CONFLICT:
            self._call("change_password", user=user, newpass=password)

    def unregister(self, user: str) -> None:
        """Delete an account."""
        self._call("unregister", user=user)

    @property
    def _configuration(self) -> Path:
        return self.place.folder / "ejabberd.yml"

    def _common(self) -> Path:
        """Write what does not depend on the configuration; the file with certificate and key."""
        pem = self.place.folder / "host.pem"
        pem.touch(mode=0o600)
        issued = self.place.certificate
        pem.write_text(issued.certificate.read_text() + issued.key.read_text())
        (self.place.folder / "inetrc").write_text(_RESOLVER)
        return pem

    def _call(self, command: str, **arguments: str) -> int:
        """Call the HTTP interface for this domain; return 200, or 409 for an account that exists."""
        status, _ = self._request(command, {"host": self.place.domain, **arguments})
        return status

    def _ask(self, command: str, **arguments: str) -> object:
        """Call the HTTP interface; what it answers."""
        answer: object = json.loads(self._request(command, arguments)[1])
        return answer

    def _request(self, command: str, arguments: Mapping[str, str]) -> tuple[int, bytes]:
        url = f"http://{self.place.address}:{_HTTP_PORT}/api/{command}"
        body = json.dumps(arguments).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        # A proxy of the environment must not see this.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return int(answer.status), answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                if refusal.code == _CONFLICT:
                    return _CONFLICT, b""
                raise RigError(
                    f"ejabberd ({self.place.domain}) refused {command}: {refusal.read().decode(errors='replace')}"
                ) from None
        except OSError as error:
            raise RigError(f"ejabberd ({self.place.domain}) did not answer {command}: {error}") from error


def _library() -> Path:
    """Find the folder that holds ejabberd-VERSION: it depends on the machine's architecture.

    Raises:
        RigError: ejabberd is not installed.
    """
    for application in sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin/ejabberd.app")):
        return application.parents[2]
    raise RigError("ejabberd is not installed (Debian packages ejabberd and erlang-p1-sqlite3)")


def missing_packages() -> list[str]:
    """Name the Debian packages that ejabberd lacks here."""
    present = {
        "ejabberd": any(Path("/usr/lib").glob("*/ejabberd-*/ebin/ejabberd.app")),
        "erlang-p1-sqlite3": any(Path("/usr/lib/erlang/lib").glob("p1_sqlite3-*")),
    }
    return [name for name, found in present.items() if not found]
