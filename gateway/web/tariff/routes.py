"""The part *tariff*: the household chooses its contract, confirms prices from its bill, and says from when.

Example prices are shown with their day and taken as they are only where the household says that they are its own. A
later price is one more, from a day on: what was before stays and is paid as it was.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gateway.household.contract import BASE, EJP
from gateway.household.house_facts import STEPS
from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.settings.form import typed_day
from gateway.web.tariff.form import CONTRACTS, TariffForm, blank, filled_in, of_tariff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.errors import GatewayError
    from gateway.web.tariff.stored import StoredTariffs
    from gateway.web.tariff.values import TariffsKnown
    from gateway.web.view import PageView
    from gateway.web.words import Words

log = logging.getLogger(__name__)

PATH = "/settings/tariff"
FILES = ("sharing.css", "settings.css")
_DONE = ("saved", "removed")
_LONGEST_NAME = 40


def tariff(house: StoredTariffs) -> PageGroup:
    """The part, for that house."""
    pages = _Pages(house)
    return PageGroup(
        menu=(),
        pages={PATH: pages.show, f"{PATH}/new": pages.ask, f"{PATH}/remove": pages.sure},
        forms={f"{PATH}/new": pages.keep, f"{PATH}/remove": pages.remove},
        words=_words,
        files=FILES,
        refused=_refused,
    )


def _refused(view: PageView, error: GatewayError) -> Response:
    """What could not be kept is said to be unchanged."""
    log.error("a tariff that was typed at the page could not be kept: %s", error)
    return html(_page(view, "refused", detail=error.phrase.in_language(view.lang)), 500)


class _Pages:
    """Who answers."""

    def __init__(self, house: StoredTariffs) -> None:
        self._house = house

    async def show(self, request: Request, view: PageView) -> Response:
        known, done = await self._house.known(), request.args.get("done", "")
        return html(_overview(view, known, done if done in _DONE else ""))

    async def ask(self, request: Request, view: PageView) -> Response:
        known = await self._house.known()
        form = await self._form(view, known, request.args)
        return html(_form_page(view, known, form)) if form else redirect(PATH)

    async def keep(self, request: Request, view: PageView) -> Response:
        known, fields = await self._house.known(), request.g.fields
        asked = await self._form(view, known, fields)
        if asked is None:
            return redirect(PATH)
        form, new = filled_in(known, asked, fields)
        if new is None:
            return html(_form_page(view, known, form), 400)
        await self._house.keep(new, form.model.since if form.model and form.corrects else None)
        return redirect(f"{PATH}?done=saved")

    async def sure(self, request: Request, view: PageView) -> Response:
        """Whether the household means it."""
        known = await self._house.known()
        since = typed_day(request.args.get("since", ""))
        found = next((one for one in known.tariffs if one.since == since), None)
        if found is None:
            return redirect(PATH)
        last = known.needed and len(known.tariffs) == 1
        return html(_page(view, "remove", one=found, needed=last, here=PATH))

    async def remove(self, request: Request, view: PageView) -> Response:
        known, since = await self._house.known(), typed_day(request.g.fields.get("since", ""))
        if known.needed and len(known.tariffs) == 1:
            return html(_page(view, "remove", one=known.tariffs[0], needed=True, here=PATH), 409)
        if since is not None:
            await self._house.remove(since)
        return redirect(f"{PATH}?done=removed")

    async def _form(self, view: PageView, known: TariffsKnown, said: Mapping[str, str]) -> TariffForm | None:
        """The form that is asked for; None where there is none of what it is about."""
        for key in ("correct", "like"):
            if day := typed_day(said.get(key, "")):
                model = next((one for one in known.tariffs if one.since == day), None)
                return of_tariff(known, model, view.lang, corrects=key == "correct") if model else None
        contract = said.get("contract", "")
        if contract not in CONTRACTS:
            return None
        power = next((one for one in STEPS if str(one) == said.get("power", "")), None)
        found = await self._house.example(contract, power, known.today)
        return blank(known, contract, power, view.say(f"contract_{contract}"), found, view.lang)


def _overview(view: PageView, known: TariffsKnown, done: str) -> str:
    said = known.said
    kinds = [one for one in CONTRACTS if one != EJP or said.kind == EJP]
    return _page(
        view,
        "page",
        known=known,
        done=done,
        tariffs=[(one, one.holds(known.today), one.since > known.today) for one in reversed(known.tariffs)],
        newest=known.tariffs[-1] if known.tariffs else None,
        contracts=kinds,
        chosen=said.kind or BASE,
        powers=STEPS,
        label=partial(_label, view, known),
        here=PATH,
    )


def _form_page(view: PageView, known: TariffsKnown, form: TariffForm) -> str:
    counted = known.said.classes
    # A price of a class that the meter does not count is paid by nothing.
    unlike = [] if form.words == ("base",) or not counted or set(form.words) & counted.keys() else list(counted)
    wrong = {name: view.say(key) for name, key in form.wrong.items()}
    return _page(
        view,
        "form",
        form=form,
        wrong=wrong,
        focus=next(iter(wrong), ""),
        unlike=[_label(view, known, word) for word in unlike],
        label=partial(_label, view, known),
        longest=_LONGEST_NAME,
        here=PATH,
    )


def _label(view: PageView, known: TariffsKnown, word: str) -> str:
    """What a class is called on a bill; what the supplier calls it where it is none of those."""
    key = f"class_{word}"
    if key in view.words:
        return view.say(key)
    named = known.said.classes.get(word)
    return view.say("class_named", name=named) if named else view.say("class_other", word=word)


def _page(view: PageView, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"tariff/{name}.html", tariff_files=list(FILES), **values)


def _words() -> Mapping[str, Words]:
    from gateway.web.tariff.words import TARIFF_WORDS  # noqa: PLC0415 (with the first who looks)

    return TARIFF_WORDS
