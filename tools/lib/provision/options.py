"""The arguments of ``tools/provision``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.words.catalogue import LANGUAGES

_EPILOG = """
  tools/provision FLEET.csv --domain example.org --ejabberd https://xmpp.example.org:5443/api \\
      --admin admin@example.org --admin-password-file admin.password --ssh-key ~/.ssh/id_ed25519.pub
  tools/provision FLEET.csv --domain example.org --prosodyctl 'ssh root@xmpp.example.org prosodyctl'
  tools/provision FLEET.csv --invitations spring-2027.csv --collect 'ssh root@coop.example.org linky-collect'
  tools/provision --revoke maison-12 --prosodyctl prosodyctl      a lost device: its account is closed
  tools/provision --revoke maison-12 --collect 'ssh …'            its invitation is good no more
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


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/provision",
        description="Accounts, cards, labels and a register for a fleet of gateways.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("fleet", nargs="?", type=Path, metavar="FLEET.csv", help="the devices, below")
    made.add_argument("--revoke", metavar="DEVICE", help="a lost device: close its account, end its invitation")
    made.add_argument("--hand-over", metavar="DEVICE", help="erase what is kept of a device that its household has")
    made.add_argument("--out", type=Path, default=Path("fleet"), metavar="FOLDER", help="where it all goes (fleet/)")
    _declare_accounts(made)
    _declare_cards(made)
    made.add_argument("--lang", choices=LANGUAGES, help="(default: that of LANG, else fr)")
    return made


def _declare_accounts(made: argparse.ArgumentParser) -> None:
    """Where they are made, or by which invitations."""
    server = made.add_mutually_exclusive_group()
    server.add_argument("--ejabberd", metavar="URL", help="ejabberd's HTTP interface (mod_http_api)")
    server.add_argument("--prosodyctl", metavar="COMMAND", help="how to call prosodyctl, also by way of ssh")
    server.add_argument("--in-band", action="store_true", help="by XMPP itself, where the server lets anybody")
    made.add_argument(
        "--invitations",
        type=Path,
        metavar="FILE.csv",
        help="of linky-collect invite: one for each device; the page asks its household, and its yes makes the account",
    )
    made.add_argument(
        "--collect", metavar="COMMAND", help="how to call linky-collect: which device has which, who joined, what ends"
    )
    made.add_argument("--admin", metavar="JID", help="who may, at ejabberd; none where it admits this machine")
    made.add_argument("--admin-password-file", type=Path, metavar="FILE", help="its first line is the password")
    made.add_argument("--ca-file", type=Path, metavar="FILE", help="an authority of one's own (PEM)")
    made.add_argument("--domain", metavar="DOMAIN", help="of the accounts")
    made.add_argument("--address", metavar="HOST:PORT", help="of the XMPP server, where DNS does not say")


def _declare_cards(made: argparse.ArgumentParser) -> None:
    """What the cards hold."""
    made.add_argument(
        "--installer",
        metavar="JID",
        help="who would like to know whether the gateways are well: each page asks its household, which decides",
    )
    made.add_argument(
        "--card", choices=("raspios", "image"), default="raspios",
        help="what the cards hold: Raspberry Pi OS Lite (default), or an image with linky-first-boot.service in it",
    )  # fmt: skip
    made.add_argument(
        "--ssh-key",
        type=Path,
        metavar="FILE.pub",
        help="public SSH key (ssh-keygen): who has it logs in as linky, with every right; without it nobody can",
    )
    made.add_argument(
        "--release-key", type=Path, metavar="FILE.pub", help="of the cards' release (default: owner.toml's)"
    )


if __name__ == "__main__":
    parser().parse_args()
