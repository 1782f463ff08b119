"""``tools/provision``: arguments in, exit code out; what goes wrong is said in French or English.

Exit codes: 0 done, 1 failed (run it again: it goes on from where it was), 2 wrong use, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import shlex
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config import password_from
from gateway.doctor.sentences import language
from gateway.errors import ConfigError
from provisioning import device, fleet
from provisioning.accounts import Ejabberd, InBand, Prosody
from provisioning.errors import ProvisionError
from provisioning.texts import Progress, text
from provisioning.work import Fleet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provisioning.accounts import Accounts

_EPILOG = """
  tools/provision FLEET.csv --domain example.org --ejabberd https://xmpp.example.org:5443/api \\
      --admin admin@example.org --admin-password-file admin.password
  tools/provision FLEET.csv --domain example.org --prosodyctl 'ssh root@xmpp.example.org prosodyctl'
  tools/provision --revoke maison-12 --prosodyctl prosodyctl      a lost device: its account is closed
  tools/provision --hand-over maison-12                           erases what is kept of it here

FLEET.csv, from any spreadsheet, one line for each device:
  device     the machine's name, and its account's: maison-12
  site       where it goes, for the label and the register
  wifi, wifi_key, country    the Wi-Fi of the house (- as the key of an open one; FR)
  port       where the meter is: auto, /dev/serial0, usb:…, socket://…
  language   fr or en
  jid        an account of another name than device@domain

Run it again at will: what exists is kept, what is missing is made, a card whose line has changed is written anew.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one thing; its exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if bool(options.fleet) + bool(options.revoke) + bool(options.hand_over) != 1:
        made.error("give one of FLEET.csv, --revoke DEVICE, --hand-over DEVICE")
    lang = options.lang or language(os.environ)
    try:
        _do(options, lang)
    except (ProvisionError, ConfigError) as error:
        said = error.say(lang) if isinstance(error, ProvisionError) else str(error)
        print(f"{_newline()}tools/provision: {said}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{_newline()}tools/provision: {text(lang, 'interrupted')}", file=sys.stderr)
        return 130
    return 0


def _do(options: argparse.Namespace, lang: str) -> None:
    if not options.fleet and not options.out.is_dir():
        raise ProvisionError("unknown_device", device=options.hand_over or options.revoke, path=options.out, known="—")
    if options.hand_over:
        with device.opened(options.out):
            done = Fleet(options.out).hand_over(options.hand_over)
        print(text(lang, "handed_over" if done else "handed_over_before", device=options.hand_over))
        return
    server = accounts(options)
    if options.revoke:
        with device.opened(options.out):
            done = Fleet(options.out, server).revoke(options.revoke)
        print(text(lang, "revoked" if done else "revoked_before", device=options.revoke))
        return
    rows = fleet.read(options.fleet, options.domain)
    if any(row.wifi_key for row in rows) and options.fleet.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ProvisionError("too_open", path=options.fleet)
    with device.opened(options.out):
        work = Fleet(options.out, server, options.address, options.card)
        outcome = work.provision(rows, Progress(text(lang, "working"), sys.stdout))
    values = {"all": outcome.all, "made": outcome.made, "cards": outcome.cards, "handed_over": outcome.handed_over}
    print(text(lang, "done", **values))
    if outcome.all < len(rows):
        print(text(lang, "left_out", count=len(rows) - outcome.all))
    print(text(lang, "where", out=options.out))
    print(text(lang, "secret"))


def accounts(options: argparse.Namespace) -> Accounts:
    """The organisation's server."""
    if options.ejabberd:
        if options.admin and not options.admin_password_file:
            raise ProvisionError("no_admin_password", admin=options.admin)
        login = (options.admin, password_from(options.admin_password_file)) if options.admin else None
        return Ejabberd(options.ejabberd, login, options.ca_file)
    if options.prosodyctl:
        return Prosody(shlex.split(options.prosodyctl))
    if options.in_band:
        return InBand(options.address, options.ca_file)
    raise ProvisionError("which_server")


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/provision",
        description="Accounts, cards, labels and a register for a fleet of gateways.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("fleet", nargs="?", type=Path, metavar="FLEET.csv")
    made.add_argument("--revoke", metavar="DEVICE", help="close a lost device's account")
    made.add_argument("--hand-over", metavar="DEVICE", help="erase what is kept of a device that its household has")
    made.add_argument("--out", type=Path, default=Path("fleet"), metavar="FOLDER", help="where it all goes (fleet/)")
    server = made.add_mutually_exclusive_group()
    server.add_argument("--ejabberd", metavar="URL", help="ejabberd's HTTP interface (mod_http_api)")
    server.add_argument("--prosodyctl", metavar="COMMAND", help="how to call prosodyctl, also by way of ssh")
    server.add_argument("--in-band", action="store_true", help="by XMPP itself, where the server lets anybody")
    made.add_argument("--admin", metavar="JID", help="who may, at ejabberd; none where it admits this machine")
    made.add_argument("--admin-password-file", type=Path, metavar="FILE", help="its first line is the password")
    made.add_argument("--ca-file", type=Path, metavar="FILE", help="an authority of one's own (PEM)")
    made.add_argument("--domain", metavar="DOMAIN", help="of the accounts")
    made.add_argument("--address", metavar="HOST:PORT", help="of the XMPP server, where DNS does not say")
    made.add_argument(
        "--card",
        choices=("raspios", "image"),
        default="raspios",
        help="what the cards hold: Raspberry Pi OS Lite (default), or an image with linky-first-boot.service in it",
    )
    made.add_argument("--lang", choices=("fr", "en"), help="(default: that of LANG)")
    return made


def _newline() -> str:
    # Below the bar, not in it.
    return "\n" if sys.stderr.isatty() and sys.stdout.isatty() else ""


if __name__ == "__main__":
    sys.exit(main())
