"""Two domains as operators of a fleet run them: one on a cluster of ejabberd nodes, the other on a Prosody.

The nodes run ``operators/ejabberd.yml``, the other server ``operators/prosody.cfg.lua``, each as it stands; only the
site's own file is written here. The nodes share a PostgreSQL: accounts and offline messages are on no node. Erlang's
distribution listens on each node's own loopback address and needs no epmd.

    with Cluster(folder) as cluster:
        cluster.register("gw-1", "fleet.test", "secret")
        connect_to_any_of(cluster.addresses("fleet.test"), trusting=cluster.ca)
        cluster.nodes[1].kill()
"""

from __future__ import annotations

import getpass
import json
import secrets
import shutil
from pathlib import Path
from typing import Final, cast

from harness.wait import wait_until
from servers import ejabberd, prosody
from servers.certificates import Authority
from servers.ejabberd import Ejabberd
from servers.postgres import Postgres, missing_postgres
from servers.process import C2S_PORT, RigError, ServerPlace, XmppServer
from servers.prosody import Prosody
from servers.servers import LoopbackNet, ServerGroup

_OPERATORS: Final = Path(__file__).resolve().parent / "operators"
_DIST_PORT: Final = 25210
_DATABASE: Final = "ejabberd"
_FAR = 200  # number in the net
_CONNECTIONS = 100
_JOIN_S = 60.0


class Node(Ejabberd):
    """One node of the cluster."""

    data_names = ("mnesia",)

    def __init__(self, place: ServerPlace, database: Postgres, cookie: str) -> None:
        super().__init__(place)
        self._database, self._cookie = database, cookie
        self.name = f"ejabberd@{place.address}"

    def configure(self) -> None:
        """Copy the operators' file and write the site's."""
        place = self.place
        self._common()
        shutil.copy(_OPERATORS / "ejabberd.yml", self._configuration)
        macros = {
            "DOMAIN": place.domain,
            "NODE_ADDRESS": place.address,
            "API_ADDRESS": place.address,
            "CERTIFICATE": str(place.folder / "host.pem"),
            "AUTHORITIES": str(place.ca),
            "DATABASE_SERVER": f"unix:{self._database.folder}/.s.PGSQL.5432",
            "DATABASE_NAME": _DATABASE,
            "DATABASE_USER": "postgres",
            "DATABASE_PASSWORD": "",
        }
        # JSON is YAML.
        (place.folder / "site.yml").write_text(json.dumps({"define_macro": macros}, indent=1) + "\n")
        cookie = place.folder / ".erlang.cookie"
        cookie.touch(mode=0o600)
        cookie.write_text(self._cookie)
        cookie.chmod(0o400)

    def command(self) -> list[str]:
        """Run ``erl`` as a named node that listens on its own address only."""
        interface = "{" + self.place.address.replace(".", ",") + "}"
        distribution = (
            *("-name", self.name, "-start_epmd", "false", "-erl_epmd_port", str(_DIST_PORT)),
            *("-kernel", "inet_dist_use_interface", interface, "net_ticktime", "10"),
        )
        program, *arguments = super().command()
        return [program, *distribution, *arguments]

    def join_cluster(self, other: Node) -> None:
        """Become a node of another one's cluster; for good, over restarts. RigError when that does not happen."""
        self._ask("join_cluster", node=other.name)
        self.await_cluster({self.name, other.name})
        self.await_ready()

    def await_cluster(self, names: set[str]) -> None:
        """Wait until these nodes run, as this one sees them. RigError when they do not."""
        try:
            wait_until(lambda: names <= self.cluster(), _JOIN_S, every=0.2)
        except AssertionError:
            raise RigError(self._complaint(f"is not in one cluster with {', '.join(sorted(names))}")) from None

    def cluster(self) -> set[str]:
        """The nodes that run, as this one sees them; empty while it does not answer."""
        try:
            return set(cast("list[str]", self._ask("list_cluster")))
        except RigError:
            return set()


class Recipients(Prosody):
    """The server of the fleet's recipients; with ``component_secret`` a component may be one of its domains."""

    component_secret = ""

    @property
    def component(self) -> str:
        """The component's domain."""
        return f"homes.{self.place.domain}"

    def configure(self) -> None:
        """Copy the operators' file and write the site's."""
        place = self.place
        (place.folder / "data").mkdir(exist_ok=True)
        shutil.copy(_OPERATORS / "prosody.cfg.lua", self._configuration)
        (place.folder / "site.cfg.lua").write_text(
            "run_as_root = true -- looked at for uid 0 only\n"
            f'prosody_user = "{getpass.getuser()}" -- whose files prosodyctl writes\n'
            f'pidfile = "{place.folder}/prosody.pid"\n'
            f'data_path = "{place.folder}/data"\n'
            f'admin_socket = "{place.folder}/prosody.sock"\n'
            f'certificates = "{place.folder}/certificates"\n'
            f'ssl = {{ cafile = "{place.ca}"; capath = false }}\n'
            f'interfaces = {{ "{place.address}" }}\ncomponent_interfaces = {{ "{place.address}" }}\n'
            f'local_interfaces = {{ "{place.address}" }}\n'
            "use_ipv6 = false\ns2s_direct_tls_ports = {}\nhttp_ports = {}\nhttps_ports = {}\n"
            "c2s_direct_tls_ports = { 5223 }\n"
            f'plugin_paths = {{ "{prosody.PLUGINS}" }}\n'
            f"s2s_peers = {{ {prosody.peer_table(place.peers)} }}\n"
            f'log = {{ {{ levels = {{ min = "info" }}; to = "file"; filename = "{self.log}" }} }}\n\n'
            f'VirtualHost "{place.domain}"\n'
            'modules_enabled = { "s2s_peers" }\n' + self._component()
        )

    def _component(self) -> str:
        if not self.component_secret:
            return ""
        return f'Component "{self.component}"\n\tcomponent_secret = "{self.component_secret}"\n'


