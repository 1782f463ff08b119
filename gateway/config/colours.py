"""A file of Tempo's colours, as RTE gives them: date → BLUE, WHITE or RED, in JSON or in two columns.

What RTE cannot have announced is refused, as lists made by hand err: in a year from 1 September there are 22 red days,
from November to March and never at a week-end, and 43 white ones, never on a Sunday.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MOST_BYTES, _MOST_DAYS = 1_000_000, 20_000
_WORDS = {"BLUE": "blue", "BLEU": "blue", "WHITE": "white", "BLANC": "white", "RED": "red", "ROUGE": "red"}
_LINE = re.compile(r"\s*\"?([0-9]{4}-[0-9]{2}-[0-9]{2})\"?\s*[;,\t]\s*\"?([A-Za-z_]+)\"?\s*")
_SUNDAY, _SATURDAY, _SEPTEMBER = 6, 5, 9
RED_DAYS, WHITE_DAYS = 22, 43
_MOST = {"red": RED_DAYS, "white": WHITE_DAYS}

_UNREADABLE = Phrase("{path}: cannot be read: {why}")
_TOO_LARGE = Phrase("{path}: that is too much for a file of colours")
_NO_COLOURS = Phrase('{path}: no colours; a line for each day, 2026-01-05;RED, or RTE\'s JSON, {{"2026-01-05": "RED"}}')
_NO_LINE = Phrase("{path}, line {line}: {text!r} is no day with its colour; write 2026-01-05;RED")
_NO_DAY = Phrase("{path}: {day!r}: {text!r} is no day with its colour; write BLUE, WHITE or RED")
_TWICE = Phrase("{path}: {day} has two colours")
_WEEK_END = Phrase("{path}: {day} cannot be {colour}: red is never a Saturday or a Sunday, white never a Sunday")
_SEASON = Phrase("{path}: {day} cannot be red: red days are from 1 November to 31 March")
_TOO_MANY = Phrase("{path}: {count} {colour} days in the year from 1 September {year}; there are at most {most}")


def read_colours(path: Path) -> dict[date, str]:
    """Day -> blue, white or red. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(_UNREADABLE.filled(path=path, why=reason(error))) from error
    except UnicodeDecodeError as error:
        raise ConfigError(_NO_COLOURS.filled(path=path)) from error
    if len(content) > _MOST_BYTES:
        raise ConfigError(_TOO_LARGE.filled(path=path))
    pairs = _of_json(path, text) if text.lstrip().startswith("{") else _of_lines(path, text)
    found: dict[date, str] = {}
    for day, colour in pairs:
        if found.setdefault(day, colour) != colour:
            raise ConfigError(_TWICE.filled(path=path, day=day))
    if not found:
        raise ConfigError(_NO_COLOURS.filled(path=path))
    if len(found) > _MOST_DAYS:
        raise ConfigError(_TOO_LARGE.filled(path=path))
    _check(path, found)
    return found


def _of_json(path: Path, text: str) -> Iterable[tuple[date, str]]:
    try:
        # A day that is there twice would be once in a dictionary.
        pairs = json.loads(text, object_pairs_hook=list)
        values = dict(pairs).get("values", pairs)
        return [_pair(path, str(day), str(word)) for day, word in values]
    except (ValueError, TypeError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(_NO_COLOURS.filled(path=path)) from error


def _of_lines(path: Path, text: str) -> Iterable[tuple[date, str]]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        said = _LINE.fullmatch(line)
        if said:
            found.append(_pair(path, said[1], said[2]))
        elif number > 1:
            # The first line may be the names of the columns.
            raise ConfigError(_NO_LINE.filled(path=path, line=number, text=line[:60]))
    return found


def _pair(path: Path, day: str, word: str) -> tuple[date, str]:
    colour = _WORDS.get(word.upper().removeprefix("TEMPO_"))
    try:
        when = date.fromisoformat(day)
    except ValueError:
        when = None
    if colour is None or when is None:
        raise ConfigError(_NO_DAY.filled(path=path, day=day[:20], text=word[:20]))
    return when, colour


def _check(path: Path, colours: dict[date, str]) -> None:
    counts: Counter[tuple[int, str]] = Counter()
    for day, colour in sorted(colours.items()):
        never = {"red": (_SATURDAY, _SUNDAY), "white": (_SUNDAY,)}.get(colour, ())
        if day.weekday() in never:
            raise ConfigError(_WEEK_END.filled(path=path, day=day, colour=_named(colour)))
        if colour == "red" and day.month not in (11, 12, 1, 2, 3):
            raise ConfigError(_SEASON.filled(path=path, day=day))
        counts[day.year - (day.month < _SEPTEMBER), colour] += 1
    for (year, colour), count in counts.items():
        most = _MOST.get(colour)
        if most is not None and count > most:
            said = {"count": count, "colour": _named(colour), "year": year, "most": most}
            raise ConfigError(_TOO_MANY.filled(path=path, **said))


_RED, _WHITE = Phrase("red", "of a Tempo day"), Phrase("white", "of a Tempo day")


def _named(colour: str) -> Phrase:
    return _RED if colour == "red" else _WHITE
