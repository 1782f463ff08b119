"""The files of a language: ``gateway.po``, which a translator edits, and ``gateway.mo``, which the programs read."""

from __future__ import annotations

import io
import shlex
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from words.spaces import space_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from words.extract import Sentence

FOLDER = "gateway/words"
PO, MO = "LC_MESSAGES/gateway.po", "LC_MESSAGES/gateway.mo"
_WIDTH = 120
_HEAD = """\
# The words of linky-gateway; the English is the source's. Write what stands behind msgstr, then run tools/words."""


# Babel's third form of French is that of millions, which nothing here counts.
_PLURALS = {"fr": (2, "(n > 1)")}


class _Catalogue(Catalog):
    """One without dates and versions in its head, so that the same words make the same file."""

    @property
    def num_plurals(self) -> int:
        """How many forms a plural has."""
        return _PLURALS.get(str(self.locale_identifier), (super().num_plurals,))[0]

    @property
    def plural_expr(self) -> str:
        """Which of them goes with ``n``, in C."""
        return str(_PLURALS.get(str(self.locale_identifier), (0, super().plural_expr))[1])

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """What gettext needs to know."""
        return [
            ("Language", str(self.locale_identifier)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]


def languages(root: Path) -> list[str]:
    """The languages that have a folder."""
    return sorted(file.parents[1].name for file in (root / FOLDER).glob(f"*/{PO}"))


def read(file: Path, lang: str) -> Catalog:
    """A ``.po`` as it is; an empty one where there is none."""
    if not file.exists():
        return _Catalogue(lang)
    with file.open("rb") as stream:
        return read_po(stream, locale=lang)


def in_step(known: Catalog, found: Iterable[Sentence]) -> Catalog:
    """The sentences of the source in their order, with the translations that are known, and the spaces of French."""
    catalogue = _Catalogue(known.locale_identifier, header_comment=_HEAD, fuzzy=False)
    for one in found:
        name = (one.text, one.several) if one.several else one.text
        before = known.get(name, one.context or None)
        string = before.string if before else ("", "") if one.several else ""
        catalogue.add(name, string, [(one.file, one.line)], context=one.context or None)
    space_out(catalogue)
    return catalogue


def missing(catalogue: Catalog) -> Iterator[str]:
    """The sentences that have no translation."""
    for one in catalogue:
        if one.id and not all(one.string if isinstance(one.string, tuple) else (one.string,)):
            yield one.id if isinstance(one.id, str) else one.id[0]


def as_po(catalogue: Catalog) -> bytes:
    """What a translator edits."""
    file = io.BytesIO()
    write_po(file, catalogue, width=_WIDTH, include_lineno=False)
    return file.getvalue()


def as_shell(catalogue: Catalog, found: Iterable[tuple[str, Sentence]]) -> bytes:
    """What ``tools/setup`` reads, on a machine that has nothing yet."""
    lang = str(catalogue.locale_identifier)
    said = {key: message.string for key, one in found if (message := catalogue.get(one.text, one.context or None))}
    lines = [f"  [{key}]={shlex.quote(str(text))}" for key, text in said.items() if text]
    head = [
        f"# Made by tools/words of {FOLDER}/{lang}/{PO}: not edited here.",
        "# shellcheck shell=bash disable=SC2034",
    ]
    return "\n".join([*head, f"declare -gA {lang.upper()}=(", *lines, ")", ""]).encode()


def as_mo(catalogue: Catalog) -> bytes:
    """What the programs read."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()
