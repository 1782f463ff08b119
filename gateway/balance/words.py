"""Balances as text for people: tables of at most 80 columns, numbers as French or English write them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.classes import order
from gateway.words.numbers import PERCENT, grouped
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 80
NOTHING = "–"
# As many classes beside each other as fit, with Tempo's six.
_MOST_COLUMNS = 6

_COLOURS = WordTable({"jb": "blue", "jw": "white", "jr": "red"})
_NARROW = "\N{NARROW NO-BREAK SPACE}"


class BalanceWriter:
    """Writes numbers and classes in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def number(self, value: float | Fraction | None, places: int = 0) -> str:
        """A number with so many decimals, halves rounded up: ``1 234,5`` or ``1,234.5``; a dash for None."""
        if value is None:
            return NOTHING
        exact = Fraction(value)
        rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
            Decimal(1).scaleb(-places), ROUND_HALF_UP
        )
        text = f"{rounded or abs(rounded):,}"
        return grouped(text, self.lang)

    def kwh(self, wh: int | None) -> str:
        """Watt-hours in kWh to a tenth."""
        return self.number(None if wh is None else Fraction(wh, 1000), 1)

    def euros(self, value: Fraction | None) -> str:
        """Euros to the cent, without the sign."""
        return self.number(value, 2)

    def percent(self, share: float | Fraction | None, *, signed: bool = False) -> str:
        """A share or a change in per cent."""
        if share is None:
            return NOTHING
        sign = "+" if signed and share >= 0.005 else ""
        # A quotient that is a half in tens may be kept as a little less.
        hundred = share * 100 if isinstance(share, Fraction) else round(share * 100, 9)
        return f"{sign}{PERCENT.in_language(self.lang).format(number=self.number(hundred))}"

    def tariff_class(self, word: str) -> str:
        """A class as it is read on a bill: ``HC``, ``HP rouge``, ``index 3``."""
        if word.isdecimal():
            return f"index {word}"
        colour = _COLOURS[self.lang].get(word[2:])
        return f"{word[:2].upper()} {colour}" if colour else word.upper()


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """Lines of columns, the first to the left and the others to the right, two spaces apart."""
    cells = [head, *lines]
    widths = [max(len(line[place]) for line in cells) for place in range(len(head))]
    rule = "  ".join("─" * width for width in widths)
    shown = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in cells]
    return [shown[0], rule, *shown[1:]]


def class_tables(writer: BalanceWriter, label: str, lines: Sequence[tuple[str, dict[str, str]]]) -> list[list[str]]:
    """Tables of (row, class -> cell), as many as it takes for all classes; none where there is at most one."""
    words = sorted({word for _, cells in lines for word in cells}, key=order)
    if len(words) < 2:
        return []
    parts = [words[place : place + _MOST_COLUMNS] for place in range(0, len(words), _MOST_COLUMNS)]
    return [
        table(
            [label, *map(writer.tariff_class, part)],
            ([name, *(cells.get(word, NOTHING) for word in part)] for name, cells in lines),
        )
        for part in parts
    ]
