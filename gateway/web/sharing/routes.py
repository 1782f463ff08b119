"""The part *sharing*: consents in force, requests to answer, withdrawal with one click, who got what, the journal.

It decides nothing: each order goes the way of those that ``linky-gateway consent`` gives.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from gateway.consent.orders import (
    AnswerAccess,
    ConsentText,
    HearDomain,
    Limit,
    ListConsents,
    Notices,
    PendingAccess,
    RefusedDomains,
    RefuseDomain,
    Resume,
    Revoke,
    Shown,
    SpareErasure,
)
from gateway.errors import GatewayError, StoreError
from gateway.privacy.orders import Rotate
from gateway.web import dates
from gateway.web.http.answers import html, late, redirect
from gateway.web.part import PageGroup
from gateway.web.settings.form import FORM_WORDS, why_not
from gateway.web.sharing import answer as sharing_answer
from gateway.web.sharing import pages as sharing_pages
from gateway.web.sharing.answer import PASSWORD, Step
from gateway.web.sharing.health import PATH, HealthPages, answers
from gateway.web.sharing.health_words import HEALTH_WORDS
from gateway.web.sharing.values import Log, Overview
from gateway.web.sharing.words import SHARING_WORDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from microdot import Request, Response

    from gateway.web.sharing.answer import AnswerChoices
    from gateway.web.sharing.stored import StoredSharing
    from gateway.web.view import PageView

log = logging.getLogger(__name__)

_DAY_S = 86_400
# How long after a withdrawal one may think better of the erasure that it asks for.
UNDO_S = 10
# So many days of the log at once.
_DAYS_SHOWN = 14
_LAST_DAY = 253_370_764_800
_FORM_WORDS = ("password_again", "password_again_why", "wrong_password_here", "too_often_here", "optional")
_WORDS = HEALTH_WORDS.with_those_of(SHARING_WORDS).with_those_of(FORM_WORDS, _FORM_WORDS)
_DONE = {"given", "refused", "withdrawn", "nothing", "limited", "resumed", "renewed"}
_DONE |= {"withdrawn_spared", "spared", "too_late"}
_DONE |= {"domain_refused", "domain_heard", "health_given", "health_refused", "health_withdrawn"}


def sharing(house: StoredSharing) -> PageGroup:
    """The part, for that house."""
    pages, health = _Pages(house), HealthPages(house)
    return PageGroup(
        menu=(("/sharing", "sharing"),),
        pages={
            "/sharing": pages.overview,
            "/sharing/requests/<int:number>": pages.request,
            "/sharing/texts/<sha256>": pages.text,
        },
        forms={
            "/sharing/requests/<int:number>/who": pages.request,
            "/sharing/requests/<int:number>/what": pages.what,
            "/sharing/requests/<int:number>/until": pages.until,
            "/sharing/requests/<int:number>/text": pages.read,
            "/sharing/requests/<int:number>/yes": pages.give,
            "/sharing/requests/<int:number>/no": pages.refuse,
            "/sharing/domains/no": pages.refuse_domain,
            "/sharing/domains/yes": pages.hear_domain,
            "/sharing/withdraw": pages.withdraw,
            "/sharing/spare": pages.spare,
            "/sharing/limit": pages.limit,
            "/sharing/resume": pages.resume,
            "/sharing/renew": pages.renew,
            "/sharing/journal": pages.check_journal,
            f"{PATH}/text": health.read,
            f"{PATH}/yes": health.give,
            f"{PATH}/no": health.refuse,
            f"{PATH}/withdraw": health.withdraw,
        },
        words=lambda: _WORDS,
        files=sharing_pages.FILES,
        refused=_refused,
    )


def _refused(view: PageView, error: GatewayError) -> Response:
    """What the gateway refuses is said in a sentence, and nothing was done."""
    log.warning("the page sharing could not do what it was asked: %s", type(error).__name__)
    status = 500 if isinstance(error, StoreError) else 409
    return html(sharing_pages.message(_at_home(view), "refused_by_store", str(error)), status)


class _Pages:
    """Who answers."""

    def __init__(self, house: StoredSharing) -> None:
        self._house = house

    async def overview(self, request: Request, view: PageView) -> Response:
        house = self._house
        today = int(time.time()) // _DAY_S * _DAY_S + _DAY_S
        before = _number(request.args.get("before", ""))
        last = min(today, before // _DAY_S * _DAY_S) if before else today
        first = max(0, last - _DAYS_SHOWN * _DAY_S)
        health, installer = await answers(house)
        shown = Overview(
            consents=await house.ask(ListConsents()),
            requests=await house.ask(PendingAccess()),
            refused=await house.ask(RefusedDomains()),
            refused_days=house.refused_days,
            health=health,
            installer=installer,
            notices=await house.ask(Notices()),
            flows=await house.flows(),
            log=Log(await house.handed(first, last), first, last - _DAY_S, is_latest=last == today),
            journal=await house.journal(),
            retention=house.retention,
            now=time.time(),
        )
        done = request.args.get("done", "")
        said = f"done_{done}" if done in _DONE else None
        return html(sharing_pages.overview(view, shown, said))

    async def request(self, request: Request, view: PageView, number: int) -> Response:
        """Who asks and why: the first step."""
        return await self._with_answer(request, view, number, Step.WHO)

    async def what(self, request: Request, view: PageView, number: int) -> Response:
        """The second step: which data, how fine, and what that would have shown of yesterday."""
        return await self._with_answer(request, view, number, Step.WHAT)

    async def until(self, request: Request, view: PageView, number: int) -> Response:
        """The third step: until when, in which way and form."""
        return await self._with_answer(request, view, number, Step.UNTIL)

    async def read(self, request: Request, view: PageView, number: int) -> Response:
        """All ticks: what is wrong with them, or the text of what they give."""
        return await self._with_answer(request, view, number, Step.TEXT, self._show_text)

    async def give(self, request: Request, view: PageView, number: int) -> Response:
        """The yes under the text."""
        return await self._with_answer(request, view, number, Step.TEXT, self._give)

    async def _with_answer(
        self,
        request: Request,
        view: PageView,
        number: int,
        step: Step,
        go_on: Callable[..., Awaitable[Response]] | None = None,
    ) -> Response:
        """The step, or the one before it at which something is missing; after the last one ``go_on``."""
        choices, fields = await self._house.choices(number), request.g.fields
        if choices is None:
            return html(sharing_pages.message(_at_home(view), "not_waiting"), 409 if request.method == "POST" else 404)
        today = dates.local(time.time()).date()
        told = sharing_answer.wrong(choices, fields, today, step)
        if go_on and not told:
            return await go_on(request, view, choices)
        shown, key = told or (step, None)
        seen = await self._house.yesterday(choices, fields.get("meter", "")) if shown is Step.WHAT else None
        return html(sharing_answer.page(view, choices, shown, fields, key, seen), 400 if told else 200)

    async def _show_text(
        self, request: Request, view: PageView, choices: AnswerChoices, told: str | None = None
    ) -> Response:
        text = await self._house.ask(self._text(choices, request.g.fields, view.lang))
        return html(sharing_answer.confirm(view, choices, request.g.fields, text, told), 409 if told else 200)

    async def _give(self, request: Request, view: PageView, choices: AnswerChoices) -> Response:
        fields = request.g.fields
        shown = Shown(fields.get("lang", ""), fields.get("hash", ""))
        read = self._text(choices, fields, shown.lang)
        text = await self._house.ask(read)
        if text["hash"] != shown.hash:
            # A midnight passed, or the form was not of this page: nothing is given on a text that was not read.
            return await self._show_text(request, view, choices, "text_changed")
        if found := await request.g.confirm(fields.get(PASSWORD, "")):
            again = sharing_answer.confirm(view, choices, fields, text, refused=why_not(view, found))
            return late(again, found[1]) if found[1] else html(again, 403)
        number, less, retention = choices.request["id"], read.less, read.retention
        await self._house.ask(AnswerAccess(number=number, yes=True, less=less, retention=retention, shown=shown))
        return _done("given")

    def _text(self, choices: AnswerChoices, fields: Mapping[str, str], lang: str) -> ConsentText:
        less = sharing_answer.narrowing(choices, fields)
        return ConsentText(lang=lang, retention=self._house.retention, number=choices.request["id"], less=less)

    async def refuse(self, _: Request, view: PageView, number: int) -> Response:
        if await self._house.choices(number) is None:
            return html(sharing_pages.message(_at_home(view), "not_waiting"), 409)
        await self._house.ask(AnswerAccess(number=number))
        return _done("refused")

    async def refuse_domain(self, request: Request, _: PageView) -> Response:
        """All that a domain asks, and what it will ask in the next weeks."""
        await self._house.ask(RefuseDomain(domain=request.g.fields.get("domain", "")))
        return _done("domain_refused")

    async def hear_domain(self, request: Request, _: PageView) -> Response:
        heard = await self._house.ask(HearDomain(domain=request.g.fields.get("domain", "")))
        return _done("domain_heard" if heard else "nothing")

    async def withdraw(self, request: Request, _: PageView) -> Response:
        """One consent, or all that a recipient has: at once, without a question.

        That it erases what it has is asked for a moment later: until then one press spares it that.
        """
        fields = request.g.fields
        one = _number(fields["consent"]) if "consent" in fields else msgspec.UNSET
        spared = fields.get("erasure") == "spared"
        order = Revoke(recipient=fields.get("recipient", ""), consent=one, erase=not spared, undo_s=UNDO_S)
        done = "withdrawn_spared" if spared else "withdrawn"
        return _done(done if await self._house.ask(order) else "nothing")

    async def spare(self, request: Request, _: PageView) -> Response:
        """Ask no erasure after all."""
        order = SpareErasure(recipient=request.g.fields.get("recipient", ""))
        return _done("spared" if await self._house.ask(order) else "too_late")

    async def limit(self, request: Request, _: PageView) -> Response:
        changed = await self._house.ask(Limit(recipient=request.g.fields.get("recipient", "")))
        return _done("limited" if changed else "nothing")

    async def resume(self, request: Request, _: PageView) -> Response:
        changed = await self._house.ask(Resume(recipient=request.g.fields.get("recipient", "")))
        return _done("resumed" if changed else "nothing")

    async def renew(self, request: Request, _: PageView) -> Response:
        await self._house.ask(Rotate(recipient=request.g.fields.get("recipient", "")))
        return _done("renewed")

    async def text(self, _: Request, view: PageView, sha256: str) -> Response:
        text = await self._house.text(sha256)
        if text is None:
            return html(sharing_pages.message(_at_home(view), "no_such_text"), 404)
        return html(sharing_pages.shown_text(view, text))

    async def check_journal(self, _: Request, __: PageView) -> Response:
        await self._house.check_journal()
        return redirect("/sharing#journal")


def _done(what: str) -> Response:
    return redirect(f"/sharing?done={what}")


def _at_home(view: PageView) -> PageView:
    """For a page that answers a form: what its language link leads to."""
    return replace(view, path="/sharing")


def _number(text: str) -> int:
    """A number of a form or an address; 0 for what is none of ours."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 13 else 0
    return number if number < _LAST_DAY else 0
