"""The bars of the page *cost*: what was paid in each of the last days, months or years, by tariff class."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.web import written
from gateway.web.history.bars import Bar, BarChart, bar_chart
from gateway.web.history.chart import SOLD, SUBSCRIPTION, LegendEntry, by_kind, kind_of

if TYPE_CHECKING:
    from gateway.web.cost.values import Bill, Money
    from gateway.web.view import PageView


def cost_chart(view: PageView, bill: Bill) -> BarChart:
    """A bar for each row; it opens the period in *history*."""
    return bar_chart([_bar(view, bill, row) for row in bill.rows], "€")


def legend(view: PageView, bill: Bill) -> list[LegendEntry]:
    """What the colours are, and what they come to in all rows."""
    known = [row for row in bill.rows if row.total is not None]
    words = dict.fromkeys(word for row in known for word in row.classes)
    found = [
        (kind_of(word), written.tariff_class(view.lang, word), sum(row.classes.get(word, 0.0) for row in known))
        for word in words
    ]
    found.append((SUBSCRIPTION, view.words["subscription"], sum(row.subscription for row in known)))
    if sold := sum(row.income for row in known):
        found.append((SOLD, view.words["income"], -sold))
    entries = [LegendEntry(kind, name, written.euros(view.lang, euros)) for kind, name, euros in found]
    signs = {sign for row in known for sign in _marks(row).split()}
    if unsure := [view.words[key] for sign, key in (("~", "is_estimated"), ("*", "in_part")) if sign in signs]:
        entries.append(LegendEntry("unsure", ", ".join(unsure), ""))
    if any(row.before is not None for row in known):
        before = sum(row.before or 0.0 for row in known)
        entries.append(LegendEntry("beside", view.words["before"], written.euros(view.lang, before)))
    return entries


def tick(view: PageView, period: str, row: Money) -> str:
    """What stands below a bar."""
    if period == "month":
        return written.month(view.lang, row.first, short=True)
    return str(row.first.year if period == "year" else row.first.day)


def _marks(row: Money) -> str:
    """The marks that the page explains: a part is not known or has no price, an index was not read."""
    return (" *" if not row.whole or row.partly else "") + (" ~" if row.estimated else "")


def _bar(view: PageView, bill: Bill, row: Money) -> Bar:
    name = written.span(view.lang, bill.period, row.first, row.end)
    below = tick(view, bill.period, row)
    minor = {"day": row.first.day % 5 != 0, "month": row.first.month % 3 != 1}.get(bill.period, False)
    if row.total is None:
        return Bar([name, view.words["unknown"]], "", below, minor)
    parts = [(written.tariff_class(view.lang, word), euros) for word, euros in row.classes.items()]
    parts.append((view.words["subscription"], row.subscription))
    parts += [(view.words["income"], -row.income)] if row.income else []
    parts += [(view.words["before"], row.before)] if row.before is not None else []
    said = [
        name + _marks(row),
        *(f"{what} {written.euros(view.lang, euros)}" for what, euros in [(view.words["total"], row.total), *parts]),
    ]
    asked = {"meter": bill.meter, "period": bill.period, "date": row.first, "unit": "eur"}
    return Bar(
        said=said,
        href=urlencode(asked),
        tick=below,
        minor=minor,
        stack={SUBSCRIPTION: row.subscription} | by_kind(row.classes),
        below={SOLD: row.income} if row.income else {},
        beside=row.before,
        unsure=bool(_marks(row)),
    )
