"""`linky-gateway page`: the address and the code with which the page's password is set.

No password is an argument or printed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import page_certificate, page_visit
from gateway.commands.options import actions_of, add_language, command, configured, spoken
from gateway.errors import AccessError, ConfigError, reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.consent.orders import A, Order

_NO_PAGE = Phrase("{path}: there is no page: add the table [web], and start the gateway again")
_NOT_WRITABLE = Phrase("{path}: cannot be written: {why}")
_NOT_RUNNING = Phrase("the gateway is not running: start it, and ask again")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "the page of the house: a code to set its password"
    actions = actions_of(commands, "page", text)
    words = "a code for one setting of the password, at the first visit or when it is forgotten"
    code = command(actions, "code", _code, words, spoken_to=True)
    words = "only while the page has neither password nor code; else its address alone"
    code.add_argument("--first", action="store_true", help=words)
    words = "the certificate of the encrypted page, and the fingerprint of the authority that it is signed by"
    certificate = command(actions, "certificate", _certificate, words, spoken_to=True)
    words = "make another one, by the same authority (as root, or as whoever owns the configuration)"
    certificate.add_argument("--again", action="store_true", help=words)
    words = "the page's address, with a code while it has no password, in a file for the screen of linky-display"
    welcome = command(actions, "welcome", _welcome, words)
    welcome.add_argument("--to", type=Path, required=True, metavar="FILE", help="written whole or not at all")
    add_language(welcome)


def _code(options: argparse.Namespace) -> int:
    from gateway.control.messages import PageCode, PageWhere  # noqa: PLC0415

    config = configured(options)
    if config.web is None:
        raise ConfigError(_NO_PAGE.filled(path=options.config))
    lang, port, columns = spoken(options), config.web.address[1], page_visit.columns_of_terminal()
    told = _ask(config, PageWhere())
    if options.first and (told["ready"] or told["coded"]):
        # A new code would be the end of the one on a label.
        sys.stdout.write(page_visit.where(told["addresses"], port, lang, first=not told["ready"]))
        sys.stdout.write(page_certificate.where(told, lang))
        if not told["ready"]:
            sys.stdout.write(f"{page_visit.CODE_IS_GIVEN.in_language(lang)}\n")
        return 0
    code = _ask(config, PageCode())
    if columns:
        sys.stdout.write(page_visit.what_to_do(told["addresses"], port, code, lang, columns))
        sys.stdout.write(page_certificate.where(told, lang))
        return 0
    # Whoever reads it by a program reads the code alone.
    sys.stderr.write(page_visit.where(told["addresses"], port, lang, first=True))
    sys.stderr.write(page_certificate.where(told, lang))
    sys.stdout.write(f"{code}\n")
    return 0


def _certificate(options: argparse.Namespace) -> int:
    config = configured(options)
    if config.web is None:
        raise ConfigError(_NO_PAGE.filled(path=options.config))
    return page_certificate.show(config, config.web, options.config, spoken(options), again=options.again)


def _welcome(options: argparse.Namespace) -> int:
    from gateway.control.messages import PageWelcome  # noqa: PLC0415

    config = configured(options)
    told = {"addresses": [], "code": None} if config.web is None else _ask(config, PageWelcome())
    draft = options.to.with_name(f"{options.to.name}.new")
    try:
        # The group that may read the folder may read it, and nobody else: there may be a code in it.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w", encoding="utf-8") as file:
            json.dump(told, file)
        draft.replace(options.to)
    except OSError as error:
        raise AccessError(_NOT_WRITABLE.filled(path=options.to, why=reason(error))) from error
    return 0


def _ask(config: Config, order: Order[A]) -> A:
    from gateway.control.running import ask  # noqa: PLC0415

    try:
        return ask(config.control_socket, order)
    except ConnectionError as error:
        raise AccessError(_NOT_RUNNING) from error
