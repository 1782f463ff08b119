"""``linky-gateway history``: files from before the installation, looked at, imported, listed, undone.

What a file comes to is ``gateway/household/past/``'s; what is stored is stored by the daemon, or here where none runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.asking import ask_or_do, user
from gateway.commands.options import actions_of, add_language, command, configured, moment, say, spoken, stored
from gateway.errors import Exit, GatewayError, reason
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.household.past.plan import PastPlan

_NO_METER = Phrase("{meter!r} is no [[meter]] of the configuration ({names})")
_NO_TERMINAL = Phrase(
    "there is no terminal to confirm on: add --yes to import without a question, or --dry-run to look"
)
_QUESTION = Phrase("Import it? [y/N] ")
_YES = {"y", "yes", "o", "oui"}
_NOT_DONE = Phrase("Nothing was imported.")
_NOT_SO = Phrase("Nothing was imported: see the lines marked x.")
_DONE = Phrase("Import {number}: {points} values of {name} kept. To undo it: `linky-gateway history undo {number}`")
_UNDONE = Phrase("Import {number} ({name}) is undone: its {points} values are gone.")
_LATER = Phrase(
    " Values of it that files imported later had as well went with it: to have them, undo those imports too and import"
    " their files again."
)
_FORGOTTEN = Phrase("The file of import {number} is deleted; its {points} values stay.")
_NONE = Phrase("Nothing is imported.")
_ROW = Phrase("{number}  {name}: {points} values, {first} to {last}, of {meter}; imported {at} by {by} ({file})")
_KEPT, _NOT_KEPT = Phrase("file kept"), Phrase("file not kept")
_NO_FILE = Phrase("no file is kept of import {number}")
_NOT_READ = Phrase("{name}: cannot be read: {why}")
_TOO_LARGE = Phrase("{name}: is larger than {most} MB")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    actions = actions_of(commands, "history", "history from before the installation: import it, see it, undo it")
    add = command(actions, "add", _add, "import files of the Enedis customer account and others, after a look at them")
    add.add_argument("files", metavar="FILE", nargs="+", type=Path, help="CSV, XLSX, JSON, XML or ZIP, as it came")
    add.add_argument("--meter", metavar="NAME", help="of which [[meter]] they are (default: the first)")
    add.add_argument("--direction", choices=("consumption", "production"), help="where a file does not say it")
    add.add_argument("--unit", choices=("W", "kW", "Wh", "kWh"), help="where a file does not say it")
    add.add_argument("--stamp", choices=("start", "end"), help="what of a step its times are, where that is not known")
    add.add_argument("--offsets", choices=("keep", "ignore"), help="of times with an offset that Paris did not have")
    add.add_argument("--daily", action="store_true", help="take a curve that was made of daily values as these")
    add.add_argument("--since", type=moment, default=0, metavar="T", help="you moved in then: leave out what is before")
    add.add_argument("--take", action="store_true", help="take values that differ from what is imported already")
    how = add.add_mutually_exclusive_group()
    how.add_argument("--yes", action="store_true", help="without a question")
    how.add_argument("--dry-run", action="store_true", help="look only")
    everything = command(actions, "list", _list, "what was imported, file by file")
    undo = command(actions, "undo", _undo, "take an import away again")
    forget = command(actions, "forget", _forget, "delete the file that is kept of an import; its values stay")
    file = command(actions, "file", _file, "the file of an import as it came, to standard output", spoken_to=True)
    for action in (undo, forget, file):
        action.add_argument("number", metavar="NUMBER", type=int, help="as `history list` shows it")
    for action in (add, everything, undo, forget):
        add_language(action)
        action.add_argument("--json", action="store_true", help="for programs")


def _add(options: argparse.Namespace) -> int:
    from gateway.household.past.preview import as_json, as_lines  # noqa: PLC0415

    config = configured(options)
    plan = _plan(options, config)
    asks = not (options.yes or options.dry_run) and plan.count and not plan.refused
    if asks and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise GatewayError(_NO_TERMINAL)
    if not options.json:
        for line in as_lines(plan, take=options.take):
            say(options, line)
    done: list[object] = []
    if plan.refused or not plan.count or options.dry_run:
        if plan.refused and not options.json:
            say(options, _NOT_SO if any(one.verdict == "refused" for one in plan.checks) else _NOT_DONE)
    elif asks and not _agrees(options):
        say(options, _NOT_DONE)
        return Exit.FAILED
    else:
        done = list(_import(options, config, plan))
    if options.json:
        print(json.dumps(as_json(plan) | {"imported": done}, ensure_ascii=False, indent=2))
    return plan.exit_code


def _plan(options: argparse.Namespace, config: Config) -> PastPlan:
    from gateway.household.past.plan import Planner  # noqa: PLC0415
    from gateway.household.past.values import Choices  # noqa: PLC0415

    names = [one.name for one in config.meter]
    if options.meter is not None and options.meter not in names:
        raise GatewayError(_NO_METER.filled(meter=options.meter, names=", ".join(names)))
    meter = next(one for one in config.meter if options.meter in (None, one.name))
    choices = Choices(options.direction, options.unit, options.stamp, options.offsets, options.daily)
    with stored(config) as archive:
        learned = next((one.prm for one in archive.meters.all() if one.name == meter.name), None)
        planner = Planner(archive, meter.name, meter.prm or learned, choices, options.since, take=options.take)
        return planner.plan(_read(options.files))


def _read(files: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    from gateway.household.past.contents import LARGEST  # noqa: PLC0415
    from gateway.process.progress import bar  # noqa: PLC0415

    for place, path in enumerate(files):
        if len(files) > 1:
            bar(place, len(files))
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except OSError as error:
            raise GatewayError(_NOT_READ.filled(name=path, why=reason(error))) from error
        if len(data) > LARGEST:
            raise GatewayError(_TOO_LARGE.filled(name=path, most=LARGEST // 1_000_000))
        yield path.name, data
    bar(len(files), len(files))


def _agrees(options: argparse.Namespace) -> bool:
    sys.stdout.write(_QUESTION.in_language(spoken(options)))
    sys.stdout.flush()
    return sys.stdin.readline().strip().casefold() in _YES


def _import(options: argparse.Namespace, config: Config, plan: PastPlan) -> Iterator[object]:
    """Have each file with anything new stored; what was."""
    from gateway.control.messages import AddHistory  # noqa: PLC0415
    from gateway.control.spool import write_spool  # noqa: PLC0415
    from gateway.household.past.values import Choices  # noqa: PLC0415

    choices = Choices(options.direction, options.unit, options.stamp, options.offsets, options.daily)
    for file in plan.files:
        if not file.count:
            continue
        path = write_spool(config.directory, plan.batch_of(file, choices), file.points(), file.data)
        try:
            made = ask_or_do(config, AddHistory(by=user(), spool=path.name))
        finally:
            path.unlink(missing_ok=True)
        if not options.json:
            say(options, _DONE.filled(**made))
        yield made


def _list(options: argparse.Namespace) -> int:
    from gateway.store.local_time import local_time  # noqa: PLC0415
    from gateway.store.recorder import iso  # noqa: PLC0415

    with stored(configured(options)) as archive:
        batches = archive.imports.batches()
    for one in batches:
        row = {"number": one.id, "meter": one.meter, "name": one.name, "form": one.form, "points": one.points}
        first, last = one.first or 0, one.last or 0
        if options.json:
            more = {"from": iso(first), "to": iso(last), "at": iso(one.at), "by": one.by, "rules": one.rules}
            more |= {"sha256": one.sha256.hex(), "choices": one.choices, "file_kept": bool(one.file_kept)}
            print(json.dumps(row | more, ensure_ascii=False))
        else:
            shown = {"first": local_time(first), "last": local_time(last), "at": local_time(one.at), "by": one.by}
            say(options, _ROW.filled(**row, **shown, file=_KEPT if one.file_kept else _NOT_KEPT))
    if not batches and not options.json:
        say(options, _NONE)
    return Exit.DONE


def _undo(options: argparse.Namespace) -> int:
    from gateway.control.messages import UndoHistory  # noqa: PLC0415

    done = ask_or_do(configured(options), UndoHistory(by=user(), number=options.number))
    return _told(options, done, _UNDONE.filled(**done) + (_LATER if done["later"] else NOTHING))


def _forget(options: argparse.Namespace) -> int:
    from gateway.control.messages import ForgetHistoryFile  # noqa: PLC0415

    order = ForgetHistoryFile(by=user(), number=options.number)
    done = ask_or_do(configured(options), order)
    return _told(options, done, _FORGOTTEN.filled(**done))


def _told(options: argparse.Namespace, done: dict[str, object], said: Phrase) -> int:
    if options.json:
        print(json.dumps(done, ensure_ascii=False))
    else:
        say(options, said)
    return Exit.DONE


def _file(options: argparse.Namespace) -> int:
    with stored(configured(options)) as archive:
        data = archive.imports.file_of(options.number)
    if data is None:
        raise GatewayError(_NO_FILE.filled(number=options.number))
    sys.stdout.buffer.write(data)
    return Exit.DONE
