"""The page *cost*, made of values: this moment, what is to come, objectives, what it has cost, the tariffs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.web import written
from gateway.web.cost.chart import cost_chart, legend
from gateway.web.history.pages import FILES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.web.cost.values import Bill
    from gateway.web.view import PageView


def page(view: PageView, bill: Bill, meters: Sequence[str]) -> str:
    """The costs of one meter."""
    past = _past(view, bill) if bill.rows else {}
    return view.page("cost/page.html", bill=bill, meters=meters, chart_files=list(FILES), **past)


def refusal(view: PageView, key: str, **places: object) -> str:
    """One sentence, and the way back."""
    return view.page("history/refusal.html", page="cost", key=key, places=places)


def _past(view: PageView, bill: Bill) -> dict[str, Any]:
    """What the table shows of the rows: those that are known, its columns, and what it comes to."""
    known = [row for row in bill.rows if row.total is not None]
    classes = list({word: None for row in known for word in row.classes})
    # One class is all the energy: its column would say the same twice.
    classes = classes if len(classes) > 1 else []
    sells = any(row.income for row in known)
    keys = ("period", "total", "before", "change", "energy", "subscription", *(("income",) if sells else ()))
    heads = [*map(view.say, keys), *(written.tariff_class(view.lang, word) for word in classes)]
    return {
        "known": known,
        "classes": classes,
        "sells": sells,
        "heads": heads,
        "summary": summary(view, bill),
        "chart": cost_chart(view, bill),
        "legend": legend(view, bill),
    }


def summary(view: PageView, bill: Bill) -> str:
    """What the last period came to, in one sentence."""
    row, lang = bill.rows[-1], view.lang
    when = written.span(lang, bill.period, row.first, row.end)
    key = "said_last" if row.whole else "said_part"
    said = view.words[key].format(when=when, total=written.euros(lang, row.total))
    if row.change is not None:
        against = view.words["said_against_now" if row.so_far else "said_against"].format(
            change=written.percent(lang, row.change, signed=True)
        )
        said += f", {against}"
    return f"{said[0].upper()}{said[1:]}."
