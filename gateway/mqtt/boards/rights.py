"""Who may read at the house's broker what the meters say: three lines of mosquitto's access list for each screen.

A relay hangs in the meter's cupboard, often in the street: it writes its own frames and reads nothing of anybody. What
stands below ``MARK`` in the list is the household's: an installation or an upgrade renews only what is above it, and
takes below it what a person has written above.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

from gateway.errors import BoardError
from gateway.files import write_whole
from gateway.mqtt.boards.passwords import GATEWAY_USER, users

MARK = "# Whoever reads what the meters say, three lines each; these stay in an upgrade:"
READS = ("topic read linky/status", "topic read linky/meter/#")
# Home Assistant announces itself, and other programs announce their devices to it, below its own topic.
HOME_ASSISTANT = (*READS, "topic readwrite homeassistant/#")

# The last line of the list before there was a mark: whoever had a password could read.
_EVERYBODY = "pattern read linky/meter/#"
# What lists that shipped once had and this one has not: an upgrade takes it away, no person has written it. Whoever
# takes a rule out of linky.acl puts it here.
_ONCE_SHIPPED = frozenset({"pattern read linky/status", _EVERYBODY})


def allow(file: Path, user: str, rules: tuple[str, ...] = READS) -> None:
    """Let this user read what the meters say. BoardError when the list cannot be written."""
    lines = _lines(file)
    found = _blocks(lines, user)
    known = {line for begin, end in found for line in lines[begin:end]}
    if not found:
        _write(file, [*lines, *_entry(user, rules)])
    elif missing := [rule for rule in rules if rule not in known]:
        after = found[0][0] + 1
        _write(file, [*lines[:after], *missing, *lines[after:]])


def forbid(file: Path, user: str) -> None:
    """Take away what ``allow`` gave; rules that a person added stay, and stay this user's."""
    lines = _lines(file)
    kept = list(lines)
    for begin, end in reversed(_blocks(lines, user)):
        rest = [line for line in lines[begin + 1 : end] if line not in HOME_ASSISTANT]
        # Without the line of its user a rule would be the user's above it.
        own = any(line.strip() and not line.startswith("#") for line in rest)
        kept[begin:end] = [lines[begin], *rest] if own else rest
    if kept != lines:
        _write(file, kept)


def renewed(shipped: str, present: str | None, known: list[str], relays: frozenset[str]) -> str:
    """The list as it ships, with what the household has below the mark.

    Args:
        shipped: the new list.
        present: what is there; None where there is none.
        known: who has a password. In a list of before the mark each of them could read, and still can, but for relays.
        relays: the boards that are known to be relays.
    """
    head = shipped.rstrip("\n").splitlines()
    if present is None:
        return _text(head)
    lines = present.rstrip("\n").splitlines()
    if MARK in lines:
        mark = lines.index(MARK)
        return _text([*head, *lines[mark + 1 :], *_written_above(head, lines[:mark])])
    if _EVERYBODY not in lines:
        return _text([*head, *_written_above(head, lines)])
    end = lines.index(_EVERYBODY) + 1
    reading = [user for user in known if user != GATEWAY_USER and user not in relays]
    given = [line for user in reading for line in _entry(user)]
    return _text([*head, *given, *lines[end:], *_written_above(head, lines[:end])])


def _blocks(lines: list[str], user: str) -> list[tuple[int, int]]:
    """Where what is said of a user begins, and ends: at the next user."""
    users = [at for at, line in enumerate(lines) if _user(line)]
    return [(begin, end) for begin, end in pairwise([*users, len(lines)]) if _user(lines[begin]) == user]


def _user(line: str) -> str:
    """Whom a line begins to speak of, as mosquitto reads it (security_default.c); "" where it is no such line.

    The keyword, one blank at least, the name; blanks before and after are none of it.
    """
    keyword, _, name = line.lstrip(" ").partition(" ")
    return name.strip(" \t\r\n\v\f") if keyword == "user" else ""


def _written_above(head: list[str], lines: list[str]) -> list[str]:
    """The rules among these lines that no list of ours has, each below the line of its user.

    A rule above the first user is for whoever has no name: nobody comes in without one, and below another user it would
    be that user's.
    """
    found: list[str] = []
    user = said = ""
    for line in (line.strip() for line in lines):
        if _user(line):
            user = f"user {_user(line)}"
        elif not line or line.startswith("#") or line in head or line in _ONCE_SHIPPED:
            continue
        elif line.startswith("pattern ") or (user and user == said):
            found.append(line)
        elif user:
            found += [user, line]
            said = user
    return found


def _entry(user: str, rules: tuple[str, ...] = READS) -> list[str]:
    return [f"user {user}", *rules]


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BoardError(f"{file}: mosquitto's access list cannot be read: {error}") from error


def _write(file: Path, lines: list[str]) -> None:
    """Write it whole or not at all, for the same eyes as before."""
    try:
        seen = file.stat()
        write_whole(file, _text(lines).encode(), seen.st_mode & 0o777, (seen.st_uid, seen.st_gid))
    except OSError as error:
        raise BoardError(f"{file}: mosquitto's access list cannot be written: {error.strerror}") from error


def _relays(folder: Path) -> frozenset[str]:
    """Which boards of the registry are relays; of one that cannot be read it is not known, and it is taken for one."""
    found = set()
    for path in folder.glob("*.json"):
        try:
            role = json.loads(path.read_text(encoding="utf-8")).get("role")
        except (OSError, ValueError, AttributeError):
            role = None
        if role != "display":
            found.add(path.stem)
    return frozenset(found)


if __name__ == "__main__":
    # For tools/lib/setup/broker.sh: the shipped list, the present one, passwords, boards; to standard output.
    shipped, present, passwords, boards = map(Path, sys.argv[1:])
    before = present.read_text(encoding="utf-8") if present.exists() else None
    known = users(passwords) if passwords.exists() else []
    sys.stdout.write(renewed(shipped.read_text(encoding="utf-8"), before, known, _relays(boards)))
