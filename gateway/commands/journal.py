"""``linky-gateway journal``: check it, read it, give it away; what it is made of is in ``gateway/journal/README.md``.

``verify`` needs nothing but an export: no database, no private key, no network; of this house's own it also asks the
heads that the system's log holds. Exit code 65 when the journal is not whole. ``show``, ``export`` and ``key`` read a
household's own, also while the daemon runs.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_span, command, configured, refused, spoken, stored
from gateway.errors import Exit, JournalError, StoreError, reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.journal.entry import Head
    from gateway.journal.system_log import LoggedHeads
    from gateway.journal.verify import JournalVerdict

_ANCHOR = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})")

_NO_KEY = Phrase("there is no journal yet: its key is made with its first entry, when the gateway is started")
_NO_ENTRY = Phrase("there is no journal yet: its first entry is made when the gateway is started")
_NO_PUBLIC_KEY = Phrase("{word!r} {why}")
_NO_ANCHOR = Phrase("{word!r} is not NUMBER:HASH as `journal anchors` prints it")
_CHANGED = Phrase("entry {number} was changed and cannot be shown: run journal verify")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    journal = commands.add_parser("journal", help="what was decided and what left: signed, for anyone to check")
    actions = journal.add_subparsers(dest="action", required=True, metavar="ACTION")

    check = command(actions, "verify", _verify, "check an export, or the journal of this house", spoken_to=True)
    check.add_argument("file", nargs="?", metavar="FILE", help="an export; - is standard input")
    for name, read, form, text in _TRUSTED:
        check.add_argument(name, action="append", default=[], type=read, metavar=form, help=text)
    check.add_argument(
        "--recipient", action="append", default=[], type=Path, metavar="FILE", help="of consume --store: its anchors"
    )
    show = command(actions, "show", _show, "one line an entry", spoken_to=True)
    add_span(show)
    show.add_argument("--json", action="store_true", help="JSON Lines")
    command(actions, "export", _export, "all of it to standard output, for anyone to verify", spoken_to=True)
    command(actions, "key", _key, "the public key, to be given to whoever shall verify", spoken_to=True)
    command(
        actions,
        "head",
        _head,
        "the number and hash of the newest entry: an anchor, to be kept elsewhere",
        spoken_to=True,
    )
    anchors = command(
        actions, "anchors", _anchors, "the heads of others' journals that came with their data", spoken_to=True
    )
    anchors.add_argument("file", type=Path, nargs="?", metavar="FILE", help="of consume --store (default: this house)")


def _verify(options: argparse.Namespace) -> int:
    from gateway.journal.verify import read_lines, verify  # noqa: PLC0415
    from gateway.journal.words import anchors_text, verdict_text  # noqa: PLC0415

    keys, anchors, told = options.key, options.anchor, None
    if options.file == "-":
        verdict = verify(read_lines(sys.stdin.buffer), keys, anchors)
    elif options.file:
        with Path(options.file).open("rb") as stream:
            verdict = verify(read_lines(stream), keys, anchors)
    else:
        config = configured(options)
        keys, (epoch, told) = keys or _own_keys(config), _told(config)
        anchors = [*anchors, *told.heads, *_held(options.recipient, epoch)]
        verdict = _verify_own(config, keys, anchors)
    text = verdict_text(verdict, spoken(options), key_given=bool(keys))
    if verdict.fault:
        # On the error channel, and nothing on the other: a script that keeps the good ones keeps no bad one.
        sys.stderr.write(f"linky-gateway: {text}\n")
        return Exit.DATA
    if told is not None:
        text += "\n" + anchors_text(len(set(anchors)), spoken(options), of_another=told.of_another)
    sys.stdout.write(text + "\n")
    return 0


def _told(config: Config) -> tuple[str, LoggedHeads]:
    """The epoch of this house's database, and what the system's log was told of its journal."""
    from gateway.journal.system_log import read  # noqa: PLC0415

    with stored(config) as archive:
        return archive.outbox.epoch, read(archive.outbox.epoch)


def _held(recipients: Iterable[Path], epoch: str) -> Iterator[Head]:
    """What recipients on this machine hold of it."""
    from gateway.journal.entry import Head  # noqa: PLC0415
    from gateway.store.recipient_file import read_anchors  # noqa: PLC0415

    for path in recipients:
        yield from (Head(one.seq, one.hash) for one in read_anchors(path) if one.epoch == epoch)


def _verify_own(config: Config, keys: list[str], anchors: list[Head]) -> JournalVerdict:
    from gateway.journal.verify import verify  # noqa: PLC0415

    with stored(config) as archive:
        return verify(map(str.encode, archive.journal.lines()), keys, anchors)


def _show(options: argparse.Namespace) -> int:
    from gateway.journal.words import as_json, as_text  # noqa: PLC0415

    lang = spoken(options)
    with stored(configured(options)) as archive:
        for entry in archive.journal.entries(options.since, options.until):
            try:
                line = json.dumps(as_json(entry), ensure_ascii=False) if options.json else as_text(entry, lang)
            except (ValueError, KeyError, AttributeError) as error:
                raise JournalError(_CHANGED.filled(number=entry.seq)) from error
            sys.stdout.write(line + "\n")
    return 0


def _export(options: argparse.Namespace) -> int:
    with stored(configured(options)) as archive:
        _write(archive.journal.lines())
    return 0


def _key(options: argparse.Namespace) -> int:
    keys = _own_keys(configured(options))
    if not keys:
        raise StoreError(_NO_KEY)
    _write(f"{key}\n" for key in keys)
    return 0


def _head(options: argparse.Namespace) -> int:
    with stored(configured(options)) as archive:
        head = archive.journal.head()
    if head is None:
        raise StoreError(_NO_ENTRY)
    _write([f"{head.seq}:{head.hash}\n"])
    return 0


def _anchors(options: argparse.Namespace) -> int:
    from gateway.store.recipient_file import read_anchors  # noqa: PLC0415
    from gateway.store.recorder import iso  # noqa: PLC0415

    if options.file:
        found = read_anchors(options.file)
    else:
        with stored(configured(options)) as archive:
            found = archive.anchors.all()
    _write(f"{a.seq}:{a.hash}  {a.gateway}  {a.epoch}  {iso(a.time)}\n" for a in found)
    return 0


def _own_keys(config: Config) -> list[str]:
    from gateway.journal.key import read_key  # noqa: PLC0415

    with stored(config) as archive:
        key = read_key(archive.journal.key_path)
    return [key.public] if key else []


def _public(word: str) -> str:
    """A key of the command line: 64 digits, or the name of a file that holds them or a PEM."""
    from gateway.journal.key import read_public  # noqa: PLC0415

    path = Path(word)
    try:
        return read_public(path.read_text(encoding="ascii", errors="replace") if path.is_file() else word)
    except (JournalError, OSError) as error:
        why = error.phrase if isinstance(error, JournalError) else reason(error)
        raise refused(_NO_PUBLIC_KEY.filled(word=word, why=why)) from error


def _anchor(word: str) -> Head:
    from gateway.journal.entry import Head  # noqa: PLC0415

    match = _ANCHOR.fullmatch(word)
    if not match:
        raise refused(_NO_ANCHOR.filled(word=word))
    return Head(int(match[1]), match[2])


_TRUSTED: tuple[tuple[str, Callable[[str], object], str, str], ...] = (
    ("--key", _public, "KEY", "a trusted public key: its 64 digits, or a file that holds it (may be repeated)"),
    ("--anchor", _anchor, "N:HASH", "the number and hash of an entry that must be in it (may be repeated)"),
)


def _write(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line)
