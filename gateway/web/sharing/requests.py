"""Who asks, on the page *sharing*: requests by domain, a button for all of one, and the domains that are not heard."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from gateway.web import dates
from gateway.web.sharing.pages import addressed, facts, last_day, named, press, series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.web.pages import View
    from gateway.web.sharing.pages import Phrases, Row

DOMAIN_NO, DOMAIN_YES = "/sharing/domains/no", "/sharing/domains/yes"
# So many requests of one domain stand open beside those of others.
_MOST_OPEN = 2


@dataclass(frozen=True, slots=True)
class Requests:
    """What waits for an answer, and the domains whose requests are refused unheard for ``refused_days``.

    ``proposal`` is HTML (``health_pages``): who would like to know whether the gateway is well.
    """

    waiting: Sequence[Row]
    refused: Sequence[Row]
    refused_days: int
    proposal: str = ""


def requests(view: View, asked: Requests, phrases: Phrases) -> str:
    """Who asks, the domains that ask least first: nobody is pushed out of sight by who asks much."""
    domains: dict[str, list[Row]] = {}
    for row in asked.waiting:
        domains.setdefault(row["domain"], []).append(row)
    asking = sorted(domains.items(), key=lambda domain: len(domain[1]))
    alone = "".join(_request(view, rows[0], phrases) for _, rows in asking if len(rows) == 1)
    crowds = "".join(_domain(view, name, rows, phrases) for name, rows in asking if len(rows) > 1)
    told = f"<p>{view.say('refuse_domains_intro', days=asked.refused_days)}</p>" if crowds else ""
    cards = asked.proposal + alone + told + crowds or f"<p>{view.say('no_requests')}</p>"
    return f"<section><h2>{view.say('requests')}</h2>{cards}{_refused(view, asked.refused)}</section>"


def _domain(view: View, name: str, rows: Sequence[Row], phrases: Phrases) -> str:
    """The requests of a domain that has several, with a button for all of them."""
    cards = "".join(_request(view, row, phrases) for row in rows)
    if len(rows) > _MOST_OPEN:
        cards = f"<details><summary>{view.say('read_them', n=len(rows))}</summary>{cards}</details>"
    return (
        f'<div class="party"><h3>{view.say("domain_asks", n=len(rows), domain=name)}</h3>'
        f"{_button(view, name)}{cards}</div>"
    )


def refuse_domain(view: View, domain: str, days: int) -> str:
    """A button that refuses all of a domain, and what it does."""
    return f'<p class="more">{view.say("refuse_domain_intro", domain=domain, days=days)}</p>{_button(view, domain)}'


def _button(view: View, domain: str) -> str:
    button = press(view, DOMAIN_NO, {"domain": domain}, "refuse_domain", "refuse_domain_of", domain=domain)
    return f'<div class="presses">{button}</div>'


def _refused(view: View, rows: Sequence[Row]) -> str:
    """The domains that are refused unheard, each with the way back."""
    if not rows:
        return ""
    told = ""
    for row in rows:
        domain, day = row["domain"], last_day(view, row["until"])
        button = press(view, DOMAIN_YES, {"domain": domain}, "hear_domain", "hear_domain_of", domain=domain)
        said = view.say("refused_until", domain=domain, day=day)
        told += f'<article class="agreement"><p>{said}</p>{button}</article>'
    return f'<details class="past"><summary>{view.say("refused_domains", n=len(rows))}</summary>{told}</details>'


def _request(view: View, row: Row, phrases: Phrases) -> str:
    name = named(view, row["controller"]) or escape(row["from"])
    fineness, _ = phrases.granularity(row["granularity"], view.lang)
    asked = view.say("asked_on", day=dates.day(view.lang, dates.read(row["at"])))
    rows = [
        ("address", addressed(view, row["from"])),
        ("data", series(view, row["series"], phrases)),
        ("fineness", escape(fineness)),
        ("purpose", escape(row["purpose"])),
    ]
    return (
        f'<article class="agreement asks"><h3>{name}</h3><p class="quiet">{asked}</p>{facts(view, rows)}'
        f'<p><a class="button" href="/sharing/requests/{row["id"]}">{view.say("read_and_answer")}'
        f'<span class="hidden"> : {name}</span></a></p></article>'
    )
