"""A house and its recipients at two servers: their accounts, what is configured of them, the words of ``consume``."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from servers import Federation

HOME, FAR = "maison@sen1.test", "coop@sen2.test"


def register(federation: Federation, folder: Path, jids: Iterable[str] = (HOME, FAR), password: str = "") -> str:
    """Make the accounts, all with one password, which the file ``password`` of the folder has."""
    password = password or secrets.token_urlsafe(16)
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(password + "\n")
    for jid in jids:
        federation.register(*jid.split("@"), password)
    return password


def table(federation: Federation, jid: str = HOME) -> str:
    """The table of a gateway's configuration."""
    return (
        f'[federation]\njid = "{jid}"\npassword_file = "password"\n'
        f'address = "{federation.address(jid.partition("@")[2])}"\nca_file = "{federation.ca}"\n'
    )


def consume(
    federation: Federation, folder: Path, *sensors: str, jid: str = FAR, home: str = HOME, name: str = "recipient"
) -> list[object]:
    """The words of the recipient of these sensors, whose database is ``NAME.sqlite``."""
    domain = home.partition("@")[2]
    return [
        "consume", "--jid", jid, "--password-file", folder / "password",
        "--address", federation.address(jid.partition("@")[2]), "--ca-file", federation.ca,
        "--gateway", f"{home}/proxy", "--store", folder / f"{name}.sqlite",
        *(word for sensor in sensors for word in ("--identifier", f"{home}/{sensor}@{domain}")),
    ]  # fmt: skip
