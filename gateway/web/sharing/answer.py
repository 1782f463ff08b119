"""A request for access and its answer: what a household ticks, what that comes to, the text, and the yes.

Nothing is ticked beforehand. Data, fineness, purpose and period are each an act of their own (GDPR Art. 7; the French
authority found a consent void that was one tick for three operations), and a yes comes after the whole text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from gateway.consent.orders import Narrowing
from gateway.web import dates
from gateway.web.sharing.in_words import InWords
from gateway.web.sharing.pages import confirm as confirmed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.web.sharing.values import Row
    from gateway.web.view import PageView

GRANULARITIES = ("raw", "PT1M", "PT15M", "PT30M", "P1D")
_ROUNDED = ("PT30M", "P1D")
_FIELDS = ("meter", "granularity", "purpose", "period", "until", "push", "history", "pseudonym", "coarse")


@dataclass(frozen=True, slots=True)
class AnswerChoices:
    """What a request lets a household choose.

    Args:
        request: as ``consent pending --json`` has it.
        branches: paths of the data that are asked for.
        meters: of this house, where the request names none of them; otherwise empty.
        may_disguise: whether the recipient has nothing yet, and may be given a pseudonym and rounded values.
        until: the last moment that may be given (ISO 8601): what was asked for, or as long as a consent may last.
        refused_days: for how long all of a domain would be refused.
    """

    request: Row
    branches: Sequence[str]
    meters: Sequence[str]
    may_disguise: bool
    until: str
    refused_days: int

    @property
    def granularities(self) -> tuple[str, ...]:
        """Those that are not finer than was asked for."""
        return GRANULARITIES[GRANULARITIES.index(self.request["granularity"]) :]


def wrong(choices: AnswerChoices, fields: Mapping[str, str], today: date) -> str | None:
    """The key of what is wrong with the ticks of a form; None when they are an answer."""
    checks = (
        ("wrong_data", bool(_branches(choices, fields))),
        ("wrong_meter", not choices.meters or fields.get("meter") in choices.meters),
        ("wrong_fineness", fields.get("granularity") in choices.granularities),
        ("wrong_coarse", "coarse" not in fields or fields.get("granularity") in _ROUNDED),
        ("wrong_purpose", "purpose" in fields),
        ("wrong_period", fields.get("period") in {"asked", "less"}),
        ("wrong_day", fields.get("period") != "less" or _is_within(choices, fields.get("until", ""), today)),
        ("wrong_way", bool(_ways(choices, fields))),
    )
    return next((key for key, fine in checks if not fine), None)


def narrowing(choices: AnswerChoices, fields: Mapping[str, str]) -> Narrowing:
    """The answer that was ticked."""
    given, profile = _ways(choices, fields), "coarse" if "coarse" in fields else "exact"
    return Narrowing(
        granularity=fields["granularity"],
        series=tuple(_branches(choices, fields)),
        until=fields["until"].strip() if fields["period"] == "less" else None,
        no_push="push" not in given,
        no_history="history" not in given,
        meter=fields["meter"] if choices.meters else None,
        profile=profile if choices.may_disguise else None,
        pseudonym=choices.may_disguise and "pseudonym" in fields,
    )


def page(view: PageView, choices: AnswerChoices, fields: Mapping[str, str], told: str | None = None) -> str:
    """The request and its form; ``fields`` are the household's own ticks, when something was wrong with them."""
    names = (*_FIELDS, *(f"data{number}" for number in range(len(choices.branches))))
    return replace(view, path=f"/sharing/requests/{choices.request['id']}").page(
        "sharing/request.html",
        said=InWords(view),
        choices=choices,
        fields={name: fields.get(name) for name in names},
        may_round=bool(set(choices.granularities) & {*_ROUNDED}),
        key=told,
    )


def confirm(
    view: PageView, choices: AnswerChoices, fields: Mapping[str, str], text: Row, told: str | None = None
) -> str:
    """The whole text, and the yes under it."""
    path = f"/sharing/requests/{choices.request['id']}"
    kept = {name: fields[name] for name in fields if name not in {"form_token", "hash", "lang"}}
    kept |= {"hash": text["hash"], "lang": text["lang"]}
    return confirmed(replace(view, path=path), text, f"{path}/yes", path, kept, told)


def _branches(choices: AnswerChoices, fields: Mapping[str, str]) -> list[str]:
    return [path for number, path in enumerate(choices.branches) if fields.get(f"data{number}") == path]


def _ways(choices: AnswerChoices, fields: Mapping[str, str]) -> list[str]:
    return [way for way in ("push", "history") if choices.request[way] and way in fields]


def _is_within(choices: AnswerChoices, text: str, today: date) -> bool:
    try:
        last = date.fromisoformat(text.strip())
    except ValueError:
        return False
    return today <= last <= dates.local(dates.read(choices.until).timestamp() - 1).date()
