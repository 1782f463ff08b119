"""Two domains that federate over TLS on loopback: Prosody or ejabberd on either side, started and ended as one.

Typical use::

    with Federation(folder) as federation:
        federation.register("gateway", "sen1.test", "secret")
        connect_to(federation.address("sen1.test"), trusting=federation.ca)
"""

from __future__ import annotations

import os
import shutil
import socket
from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Literal, Self

from servers import ejabberd, prosody
from servers.certificates import Authority
from servers.ejabberd import Ejabberd
from servers.process import C2S_PORT, Limits, Login, Registration, RigError, ServerPlace, XmppServer
from servers.prosody import Prosody

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Kind = Literal["prosody", "ejabberd"]
_KINDS: Final[Mapping[str, type[XmppServer]]] = {"prosody": Prosody, "ejabberd": Ejabberd}
STOP_S: Final = 10.0  # ejabberd takes 1.1 s, Prosody 0.03 s, on an idle machine


class LoopbackNet:
    """A 127.x.y net that no other session of this machine uses, from construction to ``close``.

    ``prefix`` is the net ("127.77.0"). The claim is a listening socket on its address 254: it ends with the process.
    """

    _FIRST, _COUNT = 64 * 256, 62 * 256  # 127.64.0 to 127.125.255

    def __init__(self) -> None:
        for step in range(self._COUNT):
            high, low = divmod(self._FIRST + (os.getpid() * 7 + step) % self._COUNT, 256)
            self.prefix = f"127.{high}.{low}"
            if self._claim():
                return
        raise RigError("no free 127.x.y net on this machine")

    def address(self, number: int) -> str:
        """Give one address of the net, 1 to 253."""
        return f"{self.prefix}.{number}"

    def close(self) -> None:
        """Give the net back."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _claim(self) -> bool:
        self._socket = socket.socket()
        try:
            self._socket.bind((self.address(254), C2S_PORT))
            self._socket.listen()
            for number in (1, 2):
                with socket.socket() as trial:
                    trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    trial.bind((self.address(number), C2S_PORT))
        except OSError:
            self._socket.close()
            return False
        return True


class ServerGroup(ABC):
    """XMPP servers that begin and end as one, with what was opened for them."""

    ca: Path
    servers: Mapping[str, XmppServer]

    def __init__(self) -> None:
        self.opened = ExitStack()

    def start(self) -> Self:
        """Start all of them; RigError where one does not, and nothing is left running."""
        try:
            self.launch()
        except BaseException:
            self.stop()
            raise
        return self

    @abstractmethod
    def launch(self) -> None:
        """Start each, and wait until it is ready."""

    def stop(self) -> None:
        """End all of them: politely, then within ten seconds by force; then what was opened for them."""
        for server in self.servers.values():
            server.terminate()
        for server in self.servers.values():
            server.join(STOP_S)
        self.opened.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class Federation(ServerGroup):
    """Two XMPP servers, one domain each, that verify one another's certificates.

    Args:
        base: a folder for configurations, data and logs; its path should be short and readable by this user.
        a: the server of the first domain.
        b: the server of the second domain.
        net: the first three numbers of the addresses, or None to claim a free net.
        limits: "none", "default" for the rates and offline limits of Debian's configurations, or "gateways" for those
            that README.md advises.
        domains: the two domains.
        distrusted: a domain whose certificate comes from an authority that nobody trusts.
        registration: "open" lets anybody make an account over XMPP, "invite" whoever shows a token (Prosody), "web"
            shows the address of a page (ejabberd).
        login: "scram", or "plain" for servers that offer nothing but PLAIN.
    """

    def __init__(
        self,
        base: Path,
        a: Kind = "prosody",
        b: Kind = "ejabberd",
        net: str | None = None,
        limits: Limits = "none",
        *,
        domains: tuple[str, str] = ("sen1.test", "sen2.test"),
        distrusted: str | None = None,
        registration: Registration = "closed",
        login: Login = "scram",
    ) -> None:
        super().__init__()
        base = base.resolve()
        prefix = net or self.opened.enter_context(LoopbackNet()).prefix
        addresses = {domain: f"{prefix}.{number}" for number, domain in enumerate(domains, start=1)}
        self._authority = authority = Authority(base / "authority").create()
        self.domains = domains
        self.ca = authority.certificate
        self.servers = {}
        for domain, kind in zip(domains, (a, b), strict=True):
            issuer = Authority(base / "stranger").create() if domain == distrusted else authority
            folder = base / domain
            place = ServerPlace(
                folder=folder,
                domain=domain,
                address=addresses[domain],
                peers={other: (address,) for other, address in addresses.items() if other != domain},
                ca=self.ca,
                certificate=issuer.issue(domain, folder / "certificates"),
                limits=limits,
                registration=registration,
                login=login,
            )
            self.servers[domain] = _KINDS[kind](place)

    @property
    def pids(self) -> dict[str, int | None]:
        """The process id of each domain's server, None when it does not run."""
        return {domain: server.pid for domain, server in self.servers.items()}

    def address(self, domain: str) -> str:
        """Give the client address of a domain's server, as ``host:port`` (STARTTLS)."""
        return f"{self.servers[domain].place.address}:{C2S_PORT}"

    def launch(self) -> None:
        """Start both servers and wait until they accept connections."""
        if missing := missing_packages():
            raise RigError(f"the federation needs Debian packages that are not installed: {' '.join(missing)}")
        for server in self.servers.values():
            server.configure()
            server.launch()
        for server in self.servers.values():
            server.await_ready()

    def restart(self, domain: str) -> None:
        """Start a domain's server again, ended or not, and wait until it accepts connections."""
        server = self.servers[domain]
        server.terminate()
        server.join(STOP_S)
        server.launch()
        server.await_ready()

    def certify(self, domain: str, *, expired: bool = False) -> None:
        """Give a domain's server a new certificate, or one whose time is over, and start it again with that."""
        server = self.servers[domain]
        self._authority.renew(domain, server.place.folder / "certificates", expired=expired)
        server.configure()
        self.restart(domain)

    def register(self, user: str, domain: str, password: str) -> None:
        """Create an account, or set its password; the domain's server must run."""
        self.servers[domain].register(user, password)


def missing_packages() -> list[str]:
    """Name the Debian packages that the rig needs and this machine lacks."""
    openssl = [] if shutil.which("openssl") else ["openssl"]
    return openssl + prosody.missing_packages() + ejabberd.missing_packages()
