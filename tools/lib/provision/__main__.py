"""``tools/provision``: arguments in, exit code out; what goes wrong is said in French or English.

Exit codes: 0 done, 1 failed (run it again: it goes on from where it was), 2 wrong use, 130 interrupted.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from functools import partial
from typing import TYPE_CHECKING

from gateway.config.tables import password_from
from gateway.errors import ConfigError
from gateway.first_boot import checks
from gateway.upkeep.releases.keys import fingerprint
from gateway.words.language import chosen
from provision import device, fleet, invitations, keys
from provision.accounts import EjabberdAccounts, InBand, ProsodyAccounts
from provision.collector import CooperativeRegister
from provision.errors import ProvisionError
from provision.options import parser
from provision.texts import progress, text
from provision.work import ProvisionedFleet

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from provision.accounts import Accounts


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one thing; its exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if bool(options.fleet) + bool(options.revoke) + bool(options.hand_over) != 1:
        made.error("give one of FLEET.csv, --revoke DEVICE, --hand-over DEVICE")
    lang = chosen(options.lang, os.environ)
    try:
        _do(options, lang)
    except (ProvisionError, ConfigError) as error:
        said, code = error.say(lang) if isinstance(error, ProvisionError) else str(error), 1
    except KeyboardInterrupt:
        said, code = text(lang, "interrupted"), 130
    else:
        return 0
    # Below the bar, not in it.
    newline = "\n" if sys.stderr.isatty() and sys.stdout.isatty() else ""
    print(f"{newline}tools/provision: {said}", file=sys.stderr)
    return code


def _do(options: argparse.Namespace, lang: str) -> None:
    if not options.fleet and not options.out.is_dir():
        raise ProvisionError("unknown_device", device=options.hand_over or options.revoke, path=options.out, known="—")
    server = None if options.hand_over else accounts(options)
    register = CooperativeRegister(shlex.split(options.collect)) if options.collect else None
    if name := options.hand_over or options.revoke:
        with device.opened(options.out):
            known = ProvisionedFleet(options.out, server, register=register)
            if options.revoke:
                key, values = known.revoke(name)
            else:
                key, values = "handed_over" if known.hand_over(name) else "handed_over_before", {}
        print(text(lang, key, device=name, **values))
        return
    _prepare(options, lang, server, register)


def _prepare(
    options: argparse.Namespace, lang: str, server: Accounts | None, register: CooperativeRegister | None
) -> None:
    if server is None and not options.invitations and not (options.collect and options.out.is_dir()):
        raise ProvisionError("which_server")
    if options.installer and checks.jid(options.installer):
        raise ProvisionError("installer", jid=options.installer)
    rows = fleet.read(options.fleet, options.domain, accounts=server is not None)
    sheet = invitations.read(options.invitations) if options.invitations else None
    if any(row.wifi_key for row in rows) and options.fleet.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ProvisionError("too_open", path=options.fleet)
    ssh = keys.read(options.ssh_key) if options.ssh_key else ()
    release = keys.of_releases(options.release_key)
    with device.opened(options.out):
        work = ProvisionedFleet(
            options.out, server, options.address, options.card, options.installer, ssh, release, sheet, register
        )
        outcome = work.provision(rows, partial(progress, text(lang, "working"), sys.stdout))
    _say(options, lang, outcome, len(rows), ssh, release)


def _say(
    options: argparse.Namespace,
    lang: str,
    outcome: dict[str, int],
    lines: int,
    ssh: Sequence[str],
    release: Sequence[bytes],
) -> None:
    """What was done, where it is, and who may do what with it."""
    print(text(lang, "done", **outcome))
    if outcome["invited"]:
        print(text(lang, "invited"))
    if "joined" in outcome:
        print(text(lang, "joined", all=outcome["invited"], joined=outcome["joined"], waiting=outcome["waiting"]))
    if outcome["all"] < lines:
        print(text(lang, "left_out", count=lines - outcome["all"]))
    print(text(lang, "where", out=options.out))
    print(text(lang, "login" if ssh else "no_login"))
    if options.card == "raspios":
        shown = ", ".join(map(fingerprint, release))
        print(text(lang, "release_key", key=shown) if release else text(lang, "no_release_key"))
    print(text(lang, "secret"))


def accounts(options: argparse.Namespace) -> Accounts | None:
    """The organisation's server; None where none is named."""
    if options.ejabberd:
        if options.admin and not options.admin_password_file:
            raise ProvisionError("no_admin_password", admin=options.admin)
        login = (options.admin, password_from(options.admin_password_file)) if options.admin else None
        return EjabberdAccounts(options.ejabberd, login, options.ca_file)
    if options.prosodyctl:
        return ProsodyAccounts(shlex.split(options.prosodyctl))
    if options.in_band:
        return InBand(options.address, options.ca_file)
    return None


if __name__ == "__main__":
    sys.exit(main())