class Cluster(ServerGroup):
    """A cluster for the gateways' domain, a server for the recipients' domain, and the database of the first.

    Args:
        base: a folder for everything; its path should be short and readable by every user.
        nodes: how many nodes.
        domains: the gateways' and the recipients'.
        settings: more lines of postgresql.conf.
    """

    def __init__(
        self,
        base: Path,
        nodes: int = 2,
        domains: tuple[str, str] = ("fleet.test", "coop.test"),
        **settings: str,
    ) -> None:
        super().__init__()
        base = base.resolve()
        net = self.opened.enter_context(LoopbackNet())
        self.domains = domains
        authority = Authority(base / "authority").create()
        self.ca = authority.certificate
        near, far = domains
        node_addresses = [net.address(number) for number in range(1, nodes + 1)]
        far_address = net.address(_FAR)
        # Each node holds twenty connections.
        self.postgres = Postgres(max_connections=str(_CONNECTIONS + 25 * nodes), **settings)
        cookie = secrets.token_hex(12)
        self.nodes: list[Node] = []
        for number, address in enumerate(node_addresses, start=1):
            folder = base / f"node-{number}"
            certificate = authority.issue(near, folder / "certificates")
            place = ServerPlace(folder, near, address, {far: (far_address,)}, self.ca, certificate)
            self.nodes.append(Node(place, self.postgres, cookie))
        folder = base / far
        certificate = authority.issue(far, folder / "certificates")
        self.far = Recipients(
            ServerPlace(folder, far, far_address, {near: tuple(node_addresses)}, self.ca, certificate)
        )
        self.servers = {server.place.address: server for server in (*self.nodes, self.far)}

    def addresses(self, domain: str) -> tuple[str, ...]:
        """The client addresses of a domain's servers, each ``host:port`` (STARTTLS)."""
        return tuple(f"{server.place.address}:{C2S_PORT}" for server in self._of(domain))

    def launch(self) -> None:
        """Start everything and join the nodes."""
        if missing := missing_packages():
            raise RigError(f"the cluster needs Debian packages that are not installed: {' '.join(missing)}")
        self.opened.enter_context(self.postgres).create(_DATABASE)
        self.far.configure()
        self.far.launch()
        first, *others = self.nodes
        # One after the other: the first one makes the tables.
        for node in self.nodes:
            node.configure()
            node.launch()
            node.await_ready()
        for node in others:
            node.join_cluster(first)
        self.far.await_ready()

    def restart_node(self, number: int) -> None:
        """Start a node that was killed again, and wait until it is back in the cluster."""
        node = self.nodes[number]
        node.launch()
        node.await_ready()
        node.await_cluster({one.name for one in self.nodes if one.pid is not None})

    def register(self, user: str, domain: str, password: str) -> None:
        """Create an account, or set its password."""
        next(server for server in self._of(domain) if server.pid is not None).register(user, password)

    def _of(self, domain: str) -> list[XmppServer]:
        return [*self.nodes] if domain == self.domains[0] else [self.far]


class OneProsody(Cluster):
    """As a co-operative has it: one Prosody for its gateways and itself, and the collector's database."""

    def __init__(self, base: Path, domain: str = "coop.test", **settings: str) -> None:
        super().__init__(base, 0, (domain, domain), **settings)

    def launch(self) -> None:
        """Start both."""
        if missing := missing_packages(nodes=0):
            raise RigError(f"the server needs Debian packages that are not installed: {' '.join(missing)}")
        self.opened.enter_context(self.postgres)
        self.far.configure()
        self.far.launch()
        self.far.await_ready()

    def _of(self, domain: str) -> list[XmppServer]:
        return [self.far]


def missing_packages(nodes: int = 1) -> list[str]:
    """Name the Debian packages that the cluster needs and this machine lacks; without nodes no ejabberd is needed."""
    missing = [] if shutil.which("openssl") else ["openssl"]
    if nodes:
        missing += [name for name in ejabberd.missing_packages() if name == "ejabberd"]
        missing += [] if any(Path("/usr/lib/erlang/lib").glob("p1_pgsql-*")) else ["erlang-p1-pgsql"]
    return missing + prosody.missing_packages() + missing_postgres()
