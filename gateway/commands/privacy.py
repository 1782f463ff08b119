"""``linky-gateway privacy``: a household's rights, as commands: take along, bring back, erase, correct, inform.

``export``, ``notice`` read the database while the daemon runs or not; ``erase``, ``rectify`` and ``rotate`` are done by
the daemon where it runs; ``import`` wants it stopped. At a terminal progress is shown, in a pipe nothing but results.
"""

from __future__ import annotations

import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gateway.commands.asking import ask_or_do, user
from gateway.commands.options import actions_of, command, configured, moment, spoken, stored
from gateway.errors import GatewayError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.store.points import Point


def declare(commands: Commands) -> None:
    """The command's arguments."""
    actions = actions_of(commands, "privacy", "your data: take them along, erase, correct", "Your data.")
    add = partial(command, actions, spoken_to=True)

    export = add("export", _export, "everything the gateway knows of the household, as a folder or a ZIP file")
    export.add_argument("--to", required=True, type=Path, metavar="DIR_OR_ZIP", help="a new folder, or a new .zip file")
    back = add("import", _import, "an export into a gateway that has nothing yet, while it is stopped")
    back.add_argument("archive", type=Path, metavar="ARCHIVE")
    _add_erase(add("erase", _erase, "delete for good, and ask whoever received it to do the same"))
    _add_rectify(add("rectify", _rectify, "correct a stored value; whoever has it is told"))
    notice = add("notice", _notice, "what a recipient receives, why, for how long, and your rights: a text to keep")
    notice.add_argument("recipient", help="the recipient's address, for example coop@example.org")
    rotate = add("rotate", _rotate, "a new pseudonym for a recipient from now on")
    rotate.add_argument("recipient")


def _add_erase(erase: argparse.ArgumentParser) -> None:
    whole = erase.add_mutually_exclusive_group()
    whole.add_argument("--everything", action="store_true", help="all of the household; consents are withdrawn first")
    whole.add_argument("--machine", action="store_true", help="the whole installation, before the card is given away")
    whole.add_argument("--recipient", metavar="JID", help="what is kept about a recipient; its consents are withdrawn")
    whole.add_argument("--series", metavar="P", help="readings of the series at or below this path")
    erase.add_argument("--meter", help="only of this meter")
    erase.add_argument("--from", dest="since", type=moment, metavar="T", help="ISO 8601, included")
    erase.add_argument("--to", dest="until", type=moment, metavar="T", help="ISO 8601, not included")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.add_argument("--json", action="store_true")


def _add_rectify(rectify: argparse.ArgumentParser) -> None:
    rectify.add_argument("series", metavar="SERIES", help="its whole path, for example water/volume/index")
    rectify.add_argument("time", type=moment, metavar="TIME", help="of the point, ISO 8601")
    rectify.add_argument("value", metavar="VALUE", help="the right one, in the unit in which it is stored")
    rectify.add_argument("--meter", help="which meter, where several have this series")
    fine = ("raw", "PT1M", "PT15M", "PT30M", "P1D")
    rectify.add_argument("--granularity", choices=fine, default="raw", help="(default: raw)")
    rectify.add_argument("--reason", default="", metavar="WORDS", help="why, for the record")
    rectify.add_argument("--json", action="store_true")


def _export(options: argparse.Namespace) -> int:
    from gateway import __version__  # noqa: PLC0415 (each action pays for what it needs)
    from gateway.commands.privacy_words import say  # noqa: PLC0415
    from gateway.privacy.archive import create  # noqa: PLC0415
    from gateway.privacy.contents import write_contents  # noqa: PLC0415
    from gateway.privacy.manifest import ArchiveManifest  # noqa: PLC0415
    from gateway.store.recorder import iso  # noqa: PLC0415

    config, to = configured(options), options.to
    configuration = config.as_written()
    with stored(config) as archive, archive.snapshot() as dump:
        about = ArchiveManifest(iso(int(_now())), __version__, tuple(dump.schema()))
        with create(to, about, _progress()) as writer:
            write_contents(writer, archive, dump, _exporter(config, archive), configuration)
    _progress()("", 0)
    _print([say(spoken(options), "exported", count=len(writer.files) + 1, path=to)])
    return 0


def _exporter(config: Config, archive: Any) -> Callable[[Iterable[Point], str, IO[str]], int]:  # noqa: ANN401
    from gateway.commands.export_forms import SenML, export  # noqa: PLC0415
    from gateway.household.naming import series_namer  # noqa: PLC0415

    senml = SenML(series_namer(config, archive.meters.all()), primary=False)
    return lambda points, form, out: export(points, senml, form, out)


