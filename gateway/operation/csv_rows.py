"""A table that somebody made (CSV), line by line: no more of it is held than one line, and no line is without end."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, TextIO

from gateway.errors import ConfigError, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_MOST_CHARACTERS = 64_000_000
# Ten thousand members with the name of a producer each in the first line.
_LONGEST_LINE = 1_000_000
_MOST_LINES = 40_000
# What a line may have before the one that says how cells are parted.
_NO_TEXT = ' \t\r\n;,"'


def read_rows(path: Path, take: Callable[[Sequence[str]], None]) -> None:
    """Hand the cells of each line that is not empty to ``take``, whose ValueError is what is wrong in that line.

    ConfigError says which line, and what.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            rows = _Rows(file)
            try:
                for cells in rows:
                    take(cells)
            except UnicodeDecodeError:
                raise
            except (ValueError, csv.Error) as error:
                raise ConfigError(f"{path}, line {rows.number}: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {reason(error)}") from error


class _Rows:
    """The cells of a file's lines; ``number`` is that of the line they are of."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.number = 0

    def __iter__(self) -> Iterator[Sequence[str]]:
        characters, delimiter = 0, ""
        while line := self._file.readline(_LONGEST_LINE + 1):
            self.number += 1
            characters += len(line)
            if len(line) > _LONGEST_LINE:
                raise ValueError(f"longer than {_LONGEST_LINE:,} characters")
            if characters > _MOST_CHARACTERS:
                raise ValueError(f"more than {_MOST_CHARACTERS:,} characters: give a month at a time")
            if self.number > _MOST_LINES:
                raise ValueError(f"at most {_MOST_LINES:,} lines, which is more than a year")
            if not delimiter and not line.strip(_NO_TEXT):
                continue
            delimiter = delimiter or (";" if ";" in line else ",")
            # Each line for itself: a quote that nobody closes takes no other line in.
            cells = next(csv.reader([line], delimiter=delimiter))
            if any(cells):
                yield cells
