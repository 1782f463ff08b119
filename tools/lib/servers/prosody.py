"""Prosody for one domain of the rig: configuration, command line, accounts by ``prosodyctl``."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

from servers.process import S2S_PORT, RigError, XmppServer, refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HERE: Final = Path(__file__).resolve().parent
PLUGINS: Final = _HERE / "prosody-plugins"


# By which an account can be made over XMPP, where one can.
_MODULES: Final = {"open": '"register_ibr";', "invite": '"register_ibr"; "invites"; "invites_register";'}


class Prosody(XmppServer):
    """Prosody 13 or later, with SQLite storage and SCRAM-SHA-256."""

    kind = "prosody"
    log_name = "prosody.log"
    data_names = ("data",)
    # The socket for prosodyctl: it comes after the ports, and accounts are made through it.
    started_mark = "prosody.sock"

    def configure(self) -> None:
        """Write ``prosody.cfg.lua``."""
        place = self.place
        (place.folder / "data").mkdir(exist_ok=True)
        text = Template((_HERE / "prosody.cfg.lua").read_text()).substitute(
            user=getpass.getuser(),
            folder=place.folder,
            domain=place.domain,
            address=place.address,
            ca=place.ca,
            plugins=PLUGINS,
            peers=peer_table(place.peers),
            limits_module="" if place.limits == "none" else '"limits";',
            limits=(_HERE / "limits" / f"{place.limits}.cfg.lua").read_text(),
            register_module=_MODULES.get(place.registration, ""),
            allow_registration=str(place.registration in _MODULES).lower(),
            invite_only=str(place.registration == "invite").lower(),
            refused_mechanisms=", ".join(f'"{name}"' for name in refused(place.login, 1, 256)),
        )
        self._configuration.write_text(text)

    def command(self) -> list[str]:
        """Run in the foreground."""
        return ["prosody", "-F", "--config", str(self._configuration)]

    def register(self, user: str, password: str) -> None:
        """Create an account, or set its password."""
        try:
            self._shell("create", user, password)
        except RigError:
            self._shell("password", user, password)

    def unregister(self, user: str) -> None:
        """Delete an account."""
        self._shell("delete", user)

    def tokens(self, count: int) -> str:
        """What the operator's shell says when it is told to make so many tokens, each good for one account."""
        done = subprocess.run(
            ["prosodyctl", "--config", str(self._configuration), "shell"],
            input=f'invite:create_account("{self.place.domain}")\n' * count,
            capture_output=True,
            text=True,
            check=True,
            env=self.environment(),
        )
        return done.stdout

    @property
    def _configuration(self) -> Path:
        return self.place.folder / "prosody.cfg.lua"

    def _shell(self, action: str, user: str, *arguments: str) -> None:
        # Through the running server: prosodyctl's own commands open the database besides it, and one finds it locked.
        jid = f"{user}@{self.place.domain}"
        self.run("prosodyctl", "--config", str(self._configuration), "shell", "user", action, jid, *arguments)


def peer_table(peers: Mapping[str, Sequence[str]]) -> str:
    """What ``s2s_peers`` holds, in Lua: ``["sen2.test"] = "127.77.0.2:5269"``, several addresses after one another."""
    return "; ".join(
        f'["{domain}"] = "{" ".join(f"{address}:{S2S_PORT}" for address in addresses)}"'
        for domain, addresses in peers.items()
    )


def missing_packages() -> list[str]:
    """Name the Debian packages that Prosody lacks here."""
    present = {
        "prosody": shutil.which("prosody") is not None,
        "lua-dbi-sqlite3": any(Path("/usr/lib").glob("*/lua/*/dbd/sqlite3.so")),
    }
    return [name for name, found in present.items() if not found]
