"""The house and who has what of it: configuration, accounts, consents, and the programs that run.

Five recipients in another domain: one has the indexes of a meter as they change, three the minutes of a meter each (one
of these behind a slow line, one is away most of the time), one the half hours of everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.points import Granularity
from harness.accounts import HOME, consume, register, table
from harness.house import GatewayFolder
from servers.ports import free_port
from soak.meters import HOUSE
from soak.parts import SoakError, SoakProgram

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Federation

FAR = "sen2.test"


@dataclass(frozen=True, slots=True)
class SoakRecipient:
    """One recipient and its consents: (meter, series prefix) at one granularity."""

    name: str
    granularity: Granularity
    shared: tuple[tuple[str, str], ...]

    @property
    def jid(self) -> str:
        """Its account."""
        return f"{self.name}@{FAR}"


RECIPIENTS = (
    SoakRecipient("exact", Granularity.RAW, (("house", "consumption/energy"),)),
    SoakRecipient("minutes", Granularity.MINUTE, (("farm", "consumption"), ("farm", "production"))),
    SoakRecipient("slow", Granularity.MINUTE, (("house", "consumption"),)),
    SoakRecipient("away", Granularity.MINUTE, (("flat", "consumption"),)),
    SoakRecipient(
        "halves",
        Granularity.HALF_HOUR,
        tuple((kind.name, path) for kind in HOUSE for path in ("consumption", "production")),
    ),
)
SLOW, AWAY = "slow", "away"


def name_of(meter: str, path: str = "") -> str:
    """What a meter, or a series of it, is called in the federation."""
    user_and_domain = f"{HOME}/{meter}@{HOME.partition('@')[2]}"
    return f"{user_and_domain}/{path}" if path else user_and_domain


class SoakHouse(GatewayFolder):
    """Its folder, and the programs in it.

    Args:
        folder: where everything is.
        federation: the two servers, running.
        slow: the address at which the slow recipient's server is found.
        preload: what the wall clock needs, for the environment.
        speed: how much faster than real.
    """

    def __init__(self, folder: Path, federation: Federation, slow: str, preload: dict[str, str], speed: float) -> None:
        super().__init__(folder, SoakError, preload)
        self.port = free_port()
        register(federation, folder, (HOME, *(one.jid for one in RECIPIENTS)))
        meters = "".join(
            f'[[meter]]\nname = "{kind.name}"\nsource = "{folder}/tty-{kind.name}"\nsensor = "{kind.name}"\n'
            for kind in HOUSE
        )
        # Everything else is the default: that is what is judged.
        self.config.write_text(
            f'{meters}[store]\ndirectory = "data"\n[clock]\ntrusted = true\n'
            f'{table(federation)}[web]\nlisten = "127.0.0.1:{self.port}"\n'
        )
        words = "soak.daemon", "--config", self.config, "--speed", speed
        self.gateway = SoakProgram(folder, "gateway", preload, *words)
        self.recipients: dict[str, SoakProgram] = {}
        for one in RECIPIENTS:
            found = consume(federation, folder, *dict(one.shared), jid=one.jid, name=one.name)
            if one.name == SLOW:
                found[found.index("--address") + 1] = slow
            self.recipients[one.name] = SoakProgram(folder, one.name, preload, "gateway", *found)

    def grant_all(self) -> None:
        """The household's consents, given at the command line of the gateway that runs."""
        for one in RECIPIENTS:
            for meter, prefix in one.shared:
                self.grant(one.jid, "--meter", meter, "--series", prefix, "--granularity", one.granularity.code)
