"""Figures to what a person reads: lines for a terminal, a table in Markdown, and that table in ``README.md`` here.

``results`` is what ``tools/bench --json`` writes: date, machine, part -> figures, and part -> why it failed. What is
kept may also say ``again``: part -> the later date at which it was measured on the same machine.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from bench.parts import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.rows import BenchPart, BenchRow

    Results = Mapping[str, Any]

BEGIN, END = "<!-- bench: begin -->\n", "<!-- bench: end -->\n"


def measured(row: BenchRow, figures: Mapping[str, float]) -> str:
    """The figure as it is written, or why there is none."""
    if row.figure not in figures:
        return row.absent or "not measured"
    return row.shown.format(value=figures[row.figure])


def beside(row: BenchRow, figures: Mapping[str, float]) -> str:
    """What stands beside it."""
    return "; ".join(text for form in row.beside if (text := fill(form, figures)))


def verdict(row: BenchRow, figures: Mapping[str, float]) -> str:
    """The budget, and where it is not met the sentence that says why."""
    if not row.budget or row.figure not in figures or row.is_met(figures[row.figure]):
        return row.budget
    return f"{row.budget}, not met" + (f": {fill(row.limit, figures)}" if row.limit else "")


class _Dotted(string.Formatter):
    """Names of figures may hold dots."""

    def get_field(self, name: str, _: object, figures: Mapping[str, Any]) -> tuple[float, str]:
        return figures[name], name


def fill(form: str, figures: Mapping[str, float]) -> str:
    """The form with its figures; "" where one is missing."""
    try:
        return _Dotted().vformat(form, (), figures)
    except KeyError:
        return ""


def lines(part: BenchPart, results: Results) -> list[str]:
    """The part's rows for a terminal, one a line, indented."""
    if part.name in results["failed"]:
        return [f"{part.name}: not measured: {results['failed'][part.name]}"]
    figures = results["parts"][part.name]
    return [part.name, *(f"  {_line(*cells)}" for cells in _cells(part, figures))]


def markdown(results: Results) -> str:
    """The whole table, with its date and machine."""
    rows = [
        f"| {' | '.join(cells)} |"
        for part in PARTS
        if part.name in results["parts"]
        for what, here, *rest in _cells(part, results["parts"][part.name])
        for cells in ((what, f"**{here}**", *rest),)
    ]
    failed = [f"- {name} was not measured: {why}" for name, why in results["failed"].items()]
    about = results["machine"]
    where = f"{about['processor']}, {about['memory']}, {about['system']}, Python {about['python']}"
    head = ["| what | here | beside it | budget |", "|---|---|---|---|"]
    later = [f"{name} again on {date}" for name, date in results.get("again", {}).items()]
    foot = ["", f"Measured on {results['date']} by `tools/bench`{''.join(f', {one}' for one in later)}: {where}."]
    return "\n".join([*head, *rows, *(["", *failed] if failed else []), *foot]) + "\n"


def into(text: str, results: Results) -> str:
    """The document with the table between its marks; ValueError where it has none."""
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"no place for the table: {BEGIN.strip()} and {END.strip()} mark it")
    return f"{before}{BEGIN}{markdown(results)}{END}{after}"


def _cells(part: BenchPart, figures: Mapping[str, float]) -> Iterator[tuple[str, str, str, str]]:
    for row in part.rows:
        yield row.what, measured(row, figures), beside(row, figures), verdict(row, figures)


def _line(what: str, here: str, beside_it: str, budget: str) -> str:
    more = "; ".join(text for text in (beside_it, budget and f"budget {budget}") if text)
    return f"{what}: {here}{f'  ({more})' if more else ''}"
