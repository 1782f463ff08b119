"""``linky-gateway fleet``: its parser, a bar on a terminal, and the exit code.

Exit codes of ``status``: 0 all are well, 1 one is not, 2 of one nothing is known (not reachable, no consent) whatever
the others are; of ``update``: 0 all run the version, 1 it was stopped, 2 of one the household has not agreed.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import actions_of, add_language, command, seconds, spoken

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from gateway.commands.fleet_ask import FleetAnswer
    from gateway.commands.options import Commands


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "an installer's gateways, each with its household's consent"
    actions = actions_of(commands, "fleet", text)
    text = "are they well: links, last frame, disk, version, never a reading; exit 1 when one is not, 2 when not heard"
    status = command(actions, "status", _status, text, config=False)
    status.add_argument("gateway", nargs="*", metavar="JID", help="a gateway's address (default: the group “linky” of"
                        " the account's contacts)")  # fmt: skip
    status.add_argument("--fleet", type=Path, metavar="FILE", help="the register.csv of tools/provision")
    status.add_argument(
        "--account", type=Path, metavar="FILE", help="who asks (default: ~/.config/linky-gateway/fleet.toml)"
    )
    status.add_argument("--timeout", type=seconds(600), default=30, metavar="S", help="for each gateway (default: 30)")
    text = "again every S seconds (default: 300), and say only what has changed; with --json a line for each round"
    status.add_argument("--watch", nargs="?", type=seconds(86_400), const=300, metavar="S", help=text)
    text = "how many are in which state, into this file, replaced at once (node_exporter's textfile collector)"
    status.add_argument("--prometheus", type=Path, metavar="FILE", help=text)
    add_language(status)
    status.add_argument("--json", action="store_true")
    _declare_update(actions)


def _declare_update(actions: Commands) -> None:
    text = "bring them to a newer version, wave by wave: each household is asked; one that goes back stops the rest"
    update = command(actions, "update", _update, text, config=False)
    update.add_argument("gateway", nargs="*", metavar="JID", help="a gateway's address, besides those of --fleet")
    update.add_argument("--fleet", type=Path, metavar="FILE", help="the register.csv of tools/provision")
    text = "who asks (default: ~/.config/linky-gateway/fleet.toml)"
    update.add_argument("--account", type=Path, metavar="FILE", help=text)
    update.add_argument("--wave", default="5,20,all", metavar="N,N,all", help="how many at a time (default: 5,20,all)")
    update.add_argument("--to", default="", metavar="VERSION", help="(default: the newest that a gateway knows of)")
    text = "what was asked and answered, a line of JSON each; the same command goes on from it"
    update.add_argument("--journal", type=Path, default=Path("fleet-update.jsonl"), metavar="FILE", help=text)
    text = "for a household's answer (default: 3600)"
    update.add_argument("--patience", type=seconds(7 * 86_400), default=3_600, metavar="S", help=text)
    text = "for a gateway that says nothing (default: 1200)"
    update.add_argument("--silence", type=seconds(86_400), default=1_200, metavar="S", help=text)
    add_language(update)
    update.add_argument("--json", action="store_true")


def _status(options: argparse.Namespace) -> int:
    from gateway.commands.fleet_ask import account_file, ask_all, known, read_account, read_register  # noqa: PLC0415
    from gateway.commands.fleet_text import as_json, as_text  # noqa: PLC0415
    from gateway.commands.fleet_watch import FleetWatch, write  # noqa: PLC0415
    from gateway.process.progress import bar  # noqa: PLC0415

    lang = spoken(options)
    account = read_account(options.account or account_file())
    asked = [known(text) for text in options.gateway]
    if options.fleet:
        asked = [*read_register(options.fleet), *asked]
    named = asked if options.fleet or options.gateway else None

    def ask() -> list[FleetAnswer]:
        reports = ask_all(account, named, options.timeout, bar)
        if options.prometheus:
            write(options.prometheus, reports, time.time())
        return reports

    if options.watch:
        FleetWatch(ask, lang, sys.stdout, as_json=options.json).run(options.watch)
    reports = ask()
    now = time.time()
    said = json.dumps(as_json(reports, lang, now), indent=2) if options.json else as_text(reports, lang, now)
    sys.stdout.write(said + "\n")
    return exit_code(reports)


def _update(options: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415 (--help needs none of it)

    from gateway.commands.fleet_ask import account_file, known, read_account, read_register  # noqa: PLC0415
    from gateway.commands.fleet_text import update_as_text  # noqa: PLC0415
    from gateway.commands.fleet_update import Patience, update_all  # noqa: PLC0415
    from gateway.errors import ConfigError  # noqa: PLC0415
    from gateway.process.progress import bar  # noqa: PLC0415

    lang = spoken(options)
    account = read_account(options.account or account_file())
    asked = [*(read_register(options.fleet) if options.fleet else []), *map(known, options.gateway)]
    if not asked:
        raise ConfigError("no gateway to update: name them, or --fleet register.csv")
    patience = Patience(float(options.patience), float(options.silence), min(10.0, options.silence / 20))
    campaign = asyncio.run(update_all(account, asked, options.wave, options.to, options.journal, patience, bar))
    if options.json:
        told = {"version": campaign.version, "stopped": campaign.stopped, "gateways": campaign.ended}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        sys.stdout.write(update_as_text(campaign, asked, lang) + "\n")
    if campaign.stopped:
        return 1
    return 0 if set(campaign.ended.values()) <= {"done"} else 2


def exit_code(reports: Sequence[FleetAnswer]) -> int:
    """The worst of them in a number."""
    from gateway.commands.fleet_ask import Grade  # noqa: PLC0415

    if any(one.grade in (Grade.UNHEARD, Grade.REFUSED) for one in reports):
        return 2
    return 0 if all(one.grade is Grade.OK for one in reports) else 1
