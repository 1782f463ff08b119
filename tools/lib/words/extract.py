"""Finds the sentences for people: in Python ``Phrase("…")``, ``plural("…", "…", n)``, ``WordTable({…})``; and of setup.

A name that stands for ``Phrase`` (``functools.partial`` or a function of another name) is not seen: write ``Phrase``.
"""

from __future__ import annotations

import ast
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Whose sentences a household, an installer or a recipient reads.
_ROOMS = ("gateway", "tools")
_NAMES = ("Phrase", "plural", "WordTable")


@dataclass(frozen=True, slots=True, order=True)
class Sentence:
    """One sentence of the source in English, and where it stands; ``several`` is its plural, "" where it has none."""

    file: str
    line: int
    text: str
    several: str = ""
    context: str = ""


class NoSentenceError(Exception):
    """A sentence is not written as one: it would not be translated."""


def sentences(root: Path) -> Iterator[Sentence]:
    """Every sentence of the tree, file by file. Raises NoSentenceError for one that is put together by the program."""
    for room in _ROOMS:
        for file in sorted((root / room).rglob("*.py")):
            source = file.read_text(encoding="utf-8")
            if any(f"{name}(" in source for name in _NAMES):
                yield from sorted(_of_file(file.relative_to(root), source), key=lambda one: (one.line, one.text))
    yield from (one for _, one in of_shell(root))


def of_shell(root: Path) -> Iterator[tuple[str, Sentence]]:
    """Every sentence of ``tools/setup`` by its key: ``words KEY 'English' ['context']``."""
    file = Path("tools/lib/setup/words.sh")
    if not (root / file).exists():
        return
    for number, line in enumerate((root / file).read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("words "):
            _, key, text, *context = shlex.split(line)
            yield key, Sentence(str(file), number, text, context="".join(context))


def _of_file(file: Path, source: str) -> Iterator[Sentence]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id == "Phrase":
            text, *context = _constants(file, node, [*node.args, *(word.value for word in node.keywords)])
            yield Sentence(str(file), node.lineno, text, context=context[0] if context else "")
        elif node.func.id == "plural":
            one, several = _constants(file, node, node.args[:2])
            yield Sentence(str(file), node.lineno, one, several)
        elif node.func.id == "WordTable":
            yield from (Sentence(str(file), one.lineno, text) for one, text in _of_table(node.args[0]) if text)


def _of_table(value: ast.expr) -> Iterator[tuple[ast.Constant, str]]:
    """The texts of a table; its keys are none, and its phrases are found by themselves."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value, value.value
    for one in value.values if isinstance(value, ast.Dict) else value.elts if isinstance(value, ast.Tuple) else ():
        yield from _of_table(one)


def _constants(file: Path, call: ast.Call, given: list[ast.expr]) -> list[str]:
    texts = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if not texts or len(texts) < len(given):
        raise NoSentenceError(f"{file}:{call.lineno}: write the sentence itself, and fill it in with .filled()")
    return texts