def _import(options: argparse.Namespace) -> int:
    from gateway.commands.privacy_words import say  # noqa: PLC0415
    from gateway.privacy.restore import restore  # noqa: PLC0415
    from gateway.store.connection import WriterLock  # noqa: PLC0415

    directory, lang = configured(options).directory, spoken(options)
    os.umask(0o077)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = WriterLock(directory)
    try:
        manifest = restore(options.archive, directory, _progress())
    finally:
        lock.release()
        _progress()("", 0)
    _print([say(lang, "imported", path=options.archive, made=manifest.made), say(lang, "consents-held")])
    return 0


def _erase(options: argparse.Namespace) -> int:
    from gateway.commands.privacy_machine import erase_machine  # noqa: PLC0415
    from gateway.commands.privacy_words import ERASE, outcome, question, say  # noqa: PLC0415
    from gateway.privacy.orders import Erase, Preview  # noqa: PLC0415

    meant, lang = _meant(options), spoken(options)
    if options.machine:
        return erase_machine(options, lang, _progress())
    config = configured(options)
    found = ask_or_do(config, Preview(**meant))
    if not options.yes and found.get("known", True):
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise GatewayError("there is no terminal to confirm on: add --yes to erase without a question")
        _print(question(lang, Preview(**meant), found))
        sys.stdout.write(say(lang, "type"))
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() != ERASE[lang]:
            _print([say(lang, "nothing")])
            return 1
    order = Erase(by=user(), **meant)
    done = ask_or_do(config, order)
    _print([json.dumps(done, indent=2)] if options.json else outcome(lang, order, done))
    return 1 if "undone" in done or "unwritten" in done else 0


def _meant(options: argparse.Namespace) -> dict[str, Any]:
    """What is to be erased: the fields of an ``Erasing``."""
    spans = (options.since, options.until, options.meter)
    if options.recipient is not None or options.everything or options.machine:
        if any(one is not None for one in spans):
            raise GatewayError("--from, --to and --meter choose readings: leave them away, or name --series")
        return (
            {"what": "everything"}
            if options.recipient is None
            else {"what": "recipient", "recipient": options.recipient}
        )
    if options.series is None and all(one is None for one in spans):
        raise GatewayError("say what to erase: --series, --from, --to, --meter, or --recipient, or --everything")
    chosen = {"meter": options.meter, "series": options.series, "first": options.since, "last": options.until}
    return {"what": "range"} | {name: value for name, value in chosen.items() if value is not None}


def _rectify(options: argparse.Namespace) -> int:
    from gateway.commands.privacy_words import corrected  # noqa: PLC0415
    from gateway.privacy.orders import Rectify  # noqa: PLC0415

    config = configured(options)
    names = ("series", "time", "value", "granularity", "reason")
    said = {name: getattr(options, name) for name in names}
    rows = ask_or_do(config, Rectify(by=user(), meter=options.meter or None, **said))
    _print([json.dumps(rows, indent=2)] if options.json else corrected(spoken(options), rows))
    return 0


def _rotate(options: argparse.Namespace) -> int:
    from gateway.commands.privacy_words import say  # noqa: PLC0415
    from gateway.privacy.orders import Rotate  # noqa: PLC0415

    names = ask_or_do(configured(options), Rotate(recipient=options.recipient))
    lang, recipient = spoken(options), options.recipient
    _print([say(lang, "rotated", recipient=recipient, meter=meter, known=name) for meter, name in names.items()])
    return 0


def _notice(options: argparse.Namespace) -> int:
    from gateway.consent.information import information_text  # noqa: PLC0415

    config = configured(options)
    account = config.federation.jid.lower() if config.federation else None
    with stored(config) as archive:
        text = information_text(archive, options.recipient, spoken(options), config.max_retention, account, _now())
    sys.stdout.write(text)
    return 0


def _progress() -> Callable[[str, int], None]:
    """Says at a terminal which file it is at; the empty name clears the line."""
    if not sys.stderr.isatty():
        return lambda _name, _number: None

    def show(name: str, number: int) -> None:
        sys.stderr.write(f"\r\x1b[K{number:>4}  {name}" if name else "\r\x1b[K")
        sys.stderr.flush()

    return show


def _now() -> float:
    """POSIX seconds; SOURCE_DATE_EPOCH where somebody wants the same archive of the same data."""
    stamp = os.environ.get("SOURCE_DATE_EPOCH", "")
    return float(stamp) if stamp.isdecimal() else time.time()


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
